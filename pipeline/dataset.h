/// The documents of OUT beside the images: manifest, description, data card, checksums.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "pipeline/case_plan.h"

namespace naru {

/// What the documents say of the dataset as a whole.
struct DatasetFacts {
  std::string project;
  std::string device;
};

/// Writes manifest.jsonl, dataset.json, README.md, croissant.json and SHA256SUMS into `out`, which holds the images.
/// @param plans, lines one per case, sorted by case
/// The same arguments give the same bytes: no clock, no machine, no path is written.
void write_documents(const std::filesystem::path& out, std::span<const CasePlan> plans,
                     std::span<const nlohmann::ordered_json> lines, const DatasetFacts& facts);

}  // namespace naru
