#include "dicom/deidentify/stream_frames.h"

#include <gtest/gtest.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

constexpr std::uint32_t kOffsets = 0x7FE00001, kLengths = 0x7FE00002, kTotal = 0x7FE00003, kFragments = 0x7FE00010;

std::string eight_bytes(std::uint32_t number) { return little_endian(number) + std::string(4, '\0'); }

/// Two frames of RLE with their extended tables.
struct Extended {
  std::string frame = rle_frame({std::string(8, '\1'), std::string(8, '\2')});
  std::string offsets_value = eight_bytes(0) + eight_bytes(static_cast<std::uint32_t>(frame.size() + 8));
  std::string lengths =
      eight_bytes(static_cast<std::uint32_t>(frame.size())) + eight_bytes(static_cast<std::uint32_t>(frame.size()));
  std::string total = eight_bytes(static_cast<std::uint32_t>(2 * frame.size()));
  std::string basic = offsets({});

  SliceBytes slice() const {
    SliceBytes slice;
    slice.transfer_syntax("1.2.840.10008.1.2.5").text(0x00280008, "IS", "2").text(0x00080060, "CS", "CT");
    slice.raw(kOffsets, "OV", offsets_value).raw(kLengths, "OV", lengths).raw(kTotal, "UV", total);
    return slice.raw(kFragments, "OB", basic + item(frame) + item(frame) + kEndMark).stated_pixel_length(0xFFFFFFFF);
  }
};

bool has_tables(const Deidentified& done) { return done.has(kOffsets) && done.has(kLengths); }

TEST(ExtendedOffsetTable, StaysWithTheFragmentsThatItDescribes) {
  const Extended source;
  const Deidentified done(source.slice().bytes());
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_TRUE(done.holds(source.offsets_value));
  EXPECT_TRUE(done.holds(source.lengths));
  EXPECT_TRUE(has_tables(done) && done.has(kTotal));
}

TEST(ExtendedOffsetTable, GoesWhereItSaysAnythingElse) {
  std::vector<Extended> others(6);
  others[0].offsets_value[8] = '\7';
  others[1].lengths[0] = '\7';
  others[2].offsets_value += eight_bytes(19551107);
  others[3].lengths.resize(8);
  others[4].basic = offsets({0, static_cast<std::uint32_t>(others[4].frame.size() + 8)});
  others[5].offsets_value.clear();
  for (const Extended& other : others) {
    const Deidentified done(other.slice().bytes());
    ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
    EXPECT_FALSE(done.has(kOffsets) || done.has(kLengths)) << &other - others.data();
  }
  const Deidentified alone(Extended().slice().remove(kLengths).bytes());
  EXPECT_FALSE(alone.has(kOffsets));
}

TEST(ExtendedOffsetTable, GoesWithTheFragments) {
  auto policy = policy_with({DeidOption::clean_pixel_data});
  policy.regions = {{"CT", "GE MEDICAL SYSTEMS", "", 2, 4, 0, 0, 1, 1}};
  const Deidentified done(Extended().slice().bytes(), policy);
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  EXPECT_FALSE(done.has(kOffsets) || done.has(kLengths) || done.has(kTotal));
}

TEST(TotalLength, GoesWhereItIsAnotherNumber) {
  Extended other;
  other.total = eight_bytes(19551107);
  EXPECT_FALSE(Deidentified(other.slice().bytes()).has(kTotal));
  SliceBytes native;
  native.raw(kTotal, "UV", eight_bytes(16));
  EXPECT_FALSE(Deidentified(native.bytes()).has(kTotal));
}

}  // namespace

}  // namespace naru::test
