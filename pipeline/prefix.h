/// The beginnings of many files: what reads headers shares.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "pipeline/archive.h"

namespace naru {

/// How a beginning grows: 64 KiB are read first, then four times as much.
inline constexpr std::size_t kFirstPrefixBytes = std::size_t{64} << 10;
inline constexpr std::size_t kPrefixGrowth = 4;

/// The beginning of a file, read piece by piece into memory that is kept from file to file and never cleared.
class Prefix {
 public:
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }
  void clear() { size_ = 0; }

  /// Reads on up to `size` bytes of the file. `read(offset, span)` fills a span as far as the file goes.
  template <class Read>
  bool grow(std::size_t size, Read read) {
    if (size > capacity_) {
      auto larger = std::make_unique_for_overwrite<std::byte[]>(size);
      std::copy_n(data_.get(), size_, larger.get());
      data_ = std::move(larger);
      capacity_ = size;
    }
    if (size <= size_) return true;
    const auto count = read(size_, std::span(data_.get() + size_, size - size_));
    if (count) size_ += *count;
    return count.has_value();
  }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// The size of a member that states none, which takes reading it to its end; `prefix` then holds its beginning, up to
/// dicom::kHeaderPrefixBytes. @return empty on an error
std::optional<std::uint64_t> measure_member(ArchiveReader& reader, Prefix& prefix);

/// How many readers of headers keep the disk's queue filled: more than there are cores, since they wait most of the
/// time.
std::size_t reader_count(int thread_count);

/// Calls `body(begin, end, prefix)` over [0, count) in pieces of 16 on threads of its own, each with a Prefix of its
/// own, and passes on the first exception.
template <class Body>
void on_readers(std::size_t readers, std::size_t count, Body body) {
  constexpr std::size_t kFilesAtOnce = 16;
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    Prefix prefix;
    try {
      for (std::size_t begin; (begin = next.fetch_add(kFilesAtOnce)) < count;) {
        body(begin, std::min(begin + kFilesAtOnce, count), prefix);
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    const std::size_t pieces = (count + kFilesAtOnce - 1) / kFilesAtOnce;
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(readers, pieces); ++i) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace naru
