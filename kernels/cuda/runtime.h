/// Private to kernels/: the CUDA runtime behind plain declarations, so that C++ files need no CUDA header. Only
/// programs with `kWithCuda` define these functions.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "kernels/cuda/pinned_pool.h"
#include "kernels/executor.h"

struct CUstream_st;  // what cudaStream_t points to

namespace naru::cuda {

/// One stream of one device, owned.
struct Stream {
  explicit Stream(int device_index);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int device_index;
  std::string device_name;
  int multiprocessor_count = 0;
  std::size_t shared_bytes = 0;  ///< that one block may ask for
  CUstream_st* handle = nullptr;
  std::shared_ptr<PinnedPool> pinned = std::make_shared<PinnedPool>();
  PinnedBlock staging;           ///< through which tables go; taken with the first
  std::size_t staged_bytes = 0;  ///< that copies under way may still read, from its begin on
};

/// @throws Error{device_unavailable} without a driver or such a device, or where kernels are not compiled for it
std::shared_ptr<Stream> make_stream(int device_index);

/// The executor's stream, after its device was made the calling thread's current one (CUDA keeps that per thread).
CUstream_st* selected_stream(Executor& executor);

int multiprocessor_count(Executor& executor);
std::size_t shared_bytes(Executor& executor);

/// Blocks until the stream is empty. @throws Error{device_unavailable} where the device failed
void wait(const Stream& stream);

/// Both in stream order. @throws Error{memory_exceeded}
void* allocate_device(std::size_t size_bytes, const Stream& stream);
void free_device(void* pointer, const Stream& stream) noexcept;

/// Between any two places, in stream order. The source outlives the copy: devices that read the host's page tables
/// (GH200) need not have taken pageable memory anywhere when this returns.
void copy(void* to, const void* from, std::size_t size_bytes, const Stream& stream);

/// Of host memory to the device, in stream order, through pinned memory: the source may be reused once this returns.
void copy_table(void* to, const void* from, std::size_t size_bytes, Executor& executor);

CudaStatus status();

}  // namespace naru::cuda
