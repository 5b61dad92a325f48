#include "pipeline/pixels/text_reader.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "pipeline/pixels/frame_picture.h"
#include "pipeline/pixels/tesseract.h"
#include "pipeline/pixels/text_detector.h"

namespace naru {

namespace {

struct FreeEngine {
  void operator()(TessBaseAPI* engine) const { tesseract()->destroy(engine); }
};
using Engine = std::unique_ptr<TessBaseAPI, FreeEngine>;

struct FreeText {
  void operator()(char* text) const { tesseract()->delete_text(text); }
};

constexpr std::array<const char*, 3> kLanguages = {"eng+kor", "eng", "kor"};  // the first that is whole

std::ptrdiff_t count_languages(const TessBaseAPI* engine) {
  char** const names = tesseract()->loaded_languages(engine);
  std::ptrdiff_t count = 0;
  while (names != nullptr && names[count] != nullptr) ++count;
  if (names != nullptr) tesseract()->delete_text_array(names);
  return count;
}

/// @pre tesseract() is there
Engine engine_of(const char* languages) {
  Engine engine(tesseract()->create());
  tesseract()->set_variable(engine.get(), "debug_file", "/dev/null");
  if (tesseract()->init(engine.get(), nullptr, languages, ::tesseract::OEM_LSTM_ONLY) != 0) return nullptr;
  // A language that is missing is left out without an error.
  if (count_languages(engine.get()) != std::ranges::count(std::string_view(languages), '+') + 1) return nullptr;
  return engine;
}

}  // namespace

/// An engine serves one thread at a time.
struct TextReader::Engines {
  const char* languages = nullptr;
  std::mutex mutex;
  std::vector<Engine> free;

  Engine take() {
    {
      const std::lock_guard lock(mutex);
      if (!free.empty()) {
        auto engine = std::move(free.back());
        free.pop_back();
        return engine;
      }
    }
    auto engine = engine_of(languages);
    if (!engine) throw Error(ErrorCode::internal, "the reader of text in pictures could not be started");
    return engine;
  }
  void give_back(Engine engine) {
    const std::lock_guard lock(mutex);
    free.push_back(std::move(engine));
  }
};

TextReader::TextReader() : engines_(std::make_unique<Engines>()) {
  for (const char* const languages : kLanguages) {
    if (tesseract() == nullptr) break;
    auto engine = engine_of(languages);
    if (!engine) continue;
    engines_->languages = languages;
    engines_->give_back(std::move(engine));
    name_ = fmt::format("tesseract {} {}", tesseract()->version(), languages);
    return;
  }
  log::warning("what is blanked is not read: install tesseract-ocr-eng and tesseract-ocr-kor");
}

TextReader::~TextReader() = default;

const TextReader& TextReader::built_in() {
  static const TextReader reader;
  return reader;
}

std::string TextReader::read(const GreyPicture& picture) const {
  omp_set_num_threads(1);  // of this thread: pictures are read side by side
  std::vector<std::uint8_t> dark_on_light(picture.pixels.size());
  std::ranges::transform(picture.pixels, dark_on_light.begin(),
                         [](std::uint8_t grey) { return static_cast<std::uint8_t>(255 - grey); });
  auto engine = engines_->take();
  constexpr int kDotsPerInch = 150;  // taken for granted, so that it is not guessed
  const Tesseract& with = *tesseract();
  with.set_image(engine.get(), dark_on_light.data(), static_cast<int>(picture.width), static_cast<int>(picture.height),
                 1, static_cast<int>(picture.width));
  with.set_source_resolution(engine.get(), kDotsPerInch);
  std::string both;
  for (const auto mode : {::tesseract::PSM_SPARSE_TEXT, ::tesseract::PSM_SINGLE_BLOCK}) {
    with.set_page_seg_mode(engine.get(), mode);
    const std::unique_ptr<char, FreeText> text(with.utf8_text(engine.get()));
    if (!text) throw Error(ErrorCode::internal, "the reader of text in pictures failed");
    both += std::string(text.get()) + '\n';
  }
  with.clear(engine.get());
  engines_->give_back(std::move(engine));
  return both;
}

namespace {

bool holds(std::span<const dicom::PixelBox> boxes, std::int64_t x, std::int64_t y) {
  return std::ranges::any_of(boxes, [&](const dicom::PixelBox& box) {
    return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
  });
}

/// The percentiles 0.5 and 99.5 of a part beside what is covered; empty where all of it is.
std::optional<std::pair<float, float>> range_beside(VolumeView<const float> frame, std::int64_t plane,
                                                    const FramePart& part, std::span<const dicom::PixelBox> covered) {
  std::vector<float> values;
  for (std::int64_t y = part.top; y < part.bottom; ++y) {
    for (std::int64_t x = part.left; x < part.right; ++x) {
      const float value = frame.data[frame.index(x, y, plane)];
      if (std::isfinite(value) && !holds(covered, x, y)) values.push_back(value);
    }
  }
  if (values.empty()) return std::nullopt;
  return at_shares(values, 0.005, 0.995);
}

/// Darkens boxes.
void cover_all(GreyPicture& picture, const FramePart& part, std::span<const dicom::PixelBox> boxes) {
  for (std::int64_t y = part.top; y < part.bottom; ++y) {
    for (std::int64_t x = part.left; x < part.right; ++x) {
      if (holds(boxes, x, y))
        picture.pixels[static_cast<std::size_t>((y - part.top) * picture.width + x - part.left)] = 0;
    }
  }
}

/// True where dark and bright change at more than every fourth pixel: nothing can be read there, and trying takes long.
bool is_noise(const GreyPicture& picture) {
  constexpr std::uint8_t kMiddle = 128;
  std::size_t changes = 0;
  for (std::size_t n = 1; n < picture.pixels.size(); ++n) {
    changes += (picture.pixels[n - 1] < kMiddle) != (picture.pixels[n] < kMiddle);
  }
  return 4 * changes > picture.pixels.size();
}

/// Two lines above and below a box, a dozen letters before and after it.
FramePart part_beside(const dicom::PixelBox& box, Size3 size) {
  const std::int64_t height = std::min(box.width, box.height);
  const std::int64_t along = std::clamp<std::int64_t>(10 * height, 64, 400);
  const std::int64_t across = std::clamp<std::int64_t>(2 * height, 16, 120);
  const std::int64_t x = box.width >= box.height ? along : across, y = box.width >= box.height ? across : along;
  return part_of({box.frame, box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y, {}}, 0, size);
}

/// So large that letters of `height` pixels are as the reader knows them.
GreyPicture to_be_read(const GreyPicture& picture, std::int64_t height) {
  constexpr std::int64_t kLetterPixels = 32, kMostGrowth = 4, kMostPixels = 2000;
  const std::int64_t factor =
      std::clamp<std::int64_t>(kLetterPixels / std::max<std::int64_t>(height, 1), 1, kMostGrowth);
  return shrunk(grown(picture, factor), kMostPixels);
}

}  // namespace

std::optional<TextRegion> find_words_beside(VolumeView<const float> frame, const dicom::ShownValues& shown,
                                            std::span<const dicom::PixelBox> around,
                                            std::span<const dicom::PixelBox> covered, const dicom::SeenWords& words,
                                            const TextReader& reader) {
  constexpr float kLeastContrast = 0.04F;  // of the frame's percentiles
  if (words.empty() || around.empty()) return std::nullopt;
  const TextWindows windows = text_windows(frame, shown);
  const float least_contrast = kLeastContrast * (windows.high.back() - windows.low.back());
  for (const dicom::PixelBox& box : around) {
    const FramePart part = part_beside(box, frame.size);
    std::string text;
    for (std::int64_t plane = 0; plane < std::min<std::int64_t>(frame.size.z, 2); ++plane) {  // luminance, maximum
      const auto range = range_beside(frame, plane, part, covered);
      if (!range || range->second - range->first < least_contrast) continue;
      GreyPicture picture = picture_of(frame, part, range->first, range->second, plane);
      cover_all(picture, part, covered);
      if (is_noise(picture)) continue;
      picture = to_be_read(picture, std::min(box.width, box.height));
      text += reader.read(picture);
      if (box.height <= box.width) continue;
      picture = turned(picture);  // a line that runs up or down
      text += reader.read(picture);
      text += reader.read(turned(turned(picture)));
    }
    if (!words.stand_in(text)) continue;
    const std::int64_t width = part.right - part.left, rows = part.bottom - part.top;
    return TextRegion{part.left, part.top, width, rows, width * rows, 1};
  }
  return std::nullopt;
}

std::vector<dicom::PixelBox> boxes_in_frame(std::span<const dicom::PixelBox> boxes, std::int64_t frame) {
  std::vector<dicom::PixelBox> found;
  std::ranges::copy_if(boxes, std::back_inserter(found), [&](const dicom::PixelBox& box) {
    return !box.is_face() && (box.frame < 0 || box.frame == frame);
  });
  return found;
}

std::vector<dicom::PixelBox> boxes_to_read(std::span<const dicom::PixelBox> boxes, std::int64_t frame,
                                           std::int64_t frame_count) {
  if (frame == 0 || frame == frame_count / 2 || frame == frame_count - 1) return boxes_in_frame(boxes, frame);
  const auto stands_in_all = [&](const dicom::PixelBox& box) {
    return box.frame < 0 || std::ranges::any_of(boxes, [&](const dicom::PixelBox& all) {
             return all.frame < 0 && box.x >= all.x && box.y >= all.y && box.x + box.width <= all.x + all.width &&
                    box.y + box.height <= all.y + all.height;
           });
  };
  std::vector<dicom::PixelBox> found = boxes_in_frame(boxes, frame);
  std::erase_if(found, stands_in_all);
  return found;
}

}  // namespace naru
