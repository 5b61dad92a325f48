#include "dicom/header_values.h"

#include <algorithm>
#include <cassert>

#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

/// No attribute that is read needs more; a longer value is garbage and counts as absent.
constexpr std::size_t kMaxValueBytes = 1024;

}  // namespace

constexpr std::array<Tag, HeaderValues::kTagCount> HeaderValues::kTags = {kImageType,
                                                                          kSopClassUid,
                                                                          kSopInstanceUid,
                                                                          kManufacturer,
                                                                          kPatientId,
                                                                          kIssuerOfPatientId,
                                                                          kBodyPartExamined,
                                                                          kSliceThickness,
                                                                          kEchoTime,
                                                                          kEchoNumbers,
                                                                          kSpacingBetweenSlices,
                                                                          kSiemensMrCreator,
                                                                          kSiemensImagesInMosaic,
                                                                          kStudyInstanceUid,
                                                                          kSeriesInstanceUid,
                                                                          kInstanceNumber,
                                                                          kImagePositionPatient,
                                                                          kImageOrientationPatient,
                                                                          kSamplesPerPixel,
                                                                          kPhotometricInterpretation,
                                                                          kPlanarConfiguration,
                                                                          kNumberOfFrames,
                                                                          kRows,
                                                                          kColumns,
                                                                          kPixelSpacing,
                                                                          kBitsAllocated,
                                                                          kBitsStored,
                                                                          kHighBit,
                                                                          kPixelRepresentation,
                                                                          kBurnedInAnnotation,
                                                                          kRescaleIntercept,
                                                                          kRescaleSlope};

HeaderValues::HeaderValues(Bytes bytes, std::size_t offset, Encoding encoding) : encoding_(encoding) {
  static_assert(std::ranges::is_sorted(kTags));
  ElementWalk walk(bytes, offset, encoding);
  while (const auto element = walk.next()) {
    const auto found = std::ranges::lower_bound(kTags, element->tag);
    if (found == kTags.end() || *found != element->tag || element->length > kMaxValueBytes) continue;
    values_[found - kTags.begin()] = bytes.subspan(element->value_offset, element->length);
  }
  end_ = walk.end();
  pixel_data_ = walk.pixel_data();
}

Bytes HeaderValues::operator[](Tag tag) const {
  const auto found = std::ranges::lower_bound(kTags, tag);
  assert(found != kTags.end() && *found == tag);
  return values_[found - kTags.begin()];
}

std::string HeaderValues::text(Tag tag) const { return std::string(text_of((*this)[tag])); }

std::optional<std::uint16_t> HeaderValues::number(Tag tag) const {
  return unsigned_short((*this)[tag], encoding_.is_big_endian);
}

}  // namespace naru::dicom
