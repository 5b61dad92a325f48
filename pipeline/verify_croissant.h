/// What `naru verify` does for croissant.json.
#pragma once

#include <set>
#include <string>

#include "pipeline/verify_files.h"

namespace naru {

/// Checks that croissant.json has the dataset's name, that it states the SHA-256 of manifest.jsonl and of every other
/// file that it names as SHA256SUMS does, and that its patterns lead to each of `images`.
/// @param images their relative paths @pre files.check_sums
void check_croissant(VerifyFiles& files, const std::string& dataset_name, const std::set<std::string>& images);

}  // namespace naru
