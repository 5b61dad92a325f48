#include "dicom/element_walk.h"

#include <algorithm>

namespace naru::dicom {

namespace {

/// VRs whose explicit length takes four bytes (PS3.5 table 7.1-1).
constexpr std::array kLongVrs = {vr("OB"), vr("OD"), vr("OF"), vr("OL"), vr("OV"), vr("OW"), vr("SQ"),
                                 vr("SV"), vr("UC"), vr("UN"), vr("UR"), vr("UT"), vr("UV")};
constexpr std::array kShortVrs = {vr("AE"), vr("AS"), vr("AT"), vr("CS"), vr("DA"), vr("DS"), vr("DT"),
                                  vr("FD"), vr("FL"), vr("IS"), vr("LO"), vr("LT"), vr("PN"), vr("SH"),
                                  vr("SL"), vr("SS"), vr("ST"), vr("TM"), vr("UI"), vr("UL"), vr("US")};

bool is_capital(int letter) { return letter >= 'A' && letter <= 'Z'; }

bool is_delimiter(Tag tag) { return group_of(tag) == group_of(kItem); }

}  // namespace

bool has_long_length(Vr value_representation) {
  if (std::ranges::find(kShortVrs, value_representation) != kShortVrs.end()) return false;
  if (std::ranges::find(kLongVrs, value_representation) != kLongVrs.end()) return true;
  return is_capital(value_representation >> 8) && is_capital(value_representation & 0xFF);
}

bool is_known_vr(Vr value_representation) {
  return std::ranges::find(kShortVrs, value_representation) != kShortVrs.end() ||
         std::ranges::find(kLongVrs, value_representation) != kLongVrs.end();
}

std::uint16_t read_u16(Bytes bytes, std::size_t offset, bool is_big_endian) {
  const auto low = std::to_integer<unsigned>(bytes[offset + (is_big_endian ? 1 : 0)]);
  const auto high = std::to_integer<unsigned>(bytes[offset + (is_big_endian ? 0 : 1)]);
  return static_cast<std::uint16_t>(low | high << 8);
}

std::uint32_t read_u32(Bytes bytes, std::size_t offset, bool is_big_endian) {
  const std::uint32_t first = read_u16(bytes, offset, is_big_endian);
  const std::uint32_t second = read_u16(bytes, offset + 2, is_big_endian);
  return is_big_endian ? first << 16 | second : second << 16 | first;
}

std::optional<ElementHeader> read_element_header(Bytes bytes, std::size_t offset, Encoding encoding) {
  constexpr std::size_t kShortForm = 8, kLongForm = 12;
  const bool big = encoding.is_big_endian;
  if (offset > bytes.size() || bytes.size() - offset < kShortForm) return std::nullopt;
  ElementHeader header;
  header.tag = static_cast<Tag>(read_u16(bytes, offset, big)) << 16 | read_u16(bytes, offset + 2, big);
  header.value_offset = offset + kShortForm;
  if (!encoding.is_explicit_vr || is_delimiter(header.tag)) {
    header.length = read_u32(bytes, offset + 4, big);
    return header;
  }
  header.value_representation = read_u16(bytes, offset + 4, true);
  if (!has_long_length(header.value_representation)) {
    header.length = read_u16(bytes, offset + 6, big);
    return header;
  }
  if (bytes.size() - offset < kLongForm) return std::nullopt;
  header.length = read_u32(bytes, offset + 8, big);
  header.value_offset = offset + kLongForm;
  return header;
}

std::optional<ElementHeader> ElementWalk::stop(WalkEnd end) {
  end_ = end;
  return std::nullopt;
}

bool ElementWalk::enter(Level level) {
  if (depth_ + 1 == kMaxNesting) return false;
  levels_[++depth_] = level;
  return true;
}

bool ElementWalk::leave(bool is_sequence) {
  if (depth_ == 0 || levels_[depth_].is_sequence != is_sequence) return false;
  --depth_;
  return true;
}

/// Moves past one header and, where its length is stated, its value; enters or leaves sequences and items.
/// False where the structure is wrong.
bool ElementWalk::step_over(const ElementHeader& header) {
  const Level level = levels_[depth_];
  offset_ = header.value_offset;
  if (header.tag == kSequenceEnd) return leave(true);
  if (header.tag == kItemEnd) return leave(false);
  if ((header.tag == kItem) != level.is_sequence) return false;
  if (header.length != kUndefinedLength) {
    offset_ += header.length;
    return true;
  }
  if (header.tag == kItem) return enter({level.encoding, false});
  const bool is_unknown = header.value_representation == vr("UN");
  return enter({is_unknown ? Encoding{false, false} : level.encoding, true});
}

std::optional<ElementHeader> ElementWalk::next() {
  while (true) {
    if (depth_ == 0 && offset_ == bytes_.size()) return stop(WalkEnd::complete);
    const auto header = read_element_header(bytes_, offset_, levels_[depth_].encoding);
    if (!header) return stop(WalkEnd::cut_short);
    const bool is_top_level = depth_ == 0;
    const bool is_end = header->tag == kItemEnd || header->tag == kSequenceEnd;
    if (is_top_level && is_end && over_ == WalkOver::item) return stop(WalkEnd::item_end);
    if (is_top_level && header->tag == kPixelData && over_ == WalkOver::data_set) {
      pixel_data_ = *header;
      return stop(WalkEnd::pixel_data);
    }
    const bool is_stated = header->length != kUndefinedLength;
    if (is_stated && header->length > bytes_.size() - header->value_offset) return stop(WalkEnd::cut_short);
    const std::size_t begin = offset_;
    if (!step_over(*header)) return stop(WalkEnd::malformed);
    if (is_top_level && is_stated) return header;
    if (is_top_level) entered_ = *header;
    if (!is_top_level && depth_ == 0) {
      entered_.length = static_cast<std::uint32_t>(begin - entered_.value_offset);
      return entered_;
    }
  }
}

std::optional<Bytes> ItemWalk::open_item(std::size_t begin) {
  ElementWalk walk(bytes_, begin, encoding_, WalkOver::item);
  while (walk.next()) {
  }
  offset_ = walk.offset();
  is_sound_ = walk.end() == WalkEnd::complete || walk.end() == WalkEnd::item_end;
  if (!is_sound_) return std::nullopt;
  const std::size_t end = offset_;
  const auto mark = read_element_header(bytes_, offset_, encoding_);
  if (mark && mark->tag == kItemEnd) offset_ = mark->value_offset;
  return bytes_.subspan(begin, end - begin);
}

std::optional<Bytes> ItemWalk::next() {
  if (!is_sound_ || offset_ == bytes_.size()) return std::nullopt;
  const auto item = read_element_header(bytes_, offset_, encoding_);
  if (item && item->tag == kSequenceEnd) return std::nullopt;
  is_sound_ = item && item->tag == kItem;
  if (!is_sound_) return std::nullopt;
  if (item->length == kUndefinedLength) return open_item(item->value_offset);
  is_sound_ = item->length <= bytes_.size() - item->value_offset;
  if (!is_sound_) return std::nullopt;
  offset_ = item->value_offset + item->length;
  return bytes_.subspan(item->value_offset, item->length);
}

}  // namespace naru::dicom
