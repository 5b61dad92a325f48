#include "pipeline/content.h"

#include <gmock/gmock.h>

#include "tests/support/archive_writer.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

class Content : public ::testing::Test {
 protected:
  Scan scan(const std::vector<std::filesystem::path>& paths) {
    std::vector<InputFile> files;
    for (const auto& path : paths) files.push_back({path, {}});
    return scan_inputs(files, {}, executor_, never_, [](const Progress&) {});
  }
  test::TempFolder folder_;
  Executor executor_ = Executor::cpu(2);
  const CancelToken never_;
};

TEST_F(Content, ComparesPicturesInFilesAndInArchives) {
  test::PhantomOptions options;
  options.size = {32, 32, 3};
  const auto plain = test::write_series(options, folder_ / "plain").files;
  options.transfer_syntax_uid = "1.2.840.10008.1.2.1.99";  // the same pictures, deflated
  const auto deflated = test::write_series(options, folder_ / "deflated").files;
  test::write_archive(folder_ / "a.zip",
                      {{"1", test::slurp(plain[0])}, {"2", test::slurp(deflated[0])}, {"3", test::slurp(plain[2])}});
  const Scan found = scan({plain[0], plain[2], folder_ / "a.zip"});
  ASSERT_EQ(found.candidates.size(), 5U);  // two files, then three members
  PixelComparison comparison(found, never_);
  EXPECT_TRUE(comparison.same(0, 2));
  EXPECT_TRUE(comparison.same(0, 3));
  EXPECT_TRUE(comparison.same(2, 3));
  EXPECT_TRUE(comparison.same(1, 4));
  EXPECT_FALSE(comparison.same(0, 1));
  EXPECT_FALSE(comparison.same(2, 4));
}

TEST_F(Content, AFileGivenTwiceIsOneInstanceAndTwoLines) {
  test::PhantomOptions options;
  options.size = {8, 8, 3};
  auto files = test::write_series(options, folder_ / "in").files;
  files.push_back(files[1]);
  const Scan found = scan(files);
  ASSERT_EQ(found.inputs.size(), 4U);
  ASSERT_EQ(found.stacks.size(), 1U);
  EXPECT_EQ(found.stacks[0].instances.size(), 3U);
  EXPECT_EQ(found.inputs[1].reason.has_value() + found.inputs[3].reason.has_value(), 1);
  const InputRecord& copy = found.inputs[found.inputs[1].reason ? 1 : 3];
  EXPECT_EQ(copy.disposition, Disposition::excluded);
  EXPECT_EQ(copy.reason, Code::duplicate_instance);
}

TEST_F(Content, DecodesWhatTheBoundOnMemoryHoldsAndSaysOfTheRestThatItIsTooLarge) {
  test::PhantomOptions options;
  options.size = {32, 32, 2};
  const auto plain = test::write_series(options, folder_ / "plain").files;
  test::write_archive(folder_ / "a.zip", {{"1", test::slurp(plain[1])}});
  constexpr std::uint64_t kPlaneBytes = std::uint64_t{32} * 32 * 2;
  const std::uint64_t member_bytes = 2 * std::filesystem::file_size(plain[1]);
  const auto broken = [&](std::uint64_t memory_bytes) {
    Scan found = scan({plain[0], folder_ / "a.zip"});
    decode_candidates(found, memory_bytes, executor_, never_, [](const Progress&) {});
    std::vector<std::optional<Code>> codes;
    for (const dicom::Candidate& candidate : found.candidates) codes.push_back(candidate.broken);
    return codes;
  };
  using Codes = std::vector<std::optional<Code>>;
  EXPECT_EQ(broken(kPlaneBytes - 1), (Codes{Code::too_large, Code::too_large}));
  EXPECT_EQ(broken(kPlaneBytes), (Codes{std::nullopt, Code::too_large}));
  EXPECT_EQ(broken(member_bytes + kPlaneBytes - 1), (Codes{std::nullopt, Code::too_large}));
  EXPECT_EQ(broken(member_bytes + kPlaneBytes), (Codes{std::nullopt, std::nullopt}));
}

/// What prepare refuses for its pixels: 4096 and more in one of the slices whose Bits Stored is 12.
TEST_F(Content, DecodingRejectsTheSeriesWhoseValuesBitsStoredDoesNotHold) {
  test::PhantomOptions options;
  options.size = {8, 8, 4};
  options.modality = "MR";
  options.bits_stored = 12;
  options.is_signed = false;
  options.rescale.reset();
  const auto files = test::write_series(options, folder_ / "in").files;
  std::string bytes = test::slurp(files[2]);
  bytes.back() = '\x10';
  test::spill(files[2], bytes);
  std::vector<InputFile> given;
  for (const auto& path : files) given.push_back({path, {}});
  Scan found = read_candidates(given, executor_, never_, [](const Progress&) {});
  decode_candidates(found, 1 << 20, executor_, never_, [](const Progress&) {});
  sort_candidates(found, {}, executor_, never_, [](const Progress&) {});
  ASSERT_EQ(found.stacks.size(), 1U);
  EXPECT_EQ(found.stacks[0].verdict, Verdict::reject);
  EXPECT_EQ(found.stacks[0].findings.back().code, Code::unused_bits_set);
  for (const InputRecord& input : found.inputs) EXPECT_EQ(input.reason, Code::unused_bits_set);
}

}  // namespace
}  // namespace naru
