/// Grey pictures as PNG, and bytes as text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

/// 8 bits a pixel, row by row from the top.
struct GreyPicture {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

/// @pre width and height are positive. @throws Error{internal} where libpng refuses
std::vector<std::uint8_t> png_of(const GreyPicture& picture);

std::string base64(std::span<const std::uint8_t> bytes);
/// Empty where `text` is none.
std::vector<std::uint8_t> bytes_of_base64(std::string_view text);

}  // namespace naru
