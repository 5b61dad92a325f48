/// Private to kernels/: pinned memory that is used again. To lock the pages of a study takes as long as to copy it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>

namespace naru::cuda {

struct Stream;

struct PinnedBlock {
  void* pointer = nullptr;
  std::size_t size_bytes = 0;
};

/// Shared by the streams of a job. Thread-safe. Memory is freed, which waits for the device, while no other thread
/// waits for the pool, but one that finds none: that has to know it freed.
class PinnedPool {
 public:
  PinnedPool() = default;
  ~PinnedPool() { keep_at_most(0); }
  PinnedPool(const PinnedPool&) = delete;
  PinnedPool& operator=(const PinnedPool&) = delete;

  /// @return a block of `size_bytes` or more, whose values are any. @throws Error{memory_exceeded}
  PinnedBlock take(std::size_t size_bytes, const Stream& stream);

  /// Takes back a block of which `size_bytes` were asked for. Waits for `stream`: a copy that is still under way would
  /// meet the values of the next owner.
  void give_back(PinnedBlock block, std::size_t size_bytes, const Stream& stream) noexcept;

  /// How much that nobody asked for is kept from now on: what is more is freed, the longest idle first.
  void keep_at_most(std::uint64_t size_bytes) noexcept;

  /// In idle blocks, and in others beyond what was asked for.
  std::uint64_t kept_bytes() const;

 private:
  static constexpr std::size_t kMostBlocks = 64;
  /// Blocks that are no idle ones any more.
  struct Freed {
    std::array<PinnedBlock, kMostBlocks + 1> blocks;  ///< one that came back, and all idle ones
    std::size_t count = 0;
  };

  PinnedBlock take_idle(std::size_t size_bytes);
  PinnedBlock extract(std::size_t n);
  void drop_longest_idle(Freed& freed);
  void trim(std::uint64_t most_bytes, Freed& freed);
  static void free(const Freed& freed);

  static constexpr std::uint64_t kKeptAtFirst = std::uint64_t{32} << 20;

  std::shared_mutex freeing_;  ///< shared from before blocks are dropped until they are free; before mutex_
  mutable std::mutex mutex_;
  std::array<PinnedBlock, kMostBlocks> idle_;  ///< the longest idle first
  std::size_t idle_count_ = 0;
  std::uint64_t kept_bytes_ = 0, most_bytes_ = kKeptAtFirst;
};

}  // namespace naru::cuda
