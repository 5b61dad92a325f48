/// The few attributes that Naru reads of a header, found in one walk over its elements.
#pragma once

#include <array>
#include <string>

#include "dicom/element_walk.h"

namespace naru::dicom {

inline constexpr Tag kImageType = 0x00080008, kSopClassUid = 0x00080016, kSopInstanceUid = 0x00080018,
                     kManufacturer = 0x00080070, kPatientId = 0x00100020, kIssuerOfPatientId = 0x00100021,
                     kBodyPartExamined = 0x00180015, kSliceThickness = 0x00180050, kEchoTime = 0x00180081,
                     kEchoNumbers = 0x00180086, kSpacingBetweenSlices = 0x00180088, kSiemensMrCreator = 0x00190010,
                     kSiemensImagesInMosaic = 0x0019100A, kStudyInstanceUid = 0x0020000D,
                     kSeriesInstanceUid = 0x0020000E, kInstanceNumber = 0x00200013, kImagePositionPatient = 0x00200032,
                     kImageOrientationPatient = 0x00200037, kSamplesPerPixel = 0x00280002,
                     kPhotometricInterpretation = 0x00280004, kPlanarConfiguration = 0x00280006,
                     kNumberOfFrames = 0x00280008, kRows = 0x00280010, kColumns = 0x00280011,
                     kPixelSpacing = 0x00280030, kBitsAllocated = 0x00280100, kBitsStored = 0x00280101,
                     kHighBit = 0x00280102, kPixelRepresentation = 0x00280103, kBurnedInAnnotation = 0x00280301,
                     kRescaleIntercept = 0x00281052, kRescaleSlope = 0x00281053;

class HeaderValues {
 public:
  /// Walks the data set that starts at `offset`, up to Pixel Data. Keeps views into `bytes`.
  HeaderValues(Bytes bytes, std::size_t offset, Encoding encoding);

  /// The value of one of the attributes above; empty where it is absent, empty or unreasonably long.
  Bytes operator[](Tag tag) const;
  std::string text(Tag tag) const;
  std::optional<std::uint16_t> number(Tag tag) const;  ///< of a US attribute

  WalkEnd end() const { return end_; }
  const ElementHeader& pixel_data() const { return pixel_data_; }  ///< when end() is pixel_data

 private:
  static constexpr std::size_t kTagCount = 32;
  static const std::array<Tag, kTagCount> kTags;
  std::array<Bytes, kTagCount> values_;
  Encoding encoding_;
  WalkEnd end_;
  ElementHeader pixel_data_;
};

}  // namespace naru::dicom
