#include "pipeline/deid_held.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "pipeline/content.h"
#include "pipeline/deid_plan.h"

namespace naru {

namespace {

std::string sha256_of(const DeidScan& scan, const std::vector<std::size_t>& inputs) {
  std::vector<std::string> checksums;
  for (const std::size_t n : inputs) checksums.push_back(scan.files.inputs[n].sha256);
  return files_sha256(std::move(checksums));
}

/// Why a file is held of which nothing shows where its text is.
std::string_view why_without_texts(const dicom::DeidSource& source, bool is_of_kind) {
  if (!is_of_kind) return "what was blanked in it could not be looked at again";
  return source.text_by_kind.empty() ? "its kind shows text" : source.text_by_kind;
}

/// What faces.jsonl says of the first stack of a series that is held; none where another kind of file holds it.
const nlohmann::ordered_json* held_stack(const FacePlan& faces, const std::string& uid) {
  for (const nlohmann::ordered_json& line : faces.evidence) {
    if (line.at("action") == "held" && line.at("series_uid") == valid_utf8(uid)) return &line;
  }
  return nullptr;
}

}  // namespace

std::vector<HeldEntry> exclude_decided(DeidScan& scan, const Rulings& rulings) {
  std::map<std::string, HeldEntry> entries;
  for (const std::size_t n : used_inputs(scan)) {
    const std::string& uid = scan.sources[n].series_uid;
    const std::string id = rulings.excluded(series_id(uid)) ? series_id(uid) : face_id(uid);
    const auto reason = rulings.excluded(id);
    if (!reason) continue;
    scan.files.inputs[n].disposition = Disposition::excluded;
    scan.files.inputs[n].reason = reason;
    HeldEntry& entry = entries[id];
    entry.id = id;
    entry.series_uid = uid;
    entry.disposition = Disposition::excluded;
    entry.reason = reason;
    entry.needs_release = true;
    if (entry.path.empty()) entry.path = scan.files.inputs[n].path.string();
    ++entry.files;
  }
  std::vector<HeldEntry> result;
  for (auto& [id, entry] : entries) result.push_back(std::move(entry));
  return result;
}

void complete_checksums(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const std::size_t> chosen) {
  std::map<std::string_view, std::vector<std::size_t>> members;
  for (const std::size_t n : chosen) members[scan.sources[n].series_uid].push_back(n);
  for (HeldEntry& entry : queue) {
    // One that is held without them could not be read: there is nothing that a release could be of.
    const bool is_excluded = entry.disposition == Disposition::excluded;
    if (is_excluded && entry.files_sha256.empty()) entry.files_sha256 = sha256_of(scan, members[entry.series_uid]);
  }
}

std::set<std::size_t> released_inputs(DeidScan& scan, const Rulings& rulings,
                                      const std::function<std::string(std::string_view)>& id_of, Executor& executor,
                                      const CancelToken& cancel, const OnProgress& on_progress) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (const std::size_t n : used_inputs(scan)) {
    const std::string id = id_of(scan.sources[n].series_uid);
    if (rulings.is_known(id)) members[id].push_back(n);
  }
  std::set<std::size_t> released;
  for (const auto& [id, inputs] : members) {
    hash_inputs(scan.files, inputs, executor, cancel, on_progress);
    if (rulings.releases(id, sha256_of(scan, inputs))) released.insert(inputs.begin(), inputs.end());
  }
  return released;
}

void add_held(std::vector<HeldEntry>& queue, const DeidScan& scan, const MadeInstances& made) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (const std::size_t n : made.tried) members[scan.sources[n].series_uid].push_back(n);
  const auto entry_of = [&](std::size_t input) -> HeldEntry& {
    const std::string& uid = scan.sources[input].series_uid;
    const auto known = std::ranges::find(queue, series_id(uid), &HeldEntry::id);
    if (known != queue.end()) return *known;
    HeldEntry& entry = queue.emplace_back();
    entry.id = series_id(uid);
    entry.series_uid = uid;
    entry.disposition = Disposition::used;
    entry.reason = Code::text_suspected;
    entry.files = members[uid].size();
    entry.files_sha256 = sha256_of(scan, members[uid]);
    entry.path = scan.files.inputs[input].path.string();
    return entry;
  };
  for (const std::size_t input : made.released) {
    const std::size_t before = queue.size();
    HeldEntry& entry = entry_of(input);
    if (queue.size() > before) entry.needs_release = true;  // whoever looked for text knows better
  }
  for (const DeidHeld& one : made.held) {
    if (one.reason != Code::text_suspected) continue;
    HeldEntry& entry = entry_of(one.input);
    if (entry.disposition == Disposition::used) entry.files = 0;
    entry.disposition = Disposition::quarantined;
    ++entry.files;
    if (one.stage == kStageOfSeries) continue;  // nothing is to be decided about it
    const auto shown = made.shown.find(one.input);
    const bool has_texts = shown != made.shown.end() && !shown->second.empty();
    const bool is_of_kind = shown == made.shown.end() && !made.released.contains(one.input);
    if (!has_texts && entry.because.empty()) {
      entry.because = why_without_texts(scan.sources[one.input], is_of_kind);
      entry.path = scan.files.inputs[one.input].path.string();
    }
    entry.needs_release = entry.needs_release || !has_texts;
    entry.can_release = entry.can_release && (has_texts || is_of_kind);
  }
}

void add_faces(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const std::size_t> tried,
               const FacePlan& faces) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (const std::size_t n : tried) members[scan.sources[n].series_uid].push_back(n);
  for (const auto& [uid, inputs] : members) {
    const bool is_held = faces.held.contains(uid);
    if (!is_held && !faces.released.contains(uid)) continue;
    HeldEntry& entry = queue.emplace_back();
    entry.id = face_id(uid);
    entry.series_uid = uid;
    entry.disposition = is_held ? Disposition::quarantined : Disposition::used;
    entry.reason = Code::face_present;
    const auto is_held_file = [&](std::size_t n) { return scan.files.inputs[n].reason == Code::face_present; };
    entry.files = is_held ? static_cast<std::size_t>(std::ranges::count_if(inputs, is_held_file)) : inputs.size();
    entry.can_release = !faces.unreleasable.contains(uid);
    entry.files_sha256 = sha256_of(scan, inputs);
    entry.needs_release = true;
    const auto first = std::ranges::find_if(inputs, is_held_file);
    entry.path = scan.files.inputs[first == inputs.end() ? inputs.front() : *first].path.string();
    if (!is_held) continue;
    const nlohmann::ordered_json* const stack = held_stack(faces, uid);
    entry.because =
        "face: " + (stack != nullptr ? stack->at("because").get<std::string>() : "may show one, is no volume");
    if (stack != nullptr) entry.path = stack->at("path").get<std::string>();
  }
}

}  // namespace naru
