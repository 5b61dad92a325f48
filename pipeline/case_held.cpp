#include "pipeline/case_held.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "dicom/image_class.h"
#include "pipeline/content.h"
#include "pipeline/pixels/case_text.h"

namespace naru {

namespace {

/// The image planes of each series of which one says Burned In Annotation, by the series' UID.
std::map<std::string, std::vector<std::size_t>> declared_candidates(const Scan& scan) {
  std::set<std::string_view> declared;
  for (const dicom::Candidate& candidate : scan.candidates) {
    if (candidate.instance.burned_in_annotation) declared.insert(candidate.instance.series_uid);
  }
  std::map<std::string, std::vector<std::size_t>> found;
  for (std::size_t c = 0; c < scan.candidates.size(); ++c) {
    const std::string& uid = scan.candidates[c].instance.series_uid;
    if (declared.contains(uid)) found[uid].push_back(c);
  }
  return found;
}

std::set<std::size_t> files_with(const Scan& scan, const std::vector<std::size_t>& candidates) {
  std::set<std::size_t> files;
  for (const std::size_t c : candidates) files.insert(scan.input_of_candidate[c]);
  return files;
}

}  // namespace

std::set<std::string, std::less<>> declared_series(const Scan& scan) {
  std::set<std::string, std::less<>> uids;
  for (const auto& [uid, candidates] : declared_candidates(scan)) uids.insert(uid);
  return uids;
}

HeldEntry held_entry(const Scan& scan, const CasePlan& plan, Disposition disposition, Code reason) {
  HeldEntry entry;
  entry.id = plan.case_id;
  entry.series_uid = scan.stacks[plan.stacks.front()].series_uid;
  entry.disposition = disposition;
  entry.reason = reason;
  const std::set<std::size_t> files = files_of(scan, plan);
  entry.files = files.size();
  if (!files.empty()) entry.path = scan.inputs[*files.begin()].path.string();
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

std::vector<CaseHeld> held_by_header(Scan& scan, const Rulings& rulings, const PlanOptions& options) {
  std::vector<CaseHeld> all;
  for (const auto& [uid, candidates] : declared_candidates(scan)) {
    CaseHeld one;
    one.entry.id = series_id(uid);
    one.entry.series_uid = uid;
    one.entry.reason = Code::text_suspected;
    one.entry.needs_release = true;
    const bool is_released = options.released.contains(uid), is_excluded = rulings.excluded(one.entry.id).has_value();
    if (is_released) one.entry.disposition = Disposition::used;
    if (is_excluded) one.entry.disposition = Disposition::excluded;
    one.files = files_with(scan, candidates);
    one.entry.files = one.files.size();
    const auto declaring = std::ranges::find_if(
        candidates, [&](std::size_t c) { return scan.candidates[c].instance.burned_in_annotation; });
    one.entry.path = scan.inputs[scan.input_of_candidate[*declaring]].path.string();
    const bool is_page = dicom::names_a_page(scan.candidates[*declaring].instance.image_type);
    one.entry.because = is_page ? "Image Type of a page of text" : "Burned In Annotation YES";
    bool is_held = false;
    for (const std::size_t c : candidates) {
      if (scan.placements[c].reason != Code::text_suspected) continue;
      is_held = true;
      if (is_excluded) mark_plane(scan, c, Disposition::excluded, one.entry.reason);
    }
    if (is_held || is_released) all.push_back(std::move(one));
  }
  return all;
}

std::set<std::string, std::less<>> released_series(Scan& scan, const Rulings& rulings, Executor& executor,
                                                   const CancelToken& cancel, const OnProgress& on_progress) {
  std::set<std::string, std::less<>> released;
  for (const auto& [uid, candidates] : declared_candidates(scan)) {
    if (!rulings.is_known(series_id(uid))) continue;
    const std::set<std::size_t> files = files_with(scan, candidates);
    hash_inputs(scan, std::vector<std::size_t>(files.begin(), files.end()), executor, cancel, on_progress);
    if (rulings.releases(series_id(uid), files_sha256(scan, files))) released.insert(uid);
  }
  return released;
}

std::string files_sha256(const Scan& scan, const std::set<std::size_t>& files) {
  std::vector<std::string> checksums;
  for (const std::size_t input : files) checksums.push_back(scan.inputs[input].sha256);
  return files_sha256(std::move(checksums));
}

}  // namespace naru
