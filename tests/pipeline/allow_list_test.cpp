#include "pipeline/allow_list.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

TEST(AllowList, LetsKnownMakersAndBodyPartsPassInOurOwnSpelling) {
  EXPECT_EQ(public_manufacturer("SIEMENS"), "Siemens");
  EXPECT_EQ(public_manufacturer("Siemens HealthCare GmbH for Hong Gildong"), "Siemens");
  EXPECT_EQ(public_manufacturer("GE MEDICAL SYSTEMS"), "GE");
  EXPECT_EQ(public_body_part("chest"), "CHEST");
}

TEST(AllowList, LetsNothingElsePass) {
  EXPECT_FALSE(public_manufacturer("Hong Gildong"));
  EXPECT_FALSE(public_manufacturer(""));
  EXPECT_FALSE(public_body_part("CHEST OF HONG"));
  EXPECT_FALSE(public_body_part(""));
}

TEST(AllowList, KnowsOfAMakersNameOnlyWhatItBeginsWith) {
  EXPECT_EQ(unknown_of_manufacturer("SHIMADZU"), "");
  EXPECT_EQ(unknown_of_manufacturer("Siemens HealthCare GmbH for Hong Gildong"), " HealthCare GmbH for Hong Gildong");
  EXPECT_EQ(unknown_of_manufacturer("Hong Gildong"), "Hong Gildong");
  EXPECT_EQ(unknown_of_manufacturer(""), "");
}

}  // namespace
}  // namespace naru
