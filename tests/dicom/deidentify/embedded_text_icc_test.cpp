// ICC profiles.
#include <gmock/gmock.h>

#include <random>

#include "dicom/deidentify/embedded_text.h"
#include "tests/dicom/deidentify/icc_profiles.h"

namespace naru::test {
namespace {

using dicom::EmbeddedText;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

EmbeddedText clean_profile(std::string& bytes) {
  return dicom::clean_icc_profile(std::as_writable_bytes(std::span(bytes)));
}

void expect_untouched_profile(std::string profile) {
  const std::string before = profile;
  const EmbeddedText found = clean_profile(profile);
  EXPECT_TRUE(found.is_sound);
  EXPECT_FALSE(found.is_changed());
  EXPECT_EQ(profile, before);
}

/// What was planted goes, curves and the published texts stay, and a second pass changes nothing. @return the result
std::string expect_cleaned(std::string profile) {
  const std::size_t size = profile.size();
  const EmbeddedText found = clean_profile(profile);
  EXPECT_TRUE(found.is_sound);
  EXPECT_TRUE(found.is_changed());
  EXPECT_EQ(profile.size(), size);
  EXPECT_THAT(profile, Not(HasSubstr("GILDONG")));
  EXPECT_THAT(profile, Not(HasSubstr(utf16("GILDONG"))));
  EXPECT_THAT(profile, HasSubstr(icc_curve()));
  EXPECT_THAT(profile, HasSubstr("sRGB IEC61966-2.1"));
  std::string again = profile;
  EXPECT_FALSE(clean_profile(again).is_changed());
  EXPECT_EQ(again, profile);
  return profile;
}

void expect_unsound_profile(std::string profile) { EXPECT_FALSE(clean_profile(profile).is_sound); }

std::string with_tag(const std::string& signature, const std::string& data) {
  auto tags = published_tags();
  tags.push_back({signature, data});
  return icc_profile(tags);
}

const std::string kOurToken(kToken);

TEST(IccText, PublishedProfilesStayAsTheyAre) {
  expect_untouched_profile(icc_profile(published_tags()));
  expect_untouched_profile(icc_profile(published_tags()) + '\0');  // padding to an even length
  auto tags = published_tags();
  tags.push_back({"dmdd", icc_mluc({{"enUS", utf16("sRGB")}, {"koKR", utf16("sRGB built-in")}})});
  tags.push_back({"wtpt", icc_curve()});
  expect_untouched_profile(icc_profile(tags));
}

TEST(IccText, TextsOfAllTypesGo) {
  expect_cleaned(with_tag("cprt", icc_text(kOurToken)));
  expect_cleaned(with_tag("targ", icc_text("sRGB\0"s + kOurToken)));  // behind a known text
  expect_cleaned(with_tag("desc", icc_desc(kOurToken)));
  expect_cleaned(with_tag("desc", icc_mluc({{"enUS", utf16("sRGB")}, {"koKR", utf16(kOurToken)}})));
  expect_cleaned(with_tag("desc", icc_mluc({{"koKR", "\xAE\x40\xAE\x38\xB3\xD9"s}})));  // Kim Gil-dong in Hangul
}

TEST(IccText, EachFormOfADescriptionCounts) {
  const std::string known = icc_desc("sRGB");
  std::string wide = known, script = known, behind = known;
  wide.replace(known.find(utf16("sRGB")), 8, utf16("GILD"));
  script.replace(known.size() - 67, 7, "GILDONG");
  behind += "GILDONG";
  for (const std::string& desc : {wide, script, behind}) expect_cleaned(with_tag("desc", desc));
  std::string cleaned = expect_cleaned(with_tag("dmdd", wide));
  EXPECT_THAT(cleaned, Not(HasSubstr(utf16("GILD"))));
}

TEST(IccText, DescriptionsWithoutTheirLatterFormsAreUnderstood) {
  expect_untouched_profile(with_tag("desc", "desc\0\0\0\0\0\0\0\5sRGB\0"s));
  expect_cleaned(with_tag("desc", "desc\0\0\0\0\0\0\0\7GILDONG"s));
  expect_cleaned(with_tag("desc", "desc\0\0\0\0\xFF\xFF\xFF\xFFGILDONG"s));
  expect_cleaned(with_tag("desc", "desc\0\0\0\0\0\0\0\5sRGB\0\0\0\0\0\x7F\xFF\xFF\xFFGILDONG"s));
}

TEST(IccText, CleanedTextsKeepTheirForm) {
  const std::string text = icc_text(kOurToken);
  EXPECT_THAT(expect_cleaned(with_tag("cprt", text)), HasSubstr(icc_text(std::string(kOurToken.size(), ' '))));
  const std::string wide = utf16(kOurToken);
  EXPECT_THAT(expect_cleaned(with_tag("desc", icc_mluc({{"koKR", wide}}))),
              HasSubstr(icc_mluc({{"koKR", utf16(std::string(kOurToken.size(), ' '))}})));
  EXPECT_THAT(expect_cleaned(with_tag("desc", icc_desc(kOurToken))),
              HasSubstr("desc\0\0\0\0"s + big_endian(static_cast<std::uint32_t>(kOurToken.size() + 1), 4) +
                        std::string(kOurToken.size(), ' ') + std::string(79, '\0')));
}

TEST(IccText, PrivateAndUnknownTypesBecomeZero) {
  const std::string cleaned = expect_cleaned(with_tag("mmod", "mmod\0\0\0\0"s + kOurToken));
  EXPECT_THAT(cleaned, HasSubstr("mmod\0\0\0\0"s + std::string(kOurToken.size(), '\0')));
  for (const std::string type : {"data", "dict", "pseq", "ncl2", "utf8", "ui08"}) {
    expect_cleaned(with_tag("Xyzw", type + "\0\0\0\0"s + kOurToken));
  }
  expect_cleaned(with_tag("calt", "dtim\0\0\0\0"s + kScanDate));
  expect_cleaned(with_tag("cprt", "text" + kOurToken.substr(4, 4)));  // in the reserved bytes
  expect_cleaned(with_tag("cprt", "KIM"));
}

TEST(IccText, DatesAndIdsGoButThoseOfPublishedProfiles) {
  const std::string dated = expect_cleaned(icc_profile(published_tags(), kScanDate));
  EXPECT_EQ(dated.substr(24, 12), std::string(12, '\0'));
  std::string with_id = icc_profile(published_tags(), kScanDate);
  with_id.replace(84, 16, "0123456789abcdef");
  EXPECT_EQ(expect_cleaned(with_id).substr(84, 16), std::string(16, '\0'));
  // A changed profile is no published one, whatever its date.
  EXPECT_EQ(expect_cleaned(with_tag("cprt", icc_text(kOurToken))).substr(24, 12), std::string(12, '\0'));
}

TEST(IccText, BytesThatBelongToNothingBecomeZero) {
  std::string profile = icc_profile(published_tags());
  profile.replace(100, 7, "GILDONG");  // reserved in the header
  expect_cleaned(profile);
  expect_cleaned(icc_profile(published_tags()) + kOurToken);  // behind the end
  std::string stretched = icc_profile(published_tags()) + kOurToken;
  stretched.replace(0, 4, big_endian(static_cast<std::uint32_t>(stretched.size()), 4));
  expect_cleaned(stretched);  // within the profile, in no tag
  const std::string mluc = icc_mluc({{"enUS", utf16("sRGB")}});
  expect_cleaned(with_tag("desc", mluc + kOurToken));  // within a tag, in no text
}

TEST(IccText, TagsMayShareTheirData) {
  auto tags = published_tags();
  std::string profile = icc_profile(tags);
  profile.replace(128 + 4 + 12 * 2 + 4, 8, profile.substr(128 + 4 + 12 * 4 + 4, 8));  // rXYZ points to rTRC's
  EXPECT_TRUE(clean_profile(profile).is_sound);
  EXPECT_THAT(profile, HasSubstr(icc_curve()));
}

TEST(IccText, ProfilesWhoseTablesDoNotFitAreUnsound) {
  const std::string profile = icc_profile(published_tags());
  const auto with = [&](std::size_t at, const std::string& bytes) {
    std::string changed = profile;
    return changed.replace(at, bytes.size(), bytes);
  };
  expect_unsound_profile("");
  expect_unsound_profile(kOurToken);
  expect_unsound_profile(profile.substr(0, profile.size() - 1));
  expect_unsound_profile(with(36, "GILD"));                      // no profile at all
  expect_unsound_profile(with(0, big_endian(100, 4)));           // shorter than its header
  expect_unsound_profile(with(128, big_endian(0xFFFFFFFF, 4)));  // more tags than bytes
  expect_unsound_profile(with(128 + 4 + 4, big_endian(0, 4)));   // a tag in the header
  expect_unsound_profile(with(128 + 4 + 4, big_endian(0xFFFFFF00, 4)));
  expect_unsound_profile(with(128 + 4 + 8, big_endian(0xFFFFFFFF, 4)));
  expect_unsound_profile(with(128 + 4 + 8, big_endian(60, 4)));  // a tag that reaches into the next one
}

TEST(IccText, DamagedProfilesNeverBreakAnything) {
  std::mt19937 random(3);
  auto tags = published_tags();
  tags.push_back({"dmdd", icc_mluc({{"enUS", utf16("sRGB")}, {"koKR", utf16(kOurToken)}})});
  const std::string profile = icc_profile(tags, kScanDate);
  for (int n = 0; n < 50000; ++n) {
    std::string bytes = profile;
    for (int change = 0; change < 1 + n % 4; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(n % 3 == 0 ? random() % 3 : random());
    }
    if (n % 5 == 0) bytes.resize(random() % bytes.size());
    const std::size_t size = bytes.size();
    const EmbeddedText found = clean_profile(bytes);
    ASSERT_EQ(bytes.size(), size);
    if (!found.is_sound) continue;
    std::string again = bytes;
    ASSERT_FALSE(clean_profile(again).is_changed()) << n;
  }
}

}  // namespace
}  // namespace naru::test
