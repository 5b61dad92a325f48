/// What inputs hold, where more than their headers is needed: checksums of files, and whether two pictures are one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "pipeline/scan.h"

namespace naru {

/// Sets `sha256` of each of these inputs that lacks it and can be read: files in parallel, each archive once.
/// Memory: a piece of a file a thread.
/// @throws Error{canceled}
void hash_inputs(Scan& scan, std::span<const std::size_t> inputs, Executor& executor, const CancelToken& cancel,
                 const OnProgress& on_progress);

/// hash_inputs for all inputs: what inputs.jsonl needs beside the checksums that came with the pixels.
void complete_hashes(Scan& scan, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

/// Decodes the pixels of every candidate and marks those that cannot be had as broken, with the reason. For between
/// read_candidates and sort_candidates. Memory: planes in the making, their decoders and one archive member stay below
/// `memory_bytes` together; what alone needs more is `too_large`.
/// @throws Error{canceled, memory_exceeded}
void decode_candidates(Scan& scan, std::uint64_t memory_bytes, Executor& executor, const CancelToken& cancel,
                       const OnProgress& on_progress);

/// Answers whether two candidates hold the same stored values. Each archive is read once at most, when it is first
/// asked about. Two pictures where either cannot be read.
class PixelComparison {
 public:
  PixelComparison(const Scan& scan, const CancelToken& cancel) : scan_(scan), cancel_(cancel) {}
  bool same(std::size_t a, std::size_t b);

 private:
  const InputRecord& input(std::size_t candidate) const { return scan_.inputs[scan_.input_of_candidate[candidate]]; }
  std::string sha256(std::size_t candidate);
  void read_archive(const std::filesystem::path& archive);

  const Scan& scan_;
  const CancelToken& cancel_;
  std::set<std::filesystem::path> archives_read_;
  std::map<std::size_t, std::string> of_members_;  ///< candidate, SHA-256 of its stored values
};

}  // namespace naru
