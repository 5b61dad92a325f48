/// Encodes elements one after the other. Sequences and items get undefined lengths, so that nothing has to be known
/// ahead; long values that stay as they are are referred to, not copied.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

class DataSetWriter {
 public:
  explicit DataSetWriter(Encoding encoding) : encoding_(encoding) {}

  /// An element with a copy of its value, padded to an even length as the VR demands. Tags must ascend within a data
  /// set or item: the caller's duty.
  void element(Tag tag, Vr value_representation, std::string_view value);
  void element(Tag tag, Vr value_representation, Bytes value);

  /// An element whose value is referred to: it is a piece of its own, and must live as long as the pieces. Odd lengths
  /// are padded.
  void element_view(Tag tag, Vr value_representation, Bytes value);

  /// Fragments with their end mark (the length is undefined).
  void encapsulated_view(Tag tag, Vr value_representation, Bytes fragments);

  void begin_sequence(Tag tag);
  void end_sequence();
  void begin_item();
  void end_item();
  void empty_sequence(Tag tag);

  /// From now on what is written is made of constants of ours alone (true), or may hold something of a source (false).
  void set_own(bool is_own);

  Encoding encoding() const { return encoding_; }

  /// One piece of what was written: bytes of `buffer`, or others'.
  struct Piece {
    std::size_t begin = 0, size = 0;  ///< within buffer, where `view` is empty
    Bytes view;
    bool is_own = false;  ///< made of constants of ours: the same whatever the source holds
  };
  /// What was written, in order. Ends the writing.
  struct Written {
    std::vector<std::byte> buffer;
    std::vector<Piece> pieces;
  };
  Written finish();

 private:
  void header(Tag tag, Vr value_representation, std::uint32_t length);
  void mark(Tag tag, std::uint32_t length);
  void put_u16(std::uint16_t value);
  void put_u32(std::uint32_t value);
  void put(Bytes bytes);
  void refer(Bytes bytes);
  void close_piece();

  Encoding encoding_;
  std::vector<std::byte> buffer_;
  std::vector<Piece> pieces_;
  std::size_t piece_begin_ = 0;
  bool is_own_ = false;
};

/// A value with its bytes exchanged for the other byte order, as the VR has them: numbers of 2, 4 or 8 bytes.
std::vector<std::byte> swapped(Bytes value, Vr value_representation);

}  // namespace naru::dicom
