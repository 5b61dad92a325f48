#include "pipeline/pixels/face_classes.h"

#include <algorithm>
#include <array>

namespace naru {

namespace {

struct Row {
  std::string_view uid;
  FaceClass kind;
};
constexpr auto kRows = std::to_array<Row>({
    {"1.2.840.10008.5.1.4.1.1.2", FaceClass::volume},          // CT
    {"1.2.840.10008.5.1.4.1.1.2.1", FaceClass::volume},        // Enhanced CT
    {"1.2.840.10008.5.1.4.1.1.2.2", FaceClass::volume},        // Legacy Converted Enhanced CT
    {"1.2.840.10008.5.1.4.1.1.4", FaceClass::volume},          // MR
    {"1.2.840.10008.5.1.4.1.1.4.1", FaceClass::volume},        // Enhanced MR
    {"1.2.840.10008.5.1.4.1.1.4.3", FaceClass::volume},        // Enhanced MR Color
    {"1.2.840.10008.5.1.4.1.1.4.4", FaceClass::volume},        // Legacy Converted Enhanced MR
    {"1.2.840.10008.5.1.4.1.1.128", FaceClass::volume},        // PET
    {"1.2.840.10008.5.1.4.1.1.128.1", FaceClass::volume},      // Legacy Converted Enhanced PET
    {"1.2.840.10008.5.1.4.1.1.130", FaceClass::volume},        // Enhanced PET
    {"1.2.840.10008.5.1.4.1.1.30", FaceClass::volume},         // Parametric Map
    {"1.2.840.10008.5.1.4.1.1.13.1.1", FaceClass::picture},    // X-Ray 3D Angiographic
    {"1.2.840.10008.5.1.4.1.1.13.1.2", FaceClass::picture},    // X-Ray 3D Craniofacial
    {"1.2.840.10008.5.1.4.1.1.68.1", FaceClass::picture},      // Surface Scan Mesh
    {"1.2.840.10008.5.1.4.1.1.68.2", FaceClass::picture},      // Surface Scan Point Cloud
    {"1.2.840.10008.5.1.4.1.1.77.1", FaceClass::picture},      // VL Image (retired)
    {"1.2.840.10008.5.1.4.1.1.77.2", FaceClass::picture},      // VL Multi-frame (retired)
    {"1.2.840.10008.5.1.4.1.1.77.1.4", FaceClass::picture},    // VL Photographic
    {"1.2.840.10008.5.1.4.1.1.77.1.4.1", FaceClass::picture},  // Video Photographic
    {"1.2.840.10008.5.1.4.1.1.601.3", FaceClass::picture},     // Thermography
    {"1.2.840.10008.5.1.4.1.1.601.4", FaceClass::picture},     // Thermography Multi-frame
    {"1.2.840.10008.5.1.4.1.1.481.3", FaceClass::outline},     // RT Structure Set
    {"1.2.840.10008.5.1.4.1.1.66.5", FaceClass::outline},      // Surface Segmentation
    {"1.2.840.10008.5.1.4.1.1.66.4", FaceClass::drawing},      // Segmentation
    {"1.2.840.10008.5.1.4.1.1.66.7", FaceClass::drawing},      // Label Map Segmentation
    {"1.2.840.10008.5.1.4.1.1.481.2", FaceClass::drawing},     // RT Dose
});

}  // namespace

FaceClass face_class(std::string_view sop_class_uid) {
  const auto found = std::ranges::find(kRows, sop_class_uid, &Row::uid);
  return found == kRows.end() ? FaceClass::other : found->kind;
}

}  // namespace naru
