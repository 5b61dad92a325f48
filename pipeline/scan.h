/// The first pass over the inputs: the header of every file read, every slice sorted into a stack.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/code.h"
#include "dicom/stack.h"
#include "kernels/executor.h"
#include "pipeline/inputs.h"

namespace naru {

/// How far a job has come. `stage` is a literal.
struct Progress {
  std::string_view stage;
  std::uint64_t done = 0, total = 0;            ///< in `unit`s
  std::string_view unit;                        ///< "files" or "cases"
  std::uint64_t bytes = 0;                      ///< input bytes worked through since the stage began
  std::uint64_t studies_done = 0, studies = 0;  ///< those of which nothing is left to do, of how many; 0: not known
};
using OnProgress = std::function<void(const Progress&)>;

/// Where the bytes of an archive's member are.
struct ArchivePlace {
  std::filesystem::path archive;
  std::size_t member = 0;  ///< as ArchiveMember::index
};

/// How many of a file's image planes share one fate, and the reason that the first of them has.
struct PlaneTally {
  std::size_t count = 0;
  std::optional<Code> reason;
};

/// What became of one input file: a line of inputs.jsonl. A file with image planes is used where any of them is; else
/// the gravest of their fates is its own: quarantined, then rejected, then excluded. `mark_plane` keeps it so.
struct InputRecord {
  std::filesystem::path path;         ///< of a member: "ARCHIVE!NAME"
  std::optional<ArchivePlace> place;  ///< set for an archive's member
  std::string sha256;                 ///< empty until it is needed (see complete_hashes), or where it cannot be read
  /// Changes when the file does: size, times and inode of the file or its archive, the member, and a hash of the
  /// headers; no path. Empty where it cannot be read.
  std::string identity;
  std::uint64_t size_bytes = 0;
  std::string sop_instance_uid;
  Disposition disposition = Disposition::used;
  std::optional<Code> reason;
  std::array<PlaneTally, 4> planes;  ///< by disposition; all zero for a file without image planes
  std::vector<Note> notes;
};

/// Pixels that are no slices: a screenshot, an ultrasound image.
struct OtherImage {
  std::size_t input = 0;  ///< index into Scan::inputs
  dicom::PixelFormat format;
  std::optional<dicom::Palette> palette;
};

struct Scan {
  std::vector<InputRecord> inputs;              ///< one per file given, same order; a line for each member
  std::vector<dicom::Candidate> candidates;     ///< the image planes in them, in the same order
  std::vector<std::size_t> input_of_candidate;  ///< index into `inputs`
  std::vector<dicom::Placement> placements;     ///< what became of each candidate: change it by mark_plane
  std::vector<dicom::Stack> stacks;             ///< their `instances` are indices into `candidates`
  std::vector<OtherImage> others;               ///< of inputs without image planes
  std::vector<dicom::StackSequence> sequences;  ///< their `stacks` are indices into `stacks`
};

/// read_candidates, then sort_candidates.
/// @throws Error{canceled}
Scan scan_inputs(const std::vector<InputFile>& files, const dicom::StackOptions& options, Executor& executor,
                 const CancelToken& cancel, const OnProgress& on_progress);

/// Reads all headers: `inputs`, `candidates` and `input_of_candidate`. See read_headers.
/// Memory: up to dicom::kHeaderPrefixBytes a reader, and see memory_beside_headers.
/// @throws Error{canceled}
Scan read_candidates(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                     const OnProgress& on_progress);

/// Builds the stacks: the rest of `scan`. Pixels and checksums are read only of slices that share a SOP Instance UID or
/// a position.
/// @throws Error{canceled}
void sort_candidates(Scan& scan, const dicom::StackOptions& options, Executor& executor, const CancelToken& cancel,
                     const OnProgress& on_progress);

/// What is left of a bound on memory for the work on files, beside what a job keeps of each to its end: headers,
/// hashes, records. @param count files, or image planes where there are more. @throws Error{memory_exceeded} where
/// nothing is
std::uint64_t memory_beside_headers(std::uint64_t limit_bytes, std::size_t count);

/// True where some of a file's image planes are used, and some are not.
bool is_partly_used(const InputRecord& input);

/// Sets what becomes of one image plane, and of its file with it. `stack` stays.
void mark_plane(Scan& scan, std::size_t candidate, Disposition disposition, std::optional<Code> reason);

}  // namespace naru
