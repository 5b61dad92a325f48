/// CUDA's language for the CPU: enough of it to run Naru's own kernels where there is no GPU. For tests alone.
///
/// Threads of a block are fibers of one CPU thread: each runs until it ends or waits for others at a barrier. Blocks
/// run one after the other. A launch waits in its stream's queue until somebody waits for the stream, as it may on a
/// device: who forgets to wait finds nothing. emulate.sed makes C++ of a *.cu.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "tests/emulation/cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define __shared__ static

using std::max;
using std::min;

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned of_x = 1, unsigned of_y = 1, unsigned of_z = 1) : x(of_x), y(of_y), z(of_z) {}
};

struct alignas(16) float4 {
  float x, y, z, w;
};

inline dim3 threadIdx, blockIdx, blockDim, gridDim;  // one launch runs at a time

namespace naru::emulation {

inline constexpr int kWarp = 32;

struct Config {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};

/// Lanes of a warp that met, and what each brought.
struct Meeting {
  unsigned lanes = 0;
  int least = 0, greatest = 0;
  int values[kWarp] = {};
};

/// Puts the launch into its stream's queue. @param thread what each thread of the grid does
void enqueue(const Config& config, std::function<void()> thread);

void wait_for_block();
/// Waits for those lanes of `mask` in the warp that have not ended. @return until this lane meets others again
const Meeting& meet(unsigned mask, int value);
unsigned lanes_left();
void* shared_memory();

/// As kernel<<<config>>>(arguments...): of each argument a copy is kept until the kernel runs.
template <class Call, class... Arguments>
void launch(const Config& config, const Call& call, const Arguments&... arguments) {
  enqueue(config, [=] { call(arguments...); });
}

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(shared_memory());
}

}  // namespace naru::emulation

inline void __syncthreads() { naru::emulation::wait_for_block(); }
inline unsigned __activemask() { return naru::emulation::lanes_left(); }

inline unsigned __match_any_sync(unsigned mask, int value) {
  const auto& meeting = naru::emulation::meet(mask, value);
  unsigned alike = 0;
  for (int lane = 0; lane < naru::emulation::kWarp; ++lane) {
    const bool is_alike = (meeting.lanes >> lane & 1U) != 0 && meeting.values[lane] == value;
    alike |= is_alike ? 1U << lane : 0;
  }
  return alike;
}

inline unsigned __match_all_sync(unsigned mask, int value, int* is_one_value) {
  const auto& meeting = naru::emulation::meet(mask, value);
  *is_one_value = meeting.least == meeting.greatest ? 1 : 0;
  return *is_one_value != 0 ? mask : 0;
}

inline int __reduce_min_sync(unsigned mask, int value) { return naru::emulation::meet(mask, value).least; }
inline int __reduce_max_sync(unsigned mask, int value) { return naru::emulation::meet(mask, value).greatest; }

// No thread is interrupted between two waits.
template <class T, class U>
T atomicAdd(T* to, U value) {
  const T before = *to;
  *to = static_cast<T>(before + static_cast<T>(value));
  return before;
}
inline int atomicMin(int* to, int value) {
  const int before = *to;
  *to = std::min(before, value);
  return before;
}
inline int atomicMax(int* to, int value) {
  const int before = *to;
  *to = std::max(before, value);
  return before;
}

template <class T>
T __ldg(const T* from) {
  return *from;
}
template <class T>
void __stcs(T* to, T value) {
  *to = value;
}
inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1; }
