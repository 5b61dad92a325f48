/// A Segmentation drawn over a generated head, written byte by byte.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/dicom/slice_bytes.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/head_series.h"

namespace naru::test {

/// A sequence of one item.
inline std::string one_item(std::uint32_t tag, const std::string& content) {
  return SliceBytes::open_sequence(tag) + SliceBytes::open_item() + content +
         std::string("\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16);
}

inline std::string padded(std::uint32_t tag, std::string_view vr, std::string value) {
  if (value.size() % 2 != 0) value += ' ';
  return SliceBytes::element(tag, vr, value);
}

struct DrawnMask {
  const HeadSeries& head;
  std::function<bool(std::int64_t x, std::int64_t y, std::int64_t z)> is_marked;
  int bits = 1;                     ///< or 8
  bool has_positions = true;        ///< of its frames
  std::string frame = "2.999.5.1";  ///< of reference

  /// A frame for each slice of the head. @param number of its series
  SliceBytes bytes(const std::string& patient, int number) const {
    const PatientGrid& grid = head.grid();
    const auto& [columns, rows, frames] = grid.size;
    std::string pixels(static_cast<std::size_t>((columns * rows * frames * bits + 7) / 8), '\0'), groups;
    std::size_t n = 0;
    for (std::int64_t z = 0; z < frames; ++z) {
      const Vec3 at = grid.center(0, 0, z);
      const std::string place = std::to_string(at[0]) + "\\" + std::to_string(at[1]) + "\\" + std::to_string(at[2]);
      const std::string position =
          has_positions ? one_item(0x00209113, padded(0x00200032, "DS", place)) : std::string();
      groups += SliceBytes::open_item() + position + std::string("\xFE\xFF\x0D\xE0\0\0\0\0", 8);
      for (std::int64_t y = 0; y < rows; ++y) {
        for (std::int64_t x = 0; x < columns; ++x, ++n) {
          if (!is_marked(x, y, z)) continue;
          char& byte = pixels[bits == 8 ? n : n / 8];
          byte = static_cast<char>(bits == 8 ? 3 : static_cast<unsigned char>(byte) | 1 << n % 8);
        }
      }
    }
    SliceBytes file = slice_of(patient, 1, number);
    file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.66.4").text(0x00080060, "CS", "SEG");
    file.text(0x00200052, "UI", frame).text(0x00280008, "IS", std::to_string(frames));
    file.number(0x00280010, static_cast<std::uint16_t>(rows)).number(0x00280011, static_cast<std::uint16_t>(columns));
    file.number(0x00280100, static_cast<std::uint16_t>(bits)).number(0x00280101, static_cast<std::uint16_t>(bits));
    file.number(0x00280102, static_cast<std::uint16_t>(bits - 1)).number(0x00280103, 0);
    file.remove(0x00200032).remove(0x00200037).remove(0x00280030).remove(0x00180050);
    file.remove(0x00281052).remove(0x00281053);
    if (pixels.size() % 2 != 0) pixels += '\0';
    file.raw(0x7FE00010, "OB", pixels);
    const std::string shared = one_item(0x00209116, padded(0x00200037, "DS", "1\\0\\0\\0\\1\\0")) +
                               one_item(0x00289110, padded(0x00280030, "DS", "3\\3"));
    return file.insert(one_item(0x52009229, shared) + SliceBytes::open_sequence(0x52009230) + groups +
                       std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8));
  }
};

}  // namespace naru::test
