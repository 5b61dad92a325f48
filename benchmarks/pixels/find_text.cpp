/// The text detector on slices of a file, for the benchmark: `find_text SLICES`. SLICES holds, little-endian, the
/// count, width and height (uint32), then of each slice black and white of its window (float32; equal where it has
/// none) and its values (float32). Prints a JSON line a slice: milliseconds, and what would be blanked. `find_text
/// --dicom FILE` looks at the frames of one file.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "dicom/instance.h"
#include "pipeline/files.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/pixels/text_detector.h"

namespace {

using Json = nlohmann::ordered_json;

template <class T>
bool read(std::ifstream& file, std::vector<T>& values) {
  const auto size = static_cast<std::streamsize>(values.size() * sizeof(T));
  return static_cast<bool>(file.read(reinterpret_cast<char*>(values.data()), size));
}

Json json_of(const naru::FoundText& text) {
  const naru::dicom::PixelBox box = naru::box_of(text.region, 0);
  return {box.x, box.y, box.width, box.height, text.region.probability, text.is_on_background};
}

Json json_of(const std::vector<naru::FoundText>& found) {
  Json boxes = Json::array();
  for (const naru::FoundText& text : found) boxes.push_back(json_of(text));
  return boxes;
}

int find_in_slices(const char* path, const naru::TextThresholds& thresholds) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint32_t> shape(3);
  if (!read(file, shape)) return fmt::print(stderr, "find_text: SLICES cannot be read\n"), 1;
  const auto& detector = naru::TextDetector::built_in();
  std::vector<float> window(2), values(std::size_t{shape[1]} * shape[2]);
  for (std::uint32_t n = 0; n < shape[0]; ++n) {
    if (!read(file, window) || !read(file, values)) return fmt::print(stderr, "find_text: SLICES is cut short\n"), 1;
    naru::dicom::ShownValues shown;
    if (window[0] != window[1]) shown.window = {window[0], window[1]};
    const auto start = std::chrono::steady_clock::now();
    const auto found = detector.find({values.data(), {shape[1], shape[2], 1}}, shown, thresholds);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    fmt::print("{}\n", Json({{"ms", time.count()}, {"boxes", json_of(found)}}).dump());
  }
  return 0;
}

int find_in_dicom(const char* path) {
  const auto text = naru::read_file(path, std::size_t{1} << 30);
  if (!text) return fmt::print(stderr, "find_text: {} cannot be read\n", path), 1;
  const naru::TextLook look = naru::TextDetector::built_in().look(std::as_bytes(std::span(*text)));
  Json frames = Json::array();
  for (const auto& found : look.frames) frames.push_back(json_of(found));
  const Json problem = look.problem ? Json(naru::name(*look.problem)) : Json(nullptr);
  fmt::print("{}\n", Json({{"problem", problem},
                           {"has_picture", look.has_picture},
                           {"columns", look.columns},
                           {"rows", look.rows},
                           {"frames", frames}})
                         .dump());
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  naru::dicom::initialize();
  if (argument_count == 2) return find_in_slices(arguments[1], {});
  if (argument_count == 4) return find_in_slices(arguments[1], {std::stof(arguments[2]), std::stof(arguments[3])});
  if (argument_count == 3 && std::string_view(arguments[1]) == "--dicom") return find_in_dicom(arguments[2]);
  return fmt::print(stderr, "usage: find_text SLICES [LOW HIGH] | find_text --dicom FILE\n"), 2;
}
