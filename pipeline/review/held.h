/// What a job held back for a person to decide: held.json of its report, schema naru.held/1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/code.h"
#include "kernels/text_regions.h"
#include "pipeline/scan.h"

namespace naru {

/// One series (naru deidentify) or case (naru prepare) that was held, or about which people decided.
struct HeldEntry {
  std::string id;                                      ///< "series-...", "case-..." or "face-..."
  std::string series_uid;                              ///< of the source
  Disposition disposition = Disposition::quarantined;  ///< used: made, as decided; excluded: as decided
  std::optional<Code> reason;                          ///< why it was held
  std::size_t files = 0;                               ///< of it that are held, or that it has where none is
  std::size_t frames = 0;                              ///< that were looked at; 0 where none was
  std::string files_sha256;                            ///< over the checksums of the files that were looked at
  /// It is not held for pieces of text alone, which can be decided one by one. `keep` of the whole releases it from
  /// what else holds it, and decides about no piece of text.
  bool needs_release = false;
  bool can_release = true;  ///< false: nothing but its exclusion ends this
  /// All of it was looked at and text was found: `redact` of the whole blanks that, and releases it as `keep` does. Or
  /// it is excluded, and the next run looks: only then it is known whether a `redact` releases it.
  bool can_redact = false;
  std::string because{};  ///< why it is held as a whole, in words for people; empty where it is not, or never was said
  std::string path{};     ///< of the first file of which that is so, else of its first file
};

/// What a run with --resume must have in common with the one that held something.
struct JobIdentity {
  std::string recipe_sha256;  ///< empty where the modality chooses the recipe
  std::string key_id;         ///< empty where the report does not say it: an earlier build wrote none; of no job of now
  bool operator==(const JobIdentity&) const = default;
};

struct HeldQueue {
  std::string command;  ///< "deidentify" or "prepare"
  std::vector<std::string> inputs;
  std::filesystem::path out;
  std::string decisions_sha256;  ///< the last decision that the job knew; empty where there was none
  std::vector<HeldEntry> entries;
  std::string pixels_sha256{};  ///< of the report's pixels.jsonl; empty where it has none
  JobIdentity job{};
  std::vector<std::string> options{};  ///< words of the command line that a run with --resume takes as well
};

/// Ids that are the same in every run: hashes over what they name.
std::string series_id(std::string_view series_uid);
/// Of a series or case as one that may show a face: held, released and excluded for itself.
std::string face_id(std::string_view series_uid_or_case_id);
/// @param place which picture of the file, as pixels.jsonl says it
std::string region_id(std::string_view sop_instance_uid, std::string_view sha256, const nlohmann::ordered_json& place,
                      const TextRegion& region);

/// Over checksums, in any order; empty where one is missing.
std::string files_sha256(std::vector<std::string> checksums);

/// Writes held.json. @throws Error{disk_full, output_unwritable}
void write_held(const std::filesystem::path& report, const HeldQueue& queue);

/// Empty where the report has no held.json. @throws Error{dataset_invalid} where it is none
std::optional<HeldQueue> read_held(const std::filesystem::path& report);

}  // namespace naru
