#include "dicom/image_class.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

/// SOP classes by the beginning of their UIDs (PS3.4 B.5).
struct Kind {
  std::string_view uid;
  bool is_prefix;
  bool believes_no;  ///< Burned In Annotation = NO counts
};
constexpr std::array kTextKinds = {
    Kind{"1.2.840.10008.5.1.4.1.1.7", false, false},    // Secondary Capture
    Kind{"1.2.840.10008.5.1.4.1.1.7.", true, false},    // its multi-frame forms
    Kind{"1.2.840.10008.5.1.1.30", false, false},       // Hardcopy Color
    Kind{"1.2.840.10008.5.1.1.29", false, false},       // Hardcopy Grayscale
    Kind{"1.2.840.10008.5.1.4.1.1.3.1", false, true},   // Ultrasound Multi-frame
    Kind{"1.2.840.10008.5.1.4.1.1.6.1", false, true},   // Ultrasound
    Kind{"1.2.840.10008.5.1.4.1.1.3", false, true},     // Ultrasound Multi-frame (retired)
    Kind{"1.2.840.10008.5.1.4.1.1.6", false, true},     // Ultrasound (retired)
    Kind{"1.2.840.10008.5.1.4.1.1.77.1.", true, true},  // Visible light
};

/// Values of Image Type, from the third on.
constexpr std::array<std::string_view, 12> kPages = {
    "SCREEN SAVE", "SCREEN_SAVE",  "SCREENSAVE",       "SCREEN CAPTURE",   "DOSE_INFO", "DOSE INFO",
    "DOSE REPORT", "PATIENT_INFO", "PATIENT PROTOCOL", "PATIENT_PROTOCOL", "RESULTS",   "REPORT"};
constexpr std::array<std::string_view, 10> kMade = {"LOCALIZER", "SCOUT",   "SURVIEW", "REF_SURVIEW",      "TOPOGRAM",
                                                    "MPR",       "CSA MPR", "MIP",     "PROJECTION IMAGE", "CSA MIP"};

bool names_one(std::span<const std::string> image_type, std::span<const std::string_view> words) {
  return std::ranges::any_of(image_type,
                             [&](const std::string& word) { return std::ranges::find(words, word) != words.end(); });
}

const Kind* text_kind(std::string_view sop_class_uid) {
  const auto kind = std::ranges::find_if(kTextKinds, [&](const Kind& row) {
    return row.is_prefix ? sop_class_uid.starts_with(row.uid) : sop_class_uid == row.uid;
  });
  return kind == kTextKinds.end() ? nullptr : &*kind;
}

}  // namespace

ImageClass image_class(std::string_view sop_class_uid, std::span<const std::string> image_type,
                       std::string_view burned_in_annotation) {
  if (burned_in_annotation == "YES" || text_kind(sop_class_uid) != nullptr || names_one(image_type, kPages)) {
    return ImageClass::captured;
  }
  const bool is_derived = !image_type.empty() && image_type[0].starts_with("DERIVED");
  const bool is_secondary = image_type.size() > 1 && image_type[1] == "SECONDARY";
  return is_derived || is_secondary || names_one(image_type, kMade) ? ImageClass::derived : ImageClass::original;
}

bool shows_text_by_kind(std::string_view sop_class_uid, std::span<const std::string> image_type,
                        std::string_view burned_in_annotation) {
  if (image_class(sop_class_uid, image_type, burned_in_annotation) != ImageClass::captured) return false;
  const Kind* const kind = text_kind(sop_class_uid);
  return kind == nullptr || !kind->believes_no || burned_in_annotation != "NO" || names_one(image_type, kPages);
}

bool names_a_page(std::span<const std::string> image_type) { return names_one(image_type, kPages); }

std::string_view name(ImageClass image_class) {
  constexpr std::array<std::string_view, 3> kNames = {"A", "B", "C"};
  return kNames[static_cast<std::size_t>(image_class)];
}

}  // namespace naru::dicom
