#include "pipeline/pixels/text_plan.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>

#include "pipeline/deid_held.h"
#include "pipeline/deid_plan.h"
#include "pipeline/pixels/text_evidence.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/burned_picture.h"
#include "tests/support/archive_writer.h"

namespace naru {
namespace {

using test::slice_of;
using ::testing::HasSubstr;
using ::testing::Not;

TextLook look_with(std::vector<FoundText> found) {
  TextLook look;
  look.columns = 100;
  look.rows = 50;
  look.frames = {std::move(found)};
  return look;
}

FoundText text_at(std::int64_t x, bool is_on_background, float probability = 0.9F) {
  return {{x, 10, 20, 8, 100, probability}, is_on_background};
}

class TextPlanTest : public ::testing::Test {
 protected:
  /// Two series of three slices in one folder and an archive.
  void SetUp() override {
    for (int n = 1; n <= 3; ++n) test::spill(folder_ / ("a" + std::to_string(n)), slice_of("P1", n).bytes());
    std::vector<std::pair<std::string, std::string>> members;
    for (int n = 1; n <= 3; ++n) {
      members.emplace_back(std::to_string(n), slice_of("P2", n).text(0x0020000E, "UI", "2.999.7").bytes());
    }
    test::write_archive(folder_ / "b.zip", members);
    std::vector<InputFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) files.push_back({entry.path(), {}});
    std::ranges::sort(files, {}, &InputFile::path);
    scan_ = scan_for_deid(files, {}, executor_, cancel_, [](const Progress&) {});
  }

  TextPlan plan(const LookForText& look, TextHandling handling = TextHandling::redact) {
    return plan_text(scan_, handling, look, std::uint64_t{1} << 30, executor_, cancel_, [](const Progress&) {});
  }

  std::size_t used_count() const { return used_inputs(scan_).size(); }

  test::TempFolder folder_;
  Executor executor_ = Executor::cpu(2);
  CancelToken cancel_;
  DeidScan scan_;
};

/// True of the files of the second series.
bool is_second(dicom::Bytes file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return text.find("2.999.7") != std::string_view::npos;
}

TEST_F(TextPlanTest, LooksAtNothingWhereTheRecipeKeepsText) {
  const TextPlan made = plan([](dicom::Bytes) -> TextLook { throw std::bad_alloc(); }, TextHandling::keep);
  EXPECT_FALSE(made.was_looked);
  EXPECT_EQ(used_count(), 6U);
}

TEST_F(TextPlanTest, OrdersBoxesForOneSeriesAndHoldsTheOther) {
  const TextPlan made = plan([](dicom::Bytes file) {
    static std::atomic<int> seen{0};
    if (!is_second(file)) return look_with({text_at(5, true)});
    return look_with(seen++ == 0 ? std::vector<FoundText>{text_at(40, false)} : std::vector<FoundText>{});
  });
  EXPECT_EQ(used_count(), 3U);
  EXPECT_EQ(made.orders.size(), 3U);
  EXPECT_EQ(made.evidence.size(), 4U);
  for (std::size_t n = 0; n < scan_.files.inputs.size(); ++n) {
    const InputRecord& input = scan_.files.inputs[n];
    EXPECT_EQ(made.orders.contains(n), !input.place.has_value());
    EXPECT_EQ(input.reason == Code::text_suspected, input.place.has_value());
  }
}

/// Whatever goes wrong while looking: nothing of that series is released.
TEST_F(TextPlanTest, HoldsASeriesOfWhichOneLookFails) {
  const std::vector<LookForText> faults = {
      [](dicom::Bytes) -> TextLook { throw std::bad_alloc(); },
      [](dicom::Bytes) -> TextLook { throw std::runtime_error("any"); },
      [](dicom::Bytes) { return TextLook{}; },
      [](dicom::Bytes) {
        TextLook look = look_with({});
        look.problem = Code::truncated;
        look.frames.clear();
        return look;
      },
      [](dicom::Bytes) { return look_with({text_at(5, true, std::numeric_limits<float>::quiet_NaN())}); },
      [](dicom::Bytes) { return look_with({text_at(90, true)}); },  // beyond the picture
      [](dicom::Bytes) { return look_with({text_at(-1, true)}); },
      [](dicom::Bytes) {
        TextLook look = look_with({});
        look.columns = 0;
        return look;
      }};
  for (std::size_t n = 0; n < faults.size(); ++n) {
    SetUp();
    std::atomic<int> seen{0};
    const TextPlan made =
        plan([&](dicom::Bytes file) { return is_second(file) && seen++ == 1 ? faults[n](file) : look_with({}); });
    EXPECT_EQ(used_count(), 3U) << n;
    EXPECT_TRUE(made.orders.empty()) << n;
  }
}

TEST_F(TextPlanTest, LetsDocumentsAndMasksPass) {
  plan([](dicom::Bytes) {
    TextLook look;
    look.has_picture = false;
    return look;
  });
  EXPECT_EQ(used_count(), 6U);
}

TEST_F(TextPlanTest, WritesWhereTextWasFoundAndNeverWhatItSays) {
  const TextPlan made = plan([](dicom::Bytes file) { return look_with({text_at(is_second(file) ? 60 : 5, true)}); });
  write_evidence(folder_ / "pixels.jsonl", made.evidence);
  std::ifstream file(folder_ / "pixels.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json.at("schema"), "naru.pixels/1");
    EXPECT_EQ(json.at("action"), "redacted");
    EXPECT_EQ(json.at("because"), "on_background");
    EXPECT_EQ(json.at("box").size(), 4U);
    EXPECT_EQ(json.at("weights_sha256"), TextDetector::built_in().weights_sha256());
  }
  EXPECT_EQ(count, 6U);
}

Decision about(const nlohmann::ordered_json& line, Ruling ruling) {
  Decision decision;
  decision.id = line.at("id");
  decision.ruling = ruling;
  decision.region = line;
  return decision;
}

TEST_F(TextPlanTest, GoesByWhatPeopleDecidedOfThisVeryFile) {
  const std::string uid = test::slice_of("P2", 1).text(0x0020000E, "UI", "2.999.7").bytes();
  const LookForText look = [&](dicom::Bytes file) {
    const bool is_first = std::ranges::equal(file, std::as_bytes(std::span(uid)));
    return look_with(is_first ? std::vector<FoundText>{text_at(40, false)} : std::vector<FoundText>{});
  };
  const TextPlan first = plan(look);
  ASSERT_EQ(first.queue.size(), 1U);
  ASSERT_EQ(first.evidence.size(), 1U);
  EXPECT_EQ(first.queue[0].files, 3U);
  for (const Ruling ruling : {Ruling::redact, Ruling::keep}) {
    SetUp();
    Decisions decisions;
    decisions.all = {about(first.evidence[0], ruling)};
    const TextPlan made = plan_text(
        scan_, TextHandling::redact, look, std::uint64_t{1} << 30, executor_, cancel_, [](const Progress&) {}, nullptr,
        Rulings(decisions));
    EXPECT_EQ(used_count(), 6U);
    EXPECT_EQ(made.orders.size(), ruling == Ruling::redact ? 1U : 0U);
    EXPECT_EQ(made.kept.size(), ruling == Ruling::keep ? 1U : 0U);
    EXPECT_EQ(made.evidence[0].at("because"), "reviewed");
  }
}

/// What only a second look had shown is not found by the first: the decision itself says where it is.
TEST_F(TextPlanTest, BlanksWhatASecondLookHadShownOnceThatIsDecided) {
  const std::size_t input = used_inputs(scan_).front();
  const LookForText sees_nothing = [](dicom::Bytes) { return look_with({}); };
  plan(sees_nothing);
  const JudgedText text{input, 0, text_at(40, false), TextVerdict::second_look, 0};
  const std::string series = series_id(scan_.sources[input].series_uid);
  Decisions decisions;
  decisions.all = {about(text_evidence(scan_.files.inputs[input], series, {{"frame", 0}}, text, true), Ruling::redact)};
  const auto orders_of = [&] {
    SetUp();
    return plan_text(
               scan_, TextHandling::redact, sees_nothing, std::uint64_t{1} << 30, executor_, cancel_,
               [](const Progress&) {}, nullptr, Rulings(decisions))
        .orders;
  };
  const PixelOrders orders = orders_of();
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_LT(orders.at(input).at(0).x, 40);
  decisions.all[0].region["sha256"] = "of another file";
  EXPECT_TRUE(orders_of().empty());
}

/// What a second look shows can be decided about piece by piece; the files that wait with it ask for nothing more.
TEST_F(TextPlanTest, QueuesTheSeriesOfWhatASecondLookShows) {
  const std::vector<std::size_t> tried = used_inputs(scan_);
  const std::size_t first = tried.front();
  std::vector<DeidHeld> held;
  for (const std::size_t input : tried) {
    if (scan_.sources[input].series_uid != scan_.sources[first].series_uid) continue;
    held.push_back({input, Code::text_suspected, input == first ? "verify" : std::string(kStageOfSeries)});
  }
  ASSERT_GT(held.size(), 1U);
  const std::set<std::size_t> released;
  const std::map<std::size_t, std::vector<JudgedText>> shown = {
      {first, {{first, 0, text_at(40, false), TextVerdict::second_look, 0}}}};
  std::vector<HeldEntry> queue;
  add_held(queue, scan_, {tried, held, released, shown});
  ASSERT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue[0].files, held.size());
  EXPECT_EQ(queue[0].disposition, Disposition::quarantined);
  EXPECT_FALSE(queue[0].needs_release);
  EXPECT_TRUE(queue[0].can_release);
}

TEST_F(TextPlanTest, DoesNotLookAgainAtWhatItKnows) {
  test::spill(folder_ / "k.key", std::string(64, '7'));
  std::filesystem::permissions(folder_ / "k.key", std::filesystem::perms::owner_read);
  const ProjectKey key = ProjectKey::load(folder_ / "k.key");
  std::filesystem::remove(folder_ / "k.key");
  test::TempFolder work;
  std::atomic<int> count = 0;
  const LookForText look = [&](dicom::Bytes) {
    ++count;
    return look_with({text_at(5, true)});
  };
  const auto run = [&] {
    SetUp();
    KnownLooks known(work / "looks", key, "recipe");
    return plan_text(
        scan_, TextHandling::redact, look, std::uint64_t{1} << 30, executor_, cancel_, [](const Progress&) {}, &known);
  };
  const TextPlan first = run();
  EXPECT_EQ(count, 6);
  count = 0;
  const TextPlan second = run();
  // SetUp wrote the files anew, so that they are others; the third time nothing is written.
  EXPECT_EQ(count, 6);
  KnownLooks known(work / "looks", key, "recipe");
  count = 0;
  const TextPlan third = plan_text(
      scan_, TextHandling::redact, look, std::uint64_t{1} << 30, executor_, cancel_, [](const Progress&) {}, &known);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(third.evidence, second.evidence);
  EXPECT_EQ(third.orders.size(), first.orders.size());
}

const dicom::SeenWords kNoWords{dicom::Identifiers()};

TEST(TextPlan, SeesTextInWhatWasMadeAndFailsClosed) {
  dicom::DeidOutput output;
  output.owned = {std::vector<std::byte>(3, std::byte{1}), std::vector<std::byte>(2, std::byte{2})};
  for (const auto& piece : output.owned) output.pieces.emplace_back(piece);
  std::size_t size = 0;
  EXPECT_TRUE(look_again(output, {}, {}, kNoWords, [&](dicom::Bytes file) {
                size = file.size();
                return look_with({});
              }).is_clean);
  EXPECT_EQ(size, 5U);
  const SecondLook again =
      look_again(output, {}, {}, kNoWords, [](dicom::Bytes) { return look_with({text_at(5, true)}); });
  EXPECT_FALSE(again.is_clean);
  ASSERT_EQ(again.texts.size(), 1U);
  EXPECT_EQ(again.texts[0].verdict, TextVerdict::second_look);
  EXPECT_FALSE(look_again(output, {}, {}, kNoWords, [](dicom::Bytes) { return TextLook{}; }).is_clean);
  // A blanked rectangle may look like text; what goes on beside it may not.
  const std::vector<dicom::PixelBox> near = {{-1, 2, 8, 24, 12}}, far = {{-1, 40, 8, 24, 12}},
                                     other = {{7, 2, 8, 24, 12}};
  const auto rectangle = [](dicom::Bytes) { return look_with({text_at(5, true)}); };
  EXPECT_TRUE(look_again(output, near, {}, kNoWords, rectangle).is_clean);
  EXPECT_FALSE(look_again(output, far, {}, kNoWords, rectangle).is_clean);
  EXPECT_FALSE(look_again(output, other, {}, kNoWords, rectangle).is_clean);
  EXPECT_FALSE(look_again(output, {}, {}, kNoWords, [](dicom::Bytes) -> TextLook { throw std::bad_alloc(); }).is_clean);
}

/// A file with a piece of text of which the first half is to be blanked.
dicom::DeidOutput with_half_a_text() {
  const std::string bytes = test::slice_of_picture(test::Picture().write("8091 KIMIM", 20, 8, 1000, 3)).bytes();
  dicom::DeidOutput output;
  const auto* const data = reinterpret_cast<const std::byte*>(bytes.data());
  output.owned = {std::vector<std::byte>(data, data + bytes.size())};
  output.pieces.emplace_back(output.owned[0]);
  return output;
}

TEST(TextPlan, ReadsThePatientsWordsBesideWhatWasBlanked) {
  const dicom::DeidOutput output = with_half_a_text();
  const auto blind = [](dicom::Bytes) { return look_with({}); };
  const std::vector<dicom::PixelBox> blanked = {{0, 16, 4, 78, 29}}, kept = {{0, 106, 4, 100, 29}};
  const dicom::SeenWords own{dicom::Identifiers{.person_names = {"Kimim^A"}}},
      other{dicom::Identifiers{.ids = {"77345612"}}};
  const SecondLook again = look_again(output, blanked, {}, own, blind);
  EXPECT_FALSE(again.is_clean);
  ASSERT_EQ(again.texts.size(), 1U);
  EXPECT_EQ(name(again.texts[0].verdict), "read");
  EXPECT_TRUE(look_again(output, blanked, {}, other, blind).is_clean);
  EXPECT_TRUE(look_again(output, blanked, kept, own, blind).is_clean);
  std::vector<dicom::PixelBox> elsewhere = kept;
  elsewhere[0].frame = 7;  // what a person kept in another frame
  EXPECT_FALSE(look_again(output, blanked, elsewhere, own, blind).is_clean);
  EXPECT_TRUE(look_again(output, {}, {}, own, blind).is_clean);
}

/// Held for its kind, and of which people want blanked all that was found.
TEST_F(TextPlanTest, ReleasesByRedactOnlyWhatItLookedAtAndFoundTextIn) {
  const auto plan_with = [&](const TextLook& first, const TextLook& others, const Decisions& decisions) {
    SetUp();
    for (const std::size_t n : used_inputs(scan_)) {
      if (scan_.files.inputs[n].place) scan_.sources[n].text_by_kind = "Burned In Annotation YES";
    }
    std::atomic<int> seen{0};
    const auto look = [&](dicom::Bytes file) {
      if (!is_second(file)) return look_with({});
      return seen++ == 0 ? first : others;
    };
    return plan_text(
        scan_, TextHandling::redact, look, std::uint64_t{1} << 30, executor_, cancel_, [](const Progress&) {}, nullptr,
        Rulings(decisions));
  };
  const TextLook text = look_with({text_at(40, false)}), nothing = look_with({});
  TextLook mask;
  mask.has_picture = false;
  const TextPlan held = plan_with(text, nothing, {});
  ASSERT_EQ(held.queue.size(), 1U);
  Decisions decisions;
  decisions.all.resize(1);
  decisions.all[0].id = held.queue[0].id;
  decisions.all[0].ruling = Ruling::redact;
  decisions.all[0].files_sha256 = held.queue[0].files_sha256;
  decisions.all[0].blanks_all = true;
  const struct {
    const TextLook &first, others;
    std::size_t released, used;
  } rows[] = {{text, nothing, 3, 6}, {mask, text, 0, 3}, {nothing, nothing, 0, 6}};
  for (const auto& row : rows) {
    const TextPlan made = plan_with(row.first, row.others, decisions);
    EXPECT_EQ(made.released.size(), row.released) << &row - rows;
    EXPECT_EQ(made.can_redact.contains(held.queue[0].id), row.released > 0) << &row - rows;
    EXPECT_EQ(used_count(), row.used) << &row - rows;
    EXPECT_EQ(made.orders.size(), row.released > 0 ? 1U : 0U) << &row - rows;
  }
}

}  // namespace
}  // namespace naru
