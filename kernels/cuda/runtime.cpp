#include "kernels/cuda/runtime.h"

#include <cuda_runtime_api.h>

#include <cstring>
#include <limits>

#include "kernels/cuda/check.h"
#include "kernels/executor_state.h"

namespace naru::cuda {

namespace {

/// cmake/NaruCuda.cmake compiles for sm_80 and later: older devices would fail at the first kernel.
constexpr int kLeastComputeMajor = 8;

/// Holds the tables of some resamplings: the stream is waited for once in so many.
constexpr std::size_t kStagingBytes = std::size_t{1} << 20;

/// Freed device memory stays with the process: giving it back at every wait would cost more than the kernels do.
void keep_freed_memory(int device_index) {
  cudaMemPool_t pool = nullptr;
  cuda_check(cudaDeviceGetDefaultMemPool(&pool, device_index), "opening the memory pool");
  std::uint64_t threshold = std::numeric_limits<std::uint64_t>::max();
  cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "configuring the memory pool");
}

}  // namespace

Stream::Stream(int index) : device_index(index) {
  cudaDeviceProp properties{};
  cuda_check(cudaGetDeviceProperties(&properties, index), "asking for the device");
  device_name = properties.name;
  if (properties.major < kLeastComputeMajor) {
    throw Error(ErrorCode::device_unavailable, "CUDA device " + std::to_string(index) + " (" + device_name +
                                                   ") has compute capability " + std::to_string(properties.major) +
                                                   "." + std::to_string(properties.minor) +
                                                   "; 8.0 or later is needed: use --device auto or cpu");
  }
  multiprocessor_count = properties.multiProcessorCount;
  shared_bytes = properties.sharedMemPerBlockOptin;
  cuda_check(cudaSetDevice(index), "selecting the device");
  keep_freed_memory(index);
  cuda_check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking), "creating a stream");
}

Stream::~Stream() {
  if (staging.pointer != nullptr) pinned->give_back(staging, kStagingBytes, *this);
  if (cudaSetDevice(device_index) == cudaSuccess) (void)cudaStreamDestroy(handle);
}

std::shared_ptr<Stream> make_stream(int device_index) {
  int count = 0;
  cuda_check(cudaGetDeviceCount(&count), "looking for devices");
  if (device_index < 0 || device_index >= count) {
    throw Error(ErrorCode::device_unavailable, "there is no CUDA device " + std::to_string(device_index) + " among " +
                                                   std::to_string(count) + "; see 'naru doctor'");
  }
  return std::make_shared<Stream>(device_index);
}

CUstream_st* selected_stream(Executor& executor) {
  const Stream& stream = *executor.state().stream;
  cuda_check(cudaSetDevice(stream.device_index), "selecting the device");
  return stream.handle;
}

int multiprocessor_count(Executor& executor) { return executor.state().stream->multiprocessor_count; }
std::size_t shared_bytes(Executor& executor) { return executor.state().stream->shared_bytes; }

void wait(const Stream& stream) {
  cuda_check(cudaSetDevice(stream.device_index), "selecting the device");
  cuda_check(cudaStreamSynchronize(stream.handle), "waiting for the device");
}

void* allocate_device(std::size_t size_bytes, const Stream& stream) {
  void* pointer = nullptr;
  cuda_check(cudaSetDevice(stream.device_index), "selecting the device");
  cuda_check(cudaMallocAsync(&pointer, size_bytes, stream.handle), "allocating device memory");
  return pointer;
}

void free_device(void* pointer, const Stream& stream) noexcept {
  if (cudaSetDevice(stream.device_index) == cudaSuccess) (void)cudaFreeAsync(pointer, stream.handle);
}

void copy(void* to, const void* from, std::size_t size_bytes, const Stream& stream) {
  if (size_bytes == 0) return;
  cuda_check(cudaSetDevice(stream.device_index), "selecting the device");
  cuda_check(cudaMemcpyAsync(to, from, size_bytes, cudaMemcpyDefault, stream.handle), "copying");
}

void copy_table(void* to, const void* from, std::size_t size_bytes, Executor& executor) {
  if (size_bytes == 0) return;
  Stream& stream = *executor.state().stream;
  if (size_bytes > kStagingBytes) {
    copy(to, from, size_bytes, stream);
    return wait(stream);
  }
  if (stream.staging.pointer == nullptr) stream.staging = stream.pinned->take(kStagingBytes, stream);
  if (stream.staged_bytes + size_bytes > kStagingBytes) {
    wait(stream);
    stream.staged_bytes = 0;
  }
  std::byte* const staged = static_cast<std::byte*>(stream.staging.pointer) + stream.staged_bytes;
  std::memcpy(staged, from, size_bytes);
  copy(to, staged, size_bytes, stream);
  stream.staged_bytes += size_bytes;
}

CudaStatus status() {
  CudaStatus result;
  result.built_in = true;
  (void)cudaRuntimeGetVersion(&result.runtime_version);
  (void)cudaDriverGetVersion(&result.driver_version);
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) count = 0;  // no driver, or none that works: no devices
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess || properties.major < kLeastComputeMajor) continue;
    result.devices.push_back({index, properties.name, properties.totalGlobalMem, properties.major, properties.minor});
  }
  (void)cudaGetLastError();
  return result;
}

}  // namespace naru::cuda
