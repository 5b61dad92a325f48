/// Records of finished cases in the work folder: what --resume trusts.
#pragma once

#include <filesystem>
#include <optional>

#include "pipeline/study_runner.h"

namespace naru {

/// Writes the record of a case whose image is complete.
void store_case(const std::filesystem::path& file, const CasePlan& plan, const CaseRecord& record);

/// The record in `file`. Empty where there is none or it does not parse.
std::optional<CaseRecord> load_case(const std::filesystem::path& file);

/// The record in `file` where it is of this very plan (same fingerprint: inputs, recipe, key, version, device) and the
/// image below `out` still has the bytes that it names. Empty otherwise: the case is made again.
std::optional<CaseRecord> load_finished_case(const std::filesystem::path& file, const CasePlan& plan,
                                             const std::filesystem::path& out);

}  // namespace naru
