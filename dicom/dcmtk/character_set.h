/// Text of a data set as UTF-8, whatever Specific Character Set (0008,0005) says, and whether it tells the truth.
#pragma once

#include <memory>
#include <optional>
#include <span>
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

  struct Text {
    std::string_view bytes;
    Vr value_representation;  ///< decides which delimiters reset ISO 2022 (PS3.5 6.1.2.5.3): '^' and '=' in PN, '\' in
                              ///< all that may have several values
  };

  /// Looks at texts that stand under this set in one file, all together: what is stated may be missing or wrong, and
  /// then they are in another set. Where several sets are about equally likely, texts in it are not decoded.
  /// Without it, each text is decided on alone.
  void settle(std::span<const Text> texts);

  /// The text in UTF-8, its characters as they are (decomposed jamo stay so). ISO 2022 escapes are consumed; of one
  /// that lost its ESC byte the rest ("$)C") is taken for it. Plain UTF-8 is taken for what it is, all else for what
  /// `settle` decided. `is_as_stated` is false where that is not the stated set.
  /// Empty where nothing decodes it, or where that is in doubt: the value must be removed and reported.
  struct Decoded {
    std::string text;
    bool is_as_stated = true;
  };
  std::optional<Decoded> to_utf8(std::string_view bytes, Vr value_representation) const;

  /// All that the text may be: what `to_utf8` gives or, where that is in doubt, each possible text.
  std::vector<Decoded> readings(std::string_view bytes, Vr value_representation) const;

  /// A name of one byte a letter may be in another set than the one it is read as, whose capitals and small letters
  /// are other pairs ("Кузнецов" of Windows-1251 stated as ISO_IR 144): what it says in each set in which it looks like
  /// a name, and how its other cases read under this set. Empty for what needs none of this.
  std::vector<std::string> other_readings(std::string_view name, Vr value_representation) const;

  /// Every encoding in which this text could stand in bytes somewhere: UTF-8, UTF-16 LE and BE, KS X 1001 (EUC-KR
  /// and with the escapes of ISO 2022 IR 149), GB18030, Shift_JIS, EUC-JP and ISO-2022-JP, the sets of one byte that
  /// DICOM knows and those of Windows, as far as each can hold it; NFC and NFD for Hangul, and what has capitals in
  /// capitals and in small letters as well. Without duplicates. For searching outputs.
  static std::vector<std::string> all_encodings(std::string_view utf8);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::dicom
