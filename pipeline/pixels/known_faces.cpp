#include "pipeline/pixels/known_faces.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "pipeline/files.h"
#include "pipeline/program_build.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "naru.face_record/1";

/// Of every slice: file, plane within it, and the stack's grid; empty where a file cannot be told from another.
std::string key_of(const Scan& scan, std::size_t stack) {
  const dicom::Stack& one = scan.stacks[stack];
  std::string text = fmt::format("{} {} {}\n", one.grid.size.x, one.grid.size.y, one.grid.size.z);
  for (const std::size_t candidate : one.instances) {
    const std::string& identity = scan.inputs[scan.input_of_candidate[candidate]].identity;
    if (identity.empty()) return "";
    text += fmt::format("{}\n{}\n", identity, scan.candidates[candidate].instance.plane);
  }
  return sha256_hex(text);
}

constexpr auto kDoubles = std::to_array<double FaceNumbers::*>(
    {&FaceNumbers::overlap, &FaceNumbers::scale, &FaceNumbers::pitch, &FaceNumbers::yaw, &FaceNumbers::roll,
     &FaceNumbers::nose_prominence_mm, &FaceNumbers::agreement, &FaceNumbers::moved_share, &FaceNumbers::guard_ml,
     &FaceNumbers::removed_ml});
constexpr auto kPoints = std::to_array<Vec3 FaceNumbers::*>(
    {&FaceNumbers::nose_mm, &FaceNumbers::nasion_mm, &FaceNumbers::second_nasion_mm});
constexpr auto kProfiles = std::to_array<std::vector<double> FaceNumbers::*>(
    {&FaceNumbers::profile_before_mm, &FaceNumbers::profile_after_mm});

Json numbers_json(const FaceNumbers& numbers) {
  Json json = Json::array();
  for (const auto member : kDoubles) json.push_back(numbers.*member);
  for (const auto member : kPoints) json.push_back(numbers.*member);
  for (const auto member : kProfiles) json.push_back(numbers.*member);
  return json;
}

FaceNumbers numbers_from(const Json& json) {
  FaceNumbers numbers;
  std::size_t n = 0;
  for (const auto member : kDoubles) json.at(n++).get_to(numbers.*member);
  for (const auto member : kPoints) json.at(n++).get_to(numbers.*member);
  for (const auto member : kProfiles) json.at(n++).get_to(numbers.*member);
  return numbers;
}

/// Lengths of the runs of cells that are out and in, in turn.
Json runs_json(const Mask& mask) {
  Json runs = Json::array();
  std::uint8_t value = 0;
  std::size_t length = 0;
  for (const std::uint8_t cell : mask.cells) {
    if (cell != value) {
      runs.push_back(std::exchange(length, 0));
      value = cell;
    }
    ++length;
  }
  runs.push_back(length);
  return runs;
}

std::optional<Mask> mask_from(const Json& runs, const Size3& size) {
  Mask mask(size);
  std::size_t at = 0;
  std::uint8_t value = 0;
  for (const Json& run : runs) {
    const auto length = run.get<std::size_t>();
    if (length > mask.cells.size() - at) return std::nullopt;
    std::fill_n(mask.cells.begin() + static_cast<std::ptrdiff_t>(at), length, value);
    at += length;
    value ^= 1;
  }
  return at == mask.cells.size() ? std::optional(std::move(mask)) : std::nullopt;
}

Json cut_json(const std::optional<FaceRemoval>& cut) {
  if (!cut) return nullptr;
  const Size3& size = cut->grid.size;
  return {{"size", {size.x, size.y, size.z}},
          {"origin_mm", cut->grid.origin_mm},
          {"cell_mm", cut->grid.cell_mm},
          {"runs", runs_json(cut->cells)},
          {"air", cut->air},
          {"air_units", cut->air_units}};
}

std::optional<FaceRemoval> cut_from(const Json& json) {
  constexpr std::int64_t kMost = 1 << 14;  // cells along an axis: the stack's reach
  FaceRemoval cut;
  const auto [x, y, z] = json.at("size").get<std::array<std::int64_t, 3>>();
  if (std::min({x, y, z}) < 1 || std::max({x, y, z}) > kMost) return std::nullopt;
  cut.grid.size = {x, y, z};
  json.at("origin_mm").get_to(cut.grid.origin_mm);
  json.at("cell_mm").get_to(cut.grid.cell_mm);
  json.at("air").get_to(cut.air);
  json.at("air_units").get_to(cut.air_units);
  auto cells = mask_from(json.at("runs"), cut.grid.size);
  if (!cells) return std::nullopt;
  cut.cells = std::move(*cells);
  return cut;
}

}  // namespace

KnownFaces::KnownFaces(std::filesystem::path file, const ProjectKey& key) : records_(std::move(file), key) {
  records_.for_each([&](std::uint64_t offset, const Json& record, std::string_view) {
    try {
      if (record.at("schema") != kSchema || record.at("program") != program_build()) return;
      known_[record.at("stack").get<std::string>()] = {offset, record.at("may_show").get<bool>(),
                                                       record.at("because").get<std::string>()};
    } catch (const Json::exception&) {
      return;  // of another version: looked at again
    }
  });
}

std::optional<StackFace> KnownFaces::find(const Scan& scan, std::size_t stack) {
  if (known_.empty()) return std::nullopt;
  const auto found = known_.find(key_of(scan, stack));
  if (found == known_.end()) return std::nullopt;
  StackFace face;
  face.may_show = found->second.may_show;
  face.because = found->second.because;
  try {
    const Json rest = Json::parse(records_.read_line(found->second.offset));
    face.numbers = numbers_from(rest.at("numbers"));
    if (rest.at("cut").is_null()) return face;
    face.cut = cut_from(rest.at("cut"));
    return face.cut ? std::optional(std::move(face)) : std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void KnownFaces::add(const Scan& scan, std::size_t stack, const StackFace& face) {
  const std::string key = key_of(scan, stack);
  if (key.empty() || face.failure || face.because == name(FaceDoubt::too_large)) return;
  const Json rest = {{"numbers", numbers_json(face.numbers)}, {"cut", cut_json(face.cut)}};
  records_.append({{"schema", kSchema},
                   {"program", program_build()},
                   {"stack", key},
                   {"may_show", face.may_show},
                   {"because", face.because}},
                  json_line(rest));
}

}  // namespace naru
