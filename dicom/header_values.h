/// The attributes that Naru reads of a header, found in one walk over its elements.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/element_values.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

inline constexpr Tag kManufacturerModelName = 0x00081090, kPatientName = 0x00100010, kStackId = 0x00209056;
inline constexpr Tag kImageType = 0x00080008, kSopClassUid = 0x00080016, kSopInstanceUid = 0x00080018,
                     kAcquisitionDate = 0x00080022, kAcquisitionDateTime = 0x0008002A, kAcquisitionTime = 0x00080032,
                     kContentTime = 0x00080033, kModality = 0x00080060, kManufacturer = 0x00080070,
                     kFrameType = 0x00089007, kComplexImageComponent = 0x00089208, kPatientId = 0x00100020,
                     kIssuerOfPatientId = 0x00100021, kBodyPartExamined = 0x00180015, kSliceThickness = 0x00180050,
                     kEchoTime = 0x00180081, kInversionTime = 0x00180082, kEchoNumbers = 0x00180086,
                     kSpacingBetweenSlices = 0x00180088, kTriggerTime = 0x00181060, kGantryDetectorTilt = 0x00181120,
                     kConvolutionKernel = 0x00181210, kInPlanePhaseEncodingDirection = 0x00181312,
                     kFrameAcquisitionDateTime = 0x00189074, kDiffusionDirectionality = 0x00189075,
                     kInversionTimes = 0x00189079, kEffectiveEchoTime = 0x00189082, kDiffusionBValue = 0x00189087,
                     kDiffusionGradientOrientation = 0x00189089, kAslContext = 0x00189257,
                     kStudyInstanceUid = 0x0020000D, kSeriesInstanceUid = 0x0020000E, kAcquisitionNumber = 0x00200012,
                     kInstanceNumber = 0x00200013, kImagePositionPatient = 0x00200032,
                     kImageOrientationPatient = 0x00200037, kFrameOfReferenceUid = 0x00200052,
                     kSliceLocation = 0x00201041, kTemporalPositionIdentifier = 0x00200100, kImageComments = 0x00204000,
                     kTemporalPositionIndex = 0x00209128, kNominalCardiacTriggerDelayTime = 0x00209153,
                     kFrameAcquisitionNumber = 0x00209156, kNominalPercentageOfCardiacPhase = 0x00209241,
                     kTemporalPositionTimeOffset = 0x0020930D, kSamplesPerPixel = 0x00280002,
                     kPhotometricInterpretation = 0x00280004, kPlanarConfiguration = 0x00280006,
                     kNumberOfFrames = 0x00280008, kRows = 0x00280010, kColumns = 0x00280011,
                     kPixelSpacing = 0x00280030, kBitsAllocated = 0x00280100, kBitsStored = 0x00280101,
                     kHighBit = 0x00280102, kPixelRepresentation = 0x00280103, kPixelPaddingValue = 0x00280120,
                     kBurnedInAnnotation = 0x00280301, kWindowCenter = 0x00281050, kWindowWidth = 0x00281051,
                     kRescaleIntercept = 0x00281052, kRescaleSlope = 0x00281053, kRescaleType = 0x00281054,
                     kModalityLutSequence = 0x00283000, kNumberOfSlices = 0x00540081, kSeriesType = 0x00541000,
                     kUnits = 0x00541001, kImageIndex = 0x00541330, kSharedFunctionalGroups = 0x52009229,
                     kPerFrameFunctionalGroups = 0x52009230;

/// The elements of a data set or of items, by tag. What is not found in these is looked for in the parent's, and then
/// in what comes next.
class HeaderValues {
 public:
  /// Walks the data set that starts at `offset`, up to Pixel Data. Keeps views into `bytes`.
  HeaderValues(Bytes bytes, std::size_t offset, Encoding encoding);
  /// None yet: see `add_item`.
  explicit HeaderValues(const HeaderValues* parent, const HeaderValues* next = nullptr)
      : parent_(parent), next_(next) {}

  /// Adds the elements of an item whose tags are not here yet, nor among `except`.
  void add_item(Bytes item, Encoding encoding, std::span<const Tag> except = {});

  /// The value of a text, number or UID; empty where it is absent, empty or unreasonably long.
  Bytes operator[](Tag tag) const;
  std::string text(Tag tag) const;
  std::optional<std::uint16_t> number(Tag tag) const;  ///< of a US attribute
  bool has_own(Tag tag) const { return !find_own(tag).value.empty(); }

  /// Exactly N numbers, encoded as the file states, or as `expected` where it states no VR for numbers.
  template <std::size_t N>
  std::optional<std::array<double, N>> numbers(Tag tag, Vr expected) const {
    return numbers_of<N>(find(tag), expected);
  }
  std::optional<double> real(Tag tag, Vr expected) const { return first(numbers<1>(tag, expected)); }

  /// A private element, by the name that reserves its block (PS3.5 7.8.1): a block's number differs between files.
  struct Private {
    std::uint16_t group;
    std::string_view creator;
    std::uint8_t element;
  };
  Bytes private_value(const Private& name) const { return find(name).value; }
  template <std::size_t N>
  std::optional<std::array<double, N>> numbers(const Private& name, Vr expected) const {
    return numbers_of<N>(find(name), expected);
  }
  std::optional<double> real(const Private& name, Vr expected) const { return first(numbers<1>(name, expected)); }

  /// A value with its encoding, e.g. of a sequence for ItemWalk.
  struct Element {
    Tag tag = 0;
    Vr value_representation = 0;
    Encoding encoding;  ///< of the items, where it is a sequence
    Bytes value;
    Bytes bounded;  ///< as texts and numbers are read; made once: frames without end ask for one value of the data set
  };
  Element find(Tag tag) const;
  Element find(const Private& name) const;

  WalkEnd end() const { return end_; }
  const ElementHeader& pixel_data() const { return pixel_data_; }  ///< when end() is pixel_data
  const std::vector<Element>& elements() const { return elements_; }

 private:
  Element find_own(Tag tag) const;
  Element find_own(const Private& name) const;
  template <class Name>
  Element find_here_or_behind(const Name& name) const;
  void walk(ElementWalk& walk, Bytes bytes, Encoding encoding);
  void sort_from(std::size_t first);
  static std::optional<double> first(const std::optional<std::array<double, 1>>& found) {
    return found ? std::optional((*found)[0]) : std::nullopt;
  }
  template <std::size_t N>
  static std::optional<std::array<double, N>> numbers_of(const Element& element, Vr expected) {
    const Vr stated = element.value_representation;
    const bool is_known = binary_size(stated) || stated == vr("DS") || stated == vr("IS");
    return dicom::numbers<N>(element.bounded, is_known ? stated : expected, element.encoding.is_big_endian);
  }

  std::vector<Element> elements_;  ///< by tag; of one tag the one that counts stands first
  const HeaderValues *parent_ = nullptr, *next_ = nullptr;
  WalkEnd end_ = WalkEnd::complete;
  ElementHeader pixel_data_;
};

}  // namespace naru::dicom
