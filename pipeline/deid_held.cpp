#include "pipeline/deid_held.h"

#include <algorithm>
#include <map>

#include "pipeline/deid_plan.h"

namespace naru {

std::vector<HeldEntry> exclude_decided(DeidScan& scan, const Rulings& rulings) {
  std::map<std::string, HeldEntry> entries;
  for (const std::size_t n : used_inputs(scan)) {
    const std::string id = series_id(scan.sources[n].series_uid);
    const auto reason = rulings.excluded(id);
    if (!reason) continue;
    scan.files.inputs[n].disposition = Disposition::excluded;
    scan.files.inputs[n].reason = reason;
    HeldEntry& entry = entries[id];
    entry.id = id;
    entry.series_uid = scan.sources[n].series_uid;
    entry.disposition = Disposition::excluded;
    entry.reason = reason;
    entry.needs_release = true;
    ++entry.files;
  }
  std::vector<HeldEntry> result;
  for (auto& [id, entry] : entries) result.push_back(std::move(entry));
  return result;
}

void add_held(std::vector<HeldEntry>& queue, const DeidScan& scan, std::span<const DeidHeld> held,
              const std::map<std::size_t, std::vector<JudgedText>>& later) {
  for (const DeidHeld& one : held) {
    if (one.reason != Code::text_suspected) continue;
    const std::string id = series_id(scan.sources[one.input].series_uid);
    auto entry = std::ranges::find(queue, id, &HeldEntry::id);
    if (entry == queue.end() || entry->disposition == Disposition::used) {
      if (entry == queue.end()) entry = queue.emplace(queue.end());
      entry->id = id;
      entry->series_uid = scan.sources[one.input].series_uid;
      entry->disposition = Disposition::quarantined;
      entry->reason = one.reason;
      entry->files = 0;
    }
    ++entry->files;
    const auto texts = later.find(one.input);
    const bool can_decide = texts != later.end() && !texts->second.empty();
    entry->needs_release = entry->needs_release || !can_decide;
    entry->can_release = entry->can_release && can_decide;
  }
}

}  // namespace naru
