#include "pipeline/allow_list.h"

#include <algorithm>
#include <array>

#include "core/ascii_case.h"

namespace naru {

namespace {

struct Vendor {
  std::string_view prefix;  ///< of the attribute, in any case
  std::string_view name;
};

constexpr std::array kVendors = {
    Vendor{"SIEMENS", "Siemens"}, Vendor{"GE MEDICAL", "GE"},      Vendor{"GE HEALTHCARE", "GE"},
    Vendor{"G.E. MEDICAL", "GE"}, Vendor{"PHILIPS", "Philips"},    Vendor{"CANON", "Canon"},
    Vendor{"TOSHIBA", "Toshiba"}, Vendor{"UIH", "United Imaging"}, Vendor{"UNITED IMAGING", "United Imaging"},
    Vendor{"HITACHI", "Hitachi"}, Vendor{"FUJIFILM", "Fujifilm"},  Vendor{"SAMSUNG", "Samsung"},
    Vendor{"NEUSOFT", "Neusoft"}, Vendor{"SHIMADZU", "Shimadzu"},  Vendor{"HYPERFINE", "Hyperfine"},
    Vendor{"ESAOTE", "Esaote"},   Vendor{"BRUKER", "Bruker"},      Vendor{"PICKER", "Picker"},
    Vendor{"MARCONI", "Marconi"}, Vendor{"IMATRON", "Imatron"},    Vendor{"CPS", "CPS"},
    Vendor{"MINDRAY", "Mindray"}, Vendor{"VATECH", "Vatech"},
};

// Defined terms of Body Part Examined, PS3.16 Annex L table L-1 (those in use for CT and MR).
constexpr std::array<std::string_view, 62> kBodyParts = {
    "ABDOMEN",
    "ABDOMENPELVIS",
    "ADRENAL",
    "ANKLE",
    "AORTA",
    "ARM",
    "AXILLA",
    "BACK",
    "BLADDER",
    "BRAIN",
    "BREAST",
    "CALF",
    "CAROTID",
    "CEREBELLUM",
    "CSPINE",
    "CTSPINE",
    "CERVIX",
    "CHEST",
    "CHESTABDOMEN",
    "CHESTABDPELVIS",
    "CIRCLEOFWILLIS",
    "CLAVICLE",
    "COCCYX",
    "COLON",
    "CORONARYARTERY",
    "ELBOW",
    "ESOPHAGUS",
    "EXTREMITY",
    "EYE",
    "FEMUR",
    "FINGER",
    "FOOT",
    "FOREARM",
    "HAND",
    "HEAD",
    "HEADNECK",
    "HEART",
    "HIP",
    "IAC",
    "JAW",
    "KIDNEY",
    "KNEE",
    "LEG",
    "LIVER",
    "LSPINE",
    "LUNG",
    "MAXILLA",
    "NECK",
    "ORBIT",
    "PANCREAS",
    "PELVIS",
    "PROSTATE",
    "SHOULDER",
    "SINUS",
    "SKULL",
    "SPINE",
    "SSPINE",
    "THIGH",
    "TSPINE",
    "UTERUS",
    "WHOLEBODY",
    "WRIST",
};

const Vendor* vendor_of(std::string_view manufacturer) {
  const auto found = std::ranges::find_if(kVendors, [&](const Vendor& vendor) {
    return is_equal_but_for_case(manufacturer.substr(0, vendor.prefix.size()), vendor.prefix);
  });
  return found == kVendors.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string_view> public_manufacturer(std::string_view manufacturer) {
  const Vendor* const vendor = vendor_of(manufacturer);
  if (vendor == nullptr) return std::nullopt;
  return vendor->name;
}

std::string_view unknown_of_manufacturer(std::string_view manufacturer) {
  const Vendor* const vendor = vendor_of(manufacturer);
  return vendor == nullptr ? manufacturer : manufacturer.substr(vendor->prefix.size());
}

std::optional<std::string_view> public_body_part(std::string_view body_part) {
  const auto found =
      std::ranges::find_if(kBodyParts, [&](std::string_view term) { return is_equal_but_for_case(body_part, term); });
  if (found == kBodyParts.end()) return std::nullopt;
  return *found;
}

std::span<const std::string_view> public_body_parts() { return kBodyParts; }

}  // namespace naru
