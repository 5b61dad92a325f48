#include "kernels/cuda/pinned_pool.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "kernels/cuda/check.h"
#include "kernels/cuda/runtime.h"

namespace naru::cuda {

PinnedBlock PinnedPool::take(std::size_t size_bytes, const Stream& stream) {
  if (const PinnedBlock idle = take_idle(size_bytes); idle.pointer != nullptr) return idle;
  cuda_check(cudaSetDevice(stream.device_index), "selecting the device");
  PinnedBlock block{nullptr, size_bytes};
  cudaError_t status = cudaHostAlloc(&block.pointer, size_bytes, cudaHostAllocPortable);
  if (status == cudaErrorMemoryAllocation) {
    const std::lock_guard lock(mutex_);
    trim(0);
    (void)cudaGetLastError();
    status = cudaHostAlloc(&block.pointer, size_bytes, cudaHostAllocPortable);
  }
  cuda_check(status, "allocating pinned memory");
  return block;
}

void PinnedPool::give_back(PinnedBlock block, std::size_t size_bytes, const Stream& stream) noexcept {
  const bool is_idle =
      cudaSetDevice(stream.device_index) == cudaSuccess && cudaStreamSynchronize(stream.handle) == cudaSuccess;
  const std::lock_guard lock(mutex_);
  if (!is_idle) {  // the device failed: nothing is used again
    kept_bytes_ -= block.size_bytes - size_bytes;
    (void)cudaFreeHost(block.pointer);
    return;
  }
  if (idle_count_ == kMostBlocks) free_longest_idle();
  idle_[idle_count_++] = block;
  kept_bytes_ += size_bytes;
  trim(most_bytes_);
}

void PinnedPool::keep_at_most(std::uint64_t size_bytes) noexcept {
  const std::lock_guard lock(mutex_);
  most_bytes_ = size_bytes;
  trim(most_bytes_);
}

std::uint64_t PinnedPool::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

/// The smallest that is large enough, and not more than twice so large: few values must not hold what a study needs.
PinnedBlock PinnedPool::take_idle(std::size_t size_bytes) {
  const std::lock_guard lock(mutex_);
  std::size_t best = idle_count_;
  for (std::size_t n = 0; n < idle_count_; ++n) {
    const std::size_t size = idle_[n].size_bytes;
    if (size < size_bytes || size / 2 > size_bytes) continue;
    if (best == idle_count_ || size < idle_[best].size_bytes) best = n;
  }
  if (best == idle_count_) return {};
  kept_bytes_ -= size_bytes;
  return extract(best);
}

/// The n-th idle block, which is none any more.
PinnedBlock PinnedPool::extract(std::size_t n) {
  const PinnedBlock block = idle_[n];
  std::copy(idle_.begin() + n + 1, idle_.begin() + idle_count_, idle_.begin() + n);
  --idle_count_;
  return block;
}

void PinnedPool::free_longest_idle() {
  const PinnedBlock block = extract(0);
  (void)cudaFreeHost(block.pointer);
  kept_bytes_ -= block.size_bytes;
}

void PinnedPool::trim(std::uint64_t most_bytes) {
  while (idle_count_ > 0 && kept_bytes_ > most_bytes) free_longest_idle();
}

}  // namespace naru::cuda
