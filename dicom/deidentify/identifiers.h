/// What identifies someone in one file: the words that no output may hold.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

namespace naru::dicom {

/// Values as they stood in the header, decoded to UTF-8, one entry a value (not a backslash-separated list), without
/// duplicates. They are identifiers: never in a log line.
struct Identifiers {
  std::vector<std::string>
      person_names{};              ///< PN values with all component groups, e.g. "Hong^Gildong=洪^吉洞=홍^길동":
                                   ///< patient, physicians, operators, observers
  std::vector<std::string> ids{};  ///< patient ids, accession, study id, order and admission numbers, serials
  std::vector<std::string> places{};  ///< institution, department, address, station
  std::vector<std::string> dates{};   ///< DA, or the date part of DT, as YYYYMMDD
  std::vector<std::string> uids{};    ///< replaced UIDs
  std::vector<std::string> others{};  ///< telephone numbers, religious preference, free text that was removed whole
  friend bool operator==(const Identifiers&, const Identifiers&) = default;
};

inline constexpr std::array kIdentifierCategories = {&Identifiers::person_names, &Identifiers::ids,
                                                     &Identifiers::places,       &Identifiers::dates,
                                                     &Identifiers::uids,         &Identifiers::others};

/// What `a` holds and `b` does not. Both are sorted.
inline Identifiers without(const Identifiers& a, const Identifiers& b) {
  Identifiers rest;
  for (const auto category : kIdentifierCategories) {
    std::ranges::set_difference(a.*category, b.*category, std::back_inserter(rest.*category));
  }
  return rest;
}

/// What `a` or `b` holds. Both are sorted.
inline Identifiers joined(const Identifiers& a, const Identifiers& b) {
  Identifiers result;
  for (const auto category : kIdentifierCategories) {
    std::ranges::set_union(a.*category, b.*category, std::back_inserter(result.*category));
  }
  return result;
}

/// Those of them that are not ASCII.
inline Identifiers beyond_ascii(const Identifiers& all) {
  Identifiers result;
  for (const auto category : kIdentifierCategories) {
    std::ranges::copy_if(all.*category, std::back_inserter(result.*category), [](const std::string& one) {
      return std::ranges::any_of(one, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    });
  }
  return result;
}

}  // namespace naru::dicom
