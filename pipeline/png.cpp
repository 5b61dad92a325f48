#include "pipeline/png.h"

#include <openssl/evp.h>
#include <png.h>

#include <algorithm>

#include "core/error.h"

namespace naru {

std::vector<std::uint8_t> png_of(const GreyPicture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_GRAY;
  image.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::uint8_t> png(size);
  if (png_image_write_to_memory(&image, png.data(), &size, 0, picture.pixels.data(), 0, nullptr) == 0) {
    throw Error(ErrorCode::internal, "a picture of the report could not be encoded");
  }
  png.resize(size);
  return png;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::vector<std::uint8_t> bytes_of_base64(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
  const int length =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  // EVP_DecodeBlock counts the padding as zeros.
  const auto padding = std::ranges::count(text.substr(text.size() - std::min<std::size_t>(text.size(), 2)), '=');
  bytes.resize(length < padding ? 0 : static_cast<std::size_t>(length - padding));
  return bytes;
}

}  // namespace naru
