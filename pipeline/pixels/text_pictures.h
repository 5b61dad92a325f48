/// Pictures of text that was found, for the people who review it. They stay with the hospital.
///
///   crops/ID.png       a piece of text and what lies around it; all text of the frame is covered
///   crops/ID.full.png  the same with the text to be read, in the detector's three windows side by side: only of what
///                      waits for a decision; `naru review` deletes it once that is taken
///   sheets/ID.png      the frames of a series or case that show text, small, text covered, row by row in their order
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/volume.h"
#include "dicom/instance.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/png.h"

namespace naru {

/// What is drawn of one frame.
struct FrameToDraw {
  std::vector<nlohmann::ordered_json*> lines;  ///< of pixels.jsonl
  std::vector<dicom::PixelBox> covers;         ///< all that is covered in pictures that stay
};

/// Takes a finished picture: its path below the report, and the PNG. Called from several threads where `add` is.
using TakePicture = std::function<void(const std::string& path, std::vector<std::uint8_t> png)>;

/// So many frames are on a sheet; those of a higher rank are not.
inline constexpr std::size_t kMostTiles = 48;

/// No more pieces of text of one series or case are drawn.
inline constexpr std::size_t kMostDrawnTexts = 400;

/// Sorts the lines of one series or case by frame, which `place_of` tells of the n-th line. Each gets its "crop",
/// "full_crop" and "sheet", null until it is drawn. @return the frames to draw, with the boxes of all of their lines
template <class Place>
std::map<Place, FrameToDraw> frames_to_draw(std::span<nlohmann::ordered_json* const> lines, const auto& place_of) {
  std::map<Place, FrameToDraw> frames;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    lines[n]->update({{"crop", nullptr}, {"full_crop", nullptr}, {"sheet", nullptr}});
    if (n < kMostDrawnTexts) frames[place_of(n)].lines.push_back(lines[n]);
  }
  for (std::size_t n = 0; n < lines.size(); ++n) {
    const auto frame = frames.find(place_of(n));
    if (frame != frames.end()) frame->second.covers.push_back(box_of(*lines[n]));
  }
  return frames;
}

/// Draws the pictures of one series or case.
class TextPictures {
 public:
  TextPictures(std::string id, TakePicture take) : id_(std::move(id)), take_(std::move(take)) {}

  /// One frame, as TextDetector::find takes it; `rank` is its place among all that are drawn. Thread-safe. Where
  /// drawing fails its lines name no picture. @throws Error{disk_full, output_unwritable}
  void add(std::size_t rank, VolumeView<const float> frame, const dicom::ShownValues& shown, const FrameToDraw& what);

  /// Hands out the sheet, if a frame was drawn.
  void finish();

 private:
  void draw(std::size_t rank, VolumeView<const float> frame, const dicom::ShownValues& shown, const FrameToDraw& what);

  std::string id_;
  TakePicture take_;
  std::mutex mutex_;
  std::map<std::size_t, GreyPicture> tiles_;  ///< by rank
};

/// Writes one picture into a report that is being made. @throws Error{disk_full, output_unwritable}
void write_picture(const std::filesystem::path& report, const std::string& path, std::span<const std::uint8_t> png);

/// The picture that shows the text itself, of a region's id.
std::string full_crop_path(const std::string& region_id);

}  // namespace naru
