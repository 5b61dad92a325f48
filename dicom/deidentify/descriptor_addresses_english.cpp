#include <algorithm>
#include <tuple>
#include <utility>

#include "dicom/deidentify/descriptor_contacts.h"
#include "dicom/deidentify/descriptor_vocabulary.h"

namespace naru::dicom {

namespace {

// Words that say a street whatever stands before them, and those that need a word beside them that no protocol has.
constexpr std::u32string_view kCertainStreets[] = {U"street",  U"avenue", U"road",    U"boulevard", U"blvd",
                                                   U"highway", U"hwy",    U"parkway", U"pkwy",      U"crescent"};
constexpr std::u32string_view kStreets[] = {U"ave",   U"rd",    U"lane",    U"ln",  U"drive", U"terrace", U"square",
                                            U"court", U"place", U"plaza",   U"st",  U"dr",    U"way",     U"circle",
                                            U"close", U"row",   U"gardens", U"cir", U"ter",   U"trl"};

// Short for what is a modality or a term of anatomy as well: "1894 Thistledown Ct", but not "CT".
constexpr std::u32string_view kDoubtfulStreets[] = {U"ct", U"pl", U"sq"};

// Words of protocols that streets are named for.
constexpr std::u32string_view kStreetNames[] = {
    U"main", U"high", U"church", U"market", U"state", U"broad", U"center", U"mill",  U"spring", U"water", U"front",
    U"park", U"lake", U"hill",   U"north",  U"south", U"east",  U"west",   U"first", U"second", U"third"};

constexpr std::u32string_view kFlats[] = {U"apt", U"apartment", U"suite", U"ste", U"unit", U"flat"};

// Words of everyday language that names of towns begin with.
constexpr std::u32string_view kTownBeginnings[] = {
    U"new",  U"saint", U"st",    U"san",  U"santa", U"los",  U"las",  U"el",   U"la",    U"fort", U"port",   U"mount",
    U"lake", U"north", U"south", U"east", U"west",  U"salt", U"long", U"palm", U"grand", U"high", U"little", U"cedar"};

/// A state and the first three digits of its postal codes (USPS).
struct State {
  std::u32string_view code;
  std::uint16_t first, last;
};
constexpr State kStates[] = {
    {U"al", 350, 369}, {U"ak", 995, 999}, {U"ar", 716, 729}, {U"az", 850, 865}, {U"ca", 900, 961}, {U"co", 800, 816},
    {U"ct", 60, 69},   {U"dc", 200, 205}, {U"de", 197, 199}, {U"fl", 320, 349}, {U"ga", 300, 319}, {U"ga", 398, 399},
    {U"gu", 969, 969}, {U"hi", 967, 968}, {U"ia", 500, 528}, {U"id", 832, 838}, {U"il", 600, 629}, {U"in", 460, 479},
    {U"ks", 660, 679}, {U"ky", 400, 427}, {U"la", 700, 714}, {U"ma", 10, 27},   {U"ma", 55, 55},   {U"md", 206, 219},
    {U"me", 39, 49},   {U"mi", 480, 499}, {U"mn", 550, 567}, {U"mo", 630, 658}, {U"ms", 386, 397}, {U"mt", 590, 599},
    {U"nc", 270, 289}, {U"nd", 580, 588}, {U"ne", 680, 693}, {U"nh", 30, 38},   {U"nj", 70, 89},   {U"nm", 870, 884},
    {U"nv", 889, 898}, {U"ny", 5, 5},     {U"ny", 63, 63},   {U"ny", 100, 149}, {U"oh", 430, 459}, {U"ok", 730, 749},
    {U"or", 970, 979}, {U"pa", 150, 196}, {U"pr", 6, 9},     {U"ri", 28, 29},   {U"sc", 290, 299}, {U"sd", 570, 577},
    {U"tn", 370, 385}, {U"tx", 750, 799}, {U"tx", 885, 885}, {U"ut", 840, 847}, {U"va", 201, 201}, {U"va", 220, 246},
    {U"vi", 8, 8},     {U"vt", 50, 59},   {U"wa", 980, 994}, {U"wi", 530, 549}, {U"wv", 247, 268}, {U"wy", 820, 831}};

// Written out, those of one word and of two.
constexpr std::u32string_view kStateNames[] = {
    U"alabama",  U"alaska",    U"arizona",     U"arkansas",     U"california", U"colorado", U"connecticut",
    U"delaware", U"florida",   U"georgia",     U"hawaii",       U"idaho",      U"illinois", U"indiana",
    U"iowa",     U"kansas",    U"kentucky",    U"louisiana",    U"maine",      U"maryland", U"massachusetts",
    U"michigan", U"minnesota", U"mississippi", U"missouri",     U"montana",    U"nebraska", U"nevada",
    U"ohio",     U"oklahoma",  U"oregon",      U"pennsylvania", U"tennessee",  U"texas",    U"utah",
    U"vermont",  U"virginia",  U"washington",  U"wisconsin",    U"wyoming"};
constexpr std::u32string_view kStateBeginnings[] = {U"new", U"north", U"south", U"west", U"rhode"};
constexpr std::u32string_view kStateEnds[] = {U"hampshire", U"jersey", U"mexico",   U"york",
                                              U"carolina",  U"dakota", U"virginia", U"island"};

class EnglishAddressFinder {
 public:
  EnglishAddressFinder(const FoldedText& text, Removals& removals)
      : text_(text), tokens_(text.tokens()), removals_(removals) {}

  void find() {
    for (std::size_t i = 0; i < tokens_.size();) {
      std::size_t end = i, first = i;
      if (tokens_[i].is_number()) {
        end = street(i);
        if (end != i) first = first_with_flat(i);
      }
      if (tokens_[i].is_letters()) end = post_box(i);
      if (tokens_[i].is_letters() && end == i) end = british_postcode(i);
      if (tokens_[i].is_letters() && end == i) std::tie(first, end) = town(i);
      if (end != i) removals_.push_back({tokens_[first].begin, tokens_[end - 1].end, DescriptorReason::contact});
      i = std::max(end, i + 1);
    }
  }

 private:
  bool is_number(std::size_t i) const { return is_number_at(text_, i); }
  bool is_spaced(std::size_t i) const { return goes_on_with_address(text_, i); }
  bool is_glued_letter(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].is_glued && tokens_[i].is_letters() && tokens_[i].length == 1;
  }
  /// No word of protocols, or one that is a name as well.
  bool is_unknown(const Token& token) const {
    return !is_known_word(text_.folded(token)) || (word_flags(token.hash) & kAlsoName) != 0;
  }

  /// "PO Box 123", "P.O. Box 123"
  std::size_t post_box(std::size_t i) const {
    const std::u32string_view word = text_.folded(tokens_[i]);
    std::size_t box = i + 1;
    if (word == U"p" && box < tokens_.size() && text_.folded(tokens_[box]) == U"o" && text_.gap_before(box) == U".")
      ++box;
    else if (word != U"po")
      return i;
    const bool is_box = box < tokens_.size() && text_.folded(tokens_[box]) == U"box" && is_number(box + 1);
    return is_box && is_spaced(box) && is_spaced(box + 1) ? box + 2 : i;
  }

  /// "NW1 6XE", "SW1A 2AA": where neither group of letters is a word ("CT1 3DT").
  std::size_t british_postcode(std::size_t i) const {
    const auto is_group = [&](std::size_t k, std::size_t shortest) {
      return k < tokens_.size() && tokens_[k].token_case == TokenCase::upper && tokens_[k].length >= shortest &&
             tokens_[k].length <= 2 && (word_flags(tokens_[k].hash) & (kProtocolWord | kMeasure)) == 0;
    };
    if (!is_group(i, 2) || tokens_[i].is_glued || !is_number(i + 1) || !tokens_[i + 1].is_glued ||
        tokens_[i + 1].length > 2) {
      return i;
    }
    std::size_t in = i + 2;
    if (is_glued_letter(in)) ++in;
    const bool is_inward = is_number(in) && text_.gap_before(in) == U" " && tokens_[in].length == 1 &&
                           is_group(in + 1, 2) && tokens_[in + 1].is_glued;
    const bool is_end = in + 2 >= tokens_.size() || !tokens_[in + 2].is_glued;
    return is_inward && is_end ? in + 2 : i;
  }

  /// "12 Baker Street", "221B Baker Street", "12 baker street", "1600 Pennsylvania Ave NW, Springfield, IL 62704"
  std::size_t street(std::size_t i) const {
    constexpr std::size_t kMostWords = 4, kMostSmallWords = 2;
    if (tokens_[i].length > 5 || tokens_[i].is_glued) return i;
    const std::size_t name = is_glued_letter(i + 1) ? i + 2 : i + 1;
    std::size_t unknown = 0, small = 0;
    for (std::size_t k = name; k < tokens_.size() && k <= name + kMostWords; ++k) {
      if (!is_spaced(k) && !(tokens_[k].is_glued && k > name)) return i;
      if (text_.gap_before(k).find(U',') != std::u32string_view::npos) return i;
      const Token& token = tokens_[k];
      const std::u32string_view word = text_.folded(token);
      if (k > name && token.is_letters()) {
        const bool is_certain = is_one_of(word, kCertainStreets);
        const bool is_small = !token.is_raised() || small > 0;
        // In small letters a street's name must be no word of protocols.
        if (is_certain && (!is_small || (unknown == k - name && unknown <= kMostSmallWords)))
          return after_street(k + 1);
        if (is_one_of(word, kStreets) && !is_small && unknown > 0) return after_street(k + 1);
        const bool is_abbreviation = token.token_case == TokenCase::capitalised && is_one_of(word, kDoubtfulStreets);
        if (is_abbreviation && !is_small && unknown == k - name) {
          const std::size_t end = after_street(k + 1);
          const bool is_place = word == U"pl" && tokens_[i].length >= 2;  // "3 Pl" has three planes
          if (tokens_[i].length >= 4 || is_place || end > k + 1) return end;
        }
      }
      if (!token.is_raised() && !token.is_number() && !token.is_glued) ++small;
      if (!token.is_letters() || (is_unknown(token) && token.length >= 2) || is_one_of(word, kStreetNames)) ++unknown;
    }
    return i;
  }

  /// "Flat 2, " before house number `i`.
  std::size_t first_with_flat(std::size_t i) const {
    const bool has_flat = i >= 2 && is_number(i - 1) && is_one_of(text_.folded(tokens_[i - 2]), kFlats) &&
                          text_.gap_before(i - 1) == U" " && text_.gap_before(i) == U", ";
    return has_flat ? i - 2 : i;
  }

  /// What follows the street: a direction, a flat, the town in capitals, state and ZIP code.
  std::size_t after_street(std::size_t i) const {
    std::size_t end = i;
    for (std::size_t k = i; k < tokens_.size() && k < i + 8 && (is_spaced(k) || text_.gap_before(k) == U" #"); ++k) {
      const Token& token = tokens_[k];
      const bool is_zip = token.is_number() && token.length == 5;
      const bool is_flat = token.is_number() && k > i && !tokens_[k - 1].is_number() &&
                           (is_one_of(text_.folded(tokens_[k - 1]), kFlats) || text_.gap_before(k) == U" #");
      const bool is_state = token.length == 2 && token.token_case == TokenCase::upper && token.is_letters() &&
                            is_number(k + 1) && tokens_[k + 1].length == 5;
      if (is_flat && is_glued_letter(k + 1)) ++k;
      if (is_zip || is_flat || is_state) {
        end = k + 1;
        if (!is_zip) continue;
        return after_zip(end);
      }
      const bool is_direction = k == i && token.is_raised() && token.length <= 2 &&
                                text_.folded(token).find_first_not_of(U"nsew") == std::u32string_view::npos;
      if (is_direction) {
        end = k + 1;
        continue;
      }
      const bool is_town = token.is_raised() && !is_known_word(text_.folded(token)) && token.length > 2;
      const bool is_link = token.is_raised() && is_one_of(text_.folded(token), kFlats);
      if (is_town && text_.gap_before(k).find(U',') != std::u32string_view::npos) end = k + 1;
      if (!is_town && !is_link) break;
    }
    return end;
  }

  /// The token behind "-1234", the rest of a ZIP code.
  std::size_t after_zip(std::size_t i) const {
    return is_number(i) && tokens_[i].length == 4 && text_.gap_before(i) == U"-" ? i + 1 : i;
  }

  /// ", Texas", ", New York 10001" from token `i` on; `i` where no state is written out behind a comma.
  std::size_t after_state_name(std::size_t i) const {
    constexpr std::uint32_t kZipDigits = 5;
    if (i == 0 || !tokens_[i].is_raised() || text_.gap_before(i) != U", ") return i;
    const bool is_two = i + 1 < tokens_.size() && text_.gap_before(i + 1) == U" " &&
                        is_one_of(text_.folded(tokens_[i]), kStateBeginnings) &&
                        is_one_of(text_.folded(tokens_[i + 1]), kStateEnds);
    if (!is_two && !is_one_of(text_.folded(tokens_[i]), kStateNames)) return i;
    const std::size_t end = is_two ? i + 2 : i + 1;
    const bool has_zip = is_number(end) && is_spaced(end) && tokens_[end].length == kZipDigits;
    return has_zip ? after_zip(end + 1) : end;
  }

  /// "IL 62704", "IL 62704-1234", and "IL" alone behind a town's comma; `i` where neither stands there.
  std::size_t after_state(std::size_t i) const {
    constexpr std::uint32_t kZipDigits = 5;
    constexpr std::int64_t kPerPrefix = 100;
    const Token& token = tokens_[i];
    if (token.length != 2 || token.token_case != TokenCase::upper || token.is_glued) return i;
    const std::u32string_view code = text_.folded(token);
    const bool has_number = is_number(i + 1) && is_spaced(i + 1);
    bool is_state = false;
    for (const State& state : kStates) {
      if (state.code != code) continue;
      is_state = true;
      if (!has_number || tokens_[i + 1].length != kZipDigits) continue;
      const std::int64_t prefix = text_.number(tokens_[i + 1]) / kPerPrefix;
      if (prefix >= state.first && prefix <= state.last) return after_zip(i + 2);
    }
    const bool is_end =
        i + 1 >= tokens_.size() || (!tokens_[i + 1].is_number() && text_.gap_before(i + 1).find_first_of(U",.;)") == 0);
    const bool is_behind_comma = i > 0 && text_.gap_before(i) == U", ";
    return is_state && is_end && is_behind_comma ? i + 1 : i;
  }

  /// The first word of the town whose state is token `i`: "New York, NY 10001"; `i` where no word stands before it.
  std::size_t first_of_town(std::size_t i) const {
    constexpr std::size_t kMostWords = 3;
    std::size_t first = i;
    while (first > 0 && i - first < kMostWords) {
      const Token& token = tokens_[first - 1];
      const std::u32string_view gap = text_.gap_before(first);
      const bool is_joined =
          gap == U" " || gap == U"-" || (first == i && gap == U", ") || (gap == U". " && text_.folded(token) == U"st");
      const bool is_name = first == i || is_unknown(token) || is_one_of(text_.folded(token), kTownBeginnings);
      if (!is_joined || !is_name || !token.is_raised() || token.is_glued || token.length < 2) break;
      --first;
    }
    return first;
  }

  /// First token and end of a town with the state that token `i` is; both `i` where it is none. Where the state is a
  /// word too, or no ZIP code follows, the town must be none: "Chest, PA" and "Head CT 06510" are no towns.
  std::pair<std::size_t, std::size_t> town(std::size_t i) const {
    const std::size_t end = std::max(after_state(i), after_state_name(i));
    if (end == i) return {i, i};
    const std::size_t first = first_of_town(i);
    const bool has_zip = tokens_[end - 1].is_number();
    const bool is_two_words = end > i + 1 && !tokens_[i + 1].is_number();  // "New York" is no word, though "new" is
    const bool is_word = !is_two_words && (is_known_word(text_.folded(tokens_[i])) ||
                                           (word_flags(tokens_[i].hash) & (kMeasure | kDegree)) != 0);
    const bool is_named =
        std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(first),
                    tokens_.begin() + static_cast<std::ptrdiff_t>(i), [&](const Token& token) {
                      return token.length > 2 &&
                             (is_word || is_two_words ? !is_known_word(text_.folded(token)) : is_unknown(token));
                    });
    if (has_zip ? !is_named && is_word : !is_named || is_word) return {i, i};
    return {is_named || text_.gap_before(i) == U", " ? first : i, end};
  }

  const FoldedText& text_;
  const std::vector<Token>& tokens_;
  Removals& removals_;
};

}  // namespace

void find_english_addresses(const FoldedText& text, Removals& removals) { EnglishAddressFinder(text, removals).find(); }

}  // namespace naru::dicom
