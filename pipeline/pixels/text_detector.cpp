#include "pipeline/pixels/text_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/digest.h"
#include "core/error.h"
#include "core/units.h"
#include "dicom/frame_values.h"
#include "pipeline/pixels/text_box.h"

// The file of weights, as bytes of the program.
asm(R"(.section .rodata
.balign 16
naru_text_weights_begin:
.incbin ")" NARU_TEXT_WEIGHTS R"("
naru_text_weights_end:
.previous
)");
extern "C" const std::byte naru_text_weights_begin[], naru_text_weights_end[];

namespace naru {

namespace {

/// Pixels that are numbers, not pictures (PS3.4 B.5): nobody writes on them.
constexpr auto kNoPictures = std::to_array<std::string_view>({
    "1.2.840.10008.5.1.4.1.1.66.4",   // Segmentation
    "1.2.840.10008.5.1.4.1.1.66.7",   // Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.481.2",  // RT Dose
    "1.2.840.10008.5.1.4.1.1.30",     // Parametric Map
});

/// Frames larger than this are not looked at: no scanner makes them.
constexpr std::int64_t kMostPixels = std::int64_t{1} << 25;
/// At one frame, each without the text that was found before.
constexpr int kMostLooks = 3;
/// Of one look, and in one of them: more, and larger ones, are text without a second opinion.
constexpr std::size_t kMostOpinions = 128;
constexpr std::int64_t kMostOpinionPixels = std::int64_t{1} << 21;

/// Finite values that are no padding.
std::vector<float> counted_values(std::span<const float> values, const dicom::ShownValues& shown) {
  std::vector<float> counted;
  const auto counts = [&](float value) { return std::isfinite(value) && value != shown.padding_value; };
  std::ranges::copy_if(values, std::back_inserter(counted), counts);
  return counted;
}

/// The value up to which a frame is dark, by what it shows beside text: bright text, or a few values far beyond all
/// others, make nothing dark that is not. @param rest the frame without the text that was found
float darkest_grey(VolumeView<const float> rest, const dicom::ShownValues& shown, const TextWindows& windows) {
  constexpr float kDark = 0.08F, kOutlying = 4;
  constexpr float kGrain = 0.04F, kMostGrain = 12;  // around letters, as JPEG leaves it in eight bits
  constexpr double kLowShare = 0.03, kHighShare = 0.97;
  const float low = windows.low.back(), range = windows.high.back() - low;
  std::vector<float> values = counted_values({rest.data, static_cast<std::size_t>(rest.size.x * rest.size.y)}, shown);
  if (values.empty()) return low;
  const auto [main_low, main_high] = at_shares(values, kLowShare, kHighShare);
  const float spread = main_high - main_low, seen = text_windows(rest, shown).high.back() - low;
  const bool has_outliers = spread > 0 && seen > kOutlying * spread;
  const float bright = has_outliers ? main_high + spread / 2 - low : seen;
  return low + std::max(kDark * bright, std::min(kGrain * range, kMostGrain));
}

/// True where what stands around a region is dark.
bool is_on_background(VolumeView<const float> plane, float darkest, const TextRegion& region) {
  constexpr std::int64_t kRim = 4;
  constexpr double kShare = 0.9;
  std::int64_t count = 0, dark = 0;
  for (std::int64_t y = region.y - kRim; y < region.y + region.height + kRim; ++y) {
    for (std::int64_t x = region.x - kRim; x < region.x + region.width + kRim; ++x) {
      const bool is_inside =
          x >= region.x && x < region.x + region.width && y >= region.y && y < region.y + region.height;
      if (is_inside || x < 0 || y < 0 || x >= plane.size.x || y >= plane.size.y) continue;
      ++count;
      if (!(plane.data[plane.index(x, y, 0)] > darkest)) ++dark;  // padding is dark
    }
  }
  return count > 0 && static_cast<double>(dark) >= kShare * static_cast<double>(count);
}

void blank(VolumeView<float> slice, const dicom::PixelBox& box, float value) {
  const std::int64_t left = std::max<std::int64_t>(box.x, 0), right = std::min(box.x + box.width, slice.size.x);
  for (std::int64_t z = 0; z < slice.size.z; ++z) {
    for (std::int64_t y = std::max<std::int64_t>(box.y, 0); y < std::min(box.y + box.height, slice.size.y); ++y) {
      if (left < right) std::fill_n(slice.data + slice.index(left, y, z), right - left, value);
    }
  }
}

/// What a frame is looked at in once more, in nothing else: text that one narrow window shows is faint, or not there,
/// in the full range and the percentiles beside it.
std::vector<dicom::StoredWindow> narrow_windows(VolumeView<const float> slice, const dicom::ShownValues& shown,
                                                const TextWindows& windows) {
  constexpr double kNarrow = 0.5, kAlike = 0.1;
  std::vector<dicom::StoredWindow> all = shown.more_windows, narrow;
  if (shown.window) all.insert(all.begin(), *shown.window);
  for (const dicom::StoredWindow& one : all) {
    const double width = one.white - one.black;
    const bool shows_something = one.white > windows.low.front() && one.black < windows.high.front();
    const bool is_known = std::ranges::any_of(narrow, [&](const dicom::StoredWindow& known) {
      return std::abs(known.black - one.black) + std::abs(known.white - one.white) < kAlike * width;
    });
    if (width < kNarrow * (windows.high.front() - windows.low.front()) && shows_something && !is_known) {
      narrow.push_back(one);
    }
  }
  if (slice.size.z > 1) narrow.clear();
  return narrow;
}

/// A grey frame as a window shows it, smaller by a whole factor: what lies beyond is drawn as its end.
std::vector<float> drawn(VolumeView<const float> slice, const dicom::StoredWindow& window, std::int64_t factor) {
  const auto black = static_cast<float>(window.black), white = static_cast<float>(window.white);
  std::vector<float> small;
  for (std::int64_t y = 0; y + factor <= slice.size.y; y += factor) {
    for (std::int64_t x = 0; x + factor <= slice.size.x; x += factor) {
      float sum = 0;
      for (std::int64_t v = y; v < y + factor; ++v) {
        for (std::int64_t u = x; u < x + factor; ++u) {
          const float value = slice.data[slice.index(u, v, 0)];
          sum += value > black ? std::min(value, white) : black;  // not a number is black
        }
      }
      small.push_back(sum / static_cast<float>(factor * factor));
    }
  }
  return small;
}

/// Adds to what was found in a colour frame what another view of it shows beside that.
void add(const std::vector<FoundText>& more, VolumeView<const float> slice, const dicom::ShownValues& shown,
         std::vector<FoundText>& found) {
  std::vector<dicom::PixelBox> boxes;
  std::vector<float> rest(slice.data, slice.data + slice.size.voxel_count());
  const TextWindows windows = text_windows(slice, shown);
  for (const FoundText& text : found) boxes.push_back(box_of(text.region, 0));
  for (const FoundText& text : more) blank({rest.data(), slice.size}, box_of(text.region, 0), windows.low.front());
  for (const dicom::PixelBox& box : boxes) blank({rest.data(), slice.size}, box, windows.low.front());
  const float darkest = darkest_grey({rest.data(), slice.size}, shown, windows);
  for (FoundText text : more) {
    if (found.size() == kMostFoundTexts || is_in_boxes(text.region, 0, boxes)) continue;
    text.is_on_background = is_on_background({slice.data, {slice.size.x, slice.size.y, 1}}, darkest, text.region);
    found.push_back(text);
  }
}

/// What one look says is text. @param longest see detect_text_at_all_scales
std::vector<FoundText> text_in(const TextNetwork& network, VolumeView<const float> slice,
                               const dicom::ShownValues& shown, const TextThresholds& thresholds, TextDevice& device,
                               std::int64_t longest = 0) {
  const TextWindows windows = text_windows(slice, shown);
  const std::vector<float> probability = device.probability(network, slice, windows, longest);
  const auto regions = find_text_regions({probability.data(), {slice.size.x, slice.size.y, 1}},
                                         {thresholds.low, std::min(thresholds.high, kBesideText)});
  std::size_t opinions = 0, text_count = 0;
  std::vector<bool> is_text(regions.size());
  std::vector<float> log_odds(regions.size());
  for (std::size_t n = 0; n < regions.size() && text_count < kMostFoundTexts; ++n) {
    const TextRegion& region = regions[n];
    if (region.probability < thresholds.high) continue;
    const bool needs_opinion = region.probability < kCertainText &&
                               region.width * region.height <= kMostOpinionPixels && opinions++ < kMostOpinions;
    if (needs_opinion) {
      const auto confirmed = confirmed_log_odds(network, slice, windows, region, device);
      log_odds[n] = confirmed.value_or(0);
      is_text[n] = confirmed.has_value();
    } else {
      log_odds[n] = kMostLogOdds;
      is_text[n] = true;
    }
    text_count += is_text[n] ? 1U : 0U;
  }
  add_text_beside(regions, is_text, kMostFoundTexts);
  std::vector<FoundText> found;
  for (std::size_t n = 0; n < regions.size() && found.size() < kMostFoundTexts; ++n) {
    if (is_text[n]) found.push_back({regions[n], false, log_odds[n]});
  }
  return found;
}

/// True where a window leaves hardly any grey: what it shows are outlines, and text on black is seen in other windows.
bool is_black_and_white(std::span<const float> values, const dicom::StoredWindow& window) {
  constexpr double kLeastGrey = 0.05;
  const auto black = static_cast<float>(window.black), white = static_cast<float>(window.white);
  const auto grey = std::ranges::count_if(values, [&](float value) { return value > black && value < white; });
  return static_cast<double>(grey) < kLeastGrey * static_cast<double>(values.size());
}

/// What is text in one window alone. Large frames are seen at half their size, in which faint text stands out from the
/// noise; small text was looked for before.
std::vector<FoundText> text_in_window(const TextNetwork& network, VolumeView<const float> slice,
                                      const dicom::StoredWindow& window, const TextThresholds& thresholds,
                                      TextDevice& device) {
  constexpr std::int64_t kLarge = 400;  // from here on a frame is not seen at twice its size
  const std::int64_t factor = std::max(slice.size.x, slice.size.y) >= kLarge ? 2 : 1;
  const Size3 size{slice.size.x / factor, slice.size.y / factor, 1};
  if (size.voxel_count() == 0) return {};
  const std::vector<float> values = drawn(slice, window, factor);
  if (is_black_and_white(values, window)) return {};
  std::vector<FoundText> found = text_in(network, {values.data(), size}, {window, {}, false, {}}, thresholds, device,
                                         factor > 1 ? std::max({kLarge, size.x, size.y}) : 0);
  for (FoundText& text : found) {
    for (std::int64_t* const place : {&text.region.x, &text.region.y, &text.region.width, &text.region.height}) {
      *place *= factor;
    }
  }
  return found;
}

}  // namespace

bool is_possible(const TextLook& look) {
  if (look.problem || !look.has_picture) return look.frames.empty();
  if (look.columns <= 0 || look.rows <= 0 || look.frames.empty()) return false;
  return std::ranges::all_of(look.frames, [&](const std::vector<FoundText>& found) {
    return std::ranges::all_of(found, [&](const FoundText& text) {
      const TextRegion& region = text.region;
      return region.probability >= 0 && region.probability <= 1 && region.x >= 0 && region.y >= 0 && region.width > 0 &&
             region.height > 0 && region.width <= look.columns - region.x && region.height <= look.rows - region.y;
    });
  });
}

std::pair<float, float> at_shares(std::span<float> values, double low, double high) {
  const auto at = [&](double share) {
    const auto n = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, values.begin() + n);
    return values[static_cast<std::size_t>(n)];
  };
  const float first = at(low);
  return {first, at(high)};
}

TextWindows text_windows(VolumeView<const float> slice, const dicom::ShownValues& shown) {
  const std::span values(slice.data, static_cast<std::size_t>(slice.size.voxel_count()));
  if (slice.size.z > 1) {
    // Dim colours are seen as bright ones are.
    const float white = std::max(1.0F, std::ranges::max(values));
    return {{0, 0, 0}, {white, white, white}};
  }
  std::vector<float> finite = counted_values(values, shown);
  if (finite.empty()) return {{0, 0, 0}, {1, 1, 1}};
  auto [low, high] = std::ranges::minmax(finite);
  // Letters in the padding's own value, or in air beside padding, are seen only where the two differ. Padding may lie
  // far from all values: what is beyond the window is drawn as its end.
  constexpr float kMostBeyond = 0.25F;
  const bool has_padding = finite.size() < values.size() && shown.padding_value;
  if (has_padding) {
    const auto padding = static_cast<float>(*shown.padding_value);
    const float room = high > low ? kMostBeyond * (high - low) : std::numeric_limits<float>::infinity();
    low = std::min(low, std::max(padding, low - room));
    high = std::max(high, std::min(padding, high + room));
  }
  constexpr double kLowShare = 0.005, kHighShare = 0.995;
  const auto [p_low, p_high] = at_shares(finite, kLowShare, kHighShare);
  // A window in which all is white is not meant for these values; in one in which all is black nothing is shown.
  if (!shown.window || shown.window->white <= p_low) return {{low, p_low, p_low}, {high, p_high, p_high}};
  return {{low, static_cast<float>(shown.window->black), p_low},
          {high, static_cast<float>(shown.window->white), p_high}};
}

TextLook TextDetector::look(std::span<const std::byte> file, const TextThresholds& thresholds) const {
  TextDevice here;
  return look(file, thresholds, here);
}

std::vector<FoundText> TextDetector::find(VolumeView<const float> slice, const dicom::ShownValues& shown,
                                          const TextThresholds& thresholds) const {
  TextDevice here;
  return find(slice, shown, thresholds, here);
}

TextDetector::TextDetector(std::span<const std::byte> weights)
    : network_(TextNetwork::from_bytes(weights)), weights_sha256_(sha256_hex(weights)) {}

const TextDetector& TextDetector::built_in() {
  static const TextDetector detector({naru_text_weights_begin, naru_text_weights_end});
  return detector;
}

TextLook TextDetector::look(std::span<const std::byte> file, const TextThresholds& thresholds,
                            TextDevice& device) const {
  TextLook look;
  const dicom::FrameValues frames(file);
  look.has_picture = frames.problem() != Code::no_pixels &&
                     std::ranges::find(kNoPictures, frames.sop_class_uid()) == kNoPictures.end();
  if (!look.has_picture) return look;
  if ((look.problem = frames.problem())) return look;
  look.columns = frames.format().columns;
  look.rows = frames.format().rows;
  if (look.columns * look.rows > kMostPixels) return look.problem = Code::too_large, look;
  std::vector<float> values;
  dicom::FrameValues::Views views;
  for (std::int64_t n = 0; n < frames.format().frame_count; ++n) {
    if ((look.problem = frames.read(n, values, &views))) return look.frames.clear(), look;
    const VolumeView<const float> slice{values.data(), {look.columns, look.rows, frames.plane_count()}};
    const dicom::ShownValues shown = frames.shown(n);
    look.frames.push_back(find(slice, shown, thresholds, device));
    for (const std::vector<float>& view : views) {
      add(find({view.data(), slice.size}, shown, thresholds, device), slice, shown, look.frames.back());
    }
  }
  return look;
}

std::vector<FoundText> TextDetector::find(VolumeView<const float> slice, const dicom::ShownValues& shown,
                                          const TextThresholds& thresholds, TextDevice& device) const {
  const TextWindows windows = text_windows(slice, shown);
  std::vector<FoundText> found;
  std::vector<dicom::PixelBox> boxes;
  std::vector<float> rest;
  VolumeView<const float> seen = slice;
  /// @return whether there was something new
  const auto take = [&](std::vector<FoundText> more) {
    std::erase_if(more, [&](const FoundText& text) { return is_in_boxes(text.region, 0, boxes); });
    if (more.empty()) return false;
    if (rest.empty()) rest.assign(slice.data, slice.data + slice.size.voxel_count());
    for (const FoundText& text : more) {
      if (found.size() == kMostFoundTexts) break;
      found.push_back(text);
      boxes.push_back(box_of(text.region, 0));
      blank({rest.data(), slice.size}, boxes.back(), windows.low.front());
    }
    seen.data = rest.data();
    return true;
  };
  for (int look = 0; look < kMostLooks && found.size() < kMostFoundTexts; ++look) {
    if (!take(text_in(network_, seen, shown, thresholds, device))) break;
  }
  for (const dicom::StoredWindow& window : narrow_windows(slice, shown, windows)) {
    if (found.size() < kMostFoundTexts) take(text_in_window(network_, seen, window, thresholds, device));
  }
  if (found.empty()) return found;
  const float darkest = darkest_grey(seen, shown, windows);
  for (FoundText& text : found) {
    text.is_on_background = is_on_background({slice.data, {slice.size.x, slice.size.y, 1}}, darkest, text.region);
  }
  return found;
}

bool TextDetector::confirms(VolumeView<const float> slice, const dicom::ShownValues& shown,
                            const TextRegion& region) const {
  TextDevice here;
  return confirmed_log_odds(network_, slice, text_windows(slice, shown), region, here).has_value();
}

void require_room_for_text(std::uint64_t memory_bytes, std::uint64_t limit_bytes) {
  if (memory_bytes > kTextWorkBytes) return;
  throw Error(ErrorCode::memory_exceeded,
              fmt::format("looking for text takes {} beside the files: give a larger --memory than {}, such as 512MiB",
                          format_size_bytes(kTextWorkBytes), format_size_bytes(limit_bytes)));
}

}  // namespace naru
