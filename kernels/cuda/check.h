/// Private to kernels/cuda and *.cu: CUDA's error codes become Naru's.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "core/error.h"

namespace naru::cuda {

/// @throws Error{memory_exceeded} for failed allocations, Error{device_unavailable} for everything else
inline void cuda_check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // clears what is not sticky, so that the next check reports its own failure
  const auto code = status == cudaErrorMemoryAllocation ? ErrorCode::memory_exceeded : ErrorCode::device_unavailable;
  throw Error(code, std::string("CUDA failed while ") + doing + ": " + cudaGetErrorName(status));
}

}  // namespace naru::cuda
