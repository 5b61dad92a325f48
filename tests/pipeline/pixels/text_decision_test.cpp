#include "pipeline/pixels/text_decision.h"

#include <gtest/gtest.h>

#include <set>

namespace naru::test {

namespace {

FoundText text_at(std::int64_t x, std::int64_t y, bool is_on_background, std::int64_t width = 40,
                  std::int64_t height = 16) {
  return {{x, y, width, height, width * height, 0.9F}, is_on_background};
}

TextLook look_with(std::vector<std::vector<FoundText>> frames) {
  TextLook look;
  look.columns = look.rows = 512;
  look.frames = std::move(frames);
  return look;
}

/// A series of one frame a file.
std::vector<TextLook> series_of(std::size_t count, const std::vector<FoundText>& found) {
  return std::vector<TextLook>(count, look_with({found}));
}

bool covers(const dicom::PixelBox& box, const TextRegion& region) {
  return box.x < region.x && box.y < region.y && box.x + box.width > region.x + region.width &&
         box.y + box.height > region.y + region.height;
}

TEST(TextDecision, LeavesASeriesWithoutTextAlone) {
  const TextDecision decision = decide_text(series_of(5, {}), TextHandling::redact);
  EXPECT_FALSE(decision.hold);
  EXPECT_TRUE(decision.texts.empty());
  for (const auto& boxes : decision.boxes) EXPECT_TRUE(boxes.empty());
}

TEST(TextDecision, BlanksTextOnBackgroundWhereItStandsAndALittleMore) {
  auto series = series_of(4, {});
  series[2].frames = {{}, {text_at(10, 20, true)}};
  const TextDecision decision = decide_text(series, TextHandling::redact);
  EXPECT_FALSE(decision.hold);
  ASSERT_EQ(decision.texts.size(), 1U);
  EXPECT_EQ(decision.texts[0].verdict, TextVerdict::on_background);
  ASSERT_EQ(decision.boxes[2].size(), 1U);
  EXPECT_EQ(decision.boxes[2][0].frame, 1);
  EXPECT_TRUE(covers(decision.boxes[2][0], decision.texts[0].found.region));
  EXPECT_LT(decision.boxes[2][0].x, 0);
  ASSERT_TRUE(decision.texts[0].blanked);
  EXPECT_EQ(decision.texts[0].blanked->x, 0) << "of the rectangle, what lies in the frame";
  EXPECT_EQ(decision.texts[0].blanked->y, decision.boxes[2][0].y);
  EXPECT_TRUE(decision.boxes[0].empty());
}

FoundText sign_at(std::int64_t x, std::int64_t y, float probability = 0.99F) {
  return {{x, y, 16, 20, 320, probability}, false};
}

/// Of 24 slices, of which `count` show something.
TextDecision decided_with(std::size_t count, const std::vector<FoundText>& found,
                          TextHandling handling = TextHandling::redact) {
  auto series = series_of(24, {});
  for (std::size_t n = 0; n < count; ++n) series[n].frames = {found};
  return decide_text(series, handling);
}

TEST(TextDecision, LeavesASignOverAnatomyThatFewSlicesOfManyShow) {
  for (const std::size_t count : {1, 2, 3}) {
    const TextDecision decision = decided_with(count, {sign_at(200, 200)});
    EXPECT_FALSE(decision.hold);
    ASSERT_EQ(decision.texts.size(), count);
    for (const JudgedText& text : decision.texts) EXPECT_EQ(text.verdict, TextVerdict::unlikely);
    EXPECT_TRUE(decision.boxes[0].empty());
    EXPECT_EQ(decision.kept[0].size(), 1U);  // a second look may see it
  }
  EXPECT_EQ(decided_with(4, {sign_at(200, 200)}).texts[0].verdict, TextVerdict::persistent);
}

TEST(TextDecision, LeavesNoSignThatIsCertainAWordOneBesideTextOneOfAFewSlicesOrWhereNoneMayBe) {
  EXPECT_TRUE(decided_with(1, {sign_at(200, 200, 0.9996F)}).hold);
  EXPECT_TRUE(decided_with(1, {text_at(200, 200, false)}).hold);
  EXPECT_TRUE(decided_with(1, {text_at(200, 200, false, 20, 45)}).hold);
  EXPECT_TRUE(decided_with(1, {text_at(200, 200, false, 35, 20)}).hold);
  EXPECT_TRUE(decided_with(1, {sign_at(200, 200), text_at(10, 10, true)}).hold);
  EXPECT_TRUE(decided_with(1, {sign_at(200, 200)}, TextHandling::quarantine).hold);
  auto few = series_of(9, {});
  few[0].frames = {{sign_at(200, 200)}};
  EXPECT_TRUE(decide_text(few, TextHandling::redact).hold);
}

/// It may be a name of three letters, a line that can hardly be read, or an upright "I", as the spine of a vertebra.
TEST(TextDecision, BlanksWhereItStandsWhatIsInDoubtAndLongerThanASign) {
  FoundText line = text_at(200, 200, false), word = {{200, 200, 20, 32, 640, 0.99F}, false};
  line.log_odds = 4.2F;
  for (const FoundText& doubtful : {line, word, text_at(200, 200, false, 20, 38)}) {
    const TextDecision decision = decided_with(1, {doubtful});
    EXPECT_FALSE(decision.hold);
    EXPECT_EQ(decision.texts[0].verdict, TextVerdict::doubtful);
    ASSERT_EQ(decision.boxes[0].size(), 1U);
    EXPECT_EQ(decision.boxes[0][0].frame, 0);
    EXPECT_TRUE(covers(decision.boxes[0][0], doubtful.region));
    EXPECT_TRUE(decision.boxes[1].empty());
    EXPECT_EQ(decided_with(4, {doubtful}).texts[0].verdict, TextVerdict::persistent);
  }
}

TEST(TextDecision, LeavesToARuleForTheDeviceWhatStandsInItsRectangle) {
  auto series = series_of(3, {});
  series[1].frames = {{text_at(200, 200, false), text_at(200, 260, false)}};
  for (TextLook& look : series) look.regions = {{-1, 198, 198, 60, 40, {}}};
  for (const auto handling : {TextHandling::redact, TextHandling::quarantine}) {
    const TextDecision held = decide_text(series, handling);
    EXPECT_TRUE(held.hold);  // for the second
    EXPECT_EQ(held.texts[0].verdict, TextVerdict::region);
    EXPECT_FALSE(decide_text(series_of(1, {}), handling).hold);
  }
  series[1].frames[0].pop_back();
  const TextDecision decision = decide_text(series, TextHandling::quarantine);
  EXPECT_FALSE(decision.hold);
  for (const auto& boxes : decision.boxes) EXPECT_TRUE(boxes.empty());
}

/// So many pieces may be all that was found, or not.
TEST(TextDecision, LeavesNothingToARuleWhereAFrameShowsAsMuchAsIsEverFound) {
  const std::vector<FoundText> many(kMostFoundTexts, text_at(200, 200, false));
  auto series = series_of(1, many);
  series[0].regions = {{-1, 0, 0, 512, 512, {}}};
  EXPECT_TRUE(decide_text(series, TextHandling::redact).hold);
  series[0].frames[0].pop_back();
  EXPECT_FALSE(decide_text(series, TextHandling::redact).hold);
}

TEST(TextDecision, HoldsTheSeriesWhereTextOverAnatomyStandsInOneOrTwoSlices) {
  for (const std::size_t count : {1, 2}) {
    auto series = series_of(5, {});
    for (std::size_t n = 0; n < count; ++n) series[n].frames = {{text_at(200, 200, false)}};
    const TextDecision decision = decide_text(series, TextHandling::redact);
    EXPECT_EQ(decision.hold, Code::text_suspected) << count;
    EXPECT_EQ(decision.texts[0].verdict, TextVerdict::uncertain);
    for (const auto& boxes : decision.boxes) EXPECT_TRUE(boxes.empty());
  }
}

TEST(TextDecision, BlanksPersistentTextInEverySliceEvenWhereItWasNotSeen) {
  auto series = series_of(6, {});
  for (const std::size_t n : {0, 2, 5}) series[n].frames = {{text_at(200 + static_cast<std::int64_t>(n), 200, false)}};
  const TextDecision decision = decide_text(series, TextHandling::redact);
  EXPECT_FALSE(decision.hold);
  for (const auto& boxes : decision.boxes) {
    ASSERT_FALSE(boxes.empty());
    EXPECT_EQ(boxes.back().frame, -1);
    EXPECT_TRUE(covers(boxes.back(), text_at(200, 200, false, 45).region));
  }
  // The evidence tells of the other three as well.
  std::set<std::size_t> unseen;
  for (const JudgedText& text : decision.texts) {
    if (text.verdict != TextVerdict::unseen) continue;
    unseen.insert(text.file);
    EXPECT_EQ(text.frame, 0);
    EXPECT_TRUE(covers(decision.boxes[text.file].back(), text.found.region));
  }
  EXPECT_EQ(unseen, (std::set<std::size_t>{1, 3, 4}));
}

TEST(TextDecision, CountsTheFramesOfOneFileAsSlices) {
  const std::vector<FoundText> found = {text_at(200, 200, false)};
  const std::vector<TextLook> series = {look_with({found, {}, found, found})};
  EXPECT_FALSE(decide_text(series, TextHandling::redact).hold);
}

TEST(TextDecision, DoesNotMixSlicesOfDifferentSizes) {
  auto series = series_of(4, {text_at(200, 200, false)});
  series[0].columns = series[1].columns = 400;
  EXPECT_EQ(decide_text(series, TextHandling::redact).hold, Code::text_suspected);
}

TEST(TextDecision, HoldsPagesOfText) {
  std::vector<FoundText> many;
  for (std::int64_t n = 0; n < 13; ++n) many.push_back(text_at(10, 30 * n, true));
  const TextDecision decision = decide_text(series_of(5, many), TextHandling::redact);
  EXPECT_EQ(decision.hold, Code::text_suspected);
  EXPECT_EQ(decision.texts[0].verdict, TextVerdict::too_much);
  many.pop_back();
  EXPECT_FALSE(decide_text(series_of(5, many), TextHandling::redact).hold);
  EXPECT_EQ(decide_text(series_of(5, {text_at(0, 0, true, 300, 150)}), TextHandling::redact).hold,
            Code::text_suspected);
}

/// The margins of what stands at an edge lie outside, where nothing is lost.
TEST(TextDecision, CountsOfWhatIsBlankedOnlyWhatLiesInTheFrame) {
  auto series = series_of(5, {text_at(0, 0, true, 256, 14), text_at(0, 242, true, 256, 14)});
  for (TextLook& look : series) look.columns = look.rows = 256;
  EXPECT_FALSE(decide_text(series, TextHandling::redact).hold);
  for (TextLook& look : series) look.frames[0].push_back(text_at(100, 120, true, 60, 14));
  EXPECT_EQ(decide_text(series, TextHandling::redact).hold, Code::text_suspected);
}

TEST(TextDecision, HoldsWhatCouldNotBeLookedAtWithTheRestOfItsSeries) {
  auto series = series_of(3, {});
  series[1].problem = Code::truncated;
  EXPECT_EQ(decide_text(series, TextHandling::redact).hold, Code::truncated);
  EXPECT_EQ(decide_text(series, TextHandling::quarantine).hold, Code::truncated);
}

TEST(TextDecision, HoldsAnyTextWhereTheRecipeSaysSo) {
  const TextDecision decision = decide_text(series_of(3, {text_at(10, 20, true)}), TextHandling::quarantine);
  EXPECT_EQ(decision.hold, Code::text_suspected);
  EXPECT_EQ(decision.texts[0].verdict, TextVerdict::unwanted);
  EXPECT_FALSE(decide_text(series_of(3, {}), TextHandling::quarantine).hold);
}

TEST(TextDecision, EndsSoonForAnyCountOfTexts) {
  std::vector<FoundText> found;
  for (std::int64_t n = 0; n < 12; ++n) found.push_back(text_at(n * 41, 0, true, 2, 2));
  std::vector<TextLook> series = series_of(2000, found);
  for (std::size_t n = 0; n < series.size(); ++n) {
    for (FoundText& text : series[n].frames[0]) text.region.y = static_cast<std::int64_t>(n);
  }
  EXPECT_EQ(decide_text(series, TextHandling::redact).hold, Code::text_suspected);
}

TextReview review_of(std::optional<Ruling> ruling, bool is_released = false) {
  return {is_released, [=](const JudgedText&) { return ruling; }};
}

TEST(TextDecision, BlanksOrLeavesWhatPeopleDecidedAbout) {
  auto series = series_of(3, {});
  series[1].frames = {{text_at(200, 200, false)}};
  const TextDecision blanked = decide_text(series, TextHandling::redact, review_of(Ruling::redact));
  EXPECT_FALSE(blanked.hold);
  EXPECT_EQ(blanked.texts[0].verdict, TextVerdict::reviewed_redact);
  ASSERT_EQ(blanked.boxes[1].size(), 1U);
  EXPECT_TRUE(covers(blanked.boxes[1][0], blanked.texts[0].found.region));
  const TextDecision kept = decide_text(series, TextHandling::redact, review_of(Ruling::keep));
  EXPECT_FALSE(kept.hold);
  EXPECT_TRUE(kept.boxes[1].empty());
  EXPECT_EQ(kept.kept[1].size(), 1U);
  EXPECT_TRUE(decide_text(series, TextHandling::redact, review_of({})).hold);
}

TEST(TextDecision, HoldsTheSeriesWhileOneRegionIsOpen) {
  auto series = series_of(3, {});
  series[1].frames = {{text_at(200, 200, false), text_at(300, 300, false)}};
  const TextDecision decision = decide_text(
      series, TextHandling::redact, {true, [](const JudgedText& text) {
                                       return text.found.region.x == 200 ? std::optional(Ruling::redact) : std::nullopt;
                                     }});
  EXPECT_EQ(decision.hold, Code::text_suspected);
  EXPECT_FALSE(decision.needs_release);
  EXPECT_TRUE(decision.boxes[1].empty());
}

TEST(TextDecision, BlanksWhatItIsSureOfWhateverPeopleDecided) {
  const TextDecision decision =
      decide_text(series_of(2, {text_at(10, 20, true)}), TextHandling::redact, review_of(Ruling::keep));
  EXPECT_EQ(decision.texts[0].verdict, TextVerdict::on_background);
  EXPECT_FALSE(decision.boxes[0].empty());
}

/// A false alarm in each of many slices, each of which a person kept, is not blanked for being at one place.
TEST(TextDecision, DoesNotBlankAPlaceOfWhichEveryTextIsKept) {
  std::vector<FoundText> many;
  for (std::int64_t n = 0; n < 13; ++n) many.push_back(text_at(20 + 30 * n, 200, false, 20));
  const TextDecision decision = decide_text(series_of(5, many), TextHandling::redact, review_of(Ruling::keep));
  EXPECT_FALSE(decision.hold);
  for (const auto& boxes : decision.boxes) EXPECT_TRUE(boxes.empty());
}

TEST(TextDecision, NeedsAReleaseWhereAFileCannotBeLookedAt) {
  auto series = series_of(3, {});
  series[1] = {};
  series[1].problem = Code::truncated;
  const TextDecision held = decide_text(series, TextHandling::redact);
  EXPECT_TRUE(held.hold);
  EXPECT_TRUE(held.needs_release);
  EXPECT_EQ(held.because, "a picture could not be looked at");
  EXPECT_FALSE(decide_text(series, TextHandling::redact, review_of({}, true)).hold);
}

TEST(TextDecision, SeesInASecondLookWhatWasNeitherBlankedNorKept) {
  const TextLook look = look_with({{}, {text_at(100, 100, false), text_at(300, 300, false)}});
  const auto shown = shown_texts(look, std::vector<dicom::PixelBox>{box_of(text_at(100, 100, false).region, 1)});
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].found.region.x, 300);
  EXPECT_EQ(shown[0].frame, 1);
  EXPECT_EQ(shown[0].verdict, TextVerdict::second_look);
}

TEST(TextDecision, BlanksAllThatPeopleWantBlankedButReleasesNothingUnseen) {
  auto series = series_of(3, {});
  series[1].frames = {{text_at(200, 200, false)}};
  TextReview review = review_of(Ruling::redact);
  review.blanks_all = true;
  const TextDecision blanked = decide_text(series, TextHandling::redact, review);
  EXPECT_FALSE(blanked.hold);
  EXPECT_EQ(blanked.boxes[1].size(), 1U);
  series[2] = {};
  series[2].problem = Code::truncated;
  const TextDecision held = decide_text(series, TextHandling::redact, review);
  EXPECT_EQ(held.hold, Code::truncated);
  EXPECT_TRUE(held.needs_release);
}

/// What another build finds has no line of a person.
TEST(TextDecision, BlanksWhatNobodyWasAskedAboutWhereAllIsToBeBlanked) {
  auto series = series_of(24, {});
  series[0].frames = {{sign_at(200, 200)}};
  const TextReview review{false, {}, true};
  const TextDecision sign = decide_text(series, TextHandling::redact, review);
  EXPECT_FALSE(sign.hold);
  EXPECT_EQ(sign.texts[0].verdict, TextVerdict::reviewed_redact) << "unlikely otherwise, and left";
  EXPECT_EQ(sign.boxes[0].size(), 1U);
  EXPECT_TRUE(sign.kept[0].empty());
  auto few = series_of(2, {});
  few[0].frames = {{text_at(200, 200, false)}};
  const TextDecision line = decide_text(few, TextHandling::redact, review);
  EXPECT_FALSE(line.hold);
  EXPECT_EQ(line.boxes[0].size(), 1U);
  TextReview kept = review_of(Ruling::keep);
  kept.blanks_all = true;
  EXPECT_EQ(decide_text(few, TextHandling::redact, kept).kept[0].size(), 1U) << "but what a person kept";
}

}  // namespace

}  // namespace naru::test
