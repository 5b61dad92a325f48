/// What was made of short texts before: the files of a series repeat most of theirs.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dicom/deidentify/descriptors.h"

namespace naru::dicom {

/// Thread-safe. Holds texts that identify, as long as the cleaner that it belongs to.
class DescriptorMemo {
 public:
  /// What `make` gives for the text, or gave before: for the same text always the same.
  template <class Make>
  CleanedText of(std::string_view text, Make make) {
    if (text.size() > kLongest) return make(text);
    {
      const std::shared_lock lock(mutex_);
      const auto found = made_.find(text);
      if (found != made_.end()) return found->second;
    }
    CleanedText made = make(text);  // without the lock: two threads may make the same
    const std::lock_guard lock(mutex_);
    if (made_.size() < kMostKept) made_.emplace(text, made);
    return made;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  /// Of numbers that count the images there is no end.
  static constexpr std::size_t kLongest = 256, kMostKept = 256;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, CleanedText, Hash, std::equal_to<>> made_;
};

}  // namespace naru::dicom
