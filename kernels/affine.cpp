#include "kernels/affine.h"

#include <cassert>

#include "kernels/affine_avx512.h"
#include "kernels/affine_voxel.h"
#include "kernels/buffer.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/separable.h"

namespace naru {

namespace {

template <class Sample, class Out>
AffineVoxel<Sample, Out> voxel_of(const Sample& sample, const AffineOptions& options) {
  const Out outside = value_of_units<Out>(options.outside, options.intensity);
  return {sample, MapRows(options.source_from_target), options.intensity, outside};
}

template <class In, class Out>
void fill_linear(VolumeView<const In> in, VolumeView<Out> out, const AffineOptions& options, Executor& executor) {
  const auto voxel = voxel_of<LinearSample<In>, Out>({in}, options);
  const bool is_plain = executor.is_cuda() || cpu_path() < CpuPath::avx512 || !avx512::can_gather(in.size);
  is_plain ? fill_voxels(out, voxel, executor) : avx512::resample_affine(out, voxel, executor);
}

}  // namespace

template <class In, class Out>
void resample_affine(VolumeView<const In> in, VolumeView<Out> out, const AffineOptions& options, Executor& executor) {
  assert(in.size.voxel_count() > 0 && options.interpolator != Interpolator::lanczos);
  if (options.interpolator == Interpolator::nearest) {
    return fill_voxels(out, voxel_of<NearestSample<In>, Out>({in}, options), executor);
  }
  if (options.interpolator == Interpolator::linear) return fill_linear(in, out, options, executor);
  Buffer<float> coefficients(static_cast<std::size_t>(in.size.voxel_count()), executor);
  const VolumeView<float> view{coefficients.data(), in.size};
  bspline_coefficients(in, view, executor);
  fill_voxels(out, voxel_of<BsplineSample, Out>({view}, options), executor);
}

#define NARU_INSTANTIATE(In)                                                                               \
  template void resample_affine(VolumeView<const In>, VolumeView<float>, const AffineOptions&, Executor&); \
  template void resample_affine(VolumeView<const In>, VolumeView<std::int16_t>, const AffineOptions&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru
