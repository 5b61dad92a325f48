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

constexpr Row kNewerRows[] = {
#include "dicom/dcmtk/newer_rows.inc"
};

std::unordered_map<Tag, Vr> known_rows() {
  std::unordered_map<Tag, Vr> rows;
  rows.reserve(std::size(kRows) + std::size(kNewerRows));
  for (const Row& row : kRows) {
    if (is_known_vr(row.value_representation)) rows.emplace(row.tag, row.value_representation);
  }
  for (const Row& row : kNewerRows) rows.emplace(row.tag, row.value_representation);
  return rows;
}

/// UIDs of PS3.6 Table A-1 (2026d) that are newer than DCMTK 3.6.7.
constexpr std::array<std::string_view, 49> kNewerUids = {
    "1.2.840.10008.1.2.1.98",           // Encapsulated Uncompressed Explicit VR Little Endian
    "1.2.840.10008.1.2.4.100.1",        // Fragmentable MPEG2 Main Profile / Main Level
    "1.2.840.10008.1.2.4.101.1",        // Fragmentable MPEG2 Main Profile / High Level
    "1.2.840.10008.1.2.4.102.1",        // Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1
    "1.2.840.10008.1.2.4.103.1",        // the same, BD-compatible
    "1.2.840.10008.1.2.4.104.1",        // Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video
    "1.2.840.10008.1.2.4.105.1",        // the same for 3D Video
    "1.2.840.10008.1.2.4.106.1",        // Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2
    "1.2.840.10008.1.2.4.110",          // JPEG XL Lossless
    "1.2.840.10008.1.2.4.111",          // JPEG XL JPEG Recompression
    "1.2.840.10008.1.2.4.112",          // JPEG XL
    "1.2.840.10008.1.2.4.201",          // High-Throughput JPEG 2000 (Lossless Only)
    "1.2.840.10008.1.2.4.202",          // High-Throughput JPEG 2000 with RPCL Options (Lossless Only)
    "1.2.840.10008.1.2.4.203",          // High-Throughput JPEG 2000
    "1.2.840.10008.1.2.4.204",          // JPIP HTJ2K Referenced
    "1.2.840.10008.1.2.4.205",          // JPIP HTJ2K Referenced Deflate
    "1.2.840.10008.1.2.8.1",            // Deflated Image Frame Compression
    "1.2.840.10008.2.16.5",             // coding schemes: Adult Mouse Anatomy Ontology
    "1.2.840.10008.2.16.6",             // Uberon Ontology
    "1.2.840.10008.2.16.7",             // Integrated Taxonomic Information System
    "1.2.840.10008.2.16.8",             // Mouse Genome Initiative
    "1.2.840.10008.2.16.9",             // PubChem Compound CID
    "1.2.840.10008.2.16.10",            // Dublin Core
    "1.2.840.10008.2.16.11",            // New York University Melanoma Clinical Cooperative Group
    "1.2.840.10008.2.16.12",            // Mayo Clinic Anatomical Surface Region Guide
    "1.2.840.10008.2.16.13",            // Image Biomarker Standardisation Initiative
    "1.2.840.10008.2.16.14",            // Radiomics Ontology
    "1.2.840.10008.2.16.15",            // RadElement
    "1.2.840.10008.2.16.16",            // ICD-11
    "1.2.840.10008.2.16.17",            // Unified numbering system for metals and alloys
    "1.2.840.10008.2.16.18",            // Research Resource Identification
    "1.2.840.10008.5.1.4.38.4",         // Hanging Protocol Information Model - GET
    "1.2.840.10008.5.1.4.1.1.6.3",      // storage SOP classes: Photoacoustic Image
    "1.2.840.10008.5.1.4.1.1.9.1.4",    // General 32-bit ECG Waveform
    "1.2.840.10008.5.1.4.1.1.9.100.1",  // Waveform Presentation State
    "1.2.840.10008.5.1.4.1.1.9.100.2",  // Waveform Acquisition Presentation State
    "1.2.840.10008.5.1.4.1.1.11.12",    // Variable Modality LUT Softcopy Presentation State
    "1.2.840.10008.5.1.4.1.1.66.7",     // Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.66.8",     // Height Map Segmentation
    "1.2.840.10008.5.1.4.1.1.77.1.8",   // Confocal Microscopy Image
    "1.2.840.10008.5.1.4.1.1.77.1.9",   // Confocal Microscopy Tiled Pyramidal Image
    "1.2.840.10008.5.1.4.1.1.88.77",    // Waveform Annotation SR
    "1.2.840.10008.5.1.4.1.1.201.1",    // Inventory
    "1.2.840.10008.5.1.4.1.1.481.23",   // Enhanced RT Image
    "1.2.840.10008.5.1.4.1.1.481.24",   // Enhanced Continuous RT Image
    "1.2.840.10008.5.1.4.1.1.481.25",   // RT Patient Position Acquisition Instruction
    "1.2.840.10008.5.1.4.1.1.601.3",    // Thermography Image
    "1.2.840.10008.5.1.4.1.1.601.4",    // Thermography Multi-frame Image
    "1.2.840.10008.5.1.4.1.1.601.5",    // Ultrasound Waveform
};

/// The context groups of PS3.16, numbered from 1 (Table A-3 of PS3.6); each edition has some more. A number of more
/// than four digits under their root may be somebody's.
bool is_context_group(std::string_view uid) {
  constexpr std::string_view kRoot = "1.2.840.10008.6.1.";
  constexpr std::size_t kMostDigits = 4;
  if (!uid.starts_with(kRoot)) return false;
  uid.remove_prefix(kRoot.size());
  return !uid.empty() && uid.size() <= kMostDigits && uid.front() != '0' &&
         uid.find_first_not_of("0123456789") == std::string_view::npos;
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
  const bool is_known = dcmFindNameOfUID(text.c_str()) != nullptr || is_context_group(uid) ||
                        std::ranges::find(kNewerUids, uid) != kNewerUids.end();
  constexpr std::size_t kMaxRemembered = 4096;
  const std::unique_lock lock(mutex);
  if (known.size() < kMaxRemembered) known.emplace(text, is_known);
  return is_known;
}

}  // namespace naru::dicom
