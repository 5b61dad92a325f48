/// Text of a data set as UTF-8, whatever Specific Character Set (0008,0005) says, and whether it tells the truth.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/element_walk.h"

namespace naru::dicom {

class CharacterSet {
 public:
  /// @param value of Specific Character Set, values between backslashes, as it stands in the file; may be empty.
  /// Unknown terms are treated as if nothing were stated.
  explicit CharacterSet(std::string_view value);
  ~CharacterSet();
  CharacterSet(CharacterSet&&) noexcept;
  CharacterSet& operator=(CharacterSet&&) noexcept;

  /// The text in UTF-8, its characters as they are (decomposed jamo stay so). ISO 2022 escapes are consumed; of one
  /// that lost its ESC byte the rest ("$)C") is taken for it. Where the stated set cannot decode the bytes (or none is
  /// stated and they are not ASCII), UTF-8, KS X 1001 as EUC, Windows-1252 (single letters between ASCII), cp949 and
  /// GB18030 are tried in this order, Shift_JIS before them where a Japanese set is stated. A set of single bytes that
  /// could decode everything gives way to UTF-8 and to Korean that cannot be anything else. `is_as_stated` is false
  /// then. Empty where nothing decodes it: the value must be removed and reported.
  /// @param value_representation decides which delimiters reset ISO 2022 (PS3.5 6.1.2.5.3): '^' and '=' in PN, '\' in
  /// all that may have several values
  struct Decoded {
    std::string text;
    bool is_as_stated = true;
  };
  std::optional<Decoded> to_utf8(std::string_view bytes, Vr value_representation) const;

  /// Every encoding in which this text could stand in bytes somewhere: UTF-8, UTF-16 LE and BE, KS X 1001 (EUC-KR
  /// and with the escapes of ISO 2022 IR 149), GB18030, Shift_JIS and ISO-2022-JP, Latin-1, as far as each can hold it;
  /// NFC and NFD for Hangul. Without duplicates. For searching outputs.
  static std::vector<std::string> all_encodings(std::string_view utf8);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::dicom
