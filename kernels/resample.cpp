#include "kernels/resample.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <vector>

#include "kernels/axis_taps.h"
#include "kernels/column_walk.h"
#include "kernels/cuda/columns.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/float16.h"
#include "kernels/intensity_avx2.h"
#include "kernels/pick_avx512.h"
#include "kernels/resample_avx2.h"
#include "kernels/resample_avx512.h"
#include "kernels/resample_copy.h"
#include "kernels/resample_voxel.h"
#include "kernels/rows_ahead.h"
#include "kernels/separable.h"
#include "kernels/stream.h"

namespace naru {

namespace {

/// Values of a row by their places: one by one, or many at a time where values and CPU allow it.
template <class In>
class RowPicker {
 public:
  RowPicker(const AxisTap* taps, std::int64_t count, std::int64_t row_values) {
    for (std::int64_t x = 0; x < count; ++x) places_.push_back(taps[x].index);
    if (sizeof(In) == 2 && cpu_path() >= CpuPath::avx512) picks_ = avx512::picks_of(places_, row_values);
  }

  /// What `pick` needs room for.
  std::size_t room() const { return places_.size() + avx512::kPickedTogether; }

  void pick(const In* row, In* to) const {
    if constexpr (sizeof(In) == 2) {
      if (picks_) {
        return avx512::pick(reinterpret_cast<const std::uint16_t*>(row), *picks_, reinterpret_cast<std::uint16_t*>(to));
      }
    }
    for (std::size_t x = 0; x < places_.size(); ++x) to[x] = row[places_[x]];
  }

 private:
  std::vector<std::int32_t> places_;
  std::optional<std::vector<avx512::Picks>> picks_;
};

/// NearestVoxel by rows: values are picked, then mapped eight at a time. @pre cpu_path() >= CpuPath::avx2
template <class In, class Out>
void resample_nearest_rows(VolumeView<Out> out, const NearestVoxel<In, Out>& voxel, Executor& executor) {
  const RowPicker<In> picker(voxel.taps.x, out.size.x, voxel.in.size.x);
  const RowsAhead<In> rows_ahead(voxel.taps, out.size);
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    std::vector<In> picked(picker.room());
    write_rows(out, begin, end, [&](std::int64_t y, std::int64_t z, Out* line) {
      const In* const from = voxel.in.data + voxel.in.index(0, voxel.taps.y[y].index, voxel.taps.z[z].index);
      rows_ahead.ask(from);
      picker.pick(from, picked.data());
      avx2::apply_intensity(picked.data(), line, out.size.x, voxel.map, false);
    });
  });
}

template <class In, class Out>
void resample_on_device(VolumesView<const In> in, VolumesView<Out> out, const ResampleOptions& options,
                        Executor& executor) {
  if (is_separable(options)) return resample_separable(in, out, options, executor);
  const ReachableTaps taps(in.first.size, options, executor);
  if (options.interpolator == Interpolator::nearest) {
    const NearestVoxel<In, Out> voxel{in.first, taps.axes(), options.intensity};
    cuda::fill_columns<NearestColumns<NearestVoxel<In, Out>>>(out, voxel, executor);
  } else {
    const LinearVoxel<In, Out> voxel{in.first, taps.axes(), options.intensity};
    cuda::fill_columns<Columns<LinearVoxel<In, Out>>>(out, voxel, executor);
  }
}

template <class In, class Out>
void resample_on_cpu(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor) {
  if (is_separable(options)) {
    return resample_separable(VolumesView<const In>{in}, VolumesView<Out>{out}, options, executor);
  }
  const ReachableTaps taps(in.size, options, executor);
  const AxisTaps axes = taps.axes();
  const bool by_voxel = cpu_path() == CpuPath::baseline;
  if (options.interpolator == Interpolator::nearest) {
    const NearestVoxel<In, Out> voxel{in, axes, options.intensity};
    by_voxel ? fill_voxels_on_cpu(out, voxel, executor) : resample_nearest_rows(out, voxel, executor);
  } else {
    const LinearVoxel<In, Out> voxel{in, axes, options.intensity};
    if (by_voxel) return fill_voxels_on_cpu(out, voxel, executor);
    if (is_copy(axes, out.size)) return resample_copy(out, voxel, executor);
    cpu_path() == CpuPath::avx512 ? avx512::resample_linear(out, voxel, executor)
                                  : avx2::resample_linear(out, voxel, executor);
  }
}

/// On a CPU the cast is a pass of its own.
template <class In>
void resample_on_cpu(VolumeView<const In> in, VolumeView<Float16> out, const ResampleOptions& options,
                     Executor& executor) {
  Buffer<float> floats(static_cast<std::size_t>(out.size.voxel_count()), executor);
  const VolumeView<float> made{floats.data(), out.size};
  resample_on_cpu(in, made, options, executor);
  cast_float16(made, out, executor);
}

}  // namespace

template <class In, class Out>
void resample(VolumesView<const In> in, VolumesView<Out> out, const ResampleOptions& options, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(in.first.size[a] > 0 && out.first.size[a] == options.axes[a].target_count);
  assert(in.count == out.count);
  if (out.stacked().size.voxel_count() == 0) return;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return resample_on_device(in, out, options, executor);
  }
  for (std::int64_t v = 0; v < in.count; ++v) resample_on_cpu(in.volume(v), out.volume(v), options, executor);
}

template <class In, class Out>
void resample(VolumeView<const In> in, VolumeView<Out> out, const ResampleOptions& options, Executor& executor) {
  resample(VolumesView<const In>{in}, VolumesView<Out>{out}, options, executor);
}

template <class Out>
void fill_outside(VolumeView<Out> out, const std::array<InsideRange, 3>& inside, Out value, Executor& executor) {
  bool is_all = true;
  for (int a = 0; a < 3; ++a) is_all = is_all && inside[a].begin == 0 && inside[a].end == out.size[a];
  if (is_all || out.size.voxel_count() == 0) return;
  const Outside outside{inside[0], inside[1], inside[2]};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::fill_outside(out, outside, value, executor);
  }
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const InsideRange kept = outside.kept(row % out.size.y, row / out.size.y);
      const std::int64_t first = std::clamp<std::int64_t>(kept.begin, 0, out.size.x);
      Out* const line = out.data + row * out.size.x;
      std::fill(line, line + first, value);
      std::fill(line + std::clamp(kept.end, first, out.size.x), line + out.size.x, value);
    }
  });
}

template void fill_outside(VolumeView<float>, const std::array<InsideRange, 3>&, float, Executor&);
template void fill_outside(VolumeView<std::int16_t>, const std::array<InsideRange, 3>&, std::int16_t, Executor&);

#define NARU_INSTANTIATE(In, Out)                                                                   \
  template void resample(VolumeView<const In>, VolumeView<Out>, const ResampleOptions&, Executor&); \
  template void resample(VolumesView<const In>, VolumesView<Out>, const ResampleOptions&, Executor&);
NARU_INSTANTIATE(std::int16_t, float)
NARU_INSTANTIATE(std::uint16_t, float)
NARU_INSTANTIATE(float, float)
NARU_INSTANTIATE(std::int16_t, std::int16_t)
NARU_INSTANTIATE(std::uint16_t, std::int16_t)
NARU_INSTANTIATE(float, std::int16_t)
NARU_INSTANTIATE(std::int16_t, Float16)
NARU_INSTANTIATE(std::uint16_t, Float16)
NARU_INSTANTIATE(float, Float16)
#undef NARU_INSTANTIATE

}  // namespace naru
