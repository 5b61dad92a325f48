/// One case from its slices on disk to its image file: read, straighten, orient, resample, normalise, write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/case_plan.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/preview.h"
#include "pipeline/scan.h"
#include "pipeline/slices.h"

namespace naru {

/// A case that was made: what the manifest says of it, and what the report shows.
struct CaseRecord {
  nlohmann::ordered_json manifest;  ///< the line of manifest.jsonl
  Preview preview;
  std::uint64_t memory_bytes = 0;  ///< working memory that the case was planned with
  nlohmann::ordered_json text_evidence = nlohmann::ordered_json::array();   ///< its lines of pixels.jsonl
  nlohmann::ordered_json text_pictures = nlohmann::ordered_json::object();  ///< base64 by path below the report
  nlohmann::ordered_json face_evidence;                                     ///< its line of faces.jsonl, or null
};

/// Nyul's landmarks of one case; empty where its slices cannot be read.
struct CaseLandmarks {
  std::optional<NyulLandmarks> landmarks;
  InputHashes hashes;  ///< of the files that were read
};

struct CaseOutcome {
  std::optional<CaseRecord> record;
  std::optional<CaseFailure> failure;
  InputHashes hashes;  ///< of the files that were read
};

/// Runs cases one after the other on one executor.
class StudyRunner {
 public:
  /// @param memory_limit_bytes cases that need more are made slab by slab through a scratch file, with the same bytes;
  /// where not even one slice fits they fail with `too_large` before anything is allocated
  StudyRunner(Executor& executor, std::uint64_t memory_limit_bytes)
      : executor_(executor), memory_limit_bytes_(memory_limit_bytes) {}

  /// Makes `plan`'s image at `out / image_path(plan)`; a scratch file lies beside `out`.
  /// @throws Error{disk_full, output_unwritable, memory_exceeded, device_unavailable, canceled}: the job cannot go on
  CaseOutcome run(const Scan& scan, const CasePlan& plan, const std::filesystem::path& out, const CancelToken& cancel);

  /// The landmarks of `plan`'s voxels as they are read, from one pass over them; a case that `run` would refuse for its
  /// size has none. @throws Error{memory_exceeded, device_unavailable, canceled}
  CaseLandmarks landmarks(const Scan& scan, const CasePlan& plan, const CancelToken& cancel);

 private:
  Executor& executor_;
  std::uint64_t memory_limit_bytes_;
};

}  // namespace naru
