#include "pipeline/pixels/frame_picture.h"

#include <algorithm>
#include <cmath>

namespace naru {

namespace {

constexpr std::int64_t kGap = 4;
constexpr std::uint8_t kGapGrey = 127;

void paste(GreyPicture& page, const GreyPicture& picture, std::int64_t left, std::int64_t top) {
  for (std::int64_t y = 0; y < picture.height; ++y) {
    std::copy_n(picture.pixels.begin() + y * picture.width, picture.width,
                page.pixels.begin() + (top + y) * page.width + left);
  }
}

}  // namespace

FramePart part_of(const dicom::PixelBox& box, std::int64_t rim, Size3 size) {
  return {std::max<std::int64_t>(0, box.x - rim), std::max<std::int64_t>(0, box.y - rim),
          std::min(size.x, box.x + box.width + rim), std::min(size.y, box.y + box.height + rim)};
}

GreyPicture picture_of(VolumeView<const float> frame, const FramePart& part, float black, float white,
                       std::int64_t plane) {
  GreyPicture picture{part.right - part.left, part.bottom - part.top, {}};
  const float scale = white > black ? 255 / (white - black) : 0;
  for (std::int64_t y = part.top; y < part.bottom; ++y) {
    for (std::int64_t x = part.left; x < part.right; ++x) {
      const float grey = (frame.data[frame.index(x, y, plane)] - black) * scale;
      picture.pixels.push_back(std::isfinite(grey) ? static_cast<std::uint8_t>(std::clamp(grey, 0.F, 255.F)) : 0);
    }
  }
  return picture;
}

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

GreyPicture grown(const GreyPicture& picture, std::int64_t factor) {
  GreyPicture large{picture.width * factor, picture.height * factor, {}};
  const auto at = [&](std::int64_t x, std::int64_t y) {
    return static_cast<float>(picture.pixels[static_cast<std::size_t>(y * picture.width + x)]);
  };
  const auto place = [&](std::int64_t n, std::int64_t size) {
    const float middle = (static_cast<float>(n) + 0.5F) / static_cast<float>(factor) - 0.5F;
    return std::clamp(middle, 0.F, static_cast<float>(size - 1));
  };
  for (std::int64_t y = 0; y < large.height; ++y) {
    const float v = place(y, picture.height);
    const auto top = static_cast<std::int64_t>(v), bottom = std::min(top + 1, picture.height - 1);
    for (std::int64_t x = 0; x < large.width; ++x) {
      const float u = place(x, picture.width);
      const auto left = static_cast<std::int64_t>(u), right = std::min(left + 1, picture.width - 1);
      const float upper = std::lerp(at(left, top), at(right, top), u - static_cast<float>(left));
      const float lower = std::lerp(at(left, bottom), at(right, bottom), u - static_cast<float>(left));
      large.pixels.push_back(static_cast<std::uint8_t>(std::lerp(upper, lower, v - static_cast<float>(top))));
    }
  }
  return large;
}

GreyPicture turned(const GreyPicture& picture) {
  GreyPicture result{picture.height, picture.width, {}};
  for (std::int64_t y = 0; y < result.height; ++y) {
    for (std::int64_t x = 0; x < result.width; ++x) {
      result.pixels.push_back(picture.pixels[static_cast<std::size_t>((picture.height - 1 - x) * picture.width + y)]);
    }
  }
  return result;
}

GreyPicture tiled(std::span<const GreyPicture> pictures, std::int64_t in_row) {
  std::int64_t width = 0, height = 0;
  for (const GreyPicture& picture : pictures) {
    width = std::max(width, picture.width);
    height = std::max(height, picture.height);
  }
  const auto count = static_cast<std::int64_t>(pictures.size());
  const std::int64_t columns = std::min(count, in_row), rows = (count + in_row - 1) / in_row;
  GreyPicture page{columns * (width + kGap) - kGap, rows * (height + kGap) - kGap, {}};
  page.pixels.assign(static_cast<std::size_t>(page.width * page.height), kGapGrey);
  for (std::int64_t n = 0; n < count; ++n) {
    paste(page, pictures[static_cast<std::size_t>(n)], n % in_row * (width + kGap), n / in_row * (height + kGap));
  }
  return page;
}

}  // namespace naru
