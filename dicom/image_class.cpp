#include "dicom/image_class.h"

#include <algorithm>
#include <array>

#include "core/ascii_case.h"

namespace naru::dicom {

namespace {

/// SOP classes by the beginning of their UIDs (PS3.4 B.5).
struct Kind {
  std::string_view uid;
  bool is_prefix;
  bool believes_no;  ///< Burned In Annotation = NO counts
  std::string_view name;
};
constexpr std::array kTextKinds = {
    Kind{"1.2.840.10008.5.1.4.1.1.7", false, false, "secondary capture"},  // Secondary Capture
    Kind{"1.2.840.10008.5.1.4.1.1.7.", true, false, "secondary capture"},  // its multi-frame forms
    Kind{"1.2.840.10008.5.1.1.30", false, false, "hardcopy"},              // Hardcopy Color
    Kind{"1.2.840.10008.5.1.1.29", false, false, "hardcopy"},              // Hardcopy Grayscale
    Kind{"1.2.840.10008.5.1.4.1.1.3.1", false, true, "ultrasound"},        // Ultrasound Multi-frame
    Kind{"1.2.840.10008.5.1.4.1.1.6.1", false, true, "ultrasound"},        // Ultrasound
    Kind{"1.2.840.10008.5.1.4.1.1.3", false, true, "ultrasound"},          // Ultrasound Multi-frame (retired)
    Kind{"1.2.840.10008.5.1.4.1.1.6", false, true, "ultrasound"},          // Ultrasound (retired)
    Kind{"1.2.840.10008.5.1.4.1.1.77.1.", true, true, "visible light"},    // Visible light
};

/// What values of Image Type that name a page have in them, e.g. "SCREEN SAVE", "DOSE_INFO", "CSA REPORT", "CT_SOM5
/// PROT".
constexpr std::array<std::string_view, 9> kPages = {"SCREEN",   "CAPTURE",  "DOSE_", "DOSE ",  "REPORT",
                                                    "PATIENT_", "PATIENT ", " PROT", "RESULTS"};
/// What values of Image Type that name a picture of surfaces have in them, e.g. "CSA VRT", "VOLUME_RENDER"; and all of
/// one.
constexpr std::array<std::string_view, 3> kRenderings = {"VRT", "VOLREN", "RENDER"};
constexpr std::array<std::string_view, 1> kShadedSurfaces = {"SSD"};
/// What Image Type calls pictures of a slide's label, or with it (PS3.3 C.8.12.4.1.1).
constexpr std::array<std::string_view, 2> kSlideLabels = {"LABEL", "OVERVIEW"};
constexpr std::array<std::string_view, 10> kMade = {"LOCALIZER", "SCOUT",   "SURVIEW", "REF_SURVIEW",      "TOPOGRAM",
                                                    "MPR",       "CSA MPR", "MIP",     "PROJECTION IMAGE", "CSA MIP"};

// Some writers do not keep to capitals.

bool names_one(std::span<const std::string> image_type, std::span<const std::string_view> words) {
  return std::ranges::any_of(image_type, [&](std::string_view value) {
    return std::ranges::any_of(words, [&](std::string_view word) { return is_equal_but_for_case(value, word); });
  });
}

bool has_one(std::span<const std::string> image_type, std::span<const std::string_view> parts) {
  return std::ranges::any_of(image_type, [&](std::string_view value) {
    return std::ranges::any_of(parts, [&](std::string_view part) {
      return !std::ranges::search(value, part, {}, small_letter, small_letter).empty();
    });
  });
}

const Kind* text_kind(std::string_view sop_class_uid) {
  const auto kind = std::ranges::find_if(kTextKinds, [&](const Kind& row) {
    return row.is_prefix ? sop_class_uid.starts_with(row.uid) : sop_class_uid == row.uid;
  });
  return kind == kTextKinds.end() ? nullptr : &*kind;
}

}  // namespace

bool is_stated_burned_in(std::string_view annotation) {
  return !annotation.empty() && !is_equal_but_for_case(annotation, "NO");
}

ImageClass image_class(std::string_view sop_class_uid, std::span<const std::string> image_type,
                       std::string_view burned_in_annotation) {
  if (is_stated_burned_in(burned_in_annotation) || text_kind(sop_class_uid) != nullptr || names_a_page(image_type)) {
    return ImageClass::captured;
  }
  const bool is_derived = !image_type.empty() && image_type[0].starts_with("DERIVED");
  const bool is_secondary = image_type.size() > 1 && image_type[1] == "SECONDARY";
  const bool is_made = names_one(image_type, kMade) || names_a_rendering(image_type);
  return is_derived || is_secondary || is_made ? ImageClass::derived : ImageClass::original;
}

std::string_view text_by_kind(std::string_view sop_class_uid, std::span<const std::string> image_type,
                              std::string_view burned_in_annotation) {
  if (is_stated_burned_in(burned_in_annotation)) {
    const bool is_yes = is_equal_but_for_case(burned_in_annotation, "YES");
    return is_yes ? "Burned In Annotation YES" : "Burned In Annotation that is not NO";
  }
  if (names_a_page(image_type)) return "Image Type of a page of text";
  const Kind* const kind = text_kind(sop_class_uid);
  if (kind == nullptr) return "";
  if (names_one(image_type, kSlideLabels)) return "Image Type of a slide's label";
  return kind->believes_no && is_equal_but_for_case(burned_in_annotation, "NO") ? "" : kind->name;
}

bool shows_text_by_kind(std::string_view sop_class_uid, std::span<const std::string> image_type,
                        std::string_view burned_in_annotation) {
  return !text_by_kind(sop_class_uid, image_type, burned_in_annotation).empty();
}

bool names_a_page(std::span<const std::string> image_type) { return has_one(image_type, kPages); }

bool names_a_rendering(std::span<const std::string> image_type) {
  return has_one(image_type, kRenderings) || names_one(image_type, kShadedSurfaces);
}

std::string_view name(ImageClass image_class) {
  constexpr std::array<std::string_view, 3> kNames = {"A", "B", "C"};
  return kNames[static_cast<std::size_t>(image_class)];
}

}  // namespace naru::dicom
