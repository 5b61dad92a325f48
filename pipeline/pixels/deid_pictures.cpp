#include "pipeline/pixels/deid_pictures.h"

#include <utility>

#include "dicom/frame_values.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// One frame as numbers and as a picture, and its percentiles.
constexpr std::uint64_t kDrawingBytes = std::uint64_t{64} << 20;

/// What is drawn of one file.
struct FileFrames {
  std::size_t first_rank = 0;
  std::map<std::int64_t, FrameLines> frames;
};

std::map<std::size_t, FileFrames> by_file(const std::map<std::pair<std::size_t, std::int64_t>, FrameLines>& frames) {
  std::map<std::size_t, FileFrames> files;
  std::size_t rank = 0;
  for (const auto& [place, lines] : frames) {
    const auto [file, is_new] = files.try_emplace(place.first);
    if (is_new) file->second.first_rank = rank;
    file->second.frames[place.second] = lines;
    ++rank;
  }
  return files;
}

}  // namespace

void draw_file(dicom::Bytes file, const std::map<std::int64_t, FrameLines>& frames, std::size_t first_rank,
               TextPictures& pictures) {
  const dicom::FrameValues values(file);
  if (values.problem()) return;
  std::vector<float> frame;
  for (const auto& [number, lines] : frames) {
    if (number < 0 || number >= values.format().frame_count || values.read(number, frame)) continue;
    const Size3 size{values.format().columns, values.format().rows, values.plane_count()};
    pictures.add(first_rank++, {frame.data(), size}, values.shown(), lines);
  }
}

void draw_texts(DeidScan& scan, TextPlan& texts, const std::filesystem::path& report, std::uint64_t memory_limit_bytes,
                Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  std::map<std::string, std::vector<std::size_t>> by_series;  // indices of lines
  for (std::size_t n = 0; n < texts.evidence.size(); ++n) {
    by_series[texts.evidence[n].at("part_of").get<std::string>()].push_back(n);
  }
  for (const auto& [id, numbers] : by_series) {
    std::vector<Json*> lines;
    for (const std::size_t n : numbers) lines.push_back(&texts.evidence[n]);
    using Place = std::pair<std::size_t, std::int64_t>;
    const auto files = by_file(frames_to_draw<Place>(lines, [&](std::size_t n) {
      return Place(texts.evidence_inputs[numbers[n]], lines[n]->at("frame").get<std::int64_t>());
    }));
    std::vector<std::size_t> inputs;
    for (const auto& [input, frames] : files) inputs.push_back(input);
    TextPictures pictures(id, [&](const std::string& path, const auto& png) { write_picture(report, path, png); });
    for_each_input(scan, inputs, {memory_limit_bytes, kDrawingBytes}, "drawing text", executor, cancel, on_progress,
                   [&](std::size_t input, dicom::Bytes file) {
                     draw_file(file, files.at(input).frames, files.at(input).first_rank, pictures);
                   });
    pictures.finish();
  }
}

}  // namespace naru
