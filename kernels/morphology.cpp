#include "kernels/morphology.h"

#include <algorithm>
#include <cassert>
#include <span>

#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/morphology_voxel.h"

namespace naru {

namespace {

/// Costs of `cost(0), cost(1), ...` up to `bound`.
template <class Cost>
std::vector<float> costs_within(float bound, const Cost& cost) {
  std::vector<float> costs;
  for (std::int64_t d = 0; cost(d) <= bound; ++d) costs.push_back(cost(d));
  return costs;
}

/// The costs of all axes in one buffer.
class CostsOnExecutor {
 public:
  CostsOnExecutor(const MorphologyElement& element, Executor& executor) {
    std::vector<float> all;
    for (std::size_t a = 0; a < 3; ++a) {
      first_[a] = all.size();
      reach_[a] = static_cast<std::int64_t>(element.costs[a].size()) - 1;
      all.insert(all.end(), element.costs[a].begin(), element.costs[a].end());
    }
    auto host = Buffer<float>::on_host(all.size(), executor);
    std::ranges::copy(all, host.host().begin());
    buffer_ = to_executor(std::move(host), executor);
  }
  AxisCosts axis(std::size_t a) const { return {buffer_.data() + first_[a], reach_[a]}; }

 private:
  std::array<std::size_t, 3> first_{};
  std::array<std::int64_t, 3> reach_{};
  Buffer<float> buffer_;
};

/// NearestAlongX of one row, in two sweeps.
void sweep_row(const NearestAlongX& voxel, std::int64_t row, std::span<float> near) {
  const auto width = static_cast<std::int64_t>(near.size());
  const auto cost = [&](std::int64_t d) { return d > voxel.axis.reach ? kOutOfReach : voxel.axis.costs[d]; };
  std::int64_t away = voxel.axis.reach + 1;
  for (std::int64_t x = 0; x < width; ++x) {
    away = voxel.is_target(row + x) ? 0 : away + 1;
    near[static_cast<std::size_t>(x)] = cost(away);
  }
  away = voxel.axis.reach + 1;
  for (std::int64_t x = width - 1; x >= 0; --x) {
    away = voxel.is_target(row + x) ? 0 : away + 1;
    float& least = near[static_cast<std::size_t>(x)];
    least = std::min(least, cost(away));
  }
}

/// NearestAlong of one row: the same sums, a row at a time, so that the compiler takes several voxels at once.
void nearest_row(const NearestAlong& voxel, std::int64_t y, std::int64_t z, std::span<float> least) {
  const Size3& size = voxel.near.size;
  const std::int64_t place = voxel.which == 1 ? y : z, length = voxel.which == 1 ? size.y : size.z;
  const std::int64_t step = voxel.which == 1 ? size.x : size.x * size.y;
  const std::int64_t first = std::max(-place, -voxel.axis.reach), last = std::min(length - 1 - place, voxel.axis.reach);
  std::ranges::fill(least, kOutOfReach);
  for (std::int64_t d = first; d <= last; ++d) {
    const float cost = voxel.axis.costs[std::abs(d)];
    const float* const row = voxel.near.data + voxel.near.index(0, y, z) + d * step;
    for (std::size_t x = 0; x < least.size(); ++x) least[x] = std::min(least[x], cost + row[x]);
  }
}

/// The passes along x and y, slice by slice.
void near_in_slices(const NearestAlongX& along_x, const AxisCosts& y_costs, VolumeView<float> near,
                    Executor& executor) {
  const Size3& size = near.size;
  executor.parallel_for(size.z, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> slice(static_cast<std::size_t>(size.x * size.y));
    const auto width = static_cast<std::size_t>(size.x);
    for (std::int64_t z = begin; z < end; ++z) {
      for (std::int64_t y = 0; y < size.y; ++y) {
        sweep_row(along_x, near.index(0, y, z), std::span(slice).subspan(static_cast<std::size_t>(y * size.x), width));
      }
      const NearestAlong along_y{{slice.data(), {size.x, size.y, 1}}, 1, y_costs};
      for (std::int64_t y = 0; y < size.y; ++y) nearest_row(along_y, y, 0, {near.data + near.index(0, y, z), width});
    }
  });
}

void within_rows(const WithinVoxel& voxel, VolumeView<std::uint8_t> out, Executor& executor) {
  constexpr std::int64_t kRowsPerPiece = 64;
  const Size3& size = out.size;
  executor.parallel_for(size.y * size.z, kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> least(static_cast<std::size_t>(size.x));
    for (std::int64_t row = begin; row < end; ++row) {
      nearest_row(voxel.nearest, row % size.y, row / size.y, least);
      std::ranges::transform(least, out.data + row * size.x, [&](float cost) {
        return static_cast<std::uint8_t>((cost <= voxel.bound) == voxel.inside ? 1 : 0);
      });
    }
  });
}

/// Dilation of the mask, or erosion of it: the complement of the dilation of its complement.
void grow(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, bool of_mask,
          const MorphologyElement& element, Executor& executor) {
  const auto count = static_cast<std::size_t>(in.size.voxel_count());
  const CostsOnExecutor costs(element, executor);
  const NearestAlongX along_x{in, of_mask, costs.axis(0)};
  Buffer<float> near(count, executor);
  const VolumeView<float> view{near.data(), in.size};
  const WithinVoxel within{{view, 2, costs.axis(2)}, element.bound, of_mask};
  if (!executor.is_cuda()) {
    near_in_slices(along_x, costs.axis(1), view, executor);
    return within_rows(within, out, executor);
  }
  Buffer<float> near_x(count, executor);
  const VolumeView<float> x_view{near_x.data(), in.size};
  fill_voxels(x_view, along_x, executor);
  fill_voxels(view, NearestAlong{x_view, 1, costs.axis(1)}, executor);
  fill_voxels(out, within, executor);
  executor.wait();  // the buffers are freed now
}

}  // namespace

MorphologyElement ball_element(double radius_mm, const Vec3& spacing_mm) {
  assert(radius_mm >= 0);
  constexpr double kTolerance = 1e-5;  // of the square: sums of f32 round
  MorphologyElement element;
  element.bound = static_cast<float>(radius_mm * radius_mm * (1 + kTolerance));
  for (std::size_t a = 0; a < 3; ++a) {
    assert(spacing_mm[a] > 0);
    element.costs[a] = costs_within(element.bound, [&](std::int64_t d) {
      const double mm = spacing_mm[a] * static_cast<double>(d);
      return static_cast<float>(mm * mm);
    });
  }
  return element;
}

MorphologyElement box_element(const std::array<std::int64_t, 3>& reach) {
  MorphologyElement element;
  for (std::size_t a = 0; a < 3; ++a) element.costs[a].assign(static_cast<std::size_t>(reach[a] + 1), 0.0F);
  return element;
}

MorphologyElement cross_element(std::int64_t steps) {
  MorphologyElement element;
  element.bound = static_cast<float>(steps);
  element.costs.fill(costs_within(element.bound, [](std::int64_t d) { return static_cast<float>(d); }));
  return element;
}

void apply_morphology(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, Morphology operation,
                      const MorphologyElement& element, Executor& executor) {
  assert(in.size == out.size && in.data != out.data);
  if (in.size.voxel_count() == 0) return;
  const bool starts_with_mask = operation == Morphology::dilate || operation == Morphology::close;
  if (operation == Morphology::dilate || operation == Morphology::erode) {
    return grow(in, out, starts_with_mask, element, executor);
  }
  Buffer<std::uint8_t> between(static_cast<std::size_t>(in.size.voxel_count()), executor);
  grow(in, {between.data(), in.size}, starts_with_mask, element, executor);
  grow({between.data(), in.size}, out, !starts_with_mask, element, executor);
}

}  // namespace naru
