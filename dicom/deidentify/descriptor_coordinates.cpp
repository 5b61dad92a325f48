#include <algorithm>
#include <optional>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

// Places on Earth as degrees (ISO 6709 annex D, and as maps and telephones write them).

namespace naru::dicom {

namespace {

// Before coordinates; and before what looks like them in a grid of an image or a table.
constexpr std::u32string_view kOfEarth[] = {U"gps", U"lat",    U"latitude", U"coordinates", U"coords", U"location",
                                            U"geo", U"latlon", U"위도",     U"좌표",        U"위치"};
constexpr std::u32string_view kBeforeLongitude[] = {U"lon", U"long", U"lng", U"longitude", U"경도"};
constexpr std::u32string_view kOfGrids[] = {
    U"isocenter", U"isocentre", U"center",     U"centre", U"offset", U"shift", U"origin", U"position",  U"pos",
    U"spacing",   U"fov",       U"resolution", U"matrix", U"scale",  U"slope", U"vector", U"direction", U"range"};
constexpr std::u32string_view kNorthSouth[] = {U"n", U"s", U"북위", U"남위"};
constexpr std::u32string_view kEastWest[] = {U"e", U"w", U"동경", U"서경"};

constexpr std::int64_t kMostLatitude = 90, kMostLongitude = 180;

/// Degrees, with their fraction or with minutes and seconds.
struct Angle {
  std::size_t next = 0;              ///< token after it
  std::uint32_t begin = 0, end = 0;  ///< characters
  std::int64_t degrees = 0;
  std::uint32_t decimals = 0;
  bool has_degree_sign = false, has_minutes = false;
  bool is_latitude = false, is_longitude = false;  ///< by its letter
  bool ends_in_zeros = false;                      ///< "37.5000"

  bool has_letter() const { return is_latitude || is_longitude; }
};

class CoordinateFinder {
 public:
  CoordinateFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      const std::optional<Angle> first = angle(i);
      if (!first) {
        ++i;
        continue;
      }
      const std::size_t between = after_label(first->next, kBeforeLongitude);
      const std::optional<Angle> second = joins(first->next, between) ? angle(between) : std::nullopt;
      if (!second || !is_place(i, *first, between, *second)) {
        i = std::max(first->next, i + 1);
        continue;
      }
      removals_.push_back({first->begin, second->end, DescriptorReason::contact});
      i = second->next;
    }
  }

 private:
  std::u32string_view folded(std::size_t i) const {
    return i < tokens_.size() ? text_.folded(tokens_[i]) : std::u32string_view();
  }
  bool is_glued_number(std::size_t i, std::u32string_view gap) const {
    return is_number_at(text_, i) && text_.gap_before(i) == gap;
  }

  template <std::size_t N>
  std::size_t after_label(std::size_t i, const std::u32string_view (&labels)[N]) const {
    return i < tokens_.size() && is_one_of(folded(i), labels) ? i + 1 : i;
  }

  /// A sign or a space between two angles, and a word for the second or none.
  bool joins(std::size_t first, std::size_t second) const {
    constexpr std::size_t kLongest = 4;
    const auto is_among = [&](std::size_t i) {
      const std::u32string_view gap = gap_behind_signs(i);
      return gap.size() <= kLongest && gap.find_first_not_of(U" ,;/:=-+\u2212") == gap.npos;
    };
    return second < tokens_.size() && is_among(first) && is_among(second) &&
           (second > first || !gap_behind_signs(first).empty());
  }

  /// The gap before token `i` without the signs of degrees and seconds that belong to the number before.
  std::u32string_view gap_behind_signs(std::size_t i) const {
    std::u32string_view gap = text_.gap_before(i);
    while (!gap.empty() && kAngleSigns.find(gap[0]) != kAngleSigns.npos) gap.remove_prefix(1);
    return gap;
  }

  /// N, S, E or W alone, in capitals, or the Korean word.
  bool is_direction(std::size_t i) const {
    if (i >= tokens_.size()) return false;
    const bool is_korean = tokens_[i].kind == TokenKind::hangul;
    const bool is_letter = tokens_[i].length == 1 && tokens_[i].token_case == TokenCase::upper;
    return (is_korean || is_letter) && (is_one_of(folded(i), kNorthSouth) || is_one_of(folded(i), kEastWest));
  }

  void set_direction(Angle& angle, std::size_t i) const {
    angle.is_latitude = is_one_of(folded(i), kNorthSouth);
    angle.is_longitude = !angle.is_latitude;
  }

  /// ".5796" behind token `i`; the token after the fraction, or i + 1.
  std::size_t after_fraction(std::size_t i) const { return is_glued_number(i + 1, U".") ? i + 2 : i + 1; }

  /// 34' or 46.6" at token `i`, the token after it; `i` where there is none.
  std::size_t after_part(std::size_t i, std::u32string_view signs, std::u32string_view word) const {
    constexpr std::int64_t kParts = 60;
    if (!is_number_at(text_, i) || tokens_[i].length > 2 || text_.number(tokens_[i]) >= kParts) return i;
    const std::size_t end = after_fraction(i);
    if (end < tokens_.size() && tokens_[end].is_glued && folded(end) == word) return end + 1;
    const std::u32string_view gap = text_.gap_before(end);
    return !gap.empty() && signs.find(gap[0]) != signs.npos ? end : i;
  }

  /// An angle that begins with token `i`, which may be its direction.
  std::optional<Angle> angle(std::size_t i) const {
    constexpr std::uint32_t kMostDigits = 3;
    Angle read;
    if (i >= tokens_.size()) return std::nullopt;
    read.begin = tokens_[i].begin;
    const bool is_led = is_direction(i) && !tokens_[i].is_glued && is_number_at(text_, i + 1) &&
                        (text_.gap_before(i + 1).empty() || text_.gap_before(i + 1) == U" ");
    if (is_led) set_direction(read, i++);
    if (!is_number_at(text_, i) || tokens_[i].length > kMostDigits || (!is_led && is_inside_longer(text_, i)))
      return std::nullopt;
    read.degrees = text_.number(tokens_[i]);
    const std::size_t whole = i;
    i = after_fraction(i);
    if (i > whole + 1) {
      read.decimals = tokens_[i - 1].length;
      read.ends_in_zeros = folded(i - 1).ends_with(U"00");
    }
    if (is_glued_number(i, U".")) return std::nullopt;  // of a version
    // º is a letter, folded to o
    const bool has_word = i < tokens_.size() && tokens_[i].is_glued && (folded(i) == U"o" || folded(i) == U"도");
    const bool has_sign = has_word || text_.gap_before(i).starts_with(U'\u00B0');
    if (has_word) ++i;
    read.has_degree_sign = has_sign;
    if (has_sign) {
      const std::size_t minutes = after_part(i, kMinuteSigns, U"분");
      read.has_minutes = minutes != i;
      i = read.has_minutes ? after_part(minutes, kSecondSigns, U"초") : i;
    }
    read.end = tokens_[i - 1].end;
    while (read.end < text_.chars().size() && kAngleSigns.find(text_.chars()[read.end].code) != kAngleSigns.npos)
      ++read.end;
    const bool is_trailed =
        !is_led && is_direction(i) && is_trailing_gap(i) && !(i + 1 < tokens_.size() && tokens_[i + 1].is_glued);
    if (is_trailed) {
      set_direction(read, i);
      read.end = tokens_[i++].end;
    }
    if (!is_led) read.begin = begin_with_minus(read.begin);
    read.next = i;
    return read;
  }

  bool is_trailing_gap(std::size_t i) const {
    const std::u32string_view gap = gap_behind_signs(i);
    return gap.empty() || gap == U" ";
  }

  std::uint32_t begin_with_minus(std::uint32_t begin) const {
    constexpr std::u32string_view kSigns = U"-+\u2212";
    const bool has_sign = begin > 0 && kSigns.find(text_.chars()[begin - 1].code) != kSigns.npos;
    return has_sign ? begin - 1 : begin;
  }

  bool is_labelled(std::size_t i) const { return i > 0 && is_one_of(folded(i - 1), kOfEarth); }

  /// Two numbers may be anything: what says that they are a place is a letter of each, or four decimals and a comma.
  bool is_place(std::size_t i, const Angle& first, std::size_t between, const Angle& second) const {
    constexpr std::uint32_t kFewestDecimals = 4, kFewestWithLetters = 3;
    const bool is_reversed = first.is_longitude;
    const std::int64_t latitude = (is_reversed ? second : first).degrees;
    const std::int64_t longitude = (is_reversed ? first : second).degrees;
    if (latitude > kMostLatitude || longitude > kMostLongitude) return false;
    if (first.has_letter() || second.has_letter()) {
      const auto is_fine = [](const Angle& a) {
        return a.has_minutes || (a.has_degree_sign && a.decimals > 0) || a.decimals >= kFewestWithLetters;
      };
      return first.has_letter() && second.has_letter() && first.is_latitude != second.is_latitude && is_fine(first) &&
             is_fine(second);
    }
    if (first.decimals < kFewestDecimals || second.decimals < kFewestDecimals) return false;
    if (is_labelled(i)) return true;
    const bool has_comma = gap_behind_signs(first.next).starts_with(U',');
    if (between != first.next) return has_comma;
    // Cosines are below one, spacings alike, rows of three are points of a volume.
    constexpr std::int64_t kTwoDigits = 10;
    const bool is_small = first.degrees < kTwoDigits && second.degrees < kTwoDigits;
    const bool is_round = first.ends_in_zeros && second.ends_in_zeros;
    return has_comma && !is_small && !is_round && first.degrees != second.degrees && !is_of_grid(i) &&
           !is_row(i, second.next);
  }

  bool is_of_grid(std::size_t i) const {
    return i > 0 && (is_one_of(folded(i - 1), kOfGrids) || is_measure(text_, i - 1));
  }

  /// Another number, or a unit, beside the two.
  bool is_row(std::size_t first, std::size_t end) const {
    const auto is_near = [&](std::size_t k) {
      const std::u32string_view gap = text_.gap_before(k);
      return gap.size() <= 3 && gap.find_first_not_of(U" ,;/\\-+x") == gap.npos;
    };
    const bool is_before = first > 0 && tokens_[first - 1].is_number() && is_near(first);
    return is_before || (end < tokens_.size() && is_near(end) && (tokens_[end].is_number() || is_measure(text_, end)));
  }

  static constexpr std::u32string_view kMinuteSigns = U"'\u2032\u2019\u02B9", kSecondSigns = U"\"'\u2032\u2019\u201D",
                                       kAngleSigns = U"\u00B0'\"\u2032\u2019\u02B9\u201D";

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_coordinates(const FoldedText& text, Removals& removals) { CoordinateFinder(text, removals).find(); }

}  // namespace naru::dicom
