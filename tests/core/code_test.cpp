#include "core/code.h"

#include <gtest/gtest.h>

#include <set>

namespace naru::test {
namespace {

TEST(Code, HasOneRowForEachInTheOrderOfTheEnumeration) {
  const auto codes = all_codes();
  ASSERT_EQ(codes.size(), static_cast<std::size_t>(Code::unused_bits_set) + 1);
  for (std::size_t i = 0; i < codes.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(codes[i].code), i);
}

TEST(Code, IsFoundByItsNameAgain) {
  for (const CodeInfo& row : all_codes()) {
    EXPECT_EQ(code_from_name(row.name), row.code) << row.name;
    EXPECT_EQ(name(row.code), row.name);
    EXPECT_EQ(info(row.code).meaning, row.meaning);
  }
  EXPECT_FALSE(code_from_name("no_such_code").has_value());
  EXPECT_FALSE(code_from_name("").has_value());
}

TEST(Code, HasAUniqueSnakeCaseNameAMeaningAndARemedy) {
  std::set<std::string_view> names;
  for (const CodeInfo& row : all_codes()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << row.name;
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.name;
    EXPECT_TRUE(row.remedy.ends_with('.')) << row.name;
  }
}

/// What `naru review` lists is decided there, and nothing else is sent there.
TEST(Code, SendsToReviewWhatReviewListsAlone) {
  for (const CodeInfo& row : all_codes()) {
    const bool is_listed = row.code == Code::text_suspected || row.code == Code::face_present;
    EXPECT_EQ(row.remedy.find("naru review") != std::string_view::npos, is_listed) << row.name;
    EXPECT_EQ(row.remedy.find("by hand"), std::string_view::npos) << row.name;
  }
  EXPECT_NE(info(Code::deid_incomplete).remedy.find("[deidentify] attributes"), std::string_view::npos);
  EXPECT_NE(info(Code::single_slice).remedy.find("(0018,0050)"), std::string_view::npos);
}

TEST(Disposition, HasTheWordsOfTheContract) {
  EXPECT_EQ(name(Disposition::used), "used");
  EXPECT_EQ(name(Disposition::excluded), "excluded");
  EXPECT_EQ(name(Disposition::quarantined), "quarantined");
  EXPECT_EQ(name(Disposition::rejected), "rejected");
}

TEST(Verdict, HasTheWordsOfTheContract) {
  EXPECT_EQ(name(Verdict::accept), "accept");
  EXPECT_EQ(name(Verdict::repair), "repair");
  EXPECT_EQ(name(Verdict::reject), "reject");
}

}  // namespace
}  // namespace naru::test
