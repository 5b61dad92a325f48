#include "pipeline/case_held.h"

#include <map>
#include <set>
#include <utility>

#include "pipeline/pixels/case_text.h"

namespace naru {

HeldEntry held_entry(const Scan& scan, const CasePlan& plan, Disposition disposition, Code reason) {
  HeldEntry entry;
  entry.id = plan.case_id;
  entry.series_uid = scan.stacks[plan.stacks.front()].series_uid;
  entry.disposition = disposition;
  entry.reason = reason;
  entry.files = files_of(scan, plan).size();
  for (const std::size_t stack : plan.stacks) {
    entry.frames += static_cast<std::size_t>(scan.stacks[stack].grid.size.z);
  }
  return entry;
}

void mark_case(Scan& scan, const CasePlan& plan, Disposition disposition, Code reason) {
  for (const std::size_t stack : plan.stacks) {
    for (const std::size_t candidate : scan.stacks[stack].instances) mark_plane(scan, candidate, disposition, reason);
  }
}

std::vector<HeldEntry> held_by_header(Scan& scan, const Rulings& rulings) {
  std::map<std::string, std::set<std::size_t>> candidates_of;
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    const dicom::Placement& placement = scan.placements[c];
    if (placement.disposition != Disposition::quarantined || placement.reason != Code::text_suspected) continue;
    candidates_of[scan.candidates[c].instance.series_uid].insert(c);
  }
  std::vector<HeldEntry> entries;
  for (const auto& [uid, candidates] : candidates_of) {
    HeldEntry entry;
    entry.id = series_id(uid);
    entry.series_uid = uid;
    entry.reason = Code::text_suspected;
    entry.needs_release = true;
    entry.can_release = false;
    const bool is_excluded = rulings.excluded(entry.id).has_value();
    if (is_excluded) entry.disposition = Disposition::excluded;
    std::set<std::size_t> files;
    for (const std::size_t c : candidates) {
      files.insert(scan.input_of_candidate[c]);
      if (is_excluded) mark_plane(scan, c, Disposition::excluded, entry.reason);
    }
    entry.files = files.size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string files_sha256(const Scan& scan, const CasePlan& plan) {
  std::vector<std::string> checksums;
  for (const std::size_t input : files_of(scan, plan)) checksums.push_back(scan.inputs[input].sha256);
  return files_sha256(std::move(checksums));
}

}  // namespace naru
