#include "dicom/vendor_values.h"

#include <gtest/gtest.h>

#include <bit>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {
namespace {

std::string doubles(std::initializer_list<double> values) {
  std::string bytes;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int n = 0; n < 8; ++n) bytes += static_cast<char>(bits >> (8 * n) & 0xFF);
  }
  return bytes;
}

std::string single(float value) {
  std::string bytes;
  for (int n = 0; n < 4; ++n) bytes += static_cast<char>(std::bit_cast<std::uint32_t>(value) >> (8 * n) & 0xFF);
  return bytes;
}

/// A slice of the coronal plane: rows run left, columns down.
SliceBytes coronal() { return SliceBytes().text(0x00200037, "DS", "1\\0\\0\\0\\0\\-1"); }

dicom::PlaneTiming timing_of(const SliceBytes& slice) {
  const auto result = header_of(slice.bytes());
  return result.planes.empty() ? dicom::PlaneTiming{} : result.planes[0].timing;
}

TEST(VendorValues, ReadsSiemensDiffusionByTheNameOfItsBlock) {
  const auto timing = timing_of(coronal()
                                    .text(0x00190012, "LO", "SIEMENS MR HEADER")
                                    .text(0x0019120C, "IS", "1000")
                                    .raw(0x0019120E, "FD", doubles({0, -1, 0})));
  EXPECT_EQ(timing.b_value_s_per_mm2, 1000);
  EXPECT_EQ(timing.gradient_direction, (Vec3{0, -1, 0}));
  const auto other = timing_of(coronal().text(0x00190010, "LO", "SOMEONE ELSE").text(0x0019100C, "IS", "1000"));
  EXPECT_FALSE(other.b_value_s_per_mm2);
}

TEST(VendorValues, TakesGesMarkOffItsBValueAndTurnsItsVectorIntoThePatientFrame) {
  SliceBytes slice = coronal();
  slice.text(0x00430010, "LO", "GEMS_PARM_01").text(0x00431039, "IS", "1000000800\\8\\0\\0");
  slice.text(0x00190010, "LO", "GEMS_ACQU_01").text(0x001910BB, "DS", "0").text(0x001910BC, "DS", "1");
  slice.text(0x001910BD, "DS", "0").text(0x00181312, "CS", "COL");
  EXPECT_EQ(timing_of(slice).b_value_s_per_mm2, 800);
  EXPECT_EQ(timing_of(slice).gradient_direction, (Vec3{0, 0, -1})) << "along the columns";
  EXPECT_EQ(timing_of(slice.text(0x00181312, "CS", "ROW")).gradient_direction, (Vec3{1, 0, 0}));
}

TEST(VendorValues, ReadsPhilipsDiffusionAndScale) {
  SliceBytes slice = coronal();
  slice.text(0x20010010, "LO", "Philips Imaging DD 001").raw(0x20011003, "FL", single(600));
  slice.text(0x20050011, "LO", "Philips MR Imaging DD 001");
  slice.raw(0x200511B0, "FL", single(0)).raw(0x200511B1, "FL", single(0)).raw(0x200511B2, "FL", single(1));
  slice.raw(0x2005110E, "FL", single(0.5)).raw(0x2005110D, "FL", single(2));
  EXPECT_EQ(timing_of(slice).b_value_s_per_mm2, 600);
  EXPECT_EQ(timing_of(slice).gradient_direction, (Vec3{0, 0, 1}));
  const auto scale = header_of(slice.bytes()).planes.at(0).philips_scale;
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->scale_slope, 0.5);
  EXPECT_EQ(scale->scale_intercept, 2);
  const auto alone = header_of(slice.remove(0x2005110D).bytes()).planes.at(0).philips_scale;
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->scale_slope, 0.5);
  EXPECT_FALSE(alone->scale_intercept);
}

TEST(VendorValues, ReadsUihAndCanonInTheImagesFrame) {
  SliceBytes uih = coronal();
  uih.text(0x00650010, "LO", "Image Private Header").raw(0x00651009, "FD", doubles({700}));
  uih.raw(0x00651037, "FD", doubles({0, 1, 0}));
  EXPECT_EQ(timing_of(uih).b_value_s_per_mm2, 700);
  EXPECT_EQ(timing_of(uih).gradient_direction, (Vec3{0, 0, -1}));
  const auto canon = timing_of(coronal().text(0x00204000, "LT", "b=1500(1.000,0.000,0.000)"));
  EXPECT_EQ(canon.b_value_s_per_mm2, 1500);
  EXPECT_EQ(canon.gradient_direction, (Vec3{1, 0, 0}));
}

TEST(VendorValues, HasNoDirectionWithoutAGradient) {
  SliceBytes slice = coronal();
  slice.raw(0x00189087, "FD", doubles({0})).raw(0x00189089, "FD", doubles({1, 0, 0}));
  EXPECT_EQ(timing_of(slice).b_value_s_per_mm2, 0);
  EXPECT_FALSE(timing_of(slice).gradient_direction);
  slice.raw(0x00189087, "FD", doubles({1000})).text(0x00189075, "CS", "ISOTROPIC");
  EXPECT_FALSE(timing_of(slice).gradient_direction);
}

TEST(PlaneValues, ReadsAPetSliceWithItsUnits) {
  SliceBytes slice;
  slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.128").text(0x00080060, "CS", "PT");
  slice.text(0x00541001, "CS", "BQML").text(0x00281053, "DS", "2.5").text(0x00080032, "TM", "010203.25");
  const auto planes = header_of(slice.bytes()).planes;
  ASSERT_EQ(planes.size(), 1u);
  EXPECT_EQ(planes[0].modality, "PT");
  EXPECT_EQ(planes[0].units, "BQML");
  EXPECT_EQ(planes[0].rescale_slope, 2.5);
  EXPECT_EQ(planes[0].timing.acquisition_time_s, 3723.25);
}

TEST(PlaneValues, ReadsKernelTiltPaddingAndFrameOfReference) {
  SliceBytes slice;
  slice.text(0x00181210, "SH", "B30f\\3").text(0x00181120, "DS", "-15").text(0x00200052, "UI", "2.999.5");
  slice.raw(0x00280120, "SS", std::string("\x30\xF8", 2)).text(0x00200012, "IS", "4");
  const auto planes = header_of(slice.bytes()).planes;
  ASSERT_EQ(planes.size(), 1u);
  EXPECT_EQ(planes[0].reconstruction_kernel, "B30f\\3");
  EXPECT_EQ(planes[0].gantry_tilt_degrees, -15);
  EXPECT_EQ(planes[0].padding_value, -2000);
  EXPECT_EQ(planes[0].frame_of_reference_uid, "2.999.5");
  EXPECT_EQ(planes[0].timing.acquisition_number, 4);
}

TEST(VendorValues, ReadsPhilipsLabelAndGesKindOfImage) {
  SliceBytes slice = coronal();
  slice.text(0x00080060, "CS", "MR").text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4");
  slice.text(0x20050010, "LO", "Philips MR Imaging DD 005").text(0x20051029, "CS", "LABEL");
  EXPECT_EQ(timing_of(slice).asl_context, 2);
  EXPECT_FALSE(timing_of(slice.text(0x20051029, "CS", "UNDEFINED")).asl_context);
  slice.text(0x00430010, "LO", "GEMS_PARM_01").raw(0x0043102F, "SS", std::string("\x01\0", 2));
  EXPECT_EQ(header_of(slice.bytes()).planes.at(0).complex_component, "PHASE");
  slice.raw(0x0043102F, "SS", std::string("\x09\0", 2));
  EXPECT_EQ(header_of(slice.bytes()).planes.at(0).complex_component, "");
}

/// Slices count first; of a series that is neither dynamic nor gated Image Index says where an image lies.
TEST(PlaneValues, ReadsTheVolumeOfADynamicPetFromImageIndex) {
  SliceBytes slice;
  slice.text(0x00541000, "CS", "DYNAMIC\\IMAGE").number(0x00540081, 6).number(0x00541330, 13);
  EXPECT_EQ(timing_of(slice).temporal_position, 3);
  EXPECT_EQ(timing_of(slice.number(0x00541330, 12)).temporal_position, 2);
  EXPECT_FALSE(timing_of(slice.text(0x00541000, "CS", "WHOLE BODY\\IMAGE")).temporal_position);
}

}  // namespace
}  // namespace naru::test
