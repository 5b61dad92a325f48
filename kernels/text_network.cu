#include <algorithm>
#include <cassert>

#include "kernels/cuda/check.h"
#include "kernels/cuda/fill.cuh"
#include "kernels/cuda/runtime.h"
#include "kernels/text_network_voxel.h"

namespace naru::cuda {

namespace {

// A warp along x reads whole cache lines; its eight rows share source rows in L1, and the block's weights in shared
// memory.
constexpr int kColumns = 32, kRows = 8;

/// One thread makes kTextDeviceBlock outputs of one pixel, so that a value once loaded serves them all; a block of
/// threads shares their weights.
template <int kSize>
__global__ void convolve_text_kernel(TextConvolution work, VolumeView<float> out) {
  constexpr int kTaps = kSize * kSize, kHalf = kSize / 2;
  alignas(16)
      __shared__ float weights[kTextDeviceTerms * kTextDeviceBlock];  // input, row, column, output; read by fours
  const int terms = static_cast<int>(work.in.size.z) * kTaps;
  const int first = static_cast<int>(blockIdx.z) * kTextDeviceBlock, count = static_cast<int>(out.size.z) - first;
  for (int n = static_cast<int>(threadIdx.y) * kColumns + static_cast<int>(threadIdx.x); n < terms * kTextDeviceBlock;
       n += kColumns * kRows) {
    const int output = n / terms, term = n % terms;
    weights[term * kTextDeviceBlock + output] = output < count ? work.weights[(first + output) * terms + term] : 0;
  }
  __syncthreads();
  const int width = static_cast<int>(work.in.size.x), height = static_cast<int>(work.in.size.y);
  const int x = static_cast<int>(blockIdx.x) * kColumns + static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(blockIdx.y) * kRows + static_cast<int>(threadIdx.y);
  if (x >= out.size.x || y >= out.size.y) return;
  int places[kTaps];  // of the values beside this pixel; -1 outside of the image
  for (int tap = 0; tap < kTaps; ++tap) {
    const int at_x = work.stride * x + work.dilation * (tap % kSize - kHalf);
    const int at_y = work.stride * y + work.dilation * (tap / kSize - kHalf);
    const bool is_inside = at_x >= 0 && at_y >= 0 && at_x < width && at_y < height;
    places[tap] = is_inside ? at_y * width + at_x : -1;
  }
  float sums[kTextDeviceBlock];
  for (int o = 0; o < kTextDeviceBlock; ++o) sums[o] = o < count ? work.bias[first + o] : 0;
  const float* plane = work.in.data;
  const float4* weight = reinterpret_cast<const float4*>(weights);
  for (int input = 0; input < work.in.size.z; ++input, plane += static_cast<std::int64_t>(width) * height) {
#pragma unroll
    for (int tap = 0; tap < kTaps; ++tap, weight += 2) {
      const float value = places[tap] >= 0 ? __ldg(plane + places[tap]) : 0;
      const float4 a = weight[0], b = weight[1];
      sums[0] = fmaf(value, a.x, sums[0]), sums[1] = fmaf(value, a.y, sums[1]);
      sums[2] = fmaf(value, a.z, sums[2]), sums[3] = fmaf(value, a.w, sums[3]);
      sums[4] = fmaf(value, b.x, sums[4]), sums[5] = fmaf(value, b.y, sums[5]);
      sums[6] = fmaf(value, b.z, sums[6]), sums[7] = fmaf(value, b.w, sums[7]);
    }
  }
  for (int o = 0; o < kTextDeviceBlock && o < count; ++o) {
    float value = work.end != TextEnd::none && sums[o] < 0 ? 0 : sums[o];  // NaN stays
    if (work.end == TextEnd::relu_plus_input) value += work.in.data[work.in.index(x, y, first + o)];
    out.data[out.index(x, y, first + o)] = value;
  }
}

}  // namespace

void convolve_text(const TextConvolution& work, VolumeView<float> out, Executor& executor) {
  assert(work.in.size.z * work.size * work.size <= kTextDeviceTerms && (work.size == 1 || work.size == 3));
  const auto parts = [](std::int64_t length, int of) { return static_cast<unsigned>((length + of - 1) / of); };
  const dim3 grid(parts(out.size.x, kColumns), parts(out.size.y, kRows), parts(out.size.z, kTextDeviceBlock));
  const auto kernel = work.size == 1 ? convolve_text_kernel<1> : convolve_text_kernel<3>;
  kernel<<<grid, dim3(kColumns, kRows), 0, selected_stream(executor)>>>(work, out);
  cuda_check(cudaGetLastError(), "launching a convolution of the text detector");
}

template void fill_voxels(VolumeView<float>, const TextUnshuffleVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextDoubleVoxel&, Executor&);
template void fill_voxels(VolumeView<float>, const TextProbabilityVoxel&, Executor&);

}  // namespace naru::cuda
