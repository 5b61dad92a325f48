/// A DICOM file written byte by byte, without DCMTK, so that a test can put any nonsense into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/instance.h"

namespace naru::test {

class SliceBytes {
 public:
  /// A sound CT slice of 4 columns and 2 rows in Explicit VR Little Endian.
  SliceBytes();

  SliceBytes& text(std::uint32_t tag, const char (&vr)[3], std::string value);
  SliceBytes& number(std::uint32_t tag, std::uint16_t value);
  SliceBytes& raw(std::uint32_t tag, const char (&vr)[3], std::string value);
  SliceBytes& remove(std::uint32_t tag);
  SliceBytes& transfer_syntax(std::string uid);
  /// Overrides the length that Pixel Data states.
  SliceBytes& stated_pixel_length(std::uint32_t length);
  /// Bytes between the last element and Pixel Data, already encoded.
  SliceBytes& insert(std::string encoded);

  std::string bytes() const;

  /// One element in Explicit VR Little Endian.
  static std::string element(std::uint32_t tag, std::string_view vr, std::string_view value);
  /// A sequence or item of undefined length: header only.
  static std::string open_sequence(std::uint32_t tag);
  static std::string open_item();

 private:
  struct Element {
    std::string vr, value;
  };
  std::map<std::uint32_t, Element> elements_;
  std::string transfer_syntax_ = "1.2.840.10008.1.2.1", inserted_;
  std::int64_t pixel_length_ = -1;
};

/// read_instance over a whole file in memory.
dicom::HeaderResult header_of(const std::string& file);

}  // namespace naru::test
