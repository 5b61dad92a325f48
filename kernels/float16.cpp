#include "kernels/float16.h"

#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/float16_avx2.h"
#include "kernels/float16_voxel.h"
#include "kernels/stream.h"

namespace naru {

void cast_float16(VolumeView<const float> in, VolumeView<Float16> out, Executor& executor) {
  assert(in.size == out.size);
  if (executor.is_cuda() || cpu_path() == CpuPath::baseline || !avx2::has_float16()) {
    return fill_voxels(out, Float16Voxel{in}, executor);
  }
  constexpr std::int64_t kVoxelsPerPiece = 1 << 16;
  const bool is_streamed = is_worth_streaming(out);
  executor.parallel_for(in.size.voxel_count(), kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    avx2::cast_float16(in.data + begin, out.data + begin, end - begin, is_streamed);
  });
}

float to_float32(Float16 value) {
  constexpr int kExponentBias = 15, kMantissaBits = 10, kAllOnes = 31;
  const int exponent = (value.bits >> kMantissaBits) & kAllOnes, mantissa = value.bits & 0x3ff;
  float size = 0;
  if (exponent == kAllOnes) {
    size = mantissa == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(static_cast<float>(mantissa), 1 - kExponentBias - kMantissaBits);
  } else {
    size = std::ldexp(static_cast<float>(mantissa + 0x400), exponent - kExponentBias - kMantissaBits);
  }
  return (value.bits & 0x8000) != 0 ? -size : size;
}

}  // namespace naru
