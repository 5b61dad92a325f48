/// Private to kernels/: what this build can run on, and the mark of functions that both sides compile.
#pragma once

#ifdef __CUDACC__
#define NARU_HOST_DEVICE __host__ __device__
#else
#define NARU_HOST_DEVICE
#endif

namespace naru {

/// True in programs that were built with nvcc. `if constexpr (kWithCuda)` keeps CUDA symbols out of the others.
inline constexpr bool kWithCuda = NARU_WITH_CUDA != 0;

}  // namespace naru
