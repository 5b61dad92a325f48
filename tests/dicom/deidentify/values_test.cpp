#include "dicom/deidentify/values.h"

#include <gtest/gtest.h>

namespace naru::test {

namespace {

using dicom::shift_dates;
using dicom::vr;

TEST(Values, MovesDatesByWholeDaysThroughTheCalendar) {
  // python3: datetime.date(2014, 3, 1) - datetime.timedelta(days=1) and the like.
  EXPECT_EQ(shift_dates("20140301", vr("DA"), -1), "20140228");
  EXPECT_EQ(shift_dates("20160301", vr("DA"), -1), "20160229");
  EXPECT_EQ(shift_dates("20000101", vr("DA"), -366), "19981231");
  EXPECT_EQ(shift_dates("20140321", vr("DA"), -1000), "20110625");
  EXPECT_EQ(shift_dates("20140301\\20140302", vr("DA"), -1), "20140228\\20140301");
}

TEST(Values, KeepsTimesFractionsAndZones) {
  EXPECT_EQ(shift_dates("20140301101530.123456+0900", vr("DT"), -1), "20140228101530.123456+0900");
  EXPECT_EQ(shift_dates("20140301", vr("DT"), -1), "20140228");
  EXPECT_EQ(shift_dates("2014-0500", vr("DT"), 0), "2014-0500");
  EXPECT_EQ(shift_dates("101530.5", vr("TM"), -1), "101530.5");
  EXPECT_EQ(shift_dates("10:15:30", vr("TM"), -1), "10:15:30");
}

TEST(Values, MovesPartialAndRetiredForms) {
  EXPECT_EQ(shift_dates("2014.03.01", vr("DA"), -1), "20140228");
  EXPECT_EQ(shift_dates("201403", vr("DT"), -1), "201402");
  EXPECT_EQ(shift_dates("2014", vr("DT"), -1), "2013");
  EXPECT_EQ(shift_dates("", vr("DA"), -1), "");
  EXPECT_EQ(shift_dates(" 20140301", vr("DA"), -1), "20140228");
}

TEST(Values, LetsNoTextPassForADate) {
  for (const char* text : {"20141301", "20140230", "Davidson", "20140301 Kim", "2014030", "20140301-20140302"}) {
    EXPECT_EQ(shift_dates(text, vr("DA"), -1), std::nullopt) << text;
  }
  EXPECT_EQ(shift_dates("20140301Kim", vr("DT"), -1), std::nullopt);
  EXPECT_EQ(shift_dates("00010102", vr("DA"), -2), std::nullopt);
  EXPECT_EQ(shift_dates("99991230", vr("DA"), 2), std::nullopt);
  EXPECT_EQ(shift_dates("noon", vr("TM"), -1), std::nullopt);
}

/// Moved, they would tell by how much.
TEST(Values, LeavesDatesThatStandForNone) {
  for (const char* text : {"00010101", "18991230", "19000101", "19700101", "99991231"}) {
    EXPECT_EQ(shift_dates(text, vr("DA"), -1000), text);
    EXPECT_EQ(shift_dates(text + std::string("000000"), vr("DT"), -1000), text + std::string("000000"));
  }
  EXPECT_EQ(shift_dates("1970", vr("DT"), -1), "1969");  // a year of somebody, as any other
  EXPECT_EQ(shift_dates("197001", vr("DT"), -1), "196912");
  EXPECT_EQ(shift_dates("19000101\\20140302", vr("DA"), -1), "19000101\\20140301");
  EXPECT_EQ(dicom::shift_epoch_text("0", -1000), "0");
  EXPECT_EQ(dicom::shift_epoch_text("86400", -1), "0");
  EXPECT_EQ(dicom::shift_epoch_text("-1", -1000), "-1");
}

TEST(Values, KnowsNamesThatStandForNone) {
  for (const char* none : {"ANONYMOUS", "Unknown^", "No^Name", "none"})
    EXPECT_TRUE(dicom::is_placeholder_name(none)) << none;
  for (const char* name : {"", "Na^Hyunjoo", "ANONYMOUS^7", "Nonell", "Hong^Gildong"}) {
    EXPECT_FALSE(dicom::is_placeholder_name(name)) << name;
  }
}

TEST(Values, CapsAgesAbove89Years) {
  EXPECT_EQ(dicom::capped_age("089Y"), "089Y");
  EXPECT_EQ(dicom::capped_age("090Y"), "090Y");
  EXPECT_EQ(dicom::capped_age("101Y"), "090Y");
  EXPECT_EQ(dicom::capped_age("100M"), "100M");
  EXPECT_EQ(dicom::capped_age("ninety"), std::nullopt);
}

TEST(Values, MovesSecondsSince1970) {
  EXPECT_EQ(dicom::shift_epoch_text("1395360000", -1), "1395273600");
  EXPECT_EQ(dicom::shift_epoch_text("soon", -1), std::nullopt);
}

TEST(Values, HasALegalDummyForEveryVr) {
  for (const char* name :
       {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV",
        "OW", "PN", "SH", "SL", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV"}) {
    const char letters[3] = {name[0], name[1], '\0'};
    const std::string dummy = dicom::dummy_value(vr(letters));
    EXPECT_FALSE(dummy.empty()) << name;
    EXPECT_LE(dummy.size(), 16U) << name;
  }
  EXPECT_TRUE(shift_dates(dicom::dummy_value(vr("DA")), vr("DA"), 0));
  EXPECT_TRUE(shift_dates(dicom::dummy_value(vr("DT")), vr("DT"), 0));
}

TEST(Values, TellsNumbersFromWhatIsMadeOfTheirSigns) {
  for (const dicom::Vr number : {vr("DS"), vr("IS")}) {
    for (const char* value : {"", "12", "-3", "+7", " 0012 ", "12.0", ".5", "5.", "1e2", "1.5E-3", "1\\\\-2", "1 \\ 2"})
      EXPECT_TRUE(dicom::is_legal(value, number)) << value;
    for (const char* value : {"1931-05-04", "1234567-8", "1 2", "--", "e", "1e", "1-", "2014.03.21", "1\\1931-05-04"})
      EXPECT_FALSE(dicom::is_legal(value, number)) << value;
  }
  EXPECT_TRUE(dicom::is_legal("0.12345678901234567890", vr("DS")));
  EXPECT_FALSE(dicom::is_legal("12345678901234567", vr("IS")));
}

}  // namespace

}  // namespace naru::test
