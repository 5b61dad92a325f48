/// The part of CUDA's runtime that Naru calls, for an emulated device: see tests/emulation/device.h.
///
/// The one device, "emulated", lies in the host's memory. What is given to a stream waits until somebody waits for the
/// stream. Variables of the environment, read at each call, make it smaller or fail:
///   NARU_EMULATED_BYTES     memory of the device; an allocation beyond it fails with cudaErrorMemoryAllocation
///   NARU_EMULATED_PINNED_BYTES  the same of pinned memory
///   NARU_EMULATED_LAUNCHES  so many launches work; at the next the device is lost: calls fail with
///   cudaErrorLaunchFailure
///   NARU_EMULATED_SHARED_BYTES  shared memory that a block may ask for
///   NARU_EMULATED_LATE_COPIES  copies read pageable memory when the stream comes to them, as a GH200's may
#pragma once

#include <cstddef>

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInvalidDevice = 101,
  cudaErrorLaunchFailure = 719
};
enum cudaMemcpyKind { cudaMemcpyDefault = 4 };
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold = 4 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };

inline constexpr unsigned cudaStreamNonBlocking = 1, cudaHostAllocPortable = 1;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major, minor;
  int multiProcessorCount;
  std::size_t sharedMemPerBlockOptin;
};

struct CUstream_st;
using cudaStream_t = CUstream_st*;
using cudaMemPool_t = void*;

const char* cudaGetErrorName(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device);
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMallocAsync(void** pointer, std::size_t size_bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream);
cudaError_t cudaHostAlloc(void** pointer, std::size_t size_bytes, unsigned flags);
cudaError_t cudaFreeHost(void* pointer);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size_bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t size_bytes, cudaStream_t stream);

namespace naru::emulation {
cudaError_t allow_shared(const void* kernel, std::size_t size_bytes);

/// What was asked of the device so far. A wait is one that found work to wait for; copies go to it, from it or on it.
struct Counts {
  long long launches = 0, waits = 0, copied_bytes = 0;
};
Counts counts();
}  // namespace naru::emulation

/// From now on launches of the kernel may ask for so much shared memory.
template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute, int value) {
  return naru::emulation::allow_shared(reinterpret_cast<const void*>(kernel), static_cast<std::size_t>(value));
}
