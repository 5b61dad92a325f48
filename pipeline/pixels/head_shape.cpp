#include "pipeline/pixels/head_shape.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace naru {

namespace {

constexpr double kSkinHu = -300;
constexpr double kSkinShare = 0.35;  // of Otsu's threshold: skin and fat are darker than the mean of a head
constexpr double kCloseCells = 3;    // nostrils, mouth, the gap behind an ear
constexpr double kOpenCells = 1;     // sheets and tubes that touch the head
constexpr std::int64_t kBorder = 4;  // cells, more than are closed

/// A mask with a border: empty at the sides and above; below copies of the lowest cells, so that a head that the scan
/// cuts stays closed there.
Mask bordered(const Mask& mask) {
  Mask larger({mask.size.x + 2 * kBorder, mask.size.y + 2 * kBorder, mask.size.z + 2 * kBorder});
  for (std::int64_t z = 0; z < mask.size.z + kBorder; ++z) {
    const std::int64_t from = std::max<std::int64_t>(0, z - kBorder);
    for (std::int64_t y = 0; y < mask.size.y; ++y) {
      const auto row = mask.cells.begin() + static_cast<std::ptrdiff_t>(mask.index(0, y, from));
      std::copy_n(row, mask.size.x,
                  larger.cells.begin() + static_cast<std::ptrdiff_t>(larger.index(kBorder, y + kBorder, z)));
    }
  }
  return larger;
}

Mask without_border(const Mask& larger) {
  Mask mask({larger.size.x - 2 * kBorder, larger.size.y - 2 * kBorder, larger.size.z - 2 * kBorder});
  for (std::int64_t z = 0; z < mask.size.z; ++z) {
    for (std::int64_t y = 0; y < mask.size.y; ++y) {
      const auto row =
          larger.cells.begin() + static_cast<std::ptrdiff_t>(larger.index(kBorder, y + kBorder, z + kBorder));
      std::copy_n(row, mask.size.x, mask.cells.begin() + static_cast<std::ptrdiff_t>(mask.index(0, y, z)));
    }
  }
  return mask;
}

Mask closed(const Mask& mask, Executor& executor) {
  return without_border(eroded(dilated(bordered(mask), kCloseCells, executor), kCloseCells, executor));
}

/// Fills what a slice across the body encloses along both axes: sinuses and dark bone.
void fill_slices(Mask& mask, Executor& executor) {
  const Size3 size = mask.size;
  executor.parallel_for(size.z, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> along_x(static_cast<std::size_t>(size.x * size.y));
    for (std::int64_t z = begin; z < end; ++z) {
      std::ranges::fill(along_x, std::uint8_t{0});
      const auto line = [&](std::int64_t length, const auto& index, const auto& mark) {
        std::int64_t first = -1, last = -2;
        for (std::int64_t n = 0; n < length; ++n) {
          if (mask.cells[index(n)] == 0) continue;
          if (first < 0) first = n;
          last = n;
        }
        for (std::int64_t n = first; n <= last; ++n) mark(n);
      };
      for (std::int64_t y = 0; y < size.y; ++y) {
        line(
            size.x, [&](std::int64_t x) { return mask.index(x, y, z); },
            [&](std::int64_t x) { along_x[static_cast<std::size_t>(x + size.x * y)] = 1; });
      }
      std::vector<std::size_t> enclosed;
      for (std::int64_t x = 0; x < size.x; ++x) {
        line(
            size.y, [&](std::int64_t y) { return mask.index(x, y, z); },
            [&](std::int64_t y) {
              if (along_x[static_cast<std::size_t>(x + size.x * y)] != 0) enclosed.push_back(mask.index(x, y, z));
            });
      }
      for (const std::size_t cell : enclosed) mask.cells[cell] = 1;
    }
  });
}

std::vector<float> numbers_of(std::span<const float> values) {
  std::vector<float> known;
  std::ranges::copy_if(values, std::back_inserter(known), [](float value) { return std::isfinite(value); });
  return known;
}

}  // namespace

double percentile(std::span<const float> values, double share) {
  std::vector<float> known = numbers_of(values);
  if (known.empty()) return 0;
  const auto at = known.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(known.size() - 1) * share);
  std::ranges::nth_element(known, at);
  return static_cast<double>(*at);
}

double otsu_threshold(std::span<const float> values) {
  const std::vector<float> known = numbers_of(values);
  if (known.empty()) return 0;
  const auto low = *std::ranges::min_element(known);
  const auto high = static_cast<float>(percentile(values, 0.99));
  if (!(high > low)) return low;
  constexpr std::size_t kBins = 256;
  std::array<double, kBins> counts{};
  for (const float value : known) {
    const double share = (std::min(value, high) - low) / (high - low);
    ++counts[std::min(kBins - 1, static_cast<std::size_t>(share * kBins))];
  }
  double total = 0, weighted = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    total += counts[b];
    weighted += counts[b] * static_cast<double>(b);
  }
  double below = 0, sum = 0, best = -1;
  std::size_t threshold = 0;
  for (std::size_t b = 0; b + 1 < kBins; ++b) {
    below += counts[b];
    sum += counts[b] * static_cast<double>(b);
    if (below == 0 || below == total) continue;
    const double apart = weighted / total * below - sum;
    const double between = apart * apart / (below * (total - below));
    if (between > best) {
      best = between;
      threshold = b;
    }
  }
  return low + (high - low) * (static_cast<double>(threshold) + 0.5) / kBins;
}

HeadShape head_shape(const PatientGrid& grid, std::span<const float> values, bool is_ct, Executor& executor) {
  HeadShape shape{grid, Mask(grid.size), Mask(grid.size)};
  const double air = percentile(values, 0.01);
  const double skin = is_ct ? kSkinHu : air + kSkinShare * (otsu_threshold(values) - air);
  for (std::size_t n = 0; n < values.size(); ++n) {
    shape.scanned.cells[n] = static_cast<std::uint8_t>(std::isfinite(values[n]));
    shape.inside.cells[n] = static_cast<std::uint8_t>(static_cast<double>(values[n]) > skin);  // false for NaN
  }
  shape.inside = dilated(eroded(shape.inside, kOpenCells, executor), kOpenCells, executor);
  shape.inside = closed(largest_component(shape.inside, executor), executor);
  fill_slices(shape.inside, executor);
  return shape;
}

}  // namespace naru
