/// The text detector on slices of a file, for the benchmark: `find_text SLICES`. SLICES holds, little-endian, the
/// count, width and height (uint32), then of each slice black and white of its window (float32; equal where it has
/// none) and its values (float32). Prints a JSON line a slice: milliseconds, and what would be blanked. `find_text
/// --candidates SLICES` prints what may be text, for python/training/tune.py. `find_text --dicom FILE` looks at the
/// frames of one file.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "dicom/instance.h"
#include "pipeline/files.h"
#include "pipeline/pixels/text_box.h"
#include "pipeline/pixels/text_confirm.h"
#include "pipeline/pixels/text_detector.h"

namespace {

using Json = nlohmann::ordered_json;

template <class T>
bool read(std::ifstream& file, std::vector<T>& values) {
  const auto size = static_cast<std::streamsize>(values.size() * sizeof(T));
  return static_cast<bool>(file.read(reinterpret_cast<char*>(values.data()), size));
}

Json json_of(const naru::dicom::PixelBox& box) { return {box.x, box.y, box.width, box.height}; }

/// Box, probability, whether it is on background, region; then the boxes between words.
Json json_of(const std::vector<naru::FoundText>& found) {
  Json all = Json::array();
  std::vector<naru::dicom::PixelBox> boxes;
  for (const naru::FoundText& text : found) {
    boxes.push_back(naru::box_of(text.region, 0));
    all.push_back(json_of(boxes.back()));
    const naru::TextRegion& region = text.region;
    for (const Json& more : {Json(region.probability), Json(text.is_on_background), Json(region.x), Json(region.y),
                             Json(region.width), Json(region.height)}) {
      all.back().push_back(more);
    }
  }
  for (const naru::dicom::PixelBox& box : naru::between_words(boxes)) all.push_back(json_of(box));
  return all;
}

/// One slice of SLICES.
struct Slice {
  naru::VolumeView<const float> view;
  naru::dicom::ShownValues shown;
};

/// Prints what `look` says of each slice.
template <class Look>
int look_at_slices(const char* path, const Look& look) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint32_t> shape(3);
  if (!read(file, shape)) return fmt::print(stderr, "find_text: SLICES cannot be read\n"), 1;
  std::vector<float> window(2), values(std::size_t{shape[1]} * shape[2]);
  for (std::uint32_t n = 0; n < shape[0]; ++n) {
    if (!read(file, window) || !read(file, values)) return fmt::print(stderr, "find_text: SLICES is cut short\n"), 1;
    Slice slice{{values.data(), {shape[1], shape[2], 1}}, {}};
    if (window[0] != window[1]) slice.shown.window = {window[0], window[1]};
    fmt::print("{}\n", look(slice).dump());
  }
  return 0;
}

int find_in_slices(const char* path, const naru::TextThresholds& thresholds) {
  return look_at_slices(path, [&](const Slice& slice) {
    const auto start = std::chrono::steady_clock::now();
    const auto found = naru::TextDetector::built_in().find(slice.view, slice.shown, thresholds);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    return Json({{"ms", time.count()}, {"boxes", json_of(found)}});
  });
}

/// What no threshold that may be chosen leaves out, and the mean log-odds of all looks where they may count: of what
/// may be text and is not certain. Others would cost most of the time.
int find_candidates(const char* path) {
  constexpr naru::TextThresholds kMayBeText{naru::TextThresholds().low, 0.5F};
  constexpr float kAskedFor = naru::TextThresholds().high;
  constexpr int kMostAsked = 32;  // of one slice
  const naru::TextNetwork& network = naru::TextDetector::built_in().network();
  return look_at_slices(path, [&](const Slice& slice) {
    naru::TextDevice here;
    const naru::TextWindows windows = naru::text_windows(slice.view, slice.shown);
    const std::vector<float> probability = here.probability(network, slice.view, windows);
    Json candidates = Json::array();
    int asked = 0;
    for (const naru::TextRegion& region : naru::find_text_regions({probability.data(), slice.view.size}, kMayBeText)) {
      const bool may_count = region.probability >= kAskedFor && region.probability < naru::kCertainText;
      const bool is_asked = may_count && asked++ < kMostAsked;
      candidates.push_back({{"region", {region.x, region.y, region.width, region.height}},
                            {"box", json_of(naru::box_of(region, 0))},
                            {"probability", region.probability},
                            {"opinion", is_asked ? Json(naru::text_log_odds(network, slice.view, windows, region, here))
                                                 : Json(nullptr)}});
    }
    return candidates;
  });
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
  if (argument_count == 3 && std::string_view(arguments[1]) == "--candidates") return find_candidates(arguments[2]);
  return fmt::print(stderr,
                    "usage: find_text SLICES [LOW HIGH] | find_text --candidates SLICES | find_text --dicom FILE\n"),
         2;
}
