// Numbers that say what no number may: dates as seconds since 1970, and parts of ids.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>

#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

constexpr std::int64_t kSecondsOfStudy = 1395396900;  // 2014-03-21 10:15 UTC
constexpr dicom::Tag kSeriesNumberOfTime = 0x00200011, kWindowOfTime = 0x00281050, kDurationOfTime = 0x00189073,
                     kColumnsOfTime = 0x00480006;

std::string low_bytes_first(std::uint64_t number, int size) {
  std::string bytes;
  for (int n = 0; n < size; ++n) bytes += static_cast<char>(number >> 8 * n & 0xFF);
  return bytes;
}

std::string as_double(double number) { return low_bytes_first(std::bit_cast<std::uint64_t>(number), 8); }
std::string as_ul(std::int64_t number) { return low_bytes_first(static_cast<std::uint64_t>(number), 4); }

/// The bytes of the element, with what text_of would trim.
std::string raw_value(const Deidentified& done, dicom::Tag tag) {
  for (const dicom::Node& node : done.table.nodes) {
    const dicom::Bytes value = dicom::value_of(node, done.view());
    if (node.tag == tag) return {reinterpret_cast<const char*>(value.data()), value.size()};
  }
  return "none";
}

SliceBytes slice_with_times(std::int64_t seconds) {
  SliceBytes slice;
  slice.text(0x00080020, "DA", "20140321").text(kSeriesNumberOfTime, "IS", std::to_string(seconds));
  slice.text(kWindowOfTime, "DS", fmt::format("40\\{}123.5", seconds)).raw(kColumnsOfTime, "UL", as_ul(seconds));
  slice.raw(kDurationOfTime, "FD", as_double(static_cast<double>(seconds) + 0.25));
  return slice;
}

TEST(ValueNumbers, SecondsOnADateOfTheFileMoveWithIt) {
  const Deidentified done(slice_with_times(kSecondsOfStudy).bytes(),
                          policy_with({DeidOption::retain_longitudinal_modified_dates}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  const std::int64_t shift = test_key().date_shift_days(dicom::patient_identifier(done.result.source), 3650);
  const std::int64_t moved = kSecondsOfStudy + 86'400 * shift;
  EXPECT_EQ(done.value(kSeriesNumberOfTime), std::to_string(moved));
  EXPECT_EQ(done.value(kWindowOfTime), fmt::format("40\\{}123.5", moved));
  EXPECT_EQ(raw_value(done, kColumnsOfTime), as_ul(moved));
  EXPECT_EQ(raw_value(done, kDurationOfTime), as_double(static_cast<double>(moved) + 0.25));
}

TEST(ValueNumbers, SecondsOnADateOfTheFileGoWhereItGoes) {
  const Deidentified done(slice_with_times(kSecondsOfStudy).bytes());
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(kSeriesNumberOfTime), "0");
  EXPECT_EQ(done.value(kWindowOfTime), "40\\0");
  EXPECT_EQ(raw_value(done, kColumnsOfTime), as_ul(0));
  EXPECT_EQ(raw_value(done, kDurationOfTime), as_double(0));
}

TEST(ValueNumbers, MicrosecondsMoveAsSecondsDo) {
  constexpr double kMicrosecond = 1e-6;
  SliceBytes slice = slice_with_times(kSecondsOfStudy);
  slice.raw(kDurationOfTime, "FD", as_double(static_cast<double>(kSecondsOfStudy) / kMicrosecond));
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_longitudinal_modified_dates}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  const std::int64_t shift = test_key().date_shift_days(dicom::patient_identifier(done.result.source), 3650);
  EXPECT_EQ(raw_value(done, kDurationOfTime),
            as_double(static_cast<double>((kSecondsOfStudy + 86'400 * shift) * 1'000'000)));
}

TEST(ValueNumbers, OfOtherTimesAndOfMuchStay) {
  constexpr std::int64_t kThreeDays = 3 * 86'400;
  for (const std::int64_t seconds : {kSecondsOfStudy - kThreeDays, kSecondsOfStudy + kThreeDays}) {
    const Deidentified done(slice_with_times(seconds).bytes());
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    EXPECT_EQ(done.value(kSeriesNumberOfTime), std::to_string(seconds));
    EXPECT_EQ(raw_value(done, kColumnsOfTime), as_ul(seconds));
  }
  SliceBytes slice;
  slice.text(0x00080020, "DA", "20140321").text(kSeriesNumberOfTime, "IS", "13953969");
  // Counts, and a dose in becquerels.
  slice.text(0x00180070, "IS", std::to_string(kSecondsOfStudy));
  slice.text(0x00541310, "IS", std::to_string(kSecondsOfStudy)).text(0x00181074, "DS", std::to_string(kSecondsOfStudy));
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(kSeriesNumberOfTime), "13953969");
  for (const dicom::Tag counts : {0x00180070U, 0x00541310U}) {
    EXPECT_EQ(done.value(counts), std::to_string(kSecondsOfStudy)) << counts;
  }
  EXPECT_EQ(done.value(0x00181074), std::to_string(kSecondsOfStudy));
}

TEST(ValueNumbers, OfPrivateElementsAreNoIdsOrTimesEither) {
  SliceBytes slice;
  slice.text(0x00080020, "DA", "20140321").text(0x00100020, "LO", "77341299");
  slice.text(0x00190010, "LO", "SIEMENS MR HEADER").text(0x0019100C, "IS", "77341299");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0019100C), "");
  slice.text(0x0019100C, "IS", std::to_string(kSecondsOfStudy));
  EXPECT_EQ(Deidentified(slice.bytes(), policy_with({DeidOption::retain_safe_private})).value(0x0019100C), "");
}

/// It begins as the patient's id does; what repeats it was found by the proof, and the file held.
TEST(ValueNumbers, ThatWentFromATextGoAsNumbersToo) {
  SliceBytes slice;
  slice.text(0x00100020, "LO", "48213").text(0x0008103E, "LO", "scan 4821377 head, MRN 8877665");
  slice.text(kSeriesNumberOfTime, "IS", "4821377").text(kWindowOfTime, "DS", "40\\8877665\\14821377");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(0x0008103E), "scan head, MRN");
  EXPECT_EQ(done.value(kSeriesNumberOfTime), "0");
  EXPECT_EQ(done.value(kWindowOfTime), "40\\0\\14821377");
  slice.text(0x00541300, "DS", "4821377");  // Frame Reference Time: a false one is worse than none
  EXPECT_EQ(Deidentified(slice.bytes(), policy_with({DeidOption::clean_descriptors})).result.reason,
            Code::deid_incomplete);
}

/// Moved as they are written they would be on no day that anybody meant; ions are counted.
TEST(ValueNumbers, WithAnExponentAreNoTimesThatCanBeMovedAndParticlesAreNone) {
  SliceBytes slice;
  slice.text(0x00080020, "DA", "20140321").text(kWindowOfTime, "DS", "40\\139539690012E-2");
  slice.text(0x300A0086, "DS", std::to_string(kSecondsOfStudy));
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_longitudinal_modified_dates}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(kWindowOfTime), "40\\0");
  EXPECT_EQ(done.value(0x300A0086), std::to_string(kSecondsOfStudy));
}

TEST(ValueNumbers, ThatAreAnIdGoThoughTheyAreATimeToo) {
  SliceBytes slice;
  const std::string id = std::to_string(kSecondsOfStudy);
  slice.text(0x00080020, "DA", "20140321").text(0x00080050, "SH", id).text(kSeriesNumberOfTime, "IS", id);
  slice.text(kWindowOfTime, "DS", "40\\" + id + ".0\\" + std::to_string(kSecondsOfStudy + 1));
  const auto policy = policy_with({DeidOption::retain_longitudinal_modified_dates});
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  const std::int64_t shift = test_key().date_shift_days(dicom::patient_identifier(done.result.source), 3650);
  EXPECT_EQ(done.value(kSeriesNumberOfTime), "0");
  EXPECT_EQ(done.value(kWindowOfTime), fmt::format("40\\0\\{}", kSecondsOfStudy + 1 + 86'400 * shift));
}

/// Many numbers have the digits of "8877665" somewhere; only "-8877665" repeats it.
TEST(ValueNumbers, ThatWentFromATextAreComparedWhole) {
  SliceBytes slice;
  slice.text(0x0008103E, "LO", "head, MRN 8877665");
  slice.text(kWindowOfTime, "DS", "40\\18877665\\0.8877665\\8877665.5\\ -8877665 ");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_EQ(done.value(kWindowOfTime), "40\\18877665\\0.8877665\\8877665.5\\0");
}

}  // namespace

}  // namespace naru::test
