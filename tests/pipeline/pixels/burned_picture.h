/// Pictures with text burned in, and the files that hold them, in every encoding that the detector must not care about.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/text_regions.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

/// Letters of 5 x 7 dots, as terminals and scanners draw them.
struct Letter {
  char letter;
  std::array<std::string_view, 7> rows;
};
inline constexpr std::array<Letter, 8> kLetters = {{
    {'K', {"#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"}},
    {'I', {".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."}},
    {'M', {"#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"}},
    {'0', {".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."}},
    {'1', {"..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."}},
    {'8', {".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."}},
    {'9', {".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."}},
    {' ', {".....", ".....", ".....", ".....", ".....", ".....", "....."}},
}};

/// A head of soft tissue and bone in black air, values 0 to 1000; the same for the same size.
struct Picture {
  static constexpr std::int64_t kSize = 256;
  std::vector<int> values = std::vector<int>(static_cast<std::size_t>(kSize * kSize));
  std::vector<TextRegion> texts;

  Picture() {
    std::mt19937 random(5);
    for (std::int64_t y = 0; y < kSize; ++y) {
      for (std::int64_t x = 0; x < kSize; ++x) {
        const double u = (static_cast<double>(x) - 128) / 80, v = (static_cast<double>(y) - 136) / 96;
        const double r = std::hypot(u, v);
        const double tissue = r < 0.9 ? 420 + 60 * std::sin(5 * u) * std::cos(4 * v) : r < 1 ? 800 : 0;
        at(x, y) = static_cast<int>(tissue) + static_cast<int>(random() % 20);
      }
    }
  }

  int& at(std::int64_t x, std::int64_t y) { return values[static_cast<std::size_t>(y * kSize + x)]; }

  /// Writes letters of kLetters, `scale` pixels a dot.
  Picture& write(std::string_view text, std::int64_t left, std::int64_t top, int value = 1000, std::int64_t scale = 2) {
    for (std::size_t n = 0; n < text.size(); ++n) {
      for (const Letter& letter : kLetters) {
        if (letter.letter != text[n]) continue;
        for (std::int64_t y = 0; y < 7 * scale; ++y) {
          for (std::int64_t x = 0; x < 5 * scale; ++x) {
            const bool is_ink =
                letter.rows[static_cast<std::size_t>(y / scale)][static_cast<std::size_t>(x / scale)] == '#';
            if (is_ink) at(left + static_cast<std::int64_t>(n) * 6 * scale + x, top + y) = value;
          }
        }
      }
    }
    const auto length = static_cast<std::int64_t>(text.size());
    texts.push_back({left, top, (6 * length - 1) * scale, 7 * scale, 0, 1});
    return *this;
  }
};

/// A picture with a name and a date written at these places.
inline Picture with_text(std::int64_t left, std::int64_t top) { return Picture().write("KIM 19800101", left, top); }

inline std::string bytes_of(
    const std::vector<int>& values, int bytes_each,
    const std::function<int(int)>& stored = [](int value) { return value; }) {
  std::string bytes;
  for (const int value : values) {
    const int number = stored(value);
    bytes += static_cast<char>(number & 0xFF);
    if (bytes_each == 2) bytes += static_cast<char>(number >> 8 & 0xFF);
  }
  return bytes;
}

/// A CT slice of a picture's size; `pixels` as stored.
inline SliceBytes picture_slice(std::uint16_t bits_allocated, std::uint16_t bits_stored, bool is_signed,
                                std::string pixels) {
  SliceBytes slice;
  slice.number(0x00280010, Picture::kSize).number(0x00280011, Picture::kSize).number(0x00280100, bits_allocated);
  slice.number(0x00280101, bits_stored).number(0x00280102, static_cast<std::uint16_t>(bits_stored - 1));
  slice.number(0x00280103, is_signed ? 1 : 0);
  return slice.raw(0x7FE00010, "OW", std::move(pixels));
}

inline SliceBytes slice_of_picture(const Picture& picture) {
  return picture_slice(16, 12, false, bytes_of(picture.values, 2));
}

}  // namespace naru::test
