#include "kernels/diffusion.h"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/buffer.h"
#include "kernels/diffusion_avx2.h"
#include "kernels/diffusion_voxel.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"

namespace naru {

namespace {

/// Of each slice, on the host.
std::vector<double> gradients_of_slices(const GradientLane& lane, Executor& executor) {
  const Size3& size = lane.in.size;
  if (!executor.is_cuda() && cpu_path() >= CpuPath::avx2) {
    std::vector<double> sums(static_cast<std::size_t>(size.z));
    executor.parallel_for(size.z, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t z = begin; z < end; ++z) {
        sums[static_cast<std::size_t>(z)] = avx2::gradient_of_slice(lane, z);
      }
    });
    return sums;
  }
  const Size3 lanes_size{kGradientLanes, size.y, size.z}, sums_size{1, 1, size.z};
  Buffer<double> lanes(static_cast<std::size_t>(lanes_size.voxel_count()), executor);
  Buffer<double> sums(static_cast<std::size_t>(size.z), executor);
  const VolumeView<double> lanes_view{lanes.data(), lanes_size};
  fill_voxels(lanes_view, lane, executor);
  fill_voxels(VolumeView<double>{sums.data(), sums_size}, GradientOfSlice{lanes_view}, executor);
  const Buffer<double> host = to_host(std::move(sums), executor);
  return {host.host().begin(), host.host().end()};
}

double mean_gradient(const GradientLane& lane, Executor& executor) {
  double sum = 0;
  for (const double of_slice : gradients_of_slices(lane, executor)) sum += of_slice;
  return sum / static_cast<double>(lane.in.size.voxel_count());
}

void diffuse_once(VolumeView<float> out, const DiffusedVoxel& voxel, Executor& executor) {
  if (executor.is_cuda() || cpu_path() == CpuPath::baseline) return fill_voxels(out, voxel, executor);
  // Of the fluxes of a piece those into its first row and slice are found twice, once for the piece before.
  constexpr std::int64_t kRows = 16, kSlices = 32;
  const Size3& size = out.size;
  const std::int64_t bands = (size.y + kRows - 1) / kRows, slabs = (size.z + kSlices - 1) / kSlices;
  tbb::enumerable_thread_specific<std::vector<float>> room_of_thread;
  executor.parallel_for(bands * slabs, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t y = piece % bands * kRows, z = piece / bands * kSlices;
      avx2::diffuse(out, voxel, {y, std::min(y + kRows, size.y), z, std::min(z + kSlices, size.z)},
                    room_of_thread.local());
    }
  });
}

}  // namespace

VolumeView<float> diffuse_curvature(VolumeView<float> voxels, VolumeView<float> spare, const Vec3& spacing_mm,
                                    const CurvatureDiffusion& diffusion, Executor& executor) {
  assert(voxels.size == spare.size);
  if (voxels.size.voxel_count() == 0) return voxels;
  DiffusionStep step{};
  for (int a = 0; a < 3; ++a) {
    step.scale[a] = static_cast<float>(1 / spacing_mm[a]);
    step.half_scale[a] = static_cast<float>(0.5 / spacing_mm[a]);
  }
  step.time_step = static_cast<float>(diffusion.time_step);
  for (int n = 0; n < diffusion.iterations; ++n) {
    const double mean = mean_gradient({voxels, step}, executor);
    const auto conductance = static_cast<float>(2 * diffusion.conductance * diffusion.conductance * mean);
    if (!(conductance >= std::numeric_limits<float>::min())) break;  // nothing to smooth
    step.exponent = -1 / conductance;
    diffuse_once(spare, {voxels, step}, executor);
    std::swap(voxels, spare);
  }
  executor.wait();
  return voxels;
}

}  // namespace naru
