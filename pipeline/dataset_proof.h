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
#include "pipeline/deid_scan.h"
#include "pipeline/scan.h"

namespace naru {

/// The files that some inputs come from, each once and sorted by path: of a member its archive.
std::vector<InputFile> source_files(const Scan& scan, const std::set<std::size_t>& inputs);

/// Names, ids, places and birth dates of every patient in these files; empty where a patient has more of them than
/// kMaxPatientWords. @throws Error{canceled}
std::optional<dicom::Identifiers> identifiers_in(const std::vector<InputFile>& files, Executor& executor,
                                                 const CancelToken& cancel, const OnProgress& on_progress);

/// The files of all inputs that are used so far.
std::vector<InputFile> used_files(const Scan& scan);

/// Reads the headers of `files` and collects their names, ids and places, as the engine of `naru deidentify` does. For
/// beside the making of the cases. @throws Error{canceled}
HeaderWords headers_to_prove(std::vector<InputFile> files, Executor executor, const CancelToken& cancel);

/// Searches every document of `out` and the names of its files for the words of every patient of whom an input was used
/// in the end, and for all UIDs. Words that the same documents hold of no case at all, and those of our own public
/// lists, are no evidence; what people wrote to be published is searched by itself. Images are not searched: their
/// headers hold numbers of ours, and voxels are results of arithmetic.
/// @param headers of used_files, or of more: fewer may be used once the cases are made
/// @throws Error{internal} naming the document where there is a hit: nothing may be published
void prove_dataset(const std::filesystem::path& out, const Scan& scan, const HeaderWords& headers,
                   std::span<const CasePlan> plans, const DatasetFacts& facts);

}  // namespace naru
