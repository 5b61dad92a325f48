/// A hash table from words to what they are in one file: made anew for each file, so it is cheap to make.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

/// Several values may have one word. Words are told apart by their 64-bit hash alone.
template <typename Value>
class WordIndex {
 public:
  /// @param first the word's first folded character
  void add(WordHash hash, char32_t first, const Value& value) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    std::size_t i = slot_of(hash);
    for (; slots_[i].is_used; i = next(i)) {
      if (slots_[i].hash == hash && slots_[i].value == value) return;
    }
    slots_[i] = {hash, value, true};
    first_ |= bit_of(first);
    ++count_;
  }

  /// False for most characters that no word begins with: spares looking words up.
  bool may_begin_with(char32_t code) const { return (first_ & bit_of(code)) != 0; }

  template <typename F>
  void for_each(WordHash hash, F f) const {
    if (slots_.empty()) return;
    for (std::size_t i = slot_of(hash); slots_[i].is_used; i = next(i)) {
      if (slots_[i].hash == hash) f(slots_[i].value);
    }
  }

  bool contains(WordHash hash) const {
    bool is_found = false;
    for_each(hash, [&](const Value&) { is_found = true; });
    return is_found;
  }

  bool empty() const { return count_ == 0; }

 private:
  struct Slot {
    WordHash hash = 0;
    Value value{};
    bool is_used = false;
  };

  static std::uint64_t bit_of(char32_t code) { return std::uint64_t{1} << (code % 64U); }
  std::size_t slot_of(WordHash hash) const { return (hash ^ hash >> 32U) & (slots_.size() - 1); }
  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : 4 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (!slot.is_used) continue;
      std::size_t i = slot_of(slot.hash);
      while (slots_[i].is_used) i = next(i);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
  std::uint64_t first_ = 0;
};

}  // namespace naru::dicom
