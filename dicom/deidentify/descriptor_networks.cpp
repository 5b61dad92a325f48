#include <algorithm>

#include "dicom/deidentify/descriptor_contacts.h"

namespace naru::dicom {

namespace {

bool is_digit(char32_t code) { return code >= U'0' && code <= U'9'; }
bool is_hex_letter(char32_t code) { return code >= U'a' && code <= U'f'; }

/// Groups of hexadecimal digits in a row, with one sign between them.
struct HexGroups {
  std::size_t end = 0;  ///< the character behind them
  std::size_t count = 0, shortest = SIZE_MAX, longest = 0, first_length = 0, empty_count = 0;
  bool has_letter = false, has_digit = false;
  bool is_numbered = true;  ///< each is a letter and a digit, as vertebrae are: "C2-C3-C4"
};

HexGroups read_groups(std::u32string_view text, std::size_t begin, char32_t sign) {
  HexGroups groups;
  for (std::size_t at = begin;;) {
    const std::size_t first = at;
    for (; at < text.size() && (is_digit(text[at]) || is_hex_letter(text[at])); ++at) {
      (is_digit(text[at]) ? groups.has_digit : groups.has_letter) = true;
    }
    const std::size_t length = at - first;
    if (length == 0 && at > begin && groups.count > 0) {
      ++groups.empty_count;
    } else {
      ++groups.count;
      groups.shortest = std::min(groups.shortest, length);
      groups.longest = std::max(groups.longest, length);
      if (groups.count == 1) groups.first_length = length;
      groups.is_numbered = groups.is_numbered && length == 2 && is_hex_letter(text[first]) && is_digit(text[first + 1]);
    }
    groups.end = at;
    constexpr std::size_t kMost = 8;
    const char32_t next = at + 1 < text.size() ? text[at + 1] : U' ';
    const bool goes_on = is_digit(next) || is_hex_letter(next) || (sign == U':' && next == U':');
    if (at >= text.size() || text[at] != sign || !goes_on || groups.count > kMost) return groups;
    ++at;
  }
}

/// "00:1A:2B:3C:4D:5E", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e". Without a letter it may be times or settings.
bool is_hardware_address(const HexGroups& groups, char32_t sign) {
  const std::size_t length = sign == U'.' ? 4 : 2, count = sign == U'.' ? 3 : 6;
  return groups.count == count && groups.shortest == length && groups.longest == length && groups.empty_count == 0 &&
         groups.has_letter && !groups.is_numbered && (groups.has_digit || sign == U':');
}

/// "2001:db8:85a3:0:0:8a2e:370:7334", "fe80::1ff:fe23:4567:890a" (RFC 4291)
bool is_version_6(const HexGroups& groups, char32_t sign) {
  constexpr std::size_t kGroups = 8, kLongest = 4, kShortestFirst = 3;
  if (sign != U':' || !groups.has_letter || !groups.has_digit || groups.longest > kLongest) return false;
  if (groups.empty_count == 0) return groups.count == kGroups;
  return groups.empty_count == 1 && groups.count >= 2 && groups.count < kGroups &&
         groups.first_length >= kShortestFirst;
}

/// "6f9619ff-8b86-d011-b42d-00c04fc964ff" (RFC 9562): the character behind it, or `begin`.
std::size_t end_of_uuid(std::u32string_view text, std::size_t begin) {
  constexpr std::size_t kLengths[] = {8, 4, 4, 4, 12};
  std::size_t at = begin;
  for (const std::size_t length : kLengths) {
    if (at > begin && (at >= text.size() || text[at++] != U'-')) return begin;
    const std::u32string_view group = text.substr(at, length);
    if (group.size() < length ||
        !std::ranges::all_of(group, [](char32_t c) { return is_digit(c) || is_hex_letter(c); }))
      return begin;
    at += length;
  }
  return at;
}

/// "C:\\Users\\kim\\scan", "\\\\server\\kim", "/home/kim": who, where and what a file is called. Returns the character
/// behind it, or `begin`; quotes and brackets end it, and so does white space, but for one within a folder's name of
/// Windows ("C:\\Users\\Kim Minsu\\scan").
std::size_t end_of_path(std::u32string_view text, std::size_t begin) {
  constexpr std::u32string_view kRoots[] = {U"\\\\", U"/home/", U"/users/", U"/mnt/", U"/media/"};
  const std::u32string_view rest = text.substr(begin);
  const bool has_drive = rest.size() > 3 && rest[0] >= U'a' && rest[0] <= U'z' && rest[1] == U':' && rest[2] == U'\\';
  const bool has_root = std::any_of(std::begin(kRoots), std::end(kRoots),
                                    [&](std::u32string_view root) { return rest.starts_with(root); });
  if (!has_drive && !has_root) return begin;
  constexpr std::u32string_view kEnds = U"\t\r\n\"'<>()[]|,;";
  constexpr std::size_t kLongest = 512;  // of a path: a text of many roots is looked through once
  const std::u32string_view near = rest.substr(0, kLongest), line = near.substr(0, near.find_first_of(kEnds));
  const std::size_t last = has_drive || rest.starts_with(U"\\\\") ? line.rfind(U'\\') : 0;
  return begin + std::min(line.find(U' ', last), line.size());
}

}  // namespace

void find_paths(const FoldedText& text, Removals& removals) {
  constexpr std::size_t kShortest = 4;
  const std::u32string_view codes = text.folded(0, text.chars().size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const CharKind before = i > 0 ? text.chars()[i - 1].kind : CharKind::space;
    if (before != CharKind::space && before != CharKind::other) continue;
    const std::size_t end = end_of_path(codes, i);
    if (end < i + kShortest) continue;
    removals.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(end), DescriptorReason::contact});
    i = end - 1;
  }
}

void find_network_addresses(const FoldedText& text, Removals& removals) {
  const auto& chars = text.chars();
  const std::u32string_view codes = text.folded(0, chars.size());
  const auto is_sign = [&](std::size_t i) { return codes[i] == U':' || codes[i] == U'.'; };
  const auto is_word = [&](std::size_t i) {
    return chars[i].kind != CharKind::space && chars[i].kind != CharKind::other;
  };
  const auto is_part = [&](std::size_t i) { return is_word(i) || is_sign(i); };
  /// "MAC:00:1a...": what stands before the sign is no group.
  const auto is_behind_label = [&](std::size_t i) {
    constexpr std::size_t kLongest = 4;
    if (i < 2 || !is_sign(i - 1)) return false;
    for (std::size_t k = i - 1; k > 0 && i - 1 - k < kLongest && is_word(k - 1); --k) {
      if (!is_digit(codes[k - 1]) && !is_hex_letter(codes[k - 1])) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if ((!is_digit(codes[i]) && !is_hex_letter(codes[i])) || (i > 0 && is_part(i - 1) && !is_behind_label(i))) continue;
    if (const std::size_t end = end_of_uuid(codes, i); end != i && (end >= codes.size() || !is_part(end))) {
      removals.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(end), DescriptorReason::contact});
      i = end - 1;
      continue;
    }
    for (const char32_t sign : {U':', U'-', U'.'}) {
      const HexGroups groups = read_groups(codes, i, sign);
      const bool ends = groups.end >= codes.size() || !is_part(groups.end) || codes[groups.end] == U'.';
      if (!ends || !(is_hardware_address(groups, sign) || is_version_6(groups, sign))) continue;
      removals.push_back(
          {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(groups.end), DescriptorReason::contact});
      i = groups.end - 1;
      break;
    }
  }
}

}  // namespace naru::dicom
