#include "dicom/deidentify/j2k_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "dicom/deidentify/icc_text.h"
#include "dicom/deidentify/known_texts.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

namespace {

constexpr std::uint32_t kStartOfCodestream = 0xFF4F, kStartOfTilePart = 0xFF90, kStartOfData = 0xFF93,
                        kEndOfCodestream = 0xFFD9, kComment = 0xFF64;

/// Markers of main and tile-part headers that lead a segment: part 1 with PRF, CAP and CPF; of part 2 those of
/// transformations over components, all that DICOM has of it (PS3.5 A.4.5). In others a decoder may find anything.
constexpr std::array<std::uint32_t, 21> kSegmentMarkers = {0xFF50, 0xFF51, 0xFF52, 0xFF53, 0xFF55, 0xFF56, 0xFF57,
                                                           0xFF58, 0xFF59, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60,
                                                           0xFF61, 0xFF63, 0xFF64, 0xFF74, 0xFF75, 0xFF77, 0xFF78};

class CodestreamWalk {
 public:
  /// Over the bytes from `begin` to `end`.
  CodestreamWalk(TextEraser& eraser, std::size_t begin, std::size_t end)
      : eraser_(eraser), bytes_(eraser.bytes()), at_(begin), end_(end) {}

  bool run() {
    if (left() < 2 || u16(at_) != kStartOfCodestream) return false;
    at_ += 2;
    return read_segments(kStartOfTilePart) && read_tile_parts() && read_end();
  }

 private:
  std::size_t left() const { return end_ - at_; }
  std::uint32_t u16(std::size_t offset) const { return read_u16(bytes_, offset, true); }

  /// Reads segments up to `last`.
  bool read_segments(std::uint32_t last) {
    while (left() >= 4) {
      const std::uint32_t marker = u16(at_);
      if (marker == last) return true;
      const std::size_t length = u16(at_ + 2);
      const bool is_segment = std::ranges::find(kSegmentMarkers, marker) != kSegmentMarkers.end();
      if (!is_segment || length < 2 || length > left() - 2) return false;
      if (marker == kComment) erase_comment(at_ + 4, length - 2);
      at_ += 2 + length;
    }
    return left() >= 2 && u16(at_) == last;
  }

  /// Two bytes say whether it is text; not all programs agree on what is, so both kinds are erased.
  void erase_comment(std::size_t offset, std::size_t length) {
    constexpr std::size_t kKindBytes = 2;
    if (length <= kKindBytes) return;
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + offset + kKindBytes,
                                length - kKindBytes);
    if (!is_encoder_signature(text)) eraser_.blank(offset + kKindBytes, text.size());
  }

  bool read_tile_parts() {
    constexpr std::size_t kTilePartBytes = 12, kTilePartLength = 10;
    bool has_any = false;
    while (left() >= kTilePartBytes && u16(at_) == kStartOfTilePart) {
      const std::size_t start = at_;
      const std::size_t length = read_u32(bytes_, start + 6, true);
      if (u16(start + 2) != kTilePartLength) return false;
      at_ += kTilePartBytes;
      if (!read_segments(kStartOfData)) return false;
      at_ += 2;
      has_any = true;
      if (length == 0) {
        skip_data();
        break;
      }
      if (length < at_ - start || length > end_ - start) return false;
      at_ = start + length;
    }
    return has_any;
  }

  /// A tile-part of unknown length goes to the end mark: coded data hold nothing above 0xFF8F but markers (T.800 A.1).
  void skip_data() {
    while (left() >= 2) {
      const void* found = std::memchr(bytes_.data() + at_, 0xFF, left() - 1);
      if (found == nullptr) break;
      at_ = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes_.data());
      if (u16(at_) == kEndOfCodestream) return;
      ++at_;
    }
    at_ = end_;
  }

  /// Some encoders leave the end mark out: then only padding may follow.
  bool read_end() {
    if (left() >= 2 && u16(at_) == kEndOfCodestream) {
      eraser_.zero_tail(at_ + 2, end_);
      return true;
    }
    const auto rest = bytes_.subspan(at_, left());
    return left() < 2 || std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; });
  }

  TextEraser& eraser_;
  Bytes bytes_;
  std::size_t at_, end_;
};

constexpr std::uint32_t box_type(const char (&text)[5]) {
  std::uint32_t type = 0;
  for (int n = 0; n < 4; ++n) type = type << 8 | static_cast<unsigned char>(text[n]);
  return type;
}

constexpr std::uint32_t kSignature = box_type("jP  "), kCodestream = box_type("jp2c"), kColour = box_type("colr");
/// Numbers alone.
constexpr std::array kKeptBoxes = {kSignature,       box_type("ftyp"), box_type("ihdr"),
                                   box_type("bpcc"), box_type("pclr"), box_type("cmap"),
                                   box_type("cdef"), box_type("resc"), box_type("resd")};
/// Boxes of boxes.
constexpr std::array kSuperBoxes = {box_type("jp2h"), box_type("res "), box_type("jpch"),
                                    box_type("jplh"), box_type("cgrp"), box_type("asoc")};

/// One box: where its contents stand.
struct Box {
  std::uint32_t type = 0;
  std::size_t begin = 0, end = 0;
};

class BoxWalk {
 public:
  explicit BoxWalk(TextEraser& eraser) : eraser_(eraser), bytes_(eraser.bytes()) {}

  bool run() { return walk(0, bytes_.size(), 0) && has_codestream_; }

 private:
  static constexpr std::size_t kHeaderBytes = 8, kLongHeaderBytes = 16;
  static constexpr int kMaxDepth = 8;

  std::uint32_t u32(std::size_t offset) const { return read_u32(bytes_, offset, true); }

  bool walk(std::size_t at, std::size_t end, int depth) {
    while (end - at >= kHeaderBytes && (u32(at) != 0 || u32(at + 4) != 0)) {
      Box box;
      if (!read_box(at, end, box)) {
        if (depth > 0 || !has_codestream_) return false;
        break;  // no more boxes, but bytes behind their end
      }
      if (!erase_box(box, depth)) return false;
      at = box.end;
    }
    eraser_.zero_tail(at, end);
    return true;
  }

  /// Length 0: to the end. Length 1: a longer one follows. That of a codestream may be off by a byte of padding.
  bool read_box(std::size_t at, std::size_t end, Box& box) const {
    std::uint64_t length = u32(at), header = kHeaderBytes;
    box.type = u32(at + 4);
    if (length == 1 && end - at >= kLongHeaderBytes) {
      length = std::uint64_t{u32(at + 8)} << 32 | u32(at + 12);
      header = kLongHeaderBytes;
    }
    if (length == 0 || (box.type == kCodestream && length > end - at)) length = end - at;
    if (length < header || length > end - at) return false;
    box.begin = at + header;
    box.end = at + length;
    return true;
  }

  bool erase_box(const Box& box, int depth) {
    if (box.type == kCodestream) {
      if (has_codestream_) return false;  // nobody looks at a second picture
      has_codestream_ = true;
      return CodestreamWalk(eraser_, box.begin, box.end).run();
    }
    if (box.type == kColour) return erase_colour(box);
    if (std::ranges::find(kKeptBoxes, box.type) != kKeptBoxes.end()) return true;
    if (std::ranges::find(kSuperBoxes, box.type) != kSuperBoxes.end()) {
      return depth < kMaxDepth && walk(box.begin, box.end, depth + 1);
    }
    eraser_.blank(box.begin, box.end - box.begin);
    return true;
  }

  /// Method, precedence, approximation; then the number of a colour space or an ICC profile.
  bool erase_colour(const Box& box) {
    constexpr std::size_t kFixedBytes = 3, kEnumeratedBytes = 4;
    constexpr int kEnumerated = 1, kRestrictedProfile = 2, kAnyProfile = 3;
    if (box.end - box.begin < kFixedBytes) return false;
    const int method = std::to_integer<int>(bytes_[box.begin]);
    const std::size_t begin = box.begin + kFixedBytes;
    if (method == kEnumerated) {
      const std::size_t surplus = std::min(begin + kEnumeratedBytes, box.end);
      eraser_.zero(surplus, box.end - surplus);
      return true;
    }
    if (method != kRestrictedProfile && method != kAnyProfile) {
      eraser_.blank(begin, box.end - begin);
      return true;
    }
    const auto profile = bytes_.subspan(begin, box.end - begin);
    std::vector<std::byte> copy(profile.begin(), profile.end());
    TextEraser cleaner{std::span(copy)};
    if (!erase_icc_text(cleaner)) return false;
    eraser_.add(cleaner.found());
    eraser_.replace(begin, copy);
    return true;
  }

  TextEraser& eraser_;
  Bytes bytes_;
  bool has_codestream_ = false;
};

}  // namespace

bool is_jp2_file(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 && read_u32(bytes, 4, true) == kSignature;
}

bool erase_codestream_text(TextEraser& eraser) { return CodestreamWalk(eraser, 0, eraser.bytes().size()).run(); }

bool erase_jp2_text(TextEraser& eraser) { return BoxWalk(eraser).run(); }

}  // namespace naru::dicom
