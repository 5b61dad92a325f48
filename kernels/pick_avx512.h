/// Private to kernels/: values of 16 bits that are picked out of a row, with AVX-512. @pre cpu_path() >=
/// CpuPath::avx512
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace naru::avx512 {

inline constexpr std::size_t kPickedTogether = 32;

/// As many values, which lie in row[base] to row[base + 63].
struct alignas(64) Picks {
  std::array<std::uint16_t, kPickedTogether> offsets;
  std::int64_t base;
};

/// Picks of the values at `places`, the last of which is picked again until a group is whole. Empty where a row is
/// shorter than 64 values, or those of one group lie farther apart. Steps of up to 2 fit.
std::optional<std::vector<Picks>> picks_of(std::span<const std::int32_t> places, std::int64_t row_values);

/// @param to has room for whole groups
void pick(const std::uint16_t* row, std::span<const Picks> picks, std::uint16_t* to);

}  // namespace naru::avx512
