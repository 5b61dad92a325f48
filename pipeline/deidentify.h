/// DICOM in, de-identified DICOM out: `naru deidentify`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "dicom/deidentify/deidentify.h"
#include "kernels/executor.h"
#include "pipeline/job_record.h"
#include "pipeline/project_key.h"
#include "pipeline/recipe.h"
#include "pipeline/scan.h"
#include "pipeline/staging.h"

namespace naru {

/// What is done without a recipe: the Basic Profile with clean-descriptors and retain-longitudinal-modified-dates.
Recipe default_deid_recipe();

struct DeidentifyOptions {
  std::vector<std::string> inputs;
  std::filesystem::path out;
  std::filesystem::path report;  ///< empty: OUT with ".report" appended
  Recipe recipe = default_deid_recipe();
  std::string project = "default";
  JobRecord record;
  std::uint64_t memory_limit_bytes = 0;  ///< of the files in work at a time
  OnExisting on_existing = OnExisting::refuse;
  std::vector<std::string> to_repeat;  ///< words of the command line that a run with --resume takes as well
  /// For tests: called with the name of each stage of an instance; what it throws holds that instance back. Beside the
  /// engine's stages: "write" and "verify".
  dicom::DeidProbe probe;
};

struct DeidentifyResult {
  std::filesystem::path out, report;
  std::size_t instance_count = 0, resumed_count = 0;
  std::map<std::string, std::size_t> by_disposition, by_reason;  ///< of the inputs
  double seconds = 0;
  bool has_rejects = false;  ///< some input was rejected or quarantined: exit status 3
};

/// Runs the whole job. On return OUT and the report are published, each by one rename; what stands in OUT was searched
/// for what was removed, byte by byte, and read back from the disk.
/// @throws Error: nothing is at OUT. After {canceled, disk_full, ...} finished instances wait in the work folder for
/// --resume; with {nothing_delivered} the report is published all the same, since it says why.
/// @param device where text is looked for; all else runs on its CPU threads
DeidentifyResult deidentify(const DeidentifyOptions& options, const ProjectKey& key, Executor& device,
                            std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress);

nlohmann::ordered_json to_json(const DeidentifyResult& result);

}  // namespace naru
