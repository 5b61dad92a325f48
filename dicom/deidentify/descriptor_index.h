/// A hash table from words to what they are in one file: made anew for each file, so it is cheap to make.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

/// Several values may have one word: they are a chain, so that a surname of ten thousand persons costs no more than ten
/// thousand surnames. Words are told apart by their 64-bit hash alone.
template <typename Value>
class WordIndex {
 public:
  /// @param first the word's first folded character
  void add(WordHash hash, char32_t first, const Value& value) {
    if (2 * (words_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[slot_of(hash)];
    const auto number = static_cast<std::uint32_t>(entries_.size());
    if (slot.first == kNone) {
      slot = {hash, number, number};
      ++words_;
      entries_.push_back({value, kNone, kNone});
    } else if (!is_among_last(slot, value)) {
      entries_.push_back({value, slot.last, kNone});
      entries_[slot.last].next = number;
      slot.last = number;
    }
    first_ |= bit_of(first);
  }

  /// False for most characters that no word begins with: spares looking words up.
  bool may_begin_with(char32_t code) const { return (first_ & bit_of(code)) != 0; }

  /// In the order in which they were added.
  template <typename F>
  void for_each(WordHash hash, F f) const {
    if (slots_.empty()) return;
    for (std::uint32_t i = slots_[slot_of(hash)].first; i != kNone; i = entries_[i].next) f(entries_[i].value);
  }

  bool contains(WordHash hash) const { return !slots_.empty() && slots_[slot_of(hash)].first != kNone; }

  bool empty() const { return entries_.empty(); }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Slot {
    WordHash hash = 0;
    std::uint32_t first = kNone, last = kNone;  ///< entries; of a free slot none
  };
  struct Entry {
    Value value;
    std::uint32_t previous, next;  ///< of the same word
  };

  /// The same value is added again soon or never: a word of one person, or of one place.
  bool is_among_last(const Slot& slot, const Value& value) const {
    constexpr int kMost = 16;
    std::uint32_t i = slot.last;
    for (int n = 0; n < kMost && i != kNone; ++n, i = entries_[i].previous) {
      if (entries_[i].value == value) return true;
    }
    return false;
  }

  static std::uint64_t bit_of(char32_t code) { return std::uint64_t{1} << (code % 64U); }

  /// The word's slot, or the free one that would be.
  std::size_t slot_of(WordHash hash) const {
    std::size_t i = (hash ^ hash >> 32U) & (slots_.size() - 1);
    while (slots_[i].first != kNone && slots_[i].hash != hash) i = (i + 1) & (slots_.size() - 1);
    return i;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : 4 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.first != kNone) slots_[slot_of(slot.hash)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::size_t words_ = 0;
  std::uint64_t first_ = 0;
};

}  // namespace naru::dicom
