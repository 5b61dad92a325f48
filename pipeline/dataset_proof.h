/// The last gate of `naru prepare`: what leaves is searched for what its inputs' headers hold.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "dicom/deidentify/identifiers.h"
#include "kernels/executor.h"
#include "pipeline/case_plan.h"
#include "pipeline/dataset.h"
#include "pipeline/scan.h"

namespace naru {

/// The files that some inputs come from, each once: of a member its archive.
std::vector<InputFile> source_files(const Scan& scan, const std::set<std::size_t>& inputs);

/// Names, ids, places and birth dates of every patient in these files; empty where a patient has more of them than
/// kMaxPatientWords. @throws Error{canceled}
std::optional<dicom::Identifiers> identifiers_in(const std::vector<InputFile>& files, Executor& executor,
                                                 const CancelToken& cancel, const OnProgress& on_progress);

/// Reads the headers of all inputs that were used, collects their names, ids and places as the engine of `naru
/// deidentify` does, and their UIDs, and searches every document of `out` and the names of its files. Words that the
/// same documents hold of no case at all, and those of our own public lists, are no evidence. Images are not searched:
/// their headers hold numbers of ours, and voxels are results of arithmetic.
/// @throws Error{internal} naming the document where there is a hit: nothing may be published
/// @throws Error{canceled}
void prove_dataset(const std::filesystem::path& out, const Scan& scan, std::span<const CasePlan> plans,
                   const DatasetFacts& facts, Executor& executor, const CancelToken& cancel,
                   const OnProgress& on_progress);

}  // namespace naru
