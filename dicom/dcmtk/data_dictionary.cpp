#include "dicom/dcmtk/data_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <array>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.h"

namespace naru::dicom {

namespace {

/// VRs that DCMTK's dictionary spells in its own way, where several are allowed.
struct Ambiguous {
  std::string_view name;
  Vr value_representation;
};
constexpr std::array kAmbiguous = {
    Ambiguous{"ox", vr("OW")}, Ambiguous{"px", vr("OW")}, Ambiguous{"xs", vr("US")},
    Ambiguous{"lt", vr("OW")}, Ambiguous{"up", vr("UL")},
};

std::optional<Vr> vr_of(const DcmDictEntry& entry) {
  const DcmVR stated(entry.getEVR());
  const std::string_view name(stated.getVRName());
  for (const Ambiguous& row : kAmbiguous) {
    if (row.name == name) return row.value_representation;
  }
  const auto letters = static_cast<Vr>(static_cast<unsigned char>(name[0]) << 8 | static_cast<unsigned char>(name[1]));
  return is_known_vr(letters) ? std::optional(letters) : std::nullopt;
}

struct Range {
  Tag first, last;
  bool has_even_groups;
  Vr value_representation;
};

struct Dictionary {
  std::unordered_map<Tag, Vr> attributes;
  std::vector<Range> ranges;
};

Dictionary load() {
  Dictionary result;
  DcmDataDictionary& source = dcmDataDict.wrlock();  // its iterators are not const
  const bool is_loaded = source.isDictionaryLoaded();
  for (auto it = source.normalBegin(); it != source.normalEnd(); ++it) {
    const DcmDictEntry& entry = **it;
    const Tag tag = static_cast<Tag>(entry.getGroup()) << 16 | entry.getElement();
    if ((entry.getGroup() & 1) != 0 || entry.getPrivateCreator() != nullptr) continue;
    if (const auto found = vr_of(entry)) result.attributes.emplace(tag, *found);
  }
  for (auto it = source.repeatingBegin(); it != source.repeatingEnd(); ++it) {
    const DcmDictEntry& entry = **it;
    const auto found = vr_of(entry);
    const bool is_private =
        entry.getGroupRangeRestriction() == DcmDictRange_Odd || entry.getPrivateCreator() != nullptr;
    if (!found || is_private || (entry.getGroup() & 1) != 0) continue;
    result.ranges.push_back({static_cast<Tag>(entry.getGroup()) << 16 | entry.getElement(),
                             static_cast<Tag>(entry.getUpperGroup()) << 16 | entry.getUpperElement(),
                             entry.getGroupRangeRestriction() == DcmDictRange_Even, *found});
  }
  dcmDataDict.wrunlock();
  if (!is_loaded || result.attributes.empty()) {
    throw Error(ErrorCode::internal,
                "the DICOM data dictionary is missing: install the package that DCMTK's libraries belong to, or name "
                "the file dicom.dic in the environment variable DCMDICTPATH");
  }
  return result;
}

const Dictionary& dictionary() {
  static const Dictionary loaded = load();
  return loaded;
}

bool is_within(const Range& range, Tag tag) {
  const auto element = [](Tag t) { return t & 0xFFFF; };
  return group_of(tag) >= group_of(range.first) && group_of(tag) <= group_of(range.last) &&
         element(tag) >= element(range.first) && element(tag) <= element(range.last) &&
         (!range.has_even_groups || (group_of(tag) & 1) == 0);
}

}  // namespace

void require_data_dictionary() { dictionary(); }

std::optional<Vr> standard_vr(Tag tag) {
  const auto found = dictionary().attributes.find(tag);
  if (found != dictionary().attributes.end()) return found->second;
  for (const Range& range : dictionary().ranges) {
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
