/// gzip (RFC 1952) with all cores: the data cut into pieces, each a member of its own. Any reader that follows the
/// standard joins members (gzip, zlib, Python, nibabel, ITK do). Without names and times, so the same data give the
/// same bytes for any number of threads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "kernels/executor.h"
#include "pipeline/files.h"

namespace naru {

inline constexpr std::size_t kGzipMemberBytes = std::size_t{1} << 20;  ///< uncompressed size of a member

/// Working memory of append_gzip: four members being made and four being written a thread, with their compressors.
inline constexpr std::size_t kGzipBytesPerThread = 12 * kGzipMemberBytes;

/// Appends `parts`, joined, to `writer` as gzip members. Working memory: kGzipBytesPerThread a thread.
void append_gzip(FileWriter& writer, std::span<const std::span<const std::byte>> parts, Executor& executor);

/// All members of a gzip file, decompressed and joined. Empty where the bytes are no gzip, fail their checksums, or
/// would grow beyond `limit_bytes`.
std::optional<std::vector<std::byte>> gunzip(std::span<const std::byte> compressed, std::size_t limit_bytes);

}  // namespace naru
