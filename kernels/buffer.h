/// Memory that an executor can reach.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "kernels/executor.h"

namespace naru {

namespace detail {
/// Where a buffer's bytes live. `pinned` is host memory that a device copies from and to without staging.
enum class MemoryKind { host, pinned, device };
struct BufferDeleter {
  MemoryKind kind = MemoryKind::host;
  std::size_t size_bytes = 0;
  std::shared_ptr<void> stream;  ///< keeps the stream alive that frees device memory, in order, and used pinned memory
  std::size_t block_bytes = 0;   ///< of pinned memory, which may be more than was asked for
  void operator()(void* pointer) const noexcept;
};
using Bytes = std::unique_ptr<void, BufferDeleter>;
Bytes allocate_for_work(std::size_t size_bytes, Executor& executor);
Bytes allocate_on_host(std::size_t size_bytes, Executor& executor);
void copy_bytes(void* to, const void* from, std::size_t size_bytes, Executor& executor);
}  // namespace detail

/// `count` values of T, uninitialised, owned. Move-only. Device memory is allocated and freed in stream order.
/// @throws Error{memory_exceeded} when the memory cannot be had
template <class T>
class Buffer {
 public:
  Buffer() = default;
  /// What was moved from is empty.
  Buffer(Buffer&& other) noexcept : count_(std::exchange(other.count_, 0)), bytes_(std::move(other.bytes_)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    count_ = std::exchange(other.count_, 0);
    bytes_ = std::move(other.bytes_);
    return *this;
  }

  /// Memory that kernels on `executor` read and write: the host's for a CPU executor, the device's for a CUDA one.
  Buffer(std::size_t count, Executor& executor)
      : Buffer(count, detail::allocate_for_work(count * sizeof(T), executor)) {}

  /// Memory that the host reads and writes: pinned for a CUDA executor.
  static Buffer on_host(std::size_t count, Executor& executor) {
    return Buffer(count, detail::allocate_on_host(count * sizeof(T), executor));
  }

  T* data() { return static_cast<T*>(bytes_.get()); }
  const T* data() const { return static_cast<const T*>(bytes_.get()); }
  std::size_t size() const { return count_; }
  bool is_on_host() const { return bytes_.get_deleter().kind != detail::MemoryKind::device; }

  /// The values, for the host. @pre is_on_host()
  std::span<T> host() { return {data(), count_}; }
  std::span<const T> host() const { return {data(), count_}; }

 private:
  Buffer(std::size_t count, detail::Bytes bytes) : count_(count), bytes_(std::move(bytes)) {}
  std::size_t count_ = 0;
  detail::Bytes bytes_;
};

/// The same values where kernels on `executor` can reach them. Moves where they already are; else copies, in stream
/// order (`host` must then outlive the copy: it is returned to be kept, or `executor.wait()` is called).
template <class T>
Buffer<T> to_executor(Buffer<T>&& host, Executor& executor) {
  if (!executor.is_cuda()) return std::move(host);
  Buffer<T> work(host.size(), executor);
  detail::copy_bytes(work.data(), host.data(), host.size() * sizeof(T), executor);
  executor.wait();  // `host` dies with this call
  return work;
}

/// The same values on the host, ready to be read. Moves where they already are; else copies and waits.
template <class T>
Buffer<T> to_host(Buffer<T>&& work, Executor& executor) {
  if (work.is_on_host()) {
    executor.wait();
    return std::move(work);
  }
  auto host = Buffer<T>::on_host(work.size(), executor);
  detail::copy_bytes(host.data(), work.data(), work.size() * sizeof(T), executor);
  executor.wait();
  return host;
}

}  // namespace naru
