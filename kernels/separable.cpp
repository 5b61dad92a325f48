#include "kernels/separable.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "kernels/axis_weights.h"
#include "kernels/buffer.h"
#include "kernels/cuda/lines.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/separable_avx2.h"
#include "kernels/separable_voxel.h"

namespace naru {

namespace {

template <class T>
Buffer<T> copied(const std::vector<T>& values, Executor& executor) {
  Buffer<T> result(values.size(), executor);
  detail::copy_bytes(result.data(), values.data(), values.size() * sizeof(T), executor);
  return result;
}

/// The tables of one axis where the executor reaches them.
class Tables {
 public:
  Tables(const AxisSteps& axis, std::int64_t source_count, const AxisFilter& filter, Executor& executor)
      : host_(axis_weights(axis, source_count, filter)), is_identity_(host_.is_identity(source_count)) {
    if (!executor.is_cuda()) return;
    first_ = copied(host_.first, executor);
    anchor_ = copied(host_.anchor, executor);
    total_ = copied(host_.total, executor);
    std::vector<float> by_tap(host_.weights.size());
    const std::size_t count = host_.first.size(), taps = static_cast<std::size_t>(host_.taps);
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t i = 0; i < taps; ++i) by_tap[i * count + t] = host_.weights[t * taps + i];
    }
    weights_ = copied(by_tap, executor);
  }

  AxisPass pass() const {
    if (first_.size() == 0) {
      return {
          host_.first.data(), host_.anchor.data(), host_.total.data(), host_.weights.data(), host_.taps, host_.taps, 1};
    }
    return {first_.data(),
            anchor_.data(),
            total_.data(),
            weights_.data(),
            host_.taps,
            1,
            static_cast<std::int64_t>(host_.first.size())};
  }
  bool is_identity() const { return is_identity_; }

 private:
  AxisWeights host_;
  bool is_identity_;
  Buffer<std::int32_t> first_, anchor_;
  Buffer<float> total_, weights_;
};

/// Of each slice along `axis`.
template <class In>
Buffer<Limits<In>> slice_limits(VolumeView<const In> in, int axis, Executor& executor) {
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

template <class T, class Voxel>
void fill_lines(VolumeView<T> out, const Voxel& voxel, Executor& executor) {
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::fill_lines(out, voxel, executor);
  }
  const auto one = [&](std::int64_t x, std::int64_t y, std::int64_t z) { return made_at<T>(voxel, x, y, z); };
  fill_voxels_on_cpu(out, one, executor);
}

/// Every pass over the whole volume. Buffers are freed in stream order.
template <class In, class Out>
void pass_by_pass(VolumeView<const In> in, VolumeView<Out> out, const avx2::SeparableTask<In>& task,
                  Executor& executor) {
  const Size3 after_y{in.size.x, out.size.y, in.size.z}, after_x{out.size.x, out.size.y, in.size.z};
  Buffer<float> first(static_cast<std::size_t>(after_y.voxel_count()), executor);
  Buffer<float> second(static_cast<std::size_t>(after_x.voxel_count()), executor);
  const VolumeView<float> first_view{first.data(), after_y}, second_view{second.data(), after_x};
  fill_lines(first_view, AlongYVoxel<In>{in, task.y}, executor);
  fill_lines(second_view, AlongXVoxel{first_view, task.x}, executor);
  fill_lines(out, AlongZVoxel<In, Out>{second_view, task.z, task.limits, task.map}, executor);
}

std::int64_t taps_along(int axis, std::int64_t source_count, const ResampleOptions& options) {
  return axis_weights(options.axes[static_cast<std::size_t>(axis)], source_count, filter_along(axis, options)).taps;
}

template <class In, class Out>
void run_passes(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options,
                const std::array<AxisFilter, 3>& filters, Executor& executor) {
  const auto tables_of = [&](int a) {
    const auto axis = static_cast<std::size_t>(a);
    return Tables(options.axes[axis], in.size[a], filters[axis], executor);
  };
  const std::array<Tables, 3> tables = {tables_of(0), tables_of(1), tables_of(2)};
  avx2::SeparableTask<In> task{tables[1].pass(),        tables[0].pass(),        tables[2].pass(),
                               tables[1].is_identity(), tables[0].is_identity(), {},
                               options.intensity};
  Buffer<Limits<In>> limits;
  if (options.separate_axis) {
    const int axis = *options.separate_axis;
    limits = slice_limits(in, axis, executor);
    task.limits = {limits.data(), tables[static_cast<std::size_t>(axis)].pass().first, axis};
  }
  if (executor.is_cuda() || cpu_path() == CpuPath::baseline) return pass_by_pass(in, out, task, executor);
  avx2::resample_separable(in, out, task, executor);
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
void resample_separable(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options,
                        Executor& executor) {
  const std::array filters = {filter_along(0, options), filter_along(1, options), filter_along(2, options)};
  run_passes(in, out, options, filters, executor);
}

template <class In>
void bspline_coefficients(VolumeView<const In> in, VolumeView<float> out, Executor& executor) {
  AxisFilter filter{Interpolator::bspline, Boundary::mirror};
  filter.is_prefilter = true;
  const ResampleOptions in_place{
      {AxisSteps{in.size.x}, AxisSteps{in.size.y}, AxisSteps{in.size.z}}, Interpolator::bspline, {}};
  run_passes(in, out, in_place, {filter, filter, filter}, executor);
}

#define NARU_INSTANTIATE(In)                                                                                    \
  template void bspline_coefficients(VolumeView<const In>, VolumeView<float>, Executor&);                       \
  template void resample_separable(VolumeView<const In>, VolumeView<float>, const ResampleOptions&, Executor&); \
  template void resample_separable(VolumeView<const In>, VolumeView<std::int16_t>, const ResampleOptions&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
