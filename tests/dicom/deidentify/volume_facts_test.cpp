#include "dicom/deidentify/volume_facts.h"

#include <gtest/gtest.h>

#include <bit>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

std::string sequence_of(std::uint32_t tag, const std::string& items) { return SliceBytes::element(tag, "SQ", items); }

std::string single(float number) { return little_endian(std::bit_cast<std::uint32_t>(number)); }

/// Philips' own sequence in a frame's functional groups, with the scale of its stored values.
std::string philips_scale(float slope) {
  return sequence_of(0x2005140F, item(SliceBytes::element(0x20050010, "LO", "Philips MR Imaging DD 001 ") +
                                      SliceBytes::element(0x2005100D, "FL", single(0)) +
                                      SliceBytes::element(0x2005100E, "FL", single(slope))));
}

/// An enhanced MR image of two frames with these slopes.
dicom::VolumeFacts facts_of(float first, float second) {
  const std::string plane = sequence_of(0x00209116, item(SliceBytes::element(0x00200037, "DS", "1\\0\\0\\0\\1\\0 ")));
  const std::string measures = sequence_of(0x00289110, item(SliceBytes::element(0x00280030, "DS", "0.75\\0.5")));
  const auto frame = [](const std::string& position, float slope) {
    return item(sequence_of(0x00209113, item(SliceBytes::element(0x00200032, "DS", position))) +
                SliceBytes::element(0x20050014, "LO", "Philips MR Imaging DD 005 ") + philips_scale(slope));
  };
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4.1").text(0x00080060, "CS", "MR").text(0x00280008, "IS", "2");
  slice.remove(0x00200032).remove(0x00200037).remove(0x00280030);
  slice.raw(0x7FE00010, "OW", std::string(32, '\0'));
  slice.insert(sequence_of(0x52009229, item(plane + measures)) +
               sequence_of(0x52009230, frame("1\\2\\3 ", first) + frame("1\\2\\8 ", second)));
  const std::string file = slice.bytes();
  return dicom::read_volume_facts(std::as_bytes(std::span(file)));
}

TEST(VolumeFacts, OfAnEnhancedImageHoldTheScaleThatAllFramesShare) {
  const auto facts = facts_of(0.25F, 0.25F);
  ASSERT_TRUE(facts.philips_scale);
  EXPECT_EQ(facts.philips_scale->scale_slope, 0.25);
  EXPECT_EQ(facts.philips_scale->scale_intercept, 0);
}

TEST(VolumeFacts, OfAnEnhancedImageHoldNoScaleThatDiffers) { EXPECT_FALSE(facts_of(0.25F, 0.5F).philips_scale); }

}  // namespace

}  // namespace naru::test
