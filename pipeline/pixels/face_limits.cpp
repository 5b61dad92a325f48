#include "pipeline/pixels/face_limits.h"

#include <algorithm>
#include <array>

#include "pipeline/allow_list.h"

namespace naru {

namespace {

constexpr auto kOtherParts = std::to_array<OtherPart>({
    {"ABDOMEN", true},  {"ABDOMENPELVIS", true},  {"ADRENAL", true},        {"ANKLE", false},    {"AORTA", true},
    {"ARM", false},     {"BACK", true},           {"BLADDER", true},        {"BREAST", true},    {"CALF", false},
    {"CHEST", true},    {"CHESTABDOMEN", true},   {"CHESTABDPELVIS", true}, {"CLAVICLE", true},  {"COCCYX", true},
    {"COLON", true},    {"CORONARYARTERY", true}, {"ELBOW", false},         {"ESOPHAGUS", true}, {"FEMUR", false},
    {"FINGER", false},  {"FOOT", false},          {"FOREARM", false},       {"HAND", false},     {"HEART", true},
    {"HIP", false},     {"KIDNEY", true},         {"KNEE", false},          {"LEG", false},      {"LIVER", true},
    {"LSPINE", true},   {"LUNG", true},           {"PANCREAS", true},       {"PELVIS", true},    {"PROSTATE", true},
    {"SHOULDER", true}, {"SSPINE", true},         {"THIGH", false},         {"TSPINE", true},    {"UTERUS", true},
    {"WRIST", false},
});

}  // namespace

const OtherPart* other_part(std::string_view body_part) {
  const auto name = public_body_part(body_part);
  if (!name) return nullptr;
  const auto found = std::ranges::find(kOtherParts, *name, &OtherPart::name);
  return found == kOtherParts.end() ? nullptr : &*found;
}

std::string_view too_small_for_a_face(const Grid& grid) {
  const Vec3 spacing = grid.spacing_mm();
  const std::array<double, 3> extent = {spacing[0] * static_cast<double>(grid.size.x),
                                        spacing[1] * static_cast<double>(grid.size.y),
                                        spacing[2] * static_cast<double>(grid.size.z)};
  if (std::ranges::max(spacing) > kCoarsestMm) return "too_coarse";
  return std::ranges::min(extent) < kThinnestMm ? "too_thin" : "";
}

}  // namespace naru
