/// What identifies someone in one file: the words that no output may hold.
#pragma once

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
};

}  // namespace naru::dicom
