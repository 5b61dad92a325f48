/// The main job: DICOM in, AI-ready dataset out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "core/trace.h"
#include "kernels/executor.h"
#include "pipeline/job_record.h"
#include "pipeline/project_key.h"
#include "pipeline/recipe.h"
#include "pipeline/scan.h"
#include "pipeline/staging.h"

namespace naru {

struct PrepareOptions {
  std::vector<std::string> inputs;
  std::filesystem::path out;
  std::filesystem::path report;  ///< empty: OUT with ".report" appended
  std::optional<Recipe> recipe;  ///< empty: ct-1mm or mr-1mm by modality
  std::string project = "default";
  std::uint64_t memory_limit_bytes = 0;  ///< see memory_needed_bytes
  OnExisting on_existing = OnExisting::refuse;
  std::vector<std::string> to_repeat;  ///< words of the command line that a run with --resume takes as well
  std::filesystem::path trace;         ///< see TraceFile; empty: none
  JobRecord record;                    ///< for record.json of the report
};

struct PrepareResult {
  std::filesystem::path out, report;
  std::size_t case_count = 0, resumed_count = 0;
  std::map<std::string, std::size_t> by_disposition, by_reason;  ///< of the inputs
  std::uint64_t memory_used_bytes = 0;
  double seconds = 0;
  StageSeconds stage_seconds{};
  bool has_rejects = false;  ///< some input was rejected or quarantined: exit status 3
};

/// Runs the whole job on one executor, and others like it for cases side by side; all cases together stay within the
/// memory limit. On return OUT and the report are published, each by one rename.
/// @throws Error: nothing is at OUT. After {canceled, disk_full, ...} finished cases wait in the work folder for
/// --resume; with {nothing_delivered} the report is published all the same, since it says why.
PrepareResult prepare(const PrepareOptions& options, const ProjectKey& key, Executor& executor,
                      std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress);

nlohmann::ordered_json to_json(const PrepareResult& result);

/// Half of the memory that this process may use (of the machine, or of its control group where that is less).
std::uint64_t default_memory_limit_bytes();

}  // namespace naru
