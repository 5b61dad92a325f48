/// The report of a de-identification, which stays with the hospital: what became of every file and of every element,
/// the way back to the patients, the record of the job, and a page that a person reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/deid_instance.h"
#include "pipeline/deid_scan.h"
#include "pipeline/job_record.h"
#include "pipeline/project_key.h"
#include "pipeline/recipe.h"
#include "pipeline/report.h"
#include "pipeline/review/decision.h"
#include "pipeline/review/held.h"

namespace naru {

/// One instance that was delivered.
struct DeidDelivered {
  std::size_t input = 0;  ///< index into the scan
  DeidInstance instance;
  std::uint64_t record = 0;  ///< where DeidRecords has the rest
};

/// One instance that the engine, or what came after it, withheld.
struct DeidHeld {
  std::size_t input = 0;
  Code reason = Code::deid_incomplete;
  std::string stage;
};
/// The stage of an instance that was withheld for another of its series.
inline constexpr std::string_view kStageOfSeries = "series";
/// True where the search of the result found what was to be removed, or failed.
bool is_held_by_proof(const DeidHeld& one);

/// What the report says of the job as a whole.
struct DeidReportFacts {
  std::string project, key_id;
  Recipe recipe;
  JobRecord record;
  double seconds = 0;
  Decisions decisions;            ///< that the job heeded
  std::vector<HeldEntry> held;    ///< for people to decide
  std::size_t held_by_proof = 0;  ///< instances in which the search found what was removed
};

/// The line of deid.jsonl of an instance that is delivered: counts and places, never values.
std::string deid_line(const InputRecord& input, const DeidInstance& instance, const dicom::DeidResult& result);

/// The counts in such a line. @throws nlohmann::json::exception where it is none
dicom::DeidCounts counts_of_line(std::string_view line);

/// Writes deid.jsonl, one line an instance.
/// @param delivered sorted by file; `line_of` gives the line of each
void write_deid_lines(const std::filesystem::path& folder, const DeidScan& scan,
                      std::span<const DeidDelivered> delivered, std::span<const DeidHeld> held,
                      const std::function<std::string(const DeidDelivered&)>& line_of);

/// Writes the rest: inputs.jsonl, record.json, report.html and, where something is delivered, link.sealed.
/// @throws Error{disk_full, output_unwritable}
void write_deid_report(const std::filesystem::path& folder, const DeidScan& scan,
                       std::span<const DeidDelivered> delivered, const dicom::DeidCounts& counts, const ProjectKey& key,
                       const DeidReportFacts& facts);

/// record.json: `facts.record` and what the job itself knows.
nlohmann::ordered_json record_json(std::size_t delivered_count, const dicom::DeidCounts& counts,
                                   const InputCounts& inputs, const DeidReportFacts& facts);

/// report.html alone.
void write_deid_report_html(const std::filesystem::path& file, const DeidScan& scan,
                            std::span<const DeidDelivered> delivered, const dicom::DeidCounts& counts,
                            const DeidReportFacts& facts);

}  // namespace naru
