/// The report that stays with the hospital: what became of every file and every stack, and a page that a person reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/trace.h"
#include "pipeline/case_plan.h"
#include "pipeline/job_record.h"
#include "pipeline/project_key.h"
#include "pipeline/review/decision.h"
#include "pipeline/review/held.h"
#include "pipeline/scan.h"

namespace naru {

/// How often each disposition and reason occurs, e.g. {"rejected", {"truncated": 2}}.
struct InputCounts {
  std::map<std::string, std::size_t> by_disposition;
  std::map<std::string, std::size_t> by_reason;
  bool has_rejects = false;  ///< some image plane, or file without one, was rejected or quarantined
};
InputCounts count_inputs(const Scan& scan);

/// What the report says beside the scan.
struct ReportFacts {
  std::string project, key_id, device;
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t memory_used_bytes = 0;  ///< the most that cases in the making were planned with
  double seconds = 0;
  StageSeconds stage_seconds{};
  std::vector<HeldEntry> held;  ///< for people to decide
  Decisions decisions;          ///< that the job heeded
  JobRecord record;             ///< what only people know of the job
};

/// One made case: its manifest line and its preview, read back one at a time so that memory stays flat.
struct ReportCase {
  const CasePlan* plan = nullptr;
  std::filesystem::path record;  ///< the case's record in the work folder
};

/// Writes inputs.jsonl, series.jsonl, record.json, report.html and, where there are cases, link.sealed into `folder`.
/// @throws Error{disk_full, output_unwritable}
void write_report(const std::filesystem::path& folder, const Scan& scan, std::span<const ReportCase> cases,
                  const ProjectKey& key, const ReportFacts& facts);

/// record.json: `facts.record` and what the job itself knows. It is published only with a dataset that was proven to
/// hold nothing of its inputs' headers (dataset_proof.h), or with none.
nlohmann::ordered_json record_json(const Scan& scan, std::span<const ReportCase> cases, const ReportFacts& facts);

/// The hashes of the hospital's own recipes that a published report names: OUT has those without its words. None where
/// there is no such report.
std::set<std::string> published_policies(const std::filesystem::path& report);

/// report.html alone: one page, no script, no network.
void write_report_html(const std::filesystem::path& file, const Scan& scan, std::span<const ReportCase> cases,
                       const ReportFacts& facts);

}  // namespace naru
