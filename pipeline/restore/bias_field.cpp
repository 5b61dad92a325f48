#include "pipeline/restore/bias_field.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/statistics.h"
#include "pipeline/unit_bins.h"

namespace naru {

namespace {

constexpr std::int64_t kBlock = 4, kLeastBlocks = 16, kLeastVoxels = 4;

/// Values above Otsu's threshold. A logarithm is taken of them, so they are greater than 0 as well.
std::vector<std::uint8_t> foreground_of(const std::vector<float>& voxels, const Size3& size, Executor& executor) {
  const VolumeView<const float> view{voxels.data(), size};
  UnitBins bins;
  bins.widen(statistics(view, executor));
  bins.add(view, executor);
  const double threshold = std::max(0.0, upper_end(bins.units_of_bins(), otsu_threshold(bins.histogram())));
  std::vector<std::uint8_t> mask(voxels.size());
  std::ranges::transform(voxels, mask.begin(), [&](float value) {
    return static_cast<std::uint8_t>(std::isfinite(value) && static_cast<double>(value) > threshold ? 1 : 0);
  });
  return mask;
}

}  // namespace

ShrunkVolume::ShrunkVolume(const Size3& full) : full_(full) {
  const auto count = [&](std::size_t a) { return full_[static_cast<int>(a)]; };
  for (std::size_t a = 0; a < 3; ++a) {
    block_[a] = std::clamp<std::int64_t>(count(a) / kLeastBlocks, 1, kBlock);
    repeats_[a] = (kLeastVoxels + count(a) - 1) / count(a);
    if (count(a) >= kLeastVoxels) repeats_[a] = 1;
  }
  const auto shrunk = [&](std::size_t a) { return count(a) / block_[a] * repeats_[a]; };
  size_ = {shrunk(0), shrunk(1), shrunk(2)};
  sums_.resize(static_cast<std::size_t>(size_.voxel_count()));
}

void ShrunkVolume::add(std::span<const float> voxels, std::int64_t begin) {
  const std::int64_t slice = full_.x * full_.y, slices = static_cast<std::int64_t>(voxels.size()) / slice;
  const auto [repeat_x, repeat_y, repeat_z] = repeats_;
  for (std::int64_t z = begin; z < begin + slices; ++z) {
    for (std::int64_t y = 0; y < full_.y; ++y) {
      const float* const row = voxels.data() + (z - begin) * slice + y * full_.x;
      for (std::int64_t n = 0; n < repeat_y * repeat_z; ++n) {
        const std::int64_t to_y = y / block_[1] * repeat_y + n % repeat_y,
                           to_z = z / block_[2] * repeat_z + n / repeat_y;
        if (to_y >= size_.y || to_z >= size_.z) continue;
        double* const sums = sums_.data() + size_.x * (to_y + size_.y * to_z);
        for (std::int64_t x = 0; x < size_.x / repeat_x * block_[0]; ++x) {
          for (std::int64_t r = 0; r < repeat_x; ++r) sums[x / block_[0] * repeat_x + r] += row[x];
        }
      }
    }
  }
}

std::vector<float> ShrunkVolume::voxels() const {
  const auto block_voxels = static_cast<double>(block_[0] * block_[1] * block_[2]);
  std::vector<float> means(sums_.size());
  std::ranges::transform(sums_, means.begin(), [&](double sum) { return static_cast<float>(sum / block_voxels); });
  return means;
}

BiasField::BiasField(const ShrunkVolume& shrunk, const Size3& lattice, std::vector<double> control_points)
    : full_(shrunk.full()), lattice_(lattice), control_points_(std::move(control_points)) {
  assert(static_cast<std::int64_t>(control_points_.size()) == lattice.voxel_count());
  constexpr std::int64_t kOrder = 3;
  for (int a = 0; a < 3; ++a) {
    const auto last = static_cast<double>(shrunk.size()[a] - 1);
    const double scale = static_cast<double>(shrunk.repeats(a)) / static_cast<double>(shrunk.block(a));
    const std::int64_t spans = lattice[a] - kOrder;
    for (std::int64_t v = 0; v < full_[a]; ++v) {
      const double in_shrunk = std::clamp((static_cast<double>(v) + 0.5) * scale - 0.5, 0.0, last);
      const double place = in_shrunk / last * static_cast<double>(spans);
      places_[static_cast<std::size_t>(a)].push_back(spline_place(place, spans));
    }
  }
}

double BiasField::log_at(std::int64_t x, std::int64_t y, std::int64_t z) const {
  const SplinePlace &px = places_[0][static_cast<std::size_t>(x)], &py = places_[1][static_cast<std::size_t>(y)],
                    &pz = places_[2][static_cast<std::size_t>(z)];
  double sum = 0;
  for (std::int64_t n = 0; n < 64; ++n) {
    const std::int64_t i = n % 4, j = n / 4 % 4, k = n / 16;
    const std::int64_t at = px.first + i + lattice_.x * (py.first + j + lattice_.y * (pz.first + k));
    sum += px.weights[static_cast<std::size_t>(i)] * py.weights[static_cast<std::size_t>(j)] *
           pz.weights[static_cast<std::size_t>(k)] * control_points_[static_cast<std::size_t>(at)];
  }
  return sum;
}

void BiasField::divide(std::span<float> voxels, std::int64_t begin, Executor& executor) const {
  constexpr std::int64_t kRowsPerPiece = 64;
  const std::int64_t rows = static_cast<std::int64_t>(voxels.size()) / full_.x;
  executor.parallel_for(rows, kRowsPerPiece, [&](std::int64_t first_row, std::int64_t end_row) {
    std::vector<double> line(static_cast<std::size_t>(lattice_.x));  // control points along x at this y and z
    for (std::int64_t row = first_row; row < end_row; ++row) {
      const SplinePlace& y = places_[1][static_cast<std::size_t>(row % full_.y)];
      const SplinePlace& z = places_[2][static_cast<std::size_t>(begin + row / full_.y)];
      std::ranges::fill(line, 0.0);
      for (std::size_t n = 0; n < 16; ++n) {
        const double weight = y.weights[n % 4] * z.weights[n / 4];
        const auto j = y.first + static_cast<std::int64_t>(n % 4), k = z.first + static_cast<std::int64_t>(n / 4);
        const double* const points = control_points_.data() + lattice_.x * (j + lattice_.y * k);
        for (std::size_t i = 0; i < line.size(); ++i) line[i] += weight * points[i];
      }
      float* const values = voxels.data() + row * full_.x;
      for (std::size_t x = 0; x < places_[0].size(); ++x) {
        const auto& [first, weights] = places_[0][x];
        const double* const points = line.data() + first;
        const double log_field =
            weights[0] * points[0] + weights[1] * points[1] + weights[2] * points[2] + weights[3] * points[3];
        values[x] = static_cast<float>(static_cast<double>(values[x]) / std::exp(log_field));
      }
    }
  });
}

namespace {

/// N4 sharpens the distribution of what it sees: where that is one value, it has no width.
bool has_two_values(std::span<const float> voxels, std::span<const std::uint8_t> mask) {
  const auto first = static_cast<std::size_t>(std::ranges::find(mask, 1) - mask.begin());
  for (std::size_t n = first; n < mask.size(); ++n) {
    if (mask[n] == 1 && voxels[n] != voxels[first]) return true;
  }
  return false;
}

}  // namespace

BiasField estimate_bias_field(const ShrunkVolume& shrunk, Executor& executor) {
  const std::vector<float> voxels = shrunk.voxels();
  const std::vector<std::uint8_t> mask = foreground_of(voxels, shrunk.size(), executor);
  if (!has_two_values(voxels, mask)) return BiasField(shrunk, {4, 4, 4}, std::vector<double>(64));
  SplineLattice lattice = n4_log_field(voxels, mask, shrunk.size(), executor);
  return BiasField(shrunk, lattice.size, std::move(lattice.points));
}

}  // namespace naru
