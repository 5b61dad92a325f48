#include "pipeline/review/held.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "core/text.h"
#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/pixels/text_detector.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxHeldBytes = std::size_t{1} << 30;

/// Long enough that two of a hundred thousand differ, short enough to be typed.
std::string short_id(std::string_view kind, const std::string& text) {
  constexpr std::size_t kDigits = 12;
  return fmt::format("{}-{}", kind, sha256_hex(text).substr(0, kDigits));
}

std::string text_from(const Json& json) { return json.is_null() ? "" : json.get<std::string>(); }

/// Wherever the report is read, a path leads there; "-" is standard input.
std::string absolute_text(const std::string& path) {
  return path.empty() || path == "-" ? path : std::filesystem::absolute(path).string();
}

Disposition disposition_from(const std::string& word) {
  for (const Disposition one : {Disposition::used, Disposition::excluded, Disposition::quarantined}) {
    if (name(one) == word) return one;
  }
  throw Error(ErrorCode::dataset_invalid, "held.json of the report is not as naru wrote it");
}

Json entry_json(const HeldEntry& entry) {
  return {{"id", entry.id},
          {"series_uid", valid_utf8(entry.series_uid)},
          {"disposition", name(entry.disposition)},
          {"reason", entry.reason ? Json(name(*entry.reason)) : Json(nullptr)},
          {"files", entry.files},
          {"frames", entry.frames},
          {"files_sha256", text_or_null(entry.files_sha256)},
          {"needs_release", entry.needs_release},
          {"can_release", entry.can_release},
          {"can_redact", entry.can_redact},
          {"because", text_or_null(entry.because)},
          {"path", text_or_null(valid_utf8(entry.path))}};
}

HeldEntry entry_from(const Json& json) {
  HeldEntry entry;
  json.at("id").get_to(entry.id);
  json.at("series_uid").get_to(entry.series_uid);
  entry.disposition = disposition_from(json.at("disposition").get<std::string>());
  entry.reason = code_from_name(text_from(json.at("reason")));
  json.at("files").get_to(entry.files);
  json.at("frames").get_to(entry.frames);
  entry.files_sha256 = text_from(json.at("files_sha256"));
  json.at("needs_release").get_to(entry.needs_release);
  json.at("can_release").get_to(entry.can_release);
  // An earlier build wrote none of these.
  entry.can_redact = json.value("can_redact", false);
  entry.because = text_from(json.value("because", Json()));
  entry.path = text_from(json.value("path", Json()));
  return entry;
}

}  // namespace

std::string series_id(std::string_view series_uid) { return short_id("series", std::string(series_uid)); }

std::string face_id(std::string_view series_uid_or_case_id) {
  return short_id("face", std::string(series_uid_or_case_id));
}

std::string region_id(std::string_view sop_instance_uid, std::string_view sha256, const Json& place,
                      const TextRegion& region) {
  return short_id(
      "region", fmt::format("{}\n{}\n{}\n{} {} {} {}\n{}", valid_utf8(sop_instance_uid), sha256, place.dump(), region.x,
                            region.y, region.width, region.height, TextDetector::built_in().weights_sha256()));
}

std::string files_sha256(std::vector<std::string> checksums) {
  std::ranges::sort(checksums);
  std::string text;
  for (const std::string& checksum : checksums) {
    if (checksum.empty()) return "";
    text += checksum + "\n";
  }
  return sha256_hex(text);
}

void write_held(const std::filesystem::path& report, const HeldQueue& queue) {
  Json inputs = Json::array(), entries = Json::array();
  for (const std::string& input : queue.inputs) inputs.push_back(valid_utf8(absolute_text(input)));
  for (const HeldEntry& entry : queue.entries) entries.push_back(entry_json(entry));
  Json options = Json::array();
  for (const std::string& word : queue.options) options.push_back(valid_utf8(word));
  write_file(report / "held.json", json_line({{"schema", "naru.held/1"},
                                              {"command", queue.command},
                                              {"inputs", std::move(inputs)},
                                              {"out", valid_utf8(absolute_text(queue.out.string()))},
                                              {"decisions_sha256", text_or_null(queue.decisions_sha256)},
                                              {"pixels_sha256", text_or_null(queue.pixels_sha256)},
                                              {"recipe_sha256", text_or_null(queue.job.recipe_sha256)},
                                              {"key_id", text_or_null(queue.job.key_id)},
                                              {"options", std::move(options)},
                                              {"held", std::move(entries)}}));
}

std::optional<HeldQueue> read_held(const std::filesystem::path& report) {
  std::error_code failure;
  const auto status = std::filesystem::symlink_status(report / "held.json", failure);
  if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
  const auto text = read_file(report / "held.json", kMaxHeldBytes);
  try {
    const Json json = Json::parse(text.value_or(""));
    HeldQueue queue;
    json.at("command").get_to(queue.command);
    json.at("inputs").get_to(queue.inputs);
    queue.out = json.at("out").get<std::string>();
    queue.decisions_sha256 = text_from(json.at("decisions_sha256"));
    queue.pixels_sha256 = text_from(json.at("pixels_sha256"));
    // An earlier build wrote none of these three.
    queue.job = {text_from(json.value("recipe_sha256", Json())), text_from(json.value("key_id", Json()))};
    queue.options = json.value("options", queue.options);
    for (const Json& entry : json.at("held")) queue.entries.push_back(entry_from(entry));
    return queue;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::dataset_invalid, "held.json of the report is not as naru wrote it");
  }
}

}  // namespace naru
