#include "dicom/dcmtk/data_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <algorithm>
#include <array>
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

/// Dates that Table E.1-1 lists and PS3.6 (2026d) has since DCMTK 3.6.7: by another VR, or by none, nothing would move
/// them.
constexpr std::array<Row, 8> kNewDates = {{
    {0x00181204, vr("DA")},  // Date of Manufacture
    {0x00181205, vr("DA")},  // Date of Installation
    {0x0040A034, vr("DT")},  // Effective Start DateTime
    {0x0040A035, vr("DT")},  // Effective Stop DateTime
    {0x0040B034, vr("DT")},  // Annotation DateTime
    {0x0040B036, vr("DT")},  // Segment Definition DateTime
    {0x3006002D, vr("DT")},  // ROI DateTime
    {0x3006002E, vr("DT")},  // ROI Observation DateTime
}};

std::unordered_map<Tag, Vr> known_rows() {
  std::unordered_map<Tag, Vr> rows;
  rows.reserve(std::size(kRows));
  for (const Row& row : kRows) {
    if (is_known_vr(row.value_representation)) rows.emplace(row.tag, row.value_representation);
  }
  for (const Row& row : kNewDates) rows.emplace(row.tag, row.value_representation);
  return rows;
}

/// Storage SOP classes of PS3.4 Table B.5-1 (2026d) that are newer than DCMTK 3.6.7. Inventory Storage is left out: it
/// lists many patients in one object.
constexpr std::array<std::string_view, 16> kNewClasses = {
    "1.2.840.10008.5.1.4.1.1.6.3",      // Photoacoustic Image
    "1.2.840.10008.5.1.4.1.1.9.1.4",    // General 32-bit ECG Waveform
    "1.2.840.10008.5.1.4.1.1.9.100.1",  // Waveform Presentation State
    "1.2.840.10008.5.1.4.1.1.9.100.2",  // Waveform Acquisition Presentation State
    "1.2.840.10008.5.1.4.1.1.11.12",    // Variable Modality LUT Softcopy Presentation State
    "1.2.840.10008.5.1.4.1.1.66.7",     // Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.66.8",     // Height Map Segmentation
    "1.2.840.10008.5.1.4.1.1.77.1.8",   // Confocal Microscopy Image
    "1.2.840.10008.5.1.4.1.1.77.1.9",   // Confocal Microscopy Tiled Pyramidal Image
    "1.2.840.10008.5.1.4.1.1.88.77",    // Waveform Annotation SR
    "1.2.840.10008.5.1.4.1.1.481.23",   // Enhanced RT Image
    "1.2.840.10008.5.1.4.1.1.481.24",   // Enhanced Continuous RT Image
    "1.2.840.10008.5.1.4.1.1.481.25",   // RT Patient Position Acquisition Instruction
    "1.2.840.10008.5.1.4.1.1.601.3",    // Thermography Image
    "1.2.840.10008.5.1.4.1.1.601.4",    // Thermography Multi-frame Image
    "1.2.840.10008.5.1.4.1.1.601.5",    // Ultrasound Waveform
};

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
  const bool is_known =
      dcmFindNameOfUID(text.c_str()) != nullptr || std::ranges::find(kNewClasses, uid) != kNewClasses.end();
  constexpr std::size_t kMaxRemembered = 4096;
  const std::unique_lock lock(mutex);
  if (known.size() < kMaxRemembered) known.emplace(text, is_known);
  return is_known;
}

}  // namespace naru::dicom
