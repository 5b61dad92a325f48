#include "pipeline/pixels/text_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipeline/files.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/pixels/text_evidence.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint8_t kCover = 0, kBorder = 255;
constexpr std::int64_t kLeastRim = 16, kMostCropPixels = 480;
constexpr std::int64_t kTilePixels = 192, kTilesInRow = 6, kGap = 4;

/// Half open: from (left, top) up to and without (right, bottom).
struct Part {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;
};

Part part_of(const dicom::PixelBox& box, std::int64_t rim, Size3 size) {
  return {std::max<std::int64_t>(0, box.x - rim), std::max<std::int64_t>(0, box.y - rim),
          std::min(size.x, box.x + box.width + rim), std::min(size.y, box.y + box.height + rim)};
}

/// The first plane of a frame from black to white.
GreyPicture rendered(VolumeView<const float> frame, const Part& part, float black, float white) {
  GreyPicture picture{part.right - part.left, part.bottom - part.top, {}};
  const float scale = white > black ? 255 / (white - black) : 0;
  for (std::int64_t y = part.top; y < part.bottom; ++y) {
    for (std::int64_t x = part.left; x < part.right; ++x) {
      const float grey = (frame.data[frame.index(x, y, 0)] - black) * scale;
      picture.pixels.push_back(std::isfinite(grey) ? static_cast<std::uint8_t>(std::clamp(grey, 0.F, 255.F)) : 0);
    }
  }
  return picture;
}

/// Covers a box and draws its border. @param part what of the frame the picture shows
void cover(GreyPicture& picture, const Part& part, const dicom::PixelBox& box) {
  const Part inner = part_of(box, 0, {part.right, part.bottom, 1});
  for (std::int64_t y = std::max(inner.top, part.top); y < inner.bottom; ++y) {
    for (std::int64_t x = std::max(inner.left, part.left); x < inner.right; ++x) {
      const bool is_border = y == inner.top || y == inner.bottom - 1 || x == inner.left || x == inner.right - 1;
      picture.pixels[static_cast<std::size_t>((y - part.top) * picture.width + x - part.left)] =
          is_border ? kBorder : kCover;
    }
  }
}

/// Smaller by a whole factor, so that no side is longer than `most`.
GreyPicture shrunk(const GreyPicture& picture, std::int64_t most) {
  const std::int64_t step = (std::max(picture.width, picture.height) + most - 1) / most;
  if (step <= 1) return picture;
  GreyPicture small{(picture.width + step - 1) / step, (picture.height + step - 1) / step, {}};
  for (std::int64_t y = 0; y < small.height; ++y) {
    for (std::int64_t x = 0; x < small.width; ++x) {
      std::int64_t sum = 0, count = 0;
      for (std::int64_t v = y * step; v < std::min((y + 1) * step, picture.height); ++v) {
        for (std::int64_t u = x * step; u < std::min((x + 1) * step, picture.width); ++u, ++count) {
          sum += picture.pixels[static_cast<std::size_t>(v * picture.width + u)];
        }
      }
      small.pixels.push_back(static_cast<std::uint8_t>(sum / count));
    }
  }
  return small;
}

void paste(GreyPicture& page, const GreyPicture& picture, std::int64_t left, std::int64_t top) {
  for (std::int64_t y = 0; y < picture.height; ++y) {
    std::copy_n(picture.pixels.begin() + y * picture.width, picture.width,
                page.pixels.begin() + (top + y) * page.width + left);
  }
}

/// Pictures in rows of equal cells.
GreyPicture tiled(std::span<const GreyPicture> pictures, std::int64_t in_row) {
  std::int64_t width = 0, height = 0;
  for (const GreyPicture& picture : pictures) {
    width = std::max(width, picture.width);
    height = std::max(height, picture.height);
  }
  const auto count = static_cast<std::int64_t>(pictures.size());
  const std::int64_t columns = std::min(count, in_row), rows = (count + in_row - 1) / in_row;
  GreyPicture page{columns * (width + kGap) - kGap, rows * (height + kGap) - kGap, {}};
  page.pixels.assign(static_cast<std::size_t>(page.width * page.height), kBorder / 2);
  for (std::int64_t n = 0; n < count; ++n) {
    paste(page, pictures[static_cast<std::size_t>(n)], n % in_row * (width + kGap), n / in_row * (height + kGap));
  }
  return page;
}

}  // namespace

std::string full_crop_path(const std::string& region_id) { return fmt::format("crops/{}.full.png", region_id); }

void TextPictures::add(std::size_t rank, VolumeView<const float> frame, const dicom::ShownValues& shown,
                       const FrameLines& lines) {
  const TextWindows windows = text_windows(frame, shown);
  const Part whole{0, 0, frame.size.x, frame.size.y};
  GreyPicture covered = rendered(frame, whole, windows.low.back(), windows.high.back());
  for (const Json* line : lines) cover(covered, whole, box_of(*line));
  const auto part_of_covered = [&](const Part& part) {
    GreyPicture picture{part.right - part.left, part.bottom - part.top, {}};
    for (std::int64_t y = part.top; y < part.bottom; ++y) {
      const auto row = covered.pixels.begin() + y * covered.width;
      picture.pixels.insert(picture.pixels.end(), row + part.left, row + part.right);
    }
    return picture;
  };
  for (Json* line : lines) {
    const auto id = line->at("id").get<std::string>();
    const dicom::PixelBox box = box_of(*line);
    const Part part = part_of(box, std::max(kLeastRim, std::min(box.width, box.height)), frame.size);
    const std::string crop = fmt::format("crops/{}.png", id);
    take_(crop, png_of(shrunk(part_of_covered(part), kMostCropPixels)));
    (*line)["crop"] = crop;
    (*line)["sheet"] = fmt::format("sheets/{}.png", id_);
    if (!waits_for_decision(*line)) continue;
    std::vector<GreyPicture> views;
    for (std::size_t n = 0; n < windows.low.size(); ++n) {
      views.push_back(shrunk(rendered(frame, part, windows.low[n], windows.high[n]), kMostCropPixels));
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
