#include "kernels/affine.h"

#include <cassert>

#include "kernels/affine_voxel.h"
#include "kernels/buffer.h"
#include "kernels/fill.h"
#include "kernels/separable.h"

namespace naru {

namespace {

template <class Sample, class Out>
void fill_from(const Sample& sample, VolumeView<Out> out, const AffineOptions& options, Executor& executor) {
  const Out outside = value_of_units<Out>(options.outside, options.intensity);
  fill_voxels(out, AffineVoxel<Sample, Out>{sample, MapRows(options.source_from_target), options.intensity, outside},
              executor);
}

}  // namespace

template <class In, class Out>
void resample_affine(VolumeView<const In> in, VolumeView<Out> out, const AffineOptions& options, Executor& executor) {
  assert(in.size.voxel_count() > 0 && options.interpolator != Interpolator::lanczos);
  if (options.interpolator == Interpolator::nearest) return fill_from(NearestSample<In>{in}, out, options, executor);
  if (options.interpolator == Interpolator::linear) return fill_from(LinearSample<In>{in}, out, options, executor);
  Buffer<float> coefficients(static_cast<std::size_t>(in.size.voxel_count()), executor);
  const VolumeView<float> view{coefficients.data(), in.size};
  bspline_coefficients(in, view, executor);
  fill_from(BsplineSample{view}, out, options, executor);
}

#define NARU_INSTANTIATE(In)                                                                               \
  template void resample_affine(VolumeView<const In>, VolumeView<float>, const AffineOptions&, Executor&); \
  template void resample_affine(VolumeView<const In>, VolumeView<std::int16_t>, const AffineOptions&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
