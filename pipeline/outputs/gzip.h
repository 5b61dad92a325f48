/// gzip (RFC 1952) with all cores: the data cut into pieces, each a member of its own. Any reader that follows the
/// standard joins members (gzip, zlib, Python, nibabel, ITK do). Without names and times, so the same data give the
/// same bytes for any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/executor.h"
#include "pipeline/files.h"

namespace naru {

inline constexpr std::size_t kGzipMemberBytes = std::size_t{1} << 20;  ///< uncompressed size of a member

/// How much time is spent for smaller files: docs/decisions/0004.
enum class GzipEffort { fast, small };

/// Working memory of GzipWriter: four members being made and four being written a thread, with their compressors.
inline constexpr std::size_t kGzipBytesPerThread = 12 * kGzipMemberBytes;

/// The most that a member of a whole piece takes.
std::size_t gzip_room_bytes(GzipEffort effort);

/// Makes members, one after the other: for one thread.
class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  GzipCompressor(GzipCompressor&&) noexcept;

  /// @pre piece.size() <= kGzipMemberBytes, room.size() >= gzip_room_bytes(effort)
  /// @return the member, in `room`. @throws Error{memory_exceeded}
  std::span<const std::byte> compress(std::span<const std::byte> piece, GzipEffort effort, std::span<std::byte> room);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

/// Appends bytes to a file as gzip members, however they come in pieces: while some members are compressed those before
/// are written.
class GzipWriter {
 public:
  /// Both outlive it; `executor` is for it alone while a call lasts.
  GzipWriter(FileWriter& file, Executor& executor, GzipEffort effort = GzipEffort::fast);
  ~GzipWriter();  // waits for what is being written
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  /// `bytes` need not outlive the call. @throws Error{disk_full, output_unwritable, memory_exceeded}
  void append(std::span<const std::byte> bytes);

  /// What was appended so far, and is not yet in a member, becomes one. @throws as append
  void end_member();

  /// Ends the last member, and waits until all is written. @throws as append
  void finish();

 private:
  struct Member;
  using Pieces = std::span<const std::span<const std::byte>>;
  void compress(Pieces pieces);
  void compress_batch(Pieces batch);

  FileWriter& file_;
  Executor& executor_;
  GzipEffort effort_;
  std::vector<std::byte> rest_;  ///< less than a member
  std::array<std::vector<Member>, 2> batches_;
  std::size_t batch_count_ = 0;
  std::future<void> writing_;
};

/// All members of a gzip file, decompressed and joined. Empty where the bytes are no gzip, fail their checksums, or
/// would grow beyond `limit_bytes`.
std::optional<std::vector<std::byte>> gunzip(std::span<const std::byte> compressed, std::size_t limit_bytes);

}  // namespace naru
