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
    const std::unique_lock nobody_frees(freeing_);  // nor gives back what would be idle again
    Freed freed;
    {
      const std::lock_guard lock(mutex_);
      trim(0, freed);
    }
    free(freed);
    (void)cudaGetLastError();
    status = cudaHostAlloc(&block.pointer, size_bytes, cudaHostAllocPortable);
  }
  cuda_check(status, "allocating pinned memory");
  return block;
}

void PinnedPool::give_back(PinnedBlock block, std::size_t size_bytes, const Stream& stream) noexcept {
  const bool is_idle =
      cudaSetDevice(stream.device_index) == cudaSuccess && cudaStreamSynchronize(stream.handle) == cudaSuccess;
  const std::shared_lock freeing(freeing_);
  Freed freed;
  {
    const std::lock_guard lock(mutex_);
    if (is_idle) {
      if (idle_count_ == kMostBlocks) drop_longest_idle(freed);
      idle_[idle_count_++] = block;
      kept_bytes_ += size_bytes;
      trim(most_bytes_, freed);
    } else {  // the device failed: nothing is used again
      kept_bytes_ -= block.size_bytes - size_bytes;
      freed.blocks[freed.count++] = block;
    }
  }
  free(freed);
}

void PinnedPool::keep_at_most(std::uint64_t size_bytes) noexcept {
  const std::shared_lock freeing(freeing_);
  Freed freed;
  {
    const std::lock_guard lock(mutex_);
    most_bytes_ = size_bytes;
    trim(most_bytes_, freed);
  }
  free(freed);
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

void PinnedPool::drop_longest_idle(Freed& freed) {
  const PinnedBlock block = extract(0);
  freed.blocks[freed.count++] = block;
  kept_bytes_ -= block.size_bytes;
}

void PinnedPool::trim(std::uint64_t most_bytes, Freed& freed) {
  while (idle_count_ > 0 && kept_bytes_ > most_bytes) drop_longest_idle(freed);
}

void PinnedPool::free(const Freed& freed) {
  for (std::size_t n = 0; n < freed.count; ++n) (void)cudaFreeHost(freed.blocks[n].pointer);
}

}  // namespace naru::cuda
