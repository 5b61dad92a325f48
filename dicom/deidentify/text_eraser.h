/// Writes over text that stands in bytes of another kind, or only counts what it would write over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "dicom/deidentify/embedded_text.h"

namespace naru::dicom {

class TextEraser {
 public:
  explicit TextEraser(std::span<std::byte> bytes) : bytes_(bytes), writable_(bytes) {}
  /// Only counts.
  explicit TextEraser(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes() const { return bytes_; }
  const EmbeddedText& found() const { return found_; }

  /// Spaces and NULs say nothing.
  bool is_blank(std::size_t offset, std::size_t length) const {
    return std::ranges::all_of(bytes_.subspan(offset, length),
                               [](std::byte b) { return b == std::byte{0} || b == std::byte{' '}; });
  }

  /// Spaces over what is not blank.
  void blank(std::size_t offset, std::size_t length) {
    if (!is_blank(offset, length)) fill(offset, length, std::byte{' '});
  }

  /// Zeros over what is not zero.
  void zero(std::size_t offset, std::size_t length) {
    const auto range = bytes_.subspan(offset, length);
    if (std::ranges::any_of(range, [](std::byte b) { return b != std::byte{0}; })) fill(offset, length, std::byte{0});
  }

  /// Zeros over what stands from `offset` to `end`, behind the end of something. A single byte is the padding to an
  /// even length, whatever it holds.
  void zero_tail(std::size_t offset, std::size_t end) {
    if (end - offset > 1) zero(offset, end - offset);
  }

  /// Writes bytes that were cleaned elsewhere over the ones they come from.
  void replace(std::size_t offset, std::span<const std::byte> cleaned) {
    if (!writable_.empty()) std::ranges::copy(cleaned, writable_.subspan(offset).begin());
  }

  /// Takes over what was found in bytes that were cleaned elsewhere.
  void add(const EmbeddedText& other) {
    found_.comments += other.comments;
    found_.bytes += other.bytes;
  }

 private:
  void fill(std::size_t offset, std::size_t length, std::byte value) {
    found_.comments += 1;
    found_.bytes += length;
    if (!writable_.empty()) std::ranges::fill(writable_.subspan(offset, length), value);
  }

  std::span<const std::byte> bytes_;
  std::span<std::byte> writable_;
  EmbeddedText found_;
};

}  // namespace naru::dicom
