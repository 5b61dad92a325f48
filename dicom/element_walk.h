/// Walks the elements of an encoded data set without building a tree, so that no file can make it recurse or allocate:
/// values of stated length are stepped over, and only sequences of undefined length are entered, at most
/// `kMaxNesting` deep.
/// Source: PS3.5 section 7.1 (data elements), 7.5 (sequences), 6.2.2 note 2 (UN of undefined length), A.4 (fragments).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dicom/transfer_syntax.h"

namespace naru::dicom {

using Bytes = std::span<const std::byte>;

/// Real files nest a dozen levels; what is deeper was made to exhaust a parser's stack.
inline constexpr int kMaxNesting = 64;
inline constexpr std::uint32_t kUndefinedLength = 0xFFFFFFFF;

/// A tag as one number: group in the upper half, so that numeric order is the order in a file.
using Tag = std::uint32_t;
constexpr std::uint16_t group_of(Tag tag) { return static_cast<std::uint16_t>(tag >> 16); }
inline constexpr Tag kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;
inline constexpr Tag kPixelData = 0x7FE00010;

/// Float Pixel Data and Double Float Pixel Data, which an image has instead of Pixel Data (PS3.3 C.7.6.24, C.7.6.25).
constexpr bool is_float_pixel_data(Tag tag) { return tag == 0x7FE00008 || tag == 0x7FE00009; }

/// Two characters as one number, e.g. vr("OW"); 0 where the encoding has none.
using Vr = std::uint16_t;
constexpr Vr vr(const char (&text)[3]) { return static_cast<Vr>(text[0] << 8 | text[1]); }

/// True for the VRs of PS3.5 section 6.2.
bool is_known_vr(Vr value_representation);

/// True for VRs whose explicit length takes four bytes (PS3.5 table 7.1-1). VRs of future editions take the long form;
/// bytes that are no VR at all were written with the short one by the programs known to do so (DCMTK reads them in the
/// same way).
bool has_long_length(Vr value_representation);

/// The byte as a number.
inline int byte_at(Bytes bytes, std::size_t offset) { return std::to_integer<int>(bytes[offset]); }
std::uint16_t read_u16(Bytes bytes, std::size_t offset, bool is_big_endian);
std::uint32_t read_u32(Bytes bytes, std::size_t offset, bool is_big_endian);

/// Tag, VR and length of one element; the value starts at `value_offset`.
struct ElementHeader {
  Tag tag = 0;
  Vr value_representation = 0;
  std::uint32_t length = 0;
  std::size_t value_offset = 0;
};

/// The header that starts at `offset`, or empty where the bytes end before it does.
std::optional<ElementHeader> read_element_header(Bytes bytes, std::size_t offset, Encoding encoding);

/// How a walk ended.
enum class WalkEnd {
  complete,    ///< at the end of the bytes, between two elements
  pixel_data,  ///< at Pixel Data of the data set itself
  cut_short,   ///< inside an element: the bytes end before its value does
  item_end,    ///< at the mark that ends the item walked over, or its sequence where that mark is missing
  malformed,   ///< items where none may stand, or nested too deep
};

/// What the walk goes over: a data set up to Pixel Data, or the elements of an item, of which it is not known where
/// they end.
enum class WalkOver { data_set, item };

class ElementWalk {
 public:
  /// @param offset of the first element within `bytes`
  ElementWalk(Bytes bytes, std::size_t offset, Encoding encoding, WalkOver over = WalkOver::data_set)
      : bytes_(bytes), offset_(offset), over_(over) {
    levels_[0] = {encoding, false};
  }

  /// The next element of the data set itself (not of its sequences), or empty at the end: then `end()` says why.
  /// A sequence of undefined length is returned once the walk has passed it, with the length of its items.
  std::optional<ElementHeader> next();

  WalkEnd end() const { return end_; }
  /// Of Pixel Data, when end() is pixel_data.
  const ElementHeader& pixel_data() const { return pixel_data_; }
  /// Where the walk stands; at the end of an item before its end mark.
  std::size_t offset() const { return offset_; }

 private:
  struct Level {
    Encoding encoding;
    bool is_sequence = false;  ///< holds items; else it holds elements
  };
  bool step_over(const ElementHeader& header);
  bool enter(Level level);
  bool leave(bool is_sequence);
  std::optional<ElementHeader> stop(WalkEnd end);

  Bytes bytes_;
  std::size_t offset_;
  WalkOver over_;
  std::array<Level, kMaxNesting> levels_;
  int depth_ = 0;
  ElementHeader entered_;  ///< the sequence of the data set that the walk is inside of
  WalkEnd end_ = WalkEnd::complete;
  ElementHeader pixel_data_;
};

/// Walks the items of a sequence.
class ItemWalk {
 public:
  /// @param sequence the value of a sequence, without its end mark
  ItemWalk(Bytes sequence, Encoding encoding) : bytes_(sequence), encoding_(encoding) {}

  /// The elements of the next item, or empty at the end or where the items are not sound.
  std::optional<Bytes> next();
  bool is_sound() const { return is_sound_; }

 private:
  std::optional<Bytes> open_item(std::size_t begin);

  Bytes bytes_;
  Encoding encoding_;
  std::size_t offset_ = 0;
  bool is_sound_ = true;
};

/// How the items of a sequence are encoded: those of VR UN are implicit (PS3.5 6.2.2 note 2).
inline Encoding encoding_of_items(const ElementHeader& sequence, Encoding encoding) {
  return sequence.value_representation == vr("UN") ? Encoding{false, false} : encoding;
}

}  // namespace naru::dicom
