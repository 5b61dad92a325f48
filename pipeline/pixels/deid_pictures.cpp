#include "pipeline/pixels/deid_pictures.h"

#include <deque>
#include <utility>

#include "dicom/frame_values.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// One frame as numbers and as a picture, and its percentiles.
constexpr std::uint64_t kDrawingBytes = std::uint64_t{64} << 20;

/// What is drawn of one file.
struct FileFrames {
  TextPictures* series = nullptr;
  std::size_t first_rank = 0;
  std::map<std::int64_t, FrameToDraw> frames;
};

using Place = std::pair<std::size_t, std::int64_t>;  // input, frame

}  // namespace

void draw_file(dicom::Bytes file, const std::map<std::int64_t, FrameToDraw>& frames, std::size_t first_rank,
               TextPictures& pictures) {
  const dicom::FrameValues values(file);
  if (values.problem()) return;
  std::vector<float> frame;
  for (const auto& [number, what] : frames) {
    if (number < 0 || number >= values.format().frame_count || values.read(number, frame)) continue;
    const Size3 size{values.format().columns, values.format().rows, values.plane_count()};
    pictures.add(first_rank++, {frame.data(), size}, values.shown(number), what);
  }
}

void draw_texts(DeidScan& scan, TextPlan& texts, const std::filesystem::path& report, std::uint64_t memory_limit_bytes,
                Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  const auto take = [&](const std::string& path, const auto& png) { write_picture(report, path, png); };
  std::map<std::string, std::vector<std::size_t>> by_series;  // indices of lines
  for (std::size_t n = 0; n < texts.evidence.size(); ++n) {
    by_series[texts.evidence[n].at("part_of").get<std::string>()].push_back(n);
  }
  std::deque<TextPictures> pictures;
  std::map<std::size_t, FileFrames> files;
  for (const auto& [id, numbers] : by_series) {
    TextPictures& series = pictures.emplace_back(id, take);
    std::vector<Json*> lines;
    for (const std::size_t n : numbers) lines.push_back(&texts.evidence[n]);
    std::size_t rank = 0;
    for (auto& [place, what] : frames_to_draw<Place>(lines, [&](std::size_t n) {
           return Place(texts.evidence_inputs[numbers[n]], lines[n]->at("frame").get<std::int64_t>());
         })) {
      for (const PixelOrders* const orders : {&texts.orders, &texts.regions}) {
        const auto boxes = orders->find(place.first);
        if (boxes != orders->end())
          what.covers = both(std::move(what.covers), boxes_in_frame(boxes->second, place.second));
      }
      const auto [file, is_new] = files.try_emplace(place.first);
      if (is_new) file->second = {&series, rank, {}};
      file->second.frames[place.second] = std::move(what);
      ++rank;
    }
  }
  std::vector<std::size_t> inputs;
  for (const auto& [input, frames] : files) inputs.push_back(input);
  for_each_input(scan, inputs, {memory_limit_bytes, kDrawingBytes}, "drawing text", executor, cancel, on_progress,
                 [&](std::size_t input, dicom::Bytes file) {
                   const FileFrames& what = files.at(input);
                   draw_file(file, what.frames, what.first_rank, *what.series);
                 });
  for (TextPictures& series : pictures) series.finish();
}

}  // namespace naru
