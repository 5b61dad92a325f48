#include "pipeline/pixels/text_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "dicom/frame_values.h"
#include "pipeline/deid_plan.h"
#include "pipeline/pixels/text_evidence.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// Looks at every input that is not known; what cannot be read keeps a problem, so that its series is held.
std::vector<TextLook> look_at(DeidScan& scan, const std::vector<std::size_t>& inputs, const LookForText& look,
                              std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
                              const OnProgress& on_progress, KnownLooks* known) {
  std::vector<TextLook> looks(scan.files.inputs.size());
  std::vector<std::size_t> left;
  for (const std::size_t input : inputs) {
    auto before = known != nullptr ? known->find(scan.files.inputs[input]) : std::nullopt;
    if (before && is_possible(before->look)) {
      looks[input] = std::move(before->look);
      scan.files.inputs[input].sha256 = std::move(before->sha256);
    } else {
      looks[input].problem = Code::text_suspected;
      left.push_back(input);
    }
  }
  for_each_input(scan, left, {memory_limit_bytes, kTextWorkBytes}, "looking for text", executor, cancel, on_progress,
                 [&](std::size_t input, dicom::Bytes file) {
                   scan.files.inputs[input].sha256 = sha256_hex(file);
                   try {
                     TextLook seen = look(file);
                     if (is_possible(seen)) looks[input] = std::move(seen);
                   } catch (const std::exception&) {
                     return;  // out of memory, or a defect: it keeps its problem
                   }
                   if (known != nullptr) known->add(scan.files.inputs[input], looks[input]);
                 });
  return looks;
}

Json place_of(const JudgedText& text) { return {{"frame", text.frame}}; }

/// Decides about one series after the other.
class SeriesPlanner {
 public:
  SeriesPlanner(DeidScan& scan, TextHandling handling, const Rulings& rulings, TextPlan& plan)
      : scan_(scan), handling_(handling), rulings_(rulings), plan_(plan) {}

  void decide(std::string_view uid, const std::vector<std::size_t>& members, const std::vector<TextLook>& series) {
    HeldEntry entry = entry_of(uid, members, series);
    const bool was_looked_at = is_looked_at(members, series);
    const bool blanks_all = was_looked_at && rulings_.blanks_all(entry.id, entry.files_sha256);
    TextDecision decision =
        decide_text(series, handling_,
                    {rulings_.releases(entry.id, entry.files_sha256),
                     [&](const JudgedText& text) { return rulings_.of_region(id_of(members, text)); }, blanks_all});
    std::set<std::string> ids;
    for (JudgedText& text : decision.texts) {
      ids.insert(id_of(members, text));
      text.file = members[text.file];
      lines_.emplace_back(
          text.file, text.frame,
          text_evidence(scan_.files.inputs[text.file], entry.id, place_of(text), text, decision.hold.has_value()));
    }
    add_later_texts(members, series, entry.id, ids, decision);
    for (std::size_t n = 0; n < members.size(); ++n) {
      InputRecord& input = scan_.files.inputs[members[n]];
      if (input.disposition != Disposition::used) continue;  // could not be read at all
      // Of a file that cannot be looked at, its own fault is the reason; of the others, that the series is held.
      if (decision.hold) hold_back(input, series[n].problem.value_or(Code::text_suspected));
      if (!decision.boxes[n].empty()) plan_.orders[members[n]] = std::move(decision.boxes[n]);
      if (!decision.kept[n].empty()) plan_.kept[members[n]] = std::move(decision.kept[n]);
      if (!series[n].regions.empty()) plan_.regions[members[n]] = series[n].regions;
    }
    const bool can_redact = was_looked_at && !decision.texts.empty();
    if (can_redact) plan_.can_redact.insert(entry.id);
    if (can_redact && blanks_all && !decision.hold) plan_.released.insert(members.begin(), members.end());
    if (!decision.hold && rulings_.state_of(entry.id).empty()) return;
    entry.disposition = decision.hold ? Disposition::quarantined : Disposition::used;
    entry.reason = Code::text_suspected;
    const auto of_kind = first_of_kind(members, series);
    entry.needs_release = decision.needs_release || of_kind;
    if (of_kind) entry.because = scan_.sources[*of_kind].text_by_kind;
    if (!decision.because.empty()) entry.because += (of_kind ? "; " : "") + std::string(decision.because);
    entry.path = scan_.files.inputs[of_kind ? *of_kind : first_unseen(members, series)].path.string();
    plan_.queue.push_back(std::move(entry));
  }

  void finish() {
    std::ranges::stable_sort(lines_, {},
                             [](const auto& line) { return std::pair(std::get<0>(line), std::get<1>(line)); });
    for (auto& [input, frame, line] : lines_) {
      plan_.evidence.push_back(std::move(line));
      plan_.evidence_inputs.push_back(input);
    }
  }

 private:
  HeldEntry entry_of(std::string_view uid, const std::vector<std::size_t>& members,
                     const std::vector<TextLook>& series) const {
    HeldEntry entry;
    entry.id = series_id(uid);
    entry.series_uid = uid;
    entry.files = members.size();
    std::vector<std::string> checksums;
    for (std::size_t n = 0; n < members.size(); ++n) {
      entry.frames += series[n].frames.size();
      checksums.push_back(scan_.files.inputs[members[n]].sha256);
    }
    entry.files_sha256 = files_sha256(std::move(checksums));
    return entry;
  }

  /// False where a file could not be looked at, and where one is held for its kind in which nobody looks for text: a
  /// mask, a dose.
  bool is_looked_at(const std::vector<std::size_t>& members, const std::vector<TextLook>& series) const {
    for (std::size_t n = 0; n < members.size(); ++n) {
      const bool is_unseen = !series[n].has_picture && !scan_.sources[members[n]].text_by_kind.empty();
      if (series[n].problem || is_unseen) return false;
    }
    return true;
  }

  /// The first file that could not be looked at, else the first of all.
  static std::size_t first_unseen(const std::vector<std::size_t>& members, const std::vector<TextLook>& series) {
    for (std::size_t n = 0; n < members.size(); ++n) {
      if (series[n].problem) return members[n];
    }
    return members.front();
  }

  /// The first file that the engine will hold for its kind, whatever is decided about regions.
  std::optional<std::size_t> first_of_kind(const std::vector<std::size_t>& members,
                                           const std::vector<TextLook>& series) const {
    for (std::size_t n = 0; n < members.size(); ++n) {
      const bool is_covered = !series[n].has_picture || !series[n].regions.empty();
      if (!scan_.sources[members[n]].text_by_kind.empty() && !is_covered) return members[n];
    }
    return std::nullopt;
  }

  std::string id_of(const std::vector<std::size_t>& members, const JudgedText& text) const {
    const InputRecord& input = scan_.files.inputs[members[text.file]];
    return region_id(input.sop_instance_uid, input.sha256, place_of(text), text.found.region);
  }

  /// What only a second look had found, and people decided about since.
  void add_later_texts(const std::vector<std::size_t>& members, const std::vector<TextLook>& series,
                       const std::string& id, const std::set<std::string>& known, TextDecision& decision) {
    for (const Decision* one : rulings_.regions_of(id)) {
      if (known.contains(one->id)) continue;
      for (std::size_t n = 0; n < members.size(); ++n) {
        if (!is_of(one->region, scan_.files.inputs[members[n]])) continue;
        const dicom::PixelBox box = box_of(one->region);
        const bool is_held = decision.hold.has_value();
        lines_.emplace_back(members[n], box.frame, text_evidence(*one, is_held, series[n].columns, series[n].rows));
        if (!decision.hold) (one->ruling == Ruling::redact ? decision.boxes : decision.kept)[n].push_back(box);
      }
    }
  }

  DeidScan& scan_;
  TextHandling handling_;
  const Rulings& rulings_;
  TextPlan& plan_;
  std::vector<std::tuple<std::size_t, std::int64_t, Json>> lines_;  ///< input, frame
};

/// Reads around what was blanked in every frame.
void add_read_words(dicom::Bytes file, std::span<const dicom::PixelBox> blanked, std::span<const dicom::PixelBox> kept,
                    const dicom::SeenWords& words, const TextReader& reader, std::vector<JudgedText>& texts) {
  const dicom::FrameValues values(file);
  if (values.problem()) return;  // look has no problem: it has no picture
  std::vector<float> frame;
  for (std::int64_t n = 0; n < values.format().frame_count; ++n) {
    const auto boxes = boxes_to_read(blanked, n, values.format().frame_count);
    if (boxes.empty() || words.empty()) continue;
    const auto covered = both(boxes_in_frame(blanked, n), boxes_in_frame(kept, n));
    if (values.read(n, frame)) throw Error(ErrorCode::internal, "a frame that was written cannot be read back");
    const Size3 size{values.format().columns, values.format().rows, values.plane_count()};
    const auto place = find_words_beside({frame.data(), size}, values.shown(n), boxes, covered, words, reader);
    if (place) texts.push_back({0, n, {*place, false}, TextVerdict::read, 0});
  }
}

}  // namespace

TextPlan plan_text(DeidScan& scan, TextHandling handling, const LookForText& look, std::uint64_t memory_limit_bytes,
                   Executor& executor, const CancelToken& cancel, const OnProgress& on_progress, KnownLooks* known,
                   const Rulings& rulings) {
  TextPlan plan;
  if (handling == TextHandling::keep) return plan;
  plan.was_looked = true;
  const std::vector<std::size_t> inputs = used_inputs(scan);
  std::vector<TextLook> looks = look_at(scan, inputs, look, memory_limit_bytes, executor, cancel, on_progress, known);
  std::map<std::string_view, std::vector<std::size_t>> by_series;
  for (const std::size_t input : inputs) by_series[scan.sources[input].series_uid].push_back(input);
  SeriesPlanner planner(scan, handling, rulings, plan);
  for (const auto& [uid, members] : by_series) {
    std::vector<TextLook> series;
    for (const std::size_t input : members) series.push_back(std::move(looks[input]));
    planner.decide(uid, members, series);
  }
  planner.finish();
  return plan;
}

SecondLook look_again(const dicom::DeidOutput& output, std::span<const dicom::PixelBox> blanked,
                      std::span<const dicom::PixelBox> kept, const dicom::SeenWords& words, const LookForText& look,
                      const TextReader& reader) {
  try {
    const std::vector<std::byte> file = output.bytes();
    const TextLook seen = look(file);
    if (!is_possible(seen) || seen.problem) return {};
    SecondLook again{true, shown_texts(seen, both({blanked.begin(), blanked.end()}, kept))};
    if (reader.is_ready()) add_read_words(file, blanked, kept, words, reader, again.texts);
    again.is_clean = again.texts.empty();
    return again;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace naru
