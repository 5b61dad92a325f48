/// Recomputes what a dataset promises and lists what differs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/scan.h"

namespace naru {

struct VerifyResult {
  std::size_t case_count = 0, file_count = 0;
  std::string_view unit = "cases";       ///< what `case_count` counts: "cases", or "instances" of de-identified DICOM
  std::vector<std::string> differences;  ///< sentences that name file and promise; empty: the dataset is whole
};

/// Checks, for a dataset that `prepare` wrote:
/// - every file against SHA256SUMS, no file missing, none added but a server's receipt;
/// - that manifest.jsonl names each of these files but the documents, none twice, each where its layout puts it, and no
///   other;
/// - every manifest line against its image: checksum, size, shape, dtype, affine, spacing, statistics;
/// - the promises of the recipe: recipe hash, spacing, orientation, dtype where the recipe names one, the clip range
///   (in f32, rounded where voxels are whole numbers), and [0, 1] where it normalises to that;
/// - that no patient is in two parts of the split (how large the parts are is not checked);
/// - that croissant.json has the checksums of SHA256SUMS and leads to all images;
/// - all counts in dataset.json, and what it tells the layout's readers; manifest sorted by case, no case twice.
/// For one that `deidentify` wrote, see verify_deid. One image at a time is in memory, read with `memory_limit_bytes`
/// as its bound.
/// @pre `executor` is a CPU executor
/// @throws Error{dataset_invalid} where `dataset` is no dataset at all; Error{canceled}
VerifyResult verify(const std::filesystem::path& dataset, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress);

nlohmann::ordered_json to_json(const VerifyResult& result);

}  // namespace naru
