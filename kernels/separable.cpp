#include "kernels/separable.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <type_traits>
#include <vector>

#include "kernels/axis_groups.h"
#include "kernels/axis_weights.h"
#include "kernels/buffer.h"
#include "kernels/cuda/passes.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/float16.h"
#include "kernels/separable_avx2.h"
#include "kernels/separable_voxel.h"
#include "kernels/table.h"

namespace naru {

namespace {

/// The tables of one axis where the executor reaches them.
class Tables {
 public:
  Tables(const AxisSteps& axis, std::int64_t source_count, const AxisFilter& filter, Executor& executor)
      : host_(axis_weights(axis, source_count, filter)), is_identity_(host_.is_identity(source_count)) {
    if (!executor.is_cuda()) return;
    const AxisGroups groups = axis_groups(host_, source_count);
    taps_ = static_cast<std::int32_t>(groups.taps);
    heads_ = table_on(groups.heads, executor);
    weights_ = table_on(groups.weights, executor);
  }

  /// Of an executor that is the CPU.
  AxisPass pass() const {
    return {host_.first.data(), host_.anchor.data(), host_.total.data(), host_.weights.data(), host_.taps};
  }
  /// Of one that is not.
  GroupedPass grouped() const { return {heads_.data(), weights_.data(), taps_}; }
  const std::vector<std::int32_t>& first() const { return host_.first; }
  bool is_identity() const { return is_identity_; }

 private:
  AxisWeights host_;
  bool is_identity_;
  std::int32_t taps_ = 0;
  Buffer<GroupHead> heads_;
  Buffer<GroupWeights> weights_;
};

/// Of each slice along `axis`, 1 or 2, on a device: slices that hold runs of neighbours in memory.
template <class In>
Buffer<Limits<In>> slice_limits_of_runs(VolumeView<const In> in, int axis, Executor& executor) {
  const Size3 part_counts{in.size[axis], cuda::limit_parts(in.size, axis), 1}, slice_counts{in.size[axis], 1, 1};
  Buffer<Limits<In>> parts(static_cast<std::size_t>(part_counts.voxel_count()), executor);
  Buffer<Limits<In>> slices(static_cast<std::size_t>(slice_counts.voxel_count()), executor);
  const VolumeView<Limits<In>> part_view{parts.data(), part_counts};
  cuda::fill_part_limits(in, axis, part_view, executor);
  fill_voxels(VolumeView<Limits<In>>{slices.data(), slice_counts}, SliceLimitsVoxel<In>{part_view}, executor);
  return slices;
}

/// Of each slice along `axis`.
template <class In>
Buffer<Limits<In>> slice_limits(VolumeView<const In> in, int axis, Executor& executor) {
  if constexpr (kWithCuda) {
    if (executor.is_cuda() && axis != 0) return slice_limits_of_runs(in, axis, executor);
  }
  // Lines run along x where they can: neighbours in memory.
  const int along = axis == 0 ? 1 : 0, line_axis = 3 - axis - along;
  const Size3 line_counts{in.size[axis], in.size[line_axis], 1}, slice_counts{in.size[axis], 1, 1};
  Buffer<Limits<In>> lines(static_cast<std::size_t>(line_counts.voxel_count()), executor);
  Buffer<Limits<In>> slices(static_cast<std::size_t>(slice_counts.voxel_count()), executor);
  const VolumeView<Limits<In>> line_view{lines.data(), line_counts}, slice_view{slices.data(), slice_counts};
  fill_voxels(line_view, LineLimitsVoxel<In>{in, axis, line_axis, along}, executor);
  fill_voxels(slice_view, SliceLimitsVoxel<In>{line_view}, executor);
  return slices;
}

/// What the passes work on.
template <class In, class Out>
struct Passes {
  VolumeView<const In> in;
  VolumeView<Out> out;
  const std::array<Tables, 3>& tables;  ///< along x, y, z
  Finish<In, Out> finish;
};

/// Every pass over the whole volume, on the CPU.
template <class In, class Out>
void pass_by_pass(const Passes<In, Out>& task, Executor& executor) {
  const Size3 &in = task.in.size, &out = task.out.size;
  const Size3 after_y{in.x, out.y, in.z}, after_x{out.x, out.y, in.z};
  Buffer<float> first(static_cast<std::size_t>(after_y.voxel_count()), executor);
  Buffer<float> second(static_cast<std::size_t>(after_x.voxel_count()), executor);
  const VolumeView<float> first_view{first.data(), after_y}, second_view{second.data(), after_x};
  fill_voxels_on_cpu(first_view, AlongYVoxel<In>{task.in, task.tables[1].pass()}, executor);
  fill_voxels_on_cpu(second_view, AlongXVoxel{first_view, task.tables[0].pass()}, executor);
  fill_voxels_on_cpu(task.out, AlongZVoxel<In, Out>{second_view, task.tables[2].pass(), task.finish}, executor);
}

/// The same on a device, of `volumes` that follow each other: the first two passes know planes alone. After the first,
/// neighbours in memory are neighbours along y. Buffers are freed in stream order.
template <class In, class Out>
void pass_by_pass_on_device(const Passes<In, Out>& task, std::int64_t volumes, Executor& executor) {
  const Size3 &in = task.in.size, &out = task.out.size;
  const std::int64_t in_plane = in.x * in.y, first_plane = in.x * out.y, out_plane = out.x * out.y;
  const std::int64_t planes = in.z * volumes;
  Buffer<float> first(static_cast<std::size_t>(first_plane * planes), executor);
  Buffer<float> second(static_cast<std::size_t>(out_plane * planes), executor);
  cuda::fill_turned<In>({task.in.data, first.data(), in.x, out.y, planes, in.x, in_plane, out.y, first_plane},
                        task.tables[1].grouped(), executor);
  cuda::fill_turned<float>({first.data(), second.data(), out.y, out.x, planes, out.y, first_plane, out.x, out_plane},
                           task.tables[0].grouped(), executor);
  cuda::fill_finished<In, Out>({second.data(), task.out.data, out.x, out.z, out.y, out_plane, out.x, out_plane, out.x,
                                volumes, out_plane * in.z, out_plane * out.z},
                               task.tables[2].grouped(), task.finish, executor);
}

std::int64_t taps_along(int axis, std::int64_t source_count, const ResampleOptions& options) {
  return axis_weights(options.axes[static_cast<std::size_t>(axis)], source_count, filter_along(axis, options)).taps;
}

/// @pre one volume, but on a device without options.separate_axis
template <class In, class Out>
void run_passes(VolumesView<const In> sources, VolumesView<Out> targets, const ResampleOptions& options,
                const std::array<AxisFilter, 3>& filters, Executor& executor) {
  const VolumeView<const In> in = sources.first;
  const VolumeView<Out> out = targets.first;
  const auto tables_of = [&](int a) {
    const auto axis = static_cast<std::size_t>(a);
    return Tables(options.axes[axis], in.size[a], filters[axis], executor);
  };
  const std::array<Tables, 3> tables = {tables_of(0), tables_of(1), tables_of(2)};
  Finish<In, Out> finish{{}, options.intensity};
  Buffer<Limits<In>> limits;
  Buffer<std::int32_t> slices;
  if (options.separate_axis) {
    const int axis = *options.separate_axis;
    limits = slice_limits(in, axis, executor);
    slices = table_on(tables[static_cast<std::size_t>(axis)].first(), executor);
    finish.limits = {limits.data(), slices.data(), axis};
  }
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return pass_by_pass_on_device<In, Out>({in, out, tables, finish}, sources.count, executor);
  }
  if constexpr (!std::is_same_v<Out, Float16>) {  // which a device alone makes
    if (cpu_path() == CpuPath::baseline) return pass_by_pass<In, Out>({in, out, tables, finish}, executor);
    avx2::resample_separable(
        in, out,
        avx2::SeparableTask<In>{tables[1].pass(), tables[0].pass(), tables[2].pass(), tables[1].is_identity(),
                                tables[0].is_identity(), finish.limits, options.intensity},
        executor);
  }
}

}  // namespace

bool is_separable(const ResampleOptions& options) {
  const bool is_plain = options.interpolator == Interpolator::nearest || options.interpolator == Interpolator::linear;
  return !is_plain || options.separate_axis || options.sigma != Vec3{};
}

std::uint64_t resample_working_bytes(const Size3& in, const ResampleOptions& options, const Executor& executor) {
  const Size3 out{options.axes[0].target_count, options.axes[1].target_count, options.axes[2].target_count};
  if (!is_separable(options) || out.voxel_count() == 0) return 0;
  if (!executor.is_cuda() && cpu_path() != CpuPath::baseline) {
    return avx2::separable_working_bytes(in, out, taps_along(2, in.z, options), executor.thread_count());
  }
  return static_cast<std::uint64_t>(in.x + out.x) * static_cast<std::uint64_t>(out.y * in.z) * sizeof(float);
}

template <class In, class Out>
void resample_separable(VolumesView<const In> in, VolumesView<Out> out, const ResampleOptions& options,
                        Executor& executor) {
  const std::array filters = {filter_along(0, options), filter_along(1, options), filter_along(2, options)};
  if (executor.is_cuda() && !options.separate_axis) return run_passes(in, out, options, filters, executor);
  for (std::int64_t v = 0; v < in.count; ++v) {
    run_passes(VolumesView<const In>{in.volume(v)}, VolumesView<Out>{out.volume(v)}, options, filters, executor);
  }
}

template <class In>
void bspline_coefficients(VolumeView<const In> in, VolumeView<float> out, Executor& executor) {
  AxisFilter filter{Interpolator::bspline, Boundary::mirror};
  filter.is_prefilter = true;
  const ResampleOptions in_place{
      {AxisSteps{in.size.x}, AxisSteps{in.size.y}, AxisSteps{in.size.z}}, Interpolator::bspline, {}};
  run_passes(VolumesView<const In>{in}, VolumesView<float>{out}, in_place, {filter, filter, filter}, executor);
}

#define NARU_INSTANTIATE(In)                                                                                      \
  template void bspline_coefficients(VolumeView<const In>, VolumeView<float>, Executor&);                         \
  template void resample_separable(VolumesView<const In>, VolumesView<float>, const ResampleOptions&, Executor&); \
  template void resample_separable(VolumesView<const In>, VolumesView<std::int16_t>, const ResampleOptions&,      \
                                   Executor&);                                                                    \
  template void resample_separable(VolumesView<const In>, VolumesView<Float16>, const ResampleOptions&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
