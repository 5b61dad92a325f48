#include "pipeline/slab_maker.h"

#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/orient.h"
#include "kernels/piecewise.h"
#include "kernels/resample.h"
#include "kernels/straighten.h"

namespace naru {

/// Runs a kernel. A device may still be at work.
template <class In>
template <class Work>
void SlabMaker<In>::compute(std::string_view name, const Slab& slab, const Work& work) {
  const Span span(Stage::compute, name, {slab.begin, {}});
  work();
}

template <class In>
template <class Out>
Owned<Out> SlabMaker<In>::make(Owned<In> stored, const Slab& slab, const IntensityPlan& intensity, float padding) {
  if (!grid_.straighten) return oriented<In, Out>(std::move(stored), slab, intensity);
  const Grid& grid = grid_.straighten->grid;
  auto upright = allocate<float>({grid.size.x, grid.size.y, slab.source.count()}, stored.count, executor_);
  const auto own =
      std::span(grid_.straighten->shifts)
          .subspan(static_cast<std::size_t>(slab.source.begin), static_cast<std::size_t>(slab.source.count()));
  std::vector<SliceShift> shifts;
  for (std::int64_t v = 0; v < stored.count; ++v) shifts.insert(shifts.end(), own.begin(), own.end());
  compute("straighten", slab,
          [&] { straighten<In>(stored.view().stacked(), upright.view().stacked(), shifts, padding, executor_); });
  stored = {};
  return oriented<float, Out>(std::move(upright), slab, intensity);
}

/// Permutes axes where the recipe's orientation needs it; flips are left to the resampling.
template <class In>
template <class T, class Out>
Owned<Out> SlabMaker<In>::oriented(Owned<T> source, const Slab& slab, const IntensityPlan& intensity) {
  if (grid_.orient.is_permutation()) {
    const AxisMap permutation{grid_.orient.source_axis, {false, false, false}};
    const Size3& from = source.size;
    const auto& axis = permutation.source_axis;
    auto target = allocate<T>({from[axis[0]], from[axis[1]], from[axis[2]]}, source.count, executor_);
    compute("orient", slab, [&] {
      for (std::int64_t v = 0; v < source.count; ++v) {
        orient<T>(source.view().volume(v), target.view().volume(v), permutation, executor_);
      }
    });
    source = std::move(target);
  }
  if (!intensity.maps_before) return resampled<T, Out>(std::move(source), slab, intensity);
  auto units = allocate<float>(source.size, source.count, executor_);
  compute("rescale", slab, [&] {
    apply_intensity<T, float>(source.view().stacked(), units.view().stacked(), intensity.before, executor_);
  });
  source = {};
  return resampled<float, Out>(std::move(units), slab, intensity);
}

template <class In>
template <class T, class Out>
Owned<Out> SlabMaker<In>::resampled(Owned<T> source, const Slab& slab, const IntensityPlan& intensity) {
  Size3 size = grid_.grid.size;
  (grid_.slice_axis() == 0 ? size.x : grid_.slice_axis() == 1 ? size.y : size.z) = slab.end - slab.begin;
  auto result = allocate<Out>(size, source.count, executor_);
  resample_slab<T, Out>(source.view(), slab.source.begin, slab, intensity, result.view());
  return result;  // `source` is freed now
}

template <class In>
template <class T, class Out>
void SlabMaker<In>::resample_slab(VolumesView<const T> source, std::int64_t first_slice, const Slab& slab,
                                  const IntensityPlan& intensity, VolumesView<Out> out) {
  const auto along = static_cast<std::size_t>(grid_.slice_axis());
  const std::int64_t count = slab.end - slab.begin;
  ResampleOptions options = grid_.resample_part(slab.begin, slab.end, first_slice);
  options.intensity = intensity.map;
  auto inside = grid_.inside;
  inside[along] = part_of(inside[along], slab.begin, count);
  compute("resample", slab, [&] {
    resample<T, Out>(source, out, options, executor_);
    for (std::int64_t v = 0; v < out.count; ++v) {
      fill_outside<Out>(out.volume(v), inside, value_of_units<Out>(0, intensity.map), executor_);
    }
    if constexpr (std::is_same_v<Out, float>) {
      if (intensity.landmarks) apply_piecewise(out.stacked(), out.stacked(), *intensity.landmarks, executor_);
    }
    executor_.wait();
  });
}

template Owned<std::int16_t> SlabMaker<std::int16_t>::make(Owned<std::int16_t>, const Slab&, const IntensityPlan&,
                                                           float);
template Owned<float> SlabMaker<std::int16_t>::make(Owned<std::int16_t>, const Slab&, const IntensityPlan&, float);
template Owned<std::int16_t> SlabMaker<std::uint16_t>::make(Owned<std::uint16_t>, const Slab&, const IntensityPlan&,
                                                            float);
template Owned<float> SlabMaker<std::uint16_t>::make(Owned<std::uint16_t>, const Slab&, const IntensityPlan&, float);
template Owned<std::int16_t> SlabMaker<float>::make(Owned<float>, const Slab&, const IntensityPlan&, float);
template Owned<float> SlabMaker<float>::make(Owned<float>, const Slab&, const IntensityPlan&, float);
template void SlabMaker<std::int16_t>::resample_slab(VolumesView<const std::int16_t>, std::int64_t, const Slab&,
                                                     const IntensityPlan&, VolumesView<std::int16_t>);
template void SlabMaker<std::int16_t>::resample_slab(VolumesView<const std::int16_t>, std::int64_t, const Slab&,
                                                     const IntensityPlan&, VolumesView<float>);
template void SlabMaker<std::uint16_t>::resample_slab(VolumesView<const std::uint16_t>, std::int64_t, const Slab&,
                                                      const IntensityPlan&, VolumesView<std::int16_t>);
template void SlabMaker<std::uint16_t>::resample_slab(VolumesView<const std::uint16_t>, std::int64_t, const Slab&,
                                                      const IntensityPlan&, VolumesView<float>);
template void SlabMaker<float>::resample_slab(VolumesView<const float>, std::int64_t, const Slab&, const IntensityPlan&,
                                              VolumesView<std::int16_t>);
template void SlabMaker<float>::resample_slab(VolumesView<const float>, std::int64_t, const Slab&, const IntensityPlan&,
                                              VolumesView<float>);

}  // namespace naru
