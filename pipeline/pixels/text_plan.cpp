#include "pipeline/pixels/text_plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "pipeline/deid_plan.h"
#include "pipeline/pixels/text_evidence.h"

namespace naru {

namespace {

/// False for what no look can say: frames without a size, text outside of them, a score that is none.
bool is_possible(const TextLook& look) {
  if (look.problem || !look.has_picture) return look.frames.empty();
  if (look.columns <= 0 || look.rows <= 0 || look.frames.empty()) return false;
  return std::ranges::all_of(look.frames, [&](const std::vector<FoundText>& found) {
    return std::ranges::all_of(found, [&](const FoundText& text) {
      const TextRegion& region = text.region;
      return region.probability >= 0 && region.probability <= 1 && region.x >= 0 && region.y >= 0 && region.width > 0 &&
             region.height > 0 && region.width <= look.columns - region.x && region.height <= look.rows - region.y;
    });
  });
}

/// Looks at every input; what cannot be read keeps a problem, so that its series is held.
std::vector<TextLook> look_at(DeidScan& scan, const std::vector<std::size_t>& inputs, const LookForText& look,
                              std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
                              const OnProgress& on_progress) {
  std::vector<TextLook> looks(scan.files.inputs.size());
  for (const std::size_t input : inputs) looks[input].problem = Code::text_suspected;
  for_each_input(scan, inputs, {memory_limit_bytes, kTextWorkBytes}, "looking for text", executor, cancel, on_progress,
                 [&](std::size_t input, dicom::Bytes file) {
                   try {
                     TextLook seen = look(file);
                     if (is_possible(seen)) looks[input] = std::move(seen);
                   } catch (const std::exception&) {
                     return;  // out of memory, or a defect: it keeps its problem
                   }
                 });
  return looks;
}

}  // namespace

TextPlan plan_text(DeidScan& scan, TextHandling handling, const LookForText& look, std::uint64_t memory_limit_bytes,
                   Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  TextPlan plan;
  if (handling == TextHandling::keep) return plan;
  plan.was_looked = true;
  const std::vector<std::size_t> inputs = used_inputs(scan);
  std::vector<TextLook> looks = look_at(scan, inputs, look, memory_limit_bytes, executor, cancel, on_progress);
  std::vector<std::pair<JudgedText, bool>> judged;  // of all series; `file` is the input; whether the series is held
  std::map<std::string_view, std::vector<std::size_t>> by_series;
  for (const std::size_t input : inputs) by_series[scan.sources[input].series_uid].push_back(input);
  for (const auto& [uid, members] : by_series) {
    std::vector<TextLook> series;
    for (const std::size_t input : members) series.push_back(std::move(looks[input]));
    TextDecision decision = decide_text(series, handling);
    for (JudgedText& text : decision.texts) {
      text.file = members[text.file];
      judged.emplace_back(std::move(text), decision.hold.has_value());
    }
    for (std::size_t n = 0; n < members.size(); ++n) {
      InputRecord& input = scan.files.inputs[members[n]];
      if (input.disposition != Disposition::used) continue;  // could not be read at all
      // Of a file that cannot be looked at, its own fault is the reason; of the others, that the series is held.
      if (decision.hold) hold_back(input, series[n].problem.value_or(Code::text_suspected));
      if (!decision.boxes[n].empty()) plan.orders[members[n]] = std::move(decision.boxes[n]);
    }
  }
  std::ranges::sort(judged, {}, [](const auto& one) { return std::pair(one.first.file, one.first.frame); });
  for (const auto& [text, is_held] : judged) {
    plan.evidence.push_back(
        text_evidence(scan.files.inputs[text.file], {{"frame", text.frame}}, text.found, text.verdict, is_held));
  }
  return plan;
}

bool shows_text(const dicom::DeidOutput& output, std::span<const dicom::PixelBox> boxes, const LookForText& look) {
  std::vector<std::byte> file;
  file.reserve(output.size_bytes());
  for (const dicom::Bytes piece : output.pieces) file.insert(file.end(), piece.begin(), piece.end());
  try {
    const TextLook seen = look(file);
    return !is_possible(seen) || shows_text(seen, boxes);
  } catch (const std::exception&) {
    return true;
  }
}

}  // namespace naru
