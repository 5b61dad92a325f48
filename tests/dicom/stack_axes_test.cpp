#include "dicom/stack_axes.h"

#include <gtest/gtest.h>

#include "tests/dicom/hand_made_slices.h"

namespace naru::test {

namespace {

using dicom::AxisKey;
using dicom::Candidate;
using dicom::Member;

/// In the order of Instance Numbers, of the images of one place.
std::vector<AxisKey> order_of(const std::vector<Candidate>& candidates) {
  std::vector<Member> members;
  for (std::size_t c = 0; c < candidates.size(); ++c) members.push_back({c, {}});
  const auto places = dicom::find_places(candidates, members, {0, 0, 1});
  const dicom::AxisKeys keys(candidates, members, places);
  std::vector<AxisKey> order;
  for (const Member& member : members) order.push_back(keys.of(dicom::kAxes[dicom::kInstanceOrderAxis], member));
  return order;
}

TEST(StackAxes, RankImagesOfAPlaceByNumber) {
  std::vector<Candidate> images = {slice(7, 0), slice(3, 0), slice(12, 0)};
  EXPECT_EQ(order_of(images), (std::vector<AxisKey>{{1}, {0}, {2}}));
  images[0].instance.instance_number.reset();
  EXPECT_EQ(order_of(images), std::vector<AxisKey>(3));
}

TEST(StackAxes, RankFramesOfOneFileAsTheyFollowEachOther) {
  std::vector<Candidate> frames = {slice(2, 0), slice(2, 0), slice(1, 0), slice(1, 0)};
  frames[0].instance.plane = 1;
  frames[3].instance.plane = 5;
  EXPECT_EQ(order_of(frames), (std::vector<AxisKey>{{3}, {2}, {0}, {1}}));
  frames[0].instance.sop_instance_uid += ".1";
  EXPECT_EQ(order_of(frames), std::vector<AxisKey>(4)) << "two files of one number follow each other in no order";
}

}  // namespace

}  // namespace naru::test
