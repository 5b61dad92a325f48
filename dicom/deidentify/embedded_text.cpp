#include "dicom/deidentify/embedded_text.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/icc_text.h"
#include "dicom/deidentify/j2k_text.h"
#include "dicom/deidentify/jpeg_text.h"
#include "dicom/deidentify/text_eraser.h"

namespace naru::dicom {

namespace {

bool is_jpeg(std::span<const std::byte> frame) {
  constexpr std::array kStartOfImage = {std::byte{0xFF}, std::byte{0xD8}};
  return frame.size() >= 2 && std::ranges::equal(frame.first(2), kStartOfImage);
}

bool is_codestream(std::span<const std::byte> frame) {
  constexpr std::array kStartAndSize = {std::byte{0xFF}, std::byte{0x4F}, std::byte{0xFF}, std::byte{0x51}};
  return frame.size() >= 4 && std::ranges::equal(frame.first(4), kStartAndSize);
}

/// A kind of stream: how it begins, and how its text is erased.
struct Kind {
  PixelStreamKind kind;
  bool (*begins)(std::span<const std::byte> frame);
  bool (*erase)(TextEraser& eraser);
};
constexpr std::array kKinds = {
    Kind{PixelStreamKind::jpeg, is_jpeg, erase_jpeg_text},
    Kind{PixelStreamKind::jpeg_2000, is_codestream, erase_codestream_text},
    Kind{PixelStreamKind::jpeg_2000, is_jp2_file, erase_jp2_text},
};

const Kind* find_kind(std::span<const std::byte> frame) {
  const auto* found = std::ranges::find_if(kKinds, [&](const Kind& row) { return row.begins(frame); });
  return found == kKinds.end() ? nullptr : found;
}

EmbeddedText erase_stream(TextEraser eraser) {
  const Kind* kind = find_kind(eraser.bytes());
  const bool is_sound = kind == nullptr || kind->erase(eraser);
  EmbeddedText found = eraser.found();
  found.is_sound = is_sound;
  return found;
}

}  // namespace

PixelStreamKind pixel_stream_kind(std::span<const std::byte> frame) {
  const Kind* kind = find_kind(frame);
  return kind == nullptr ? PixelStreamKind::other : kind->kind;
}

EmbeddedText clean_pixel_stream(std::span<std::byte> frame) { return erase_stream(TextEraser(frame)); }

bool needs_cleaning(std::span<const std::byte> frame) {
  const EmbeddedText found = erase_stream(TextEraser(frame));
  return found.is_changed() || !found.is_sound;
}

EmbeddedText clean_icc_profile(std::span<std::byte> profile) {
  TextEraser eraser(profile);
  const bool is_sound = erase_icc_text(eraser);
  EmbeddedText found = eraser.found();
  found.is_sound = is_sound;
  return found;
}

}  // namespace naru::dicom
