/// Private to kernels/: the sums of ONE lane of one piece of a float volume.
///
/// A piece is kPieceValues neighbouring values; its lane l holds those at l, l + kLaneCount, ... added in that order.
/// The lanes of a piece, and then the pieces, are added in index order, on every backend and for any number of threads:
/// every sum is made of the same additions.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/backend.h"
#include "kernels/statistics.h"

namespace naru {

inline constexpr std::int64_t kPieceValues = 1 << 16;
inline constexpr int kLaneCount = 256;

NARU_HOST_DEVICE inline bool is_finite(float value) { return fabsf(value) <= std::numeric_limits<float>::max(); }

/// Of a finite value.
NARU_HOST_DEVICE inline std::uint16_t bin_of(float value, const EqualBins& bins) {
  constexpr double kLast = 65535;
  const double bin = round((static_cast<double>(value) - bins.first) / bins.width);
  return static_cast<std::uint16_t>(bin < 0 ? 0 : bin > kLast ? kLast : bin);
}

struct FloatSums {
  std::uint64_t count = 0;
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  double sum = 0, sum_of_squares = 0;

  NARU_HOST_DEVICE void add(float value) {
    if (!is_finite(value)) return;
    ++count;
    min = value < min ? value : min;
    max = value > max ? value : max;
    sum += value;
    sum_of_squares += static_cast<double>(value) * value;
  }

  NARU_HOST_DEVICE void add(const FloatSums& other) {
    count += other.count;
    min = other.min < min ? other.min : min;
    max = other.max > max ? other.max : max;
    sum += other.sum;
    sum_of_squares += other.sum_of_squares;
  }
};

/// Of lane `lane` of a piece of `count` values. `mask` lies beside the piece, or is null: then every value counts.
NARU_HOST_DEVICE inline FloatSums lane_sums(const float* piece, const std::uint8_t* mask, std::int64_t count,
                                            std::int64_t lane) {
  FloatSums sums;
  for (std::int64_t i = lane; i < count; i += kLaneCount) {
    if (mask == nullptr || mask[i] != 0) sums.add(piece[i]);
  }
  return sums;
}

}  // namespace naru
