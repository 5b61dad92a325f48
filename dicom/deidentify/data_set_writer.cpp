#include "dicom/deidentify/data_set_writer.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr std::uint32_t kMaxShortLength = 0xFFFE;

/// Of the VRs that element_values.h reads no numbers of.
struct NumberSize {
  Vr value_representation;
  std::size_t size;
};
constexpr std::array kNumberSizes = {
    NumberSize{vr("AT"), 2}, NumberSize{vr("OW"), 2}, NumberSize{vr("OF"), 4}, NumberSize{vr("OL"), 4},
    NumberSize{vr("OD"), 8}, NumberSize{vr("OV"), 8}, NumberSize{vr("SV"), 8}, NumberSize{vr("UV"), 8},
};

}  // namespace

void DataSetWriter::put_u16(std::uint16_t value) {
  const auto low = static_cast<std::byte>(value & 0xFF), high = static_cast<std::byte>(value >> 8);
  buffer_.push_back(encoding_.is_big_endian ? high : low);
  buffer_.push_back(encoding_.is_big_endian ? low : high);
}

void DataSetWriter::put_u32(std::uint32_t value) {
  const auto low = static_cast<std::uint16_t>(value & 0xFFFF), high = static_cast<std::uint16_t>(value >> 16);
  put_u16(encoding_.is_big_endian ? high : low);
  put_u16(encoding_.is_big_endian ? low : high);
}

void DataSetWriter::put(Bytes bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }

void DataSetWriter::mark(Tag tag, std::uint32_t length) {
  put_u16(group_of(tag));
  put_u16(static_cast<std::uint16_t>(tag & 0xFFFF));
  put_u32(length);
}

void DataSetWriter::header(Tag tag, Vr value_representation, std::uint32_t length) {
  put_u16(group_of(tag));
  put_u16(static_cast<std::uint16_t>(tag & 0xFFFF));
  if (!encoding_.is_explicit_vr) return put_u32(length);
  // A value too long for its VR's length, e.g. one that came without VR (PS3.5 6.2.2 note 4).
  const bool is_too_long = !has_long_length(value_representation) && length > kMaxShortLength;
  const Vr written = is_too_long || value_representation == 0 ? vr("UN") : value_representation;
  buffer_.push_back(static_cast<std::byte>(written >> 8));
  buffer_.push_back(static_cast<std::byte>(written & 0xFF));
  if (!has_long_length(written)) return put_u16(static_cast<std::uint16_t>(length));
  put_u16(0);
  put_u32(length);
}

void DataSetWriter::element(Tag tag, Vr value_representation, Bytes value) {
  header(tag, value_representation, static_cast<std::uint32_t>(value.size() + value.size() % 2));
  put(value);
  if (value.size() % 2 != 0) buffer_.push_back(static_cast<std::byte>(padding_of(value_representation)));
}

void DataSetWriter::element(Tag tag, Vr value_representation, std::string_view value) {
  element(tag, value_representation, std::as_bytes(std::span(value)));
}

void DataSetWriter::close_piece() {
  if (buffer_.size() > piece_begin_) pieces_.push_back({piece_begin_, buffer_.size() - piece_begin_, {}, is_own_});
  piece_begin_ = buffer_.size();
}

void DataSetWriter::refer(Bytes bytes) {
  if (bytes.empty()) return;
  close_piece();
  pieces_.push_back({0, 0, bytes, false});
}

void DataSetWriter::element_view(Tag tag, Vr value_representation, Bytes value) {
  header(tag, value_representation, static_cast<std::uint32_t>(value.size() + value.size() % 2));
  refer(value);
  if (value.size() % 2 != 0) buffer_.push_back(static_cast<std::byte>(padding_of(value_representation)));
}

void DataSetWriter::encapsulated_view(Tag tag, Vr value_representation, Bytes fragments) {
  header(tag, value_representation, kUndefinedLength);
  refer(fragments);
  constexpr std::size_t kMarkBytes = 8;
  // A source that lacks the end mark gets it.
  const auto last = fragments.size() < kMarkBytes ? std::nullopt
                                                  : read_element_header(fragments, fragments.size() - kMarkBytes,
                                                                        {false, encoding_.is_big_endian});
  if (!last || last->tag != kSequenceEnd) mark(kSequenceEnd, 0);
}

void DataSetWriter::begin_sequence(Tag tag) { header(tag, vr("SQ"), kUndefinedLength); }
void DataSetWriter::end_sequence() { mark(kSequenceEnd, 0); }
void DataSetWriter::begin_item() { mark(kItem, kUndefinedLength); }
void DataSetWriter::end_item() { mark(kItemEnd, 0); }
void DataSetWriter::empty_sequence(Tag tag) { header(tag, vr("SQ"), 0); }

void DataSetWriter::set_own(bool is_own) {
  close_piece();
  is_own_ = is_own;
}

DataSetWriter::Written DataSetWriter::finish() {
  close_piece();
  return {std::move(buffer_), std::move(pieces_)};
}

std::vector<std::byte> swapped(Bytes value, Vr value_representation) {
  std::vector<std::byte> result(value.begin(), value.end());
  const auto row = std::ranges::find(kNumberSizes, value_representation, &NumberSize::value_representation);
  const std::size_t size = row != kNumberSizes.end() ? row->size : binary_size(value_representation).value_or(1);
  for (std::size_t at = 0; at + size <= result.size(); at += size) {
    std::reverse(result.begin() + static_cast<std::ptrdiff_t>(at),
                 result.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  return result;
}

}  // namespace naru::dicom
