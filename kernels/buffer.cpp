#include "kernels/buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/backend.h"
#include "kernels/executor_state.h"

namespace naru::detail {

namespace {

constexpr std::size_t kCacheLineBytes = 64;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

/// Large blocks lie on huge pages: touching a study's memory first costs one fault for 2 MiB instead of 512.
void* allocate_host(std::size_t size_bytes) {
  const std::size_t alignment = size_bytes < 2 * kHugePageBytes ? kCacheLineBytes : kHugePageBytes;
  const std::size_t rounded = (size_bytes + alignment - 1) / alignment * alignment;
  void* const pointer = rounded < size_bytes ? nullptr : std::aligned_alloc(alignment, rounded);
  if (pointer == nullptr) {
    throw Error(ErrorCode::memory_exceeded, "cannot allocate " + std::to_string(size_bytes) + " bytes of memory");
  }
  if (alignment == kHugePageBytes) (void)madvise(pointer, rounded, MADV_HUGEPAGE);  // a hint: failure costs time only
  return pointer;
}

}  // namespace

void BufferDeleter::operator()(void* pointer) const noexcept {
  if (kind == MemoryKind::host) return std::free(pointer);
  if constexpr (kWithCuda) {
    const auto& used_by = *static_cast<const cuda::Stream*>(stream.get());
    if (kind == MemoryKind::pinned) return used_by.pinned->give_back({pointer, block_bytes}, size_bytes, used_by);
    cuda::free_device(pointer, used_by);
  }
}

Bytes allocate_for_work(std::size_t size_bytes, Executor& executor) {
  if (size_bytes == 0) return {};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      const auto& stream = executor.state().stream;
      return Bytes(cuda::allocate_device(size_bytes, *stream), {MemoryKind::device, size_bytes, stream});
    }
  }
  return Bytes(allocate_host(size_bytes), {MemoryKind::host, size_bytes, nullptr});
}

Bytes allocate_on_host(std::size_t size_bytes, Executor& executor) {
  if (size_bytes == 0) return {};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      const auto& stream = executor.state().stream;
      const auto block = stream->pinned->take(size_bytes, *stream);
      return Bytes(block.pointer, {MemoryKind::pinned, size_bytes, stream, block.size_bytes});
    }
  }
  return Bytes(allocate_host(size_bytes), {MemoryKind::host, size_bytes, nullptr});
}

void copy_bytes(void* to, const void* from, std::size_t size_bytes, Executor& executor) {
  if (size_bytes == 0) return;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::copy(to, from, size_bytes, *executor.state().stream);
  }
  std::memcpy(to, from, size_bytes);
}

}  // namespace naru::detail
