/// Private to kernels/: counting how often each value of 16 bits occurs, on the CPU.
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/executor.h"
#include "kernels/stream.h"

namespace naru {

inline constexpr std::size_t kBinCount = 65536;
inline constexpr std::int64_t kVoxelsPerPiece = 1 << 18;

/// What makes of a stored value, by exclusive or, an int16 that lies among others alike.
template <class T>
inline constexpr std::int16_t kTurned = std::is_signed_v<T> ? 0 : std::numeric_limits<std::int16_t>::min();

/// 32-bit counters of one thread. Neighbouring voxels are often equal, and adding to one counter twice in a row waits
/// for the first store: two sets take turns. More would leave the first cache with the bins that occur.
struct ValueCounters {
  static constexpr std::size_t kSets = 2;
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(kSets * kBinCount);

  template <class T>
  void add(const T* values, std::int64_t count) {
    std::int64_t i = 0;
    for (; i + kTogether <= count; i += kTogether) {
      ask_ahead(values + i);
      add_together(values + i);
    }
    for (; i < count; ++i) ++counts[bin_of(values[i])];
  }

  /// Those whose mask is not 0.
  template <class T>
  void add(const T* values, const std::uint8_t* mask, std::int64_t count) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighest = kOnes << 7;
    std::int64_t i = 0;
    const auto add_chosen = [&](std::int64_t end) {
      for (; i < end; ++i) {
        if (mask[i] != 0) ++counts[bin_of(values[i])];
      }
    };
    while (i + kTogether <= count) {
      ask_ahead(values + i);
      ask_ahead(mask + i);
      std::uint64_t chosen;
      std::memcpy(&chosen, mask + i, sizeof(chosen));
      const bool has_zero = ((chosen - kOnes) & ~chosen & kHighest) != 0;
      if (chosen != 0 && has_zero) {
        add_chosen(i + kTogether);
        continue;
      }
      if (chosen != 0) add_together(values + i);
      i += kTogether;
    }
    add_chosen(count);
  }

 private:
  static constexpr std::int64_t kTogether = 8;

  template <class T>
  static std::size_t bin_of(T value) {
    return static_cast<std::size_t>(value - std::numeric_limits<T>::min());
  }

  /// A run of one value, as air and padding are, is counted at once.
  template <class T>
  void add_together(const T* values) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t kFromLeast = std::is_signed_v<T> ? 0x8000'8000'8000'8000 : 0;  // what makes a value its bin
    std::uint32_t *const even = counts.data(), *const odd = even + kBinCount;
    std::array<std::uint64_t, 2> four;
    std::memcpy(four.data(), values, sizeof(four));
    const std::uint64_t a = four[0] ^ kFromLeast, b = four[1] ^ kFromLeast;
    if (a == b && a == std::rotl(a, 16)) {
      even[a & 0xFFFF] += kTogether;
      return;
    }
    for (int shift = 0; shift < 64; shift += 16) {
      ++even[a >> shift & 0xFFFF];
      ++odd[b >> shift & 0xFFFF];
    }
  }
};

/// Adds what `add(counters, begin, end)` counts of `count` things in pieces of `grain`.
template <class Add>
void add_pieces(std::int64_t count, std::int64_t grain, std::vector<std::uint64_t>& counts, Executor& executor,
                const Add& add) {
  tbb::enumerable_thread_specific<ValueCounters> counters_of_thread;
  executor.parallel_for(count, grain,
                        [&](std::int64_t begin, std::int64_t end) { add(counters_of_thread.local(), begin, end); });
  for (const ValueCounters& counters : counters_of_thread) {
    for (std::size_t set = 0; set < ValueCounters::kSets; ++set) {
      const std::uint32_t* const of_set = counters.counts.data() + set * kBinCount;
      for (std::size_t bin = 0; bin < kBinCount; ++bin) counts[bin] += of_set[bin];
    }
  }
}

}  // namespace naru
