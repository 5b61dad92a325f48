#include "pipeline/pixels/text_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "core/error.h"
#include "pipeline/files.h"
#include "pipeline/pixels/frame_picture.h"
#include "pipeline/pixels/text_decision.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint8_t kCover = 0, kBorder = 255;
constexpr std::int64_t kLeastRim = 16, kMostCropPixels = 480;
constexpr std::int64_t kTilePixels = 192, kTilesInRow = 6;

/// Covers a box and draws its border. @param part what of the frame the picture shows
void cover(GreyPicture& picture, const FramePart& part, const dicom::PixelBox& box) {
  const FramePart inner = part_of(box, 0, {part.right, part.bottom, 1});
  for (std::int64_t y = std::max(inner.top, part.top); y < inner.bottom; ++y) {
    for (std::int64_t x = std::max(inner.left, part.left); x < inner.right; ++x) {
      const bool is_border = y == inner.top || y == inner.bottom - 1 || x == inner.left || x == inner.right - 1;
      picture.pixels[static_cast<std::size_t>((y - part.top) * picture.width + x - part.left)] =
          is_border ? kBorder : kCover;
    }
  }
}

}  // namespace

std::string full_crop_path(const std::string& region_id) { return fmt::format("crops/{}.full.png", region_id); }

void TextPictures::add(std::size_t rank, VolumeView<const float> frame, const dicom::ShownValues& shown,
                       const FrameToDraw& what) {
  try {
    draw(rank, frame, shown, what);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::disk_full || error.code() == ErrorCode::output_unwritable) throw;
  } catch (const std::bad_alloc&) {
    return;  // a picture is no reason to stop
  }
}

void TextPictures::draw(std::size_t rank, VolumeView<const float> frame, const dicom::ShownValues& shown,
                        const FrameToDraw& what) {
  const TextWindows windows = text_windows(frame, shown);
  const FramePart whole{0, 0, frame.size.x, frame.size.y};
  GreyPicture covered = picture_of(frame, whole, windows.low.back(), windows.high.back());
  for (const dicom::PixelBox& box : what.covers) cover(covered, whole, box);
  // Where so much was found there may be more.
  if (what.covers.size() >= kMostFoundTexts) cover(covered, whole, {0, 0, 0, frame.size.x, frame.size.y, {}});
  const auto part_of_covered = [&](const FramePart& part) {
    GreyPicture picture{part.right - part.left, part.bottom - part.top, {}};
    for (std::int64_t y = part.top; y < part.bottom; ++y) {
      const auto row = covered.pixels.begin() + y * covered.width;
      picture.pixels.insert(picture.pixels.end(), row + part.left, row + part.right);
    }
    return picture;
  };
  for (Json* line : what.lines) {
    const auto id = line->at("id").get<std::string>();
    const dicom::PixelBox box = box_of(*line);
    const FramePart part = part_of(box, std::max(kLeastRim, std::min(box.width, box.height)), frame.size);
    const std::string crop = fmt::format("crops/{}.png", id);
    take_(crop, png_of(shrunk(part_of_covered(part), kMostCropPixels)));
    (*line)["crop"] = crop;
    (*line)["sheet"] = fmt::format("sheets/{}.png", id_);
    if (!waits_for_decision(*line)) continue;
    std::vector<GreyPicture> views;
    for (std::size_t n = 0; n < windows.low.size(); ++n) {
      const std::int64_t plane = frame.size.z > 1 ? static_cast<std::int64_t>(n) : 0;  // colours: a plane a view
      views.push_back(shrunk(picture_of(frame, part, windows.low[n], windows.high[n], plane), kMostCropPixels));
    }
    take_(full_crop_path(id), png_of(tiled(views, kTextWindows)));
    (*line)["full_crop"] = full_crop_path(id);
  }
  if (rank >= kMostTiles) return;
  GreyPicture tile = shrunk(covered, kTilePixels);
  const std::lock_guard lock(mutex_);
  tiles_[rank] = std::move(tile);
}

void TextPictures::finish() {
  if (tiles_.empty()) return;
  std::vector<GreyPicture> tiles;
  for (auto& [rank, tile] : tiles_) tiles.push_back(std::move(tile));
  tiles_.clear();
  take_(fmt::format("sheets/{}.png", id_), png_of(tiled(tiles, kTilesInRow)));
}

void write_picture(const std::filesystem::path& report, const std::string& path, std::span<const std::uint8_t> png) {
  const std::filesystem::path file = report / path;
  std::error_code failure;
  std::filesystem::create_directory(file.parent_path(), failure);
  if (failure) throw write_error(failure.value(), "the report folder");
  FileWriter writer(file);
  writer.append(std::as_bytes(png));
  writer.finish();
}

}  // namespace naru
