#include "pipeline/pixels/known_looks.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/program_build.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "naru.look_record/6";

Json frames_json(const TextLook& look) {
  Json frames = Json::array();
  for (const auto& found : look.frames) {
    Json texts = Json::array();
    for (const FoundText& text : found) {
      const TextRegion& r = text.region;
      texts.push_back(
          {r.x, r.y, r.width, r.height, r.pixel_count, r.probability, text.is_on_background, text.log_odds});
    }
    frames.push_back(std::move(texts));
  }
  return frames;
}

Json regions_json(const TextLook& look) {
  Json regions = Json::array();
  for (const dicom::PixelBox& box : look.regions) regions.push_back({box.frame, box.x, box.y, box.width, box.height});
  return regions;
}

std::vector<FoundText> texts_from(const Json& json) {
  std::vector<FoundText> found;
  for (const Json& text : json) {
    const auto number = [&](std::size_t n) { return text.at(n).get<std::int64_t>(); };
    found.push_back({{number(0), number(1), number(2), number(3), number(4), text.at(5).get<float>()},
                     text.at(6).get<bool>(),
                     text.at(7).get<float>()});
  }
  return found;
}

KnownLooks::Known known_from(const Json& record) {
  KnownLooks::Known known;
  record.at("sha256").get_to(known.sha256);
  record.at("has_picture").get_to(known.look.has_picture);
  record.at("columns").get_to(known.look.columns);
  record.at("rows").get_to(known.look.rows);
  for (const Json& frame : record.at("frames")) known.look.frames.push_back(texts_from(frame));
  for (const Json& box : record.at("regions")) {
    const auto [frame_number, x, y, width, height] = box.get<std::array<std::int64_t, 5>>();
    known.look.regions.push_back({frame_number, x, y, width, height, {}});
  }
  return known;
}

}  // namespace

KnownLooks::KnownLooks(std::filesystem::path file, const ProjectKey& key, std::string recipe_sha256)
    : records_(std::move(file), key), recipe_sha256_(std::move(recipe_sha256)) {
  records_.for_each([&](std::uint64_t, const Json& record, std::string_view) {
    try {
      if (record.at("schema") != kSchema || record.at("program") != program_build()) return;
      if (record.at("recipe_sha256") != recipe_sha256_) return;
      known_[record.at("identity").get<std::string>()] = known_from(record);
    } catch (const Json::exception&) {
      return;  // of another version: looked at again
    }
  });
}

std::optional<KnownLooks::Known> KnownLooks::find(const InputRecord& input) const {
  const auto found = known_.find(input.identity);
  return input.identity.empty() || found == known_.end() ? std::nullopt : std::optional(found->second);
}

void KnownLooks::add(const InputRecord& input, const TextLook& look) {
  if (input.identity.empty() || look.problem) return;  // what could not be looked at is tried again
  records_.append({{"schema", kSchema},
                   {"program", program_build()},  // the weights of the detector are a part of it
                   {"recipe_sha256", recipe_sha256_},
                   {"identity", input.identity},
                   {"sha256", input.sha256},
                   {"has_picture", look.has_picture},
                   {"columns", look.columns},
                   {"rows", look.rows},
                   {"frames", frames_json(look)},
                   {"regions", regions_json(look)}});
}

}  // namespace naru
