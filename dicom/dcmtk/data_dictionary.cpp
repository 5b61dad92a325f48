#include "dicom/dcmtk/data_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <iterator>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "core/error.h"

namespace naru::dicom {

namespace {

struct Row {
  Tag tag;
  Vr value_representation;
};

struct Range {
  Tag first, last;
  bool has_even_groups;
  Vr value_representation;
};

#include "dictionary_rows.inc"  // of dicom/dcmtk/write_dictionary_rows.cpp

std::unordered_map<Tag, Vr> known_rows() {
  std::unordered_map<Tag, Vr> rows;
  rows.reserve(std::size(kRows));
  for (const Row& row : kRows) {
    if (is_known_vr(row.value_representation)) rows.emplace(row.tag, row.value_representation);
  }
  return rows;
}

bool is_within(const Range& range, Tag tag) {
  const auto element = [](Tag t) { return t & 0xFFFF; };
  return group_of(tag) >= group_of(range.first) && group_of(tag) <= group_of(range.last) &&
         element(tag) >= element(range.first) && element(tag) <= element(range.last) &&
         (!range.has_even_groups || (group_of(tag) & 1) == 0) && is_known_vr(range.value_representation);
}

}  // namespace

void require_data_dictionary() {
  const bool is_loaded = dcmDataDict.rdlock().isDictionaryLoaded();
  dcmDataDict.rdunlock();
  if (is_loaded) return;
  throw Error(ErrorCode::internal,
              "the DICOM data dictionary is missing: install the package that DCMTK's libraries belong to, or name the "
              "file dicom.dic in the environment variable DCMDICTPATH");
}

std::optional<Vr> standard_vr(Tag tag) {
  static const std::unordered_map<Tag, Vr> rows = known_rows();
  const auto found = rows.find(tag);
  if (found != rows.end()) return found->second;
  for (const Range& range : kRanges) {
    if (is_within(range, tag)) return range.value_representation;
  }
  return std::nullopt;
}

bool is_standard_uid(std::string_view uid) {
  constexpr std::string_view kDicomRoot = "1.2.840.10008.";
  if (!uid.starts_with(kDicomRoot)) return false;
  // DCMTK searches its list from front to back; files repeat the same few.
  static std::shared_mutex mutex;
  static std::unordered_map<std::string, bool> known;
  const std::string text(uid);
  {
    const std::shared_lock lock(mutex);
    if (const auto found = known.find(text); found != known.end()) return found->second;
  }
  const bool is_known = dcmFindNameOfUID(text.c_str()) != nullptr;
  constexpr std::size_t kMaxRemembered = 4096;
  const std::unique_lock lock(mutex);
  if (known.size() < kMaxRemembered) known.emplace(text, is_known);
  return is_known;
}

}  // namespace naru::dicom
