/// Private to kernels/: sums of whole numbers, which are the same in any order.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/backend.h"

namespace naru {

/// Added to what is summed it is the value.
template <class T>
inline constexpr std::int32_t kMiddle = std::is_signed_v<T> ? 0 : 32768;

/// Of up to 2^34 values, each less the middle of its type's range: those of an int16.
struct WholeSums {
  std::int32_t least = std::numeric_limits<std::int16_t>::max(), greatest = std::numeric_limits<std::int16_t>::min();
  std::int64_t sum = 0;
  std::uint64_t sum_of_squares = 0;

  /// @param value of an int16
  NARU_HOST_DEVICE void add(std::int32_t value) {
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
    sum += value;
    sum_of_squares += static_cast<std::uint32_t>(value * value);
  }

  NARU_HOST_DEVICE void add(const WholeSums& other) {
    least = other.least < least ? other.least : least;
    greatest = other.greatest > greatest ? other.greatest : greatest;
    sum += other.sum;
    sum_of_squares += other.sum_of_squares;
  }
};

}  // namespace naru
