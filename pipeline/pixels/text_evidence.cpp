#include "pipeline/pixels/text_evidence.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "pipeline/files.h"
#include "pipeline/review/held.h"

namespace naru {

using Json = nlohmann::ordered_json;

namespace {

std::string_view action_of(TextVerdict verdict, bool is_held) {
  if (is_held || !is_settled(verdict)) return "held";
  return is_blanked(verdict) ? "redacted" : "kept";
}

Json rectangle(const std::optional<dicom::PixelBox>& box) {
  return box ? Json({box->x, box->y, box->width, box->height}) : Json(nullptr);
}

}  // namespace

Json text_evidence(const InputRecord& input, std::string_view part_of, const Json& place, const JudgedText& text,
                   bool is_held) {
  const TextRegion& region = text.found.region;
  const bool is_seen = text.verdict != TextVerdict::unseen;
  Json line = {{"schema", "naru.pixels/1"},
               {"path", valid_utf8(input.path.string())},
               {"sop_instance_uid", valid_utf8(input.sop_instance_uid)},
               {"sha256", input.sha256},
               {"part_of", part_of},
               {"id", region_id(input.sop_instance_uid, input.sha256, place, region)}};
  line.update(place);
  line.update({{"box", {region.x, region.y, region.width, region.height}},
               {"blanked", is_held ? Json(nullptr) : rectangle(text.blanked)},
               {"score", is_seen ? Json(region.probability) : Json(nullptr)},
               {"log_odds", is_seen ? Json(text.found.log_odds) : Json(nullptr)},
               {"action", action_of(text.verdict, is_held)},
               {"because", name(text.verdict)},
               {"detector", "naru-text"},
               {"weights_sha256", TextDetector::built_in().weights_sha256()}});
  return line;
}

Json text_evidence(const Decision& decision, bool is_held, std::int64_t columns, std::int64_t rows) {
  const bool is_redacted = decision.ruling == Ruling::redact;
  const TextVerdict verdict = is_redacted ? TextVerdict::reviewed_redact : TextVerdict::reviewed_keep;
  Json line = decision.region;
  const bool is_done = is_redacted && !is_held;
  line["blanked"] = is_done ? rectangle(clipped(box_of(decision.region), columns, rows)) : Json(nullptr);
  line["action"] = action_of(verdict, is_held);
  line["because"] = name(verdict);
  return line;
}

void mark_held(Json& line) {
  line["action"] = "held";
  line["blanked"] = nullptr;
}

bool waits_for_decision(const Json& line) {
  constexpr std::array<TextVerdict, 5> kOpen = {TextVerdict::uncertain, TextVerdict::too_much, TextVerdict::unwanted,
                                                TextVerdict::second_look, TextVerdict::read};
  const auto& because = line.at("because").get_ref<const std::string&>();
  return std::ranges::any_of(kOpen, [&](TextVerdict verdict) { return because == name(verdict); });
}

bool is_of(const Json& region, const InputRecord& input) {
  return region.at("sop_instance_uid") == valid_utf8(input.sop_instance_uid) && region.at("sha256") == input.sha256;
}

dicom::PixelBox box_of(const Json& region) {
  const auto box = region.at("box").get<std::array<std::int64_t, 4>>();
  const auto frame = region.at(region.contains("slice") ? "slice" : "frame").get<std::int64_t>();
  return box_of(TextRegion{box[0], box[1], box[2], box[3]}, frame);
}

void write_evidence(const std::filesystem::path& file, const Json& lines) {
  FileWriter writer(file);
  for (const Json& one : lines) {
    const std::string line = json_line(one);
    writer.append(std::as_bytes(std::span(line)));
  }
  writer.finish();
}

}  // namespace naru
