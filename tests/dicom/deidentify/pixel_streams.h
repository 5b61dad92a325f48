/// Compressed frames by the encoders of DCMTK, OpenJPEG and OpenJPH, what they decode to, and segments to plant in
/// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/codecs/decode.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/instance.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

inline constexpr std::string_view kToken = "KIM^GILDONG 800101-1234567";

struct PixelStream {
  std::string bytes;
  dicom::PixelFormat format;
};

/// The frame of a phantom's slice in one of the JPEG syntaxes of all_syntaxes().
inline PixelStream phantom_stream(const SyntaxName& syntax) {
  dicom::initialize();
  const TempFolder folder;
  PhantomOptions options;
  options.size = {32, 24, 1};
  options.transfer_syntax_uid = syntax.uid;
  options.is_signed = false;
  options.bits_stored = 12;
  const std::string file = slurp(write_series(options, folder.path()).files.front());
  const auto header = dicom::read_instance(std::as_bytes(std::span(file)), file.size());
  PixelStream stream{"", header.pixels.value()};
  const auto item_length = [&](std::size_t at) {
    return dicom::read_u32(std::as_bytes(std::span(file)), at + 4, false);
  };
  std::size_t at = stream.format.offset_bytes + 8 + item_length(stream.format.offset_bytes);
  for (; at + 8 <= file.size() && static_cast<unsigned char>(file[at + 2]) == 0; at += 8 + item_length(at)) {
    stream.bytes += file.substr(at + 8, item_length(at));
  }
  return stream;
}

/// The frame's values; empty where the decoder refuses.
inline std::optional<std::vector<std::uint16_t>> decoded(const std::string& bytes, const dicom::PixelFormat& format) {
  dicom::initialize();
  std::vector<std::uint16_t> out(static_cast<std::size_t>(format.rows * format.columns * format.samples_per_pixel));
  if (dicom::decode_frame(std::as_bytes(std::span(bytes)), format, out)) return std::nullopt;
  return out;
}

inline dicom::EmbeddedText clean(std::string& bytes) {
  return dicom::clean_pixel_stream(std::as_writable_bytes(std::span(bytes)));
}

inline bool needs_cleaning(const std::string& bytes) { return dicom::needs_cleaning(std::as_bytes(std::span(bytes))); }

inline std::string big_endian(std::uint32_t number, int bytes) {
  std::string text;
  for (int n = bytes - 1; n >= 0; --n) text += static_cast<char>(number >> (8 * n) & 0xFF);
  return text;
}

/// A marker segment of JPEG or JPEG 2000: 0xFF, code, length, payload.
inline std::string segment(int code, std::string_view payload) {
  return "\xFF" + big_endian(static_cast<std::uint32_t>(code), 1) +
         big_endian(static_cast<std::uint32_t>(payload.size() + 2), 2) + std::string(payload);
}

inline std::string with_inserted(std::string bytes, std::size_t at, std::string_view inserted) {
  return bytes.insert(at, inserted);
}

}  // namespace naru::test
