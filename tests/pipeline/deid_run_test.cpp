#include "pipeline/deid_run.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <atomic>
#include <mutex>
#include <set>

#include "pipeline/deid_plan.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/pipeline/deid_job.h"
#include "tests/support/archive_writer.h"

namespace naru {
namespace {

using test::slice_of;

class DeidRunTest : public ::testing::Test {
 protected:
  DeidScan scan() {
    std::vector<InputFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) files.push_back({entry.path(), {}});
    std::ranges::sort(files, {}, &InputFile::path);
    return scan_for_deid(files, {}, executor_, cancel_, [](const Progress&) {});
  }
  /// Runs the engine over what is used; gives the inputs for which a result came.
  std::multiset<std::size_t> run(DeidScan& scan, std::uint64_t memory = 1 << 30) {
    const dicom::Deidentifier engine({}, PseudonymKey(PseudonymKey::Bytes{}), "test");
    std::multiset<std::size_t> called;
    std::mutex mutex;
    run_deid(scan, used_inputs(scan), engine, {}, {memory}, executor_, cancel_, on_progress_,
             [&](std::size_t input, const dicom::DeidResult& result) {
               const std::lock_guard lock(mutex);
               EXPECT_EQ(result.source.sop_instance_uid, scan.sources[input].sop_instance_uid);
               called.insert(input);
             });
    return called;
  }

  test::TempFolder folder_;
  Executor executor_ = Executor::cpu(2);
  CancelToken cancel_;
  OnProgress on_progress_ = [](const Progress&) {};
};

TEST_F(DeidRunTest, GivesTheEngineEveryMemberOfAnArchiveOnceWithItsOwnSource) {
  std::vector<std::pair<std::string, std::string>> members;
  for (int n = 1; n <= 40; ++n) members.emplace_back(std::to_string(n), slice_of("P1", n).bytes());
  test::write_archive(folder_ / "a.tar.gz", members);
  test::write_archive(folder_ / "b.zip", {{"only", slice_of("P2", 1).bytes()}});
  test::spill(folder_ / "c.dcm", slice_of("P3", 1).bytes());
  DeidScan found = scan();
  Progress last;
  on_progress_ = [&](const Progress& p) { last = p; };
  const auto called = run(found);
  EXPECT_EQ(called.size(), 42U);
  EXPECT_EQ(std::set<std::size_t>(called.begin(), called.end()).size(), 42U);
  EXPECT_EQ(last.done, 42U);
  EXPECT_EQ(last.total, 42U);
  EXPECT_GT(last.studies, 0U);
  EXPECT_EQ(last.studies_done, last.studies);
  for (const InputRecord& input : found.files.inputs) EXPECT_EQ(input.sha256.size(), 64U);
}

TEST_F(DeidRunTest, AnArchiveThatChangedSinceItWasScannedLosesItsMembersOnly) {
  test::write_archive(folder_ / "a.zip", {{"1", slice_of("P1", 1).bytes()}, {"2", slice_of("P1", 2).bytes()}});
  test::spill(folder_ / "c.dcm", slice_of("P3", 1).bytes());
  DeidScan found = scan();
  test::write_archive(folder_ / "a.zip", {{"1", slice_of("P1", 1).bytes()}});
  EXPECT_EQ(run(found).size(), 2U);
  EXPECT_EQ(found.files.inputs[1].reason, Code::unreadable);
}

TEST_F(DeidRunTest, AFileThatBecameAnotherSinceItWasScannedIsHeldBack) {
  test::spill(folder_ / "a.dcm", slice_of("P1", 1).bytes());
  test::spill(folder_ / "b.dcm", slice_of("P1", 2).bytes());
  test::spill(folder_ / "c.dcm", slice_of("P1", 3).bytes());
  DeidScan found = scan();
  test::spill(folder_ / "a.dcm", slice_of("P1", 7).bytes());  // of the same size
  test::spill(folder_ / "b.dcm", slice_of("P1", 2).bytes().substr(0, 300));
  const dicom::Deidentifier engine({}, PseudonymKey(PseudonymKey::Bytes{}), "test");
  std::vector<std::optional<Code>> reasons;
  std::mutex mutex;
  run_deid(found, used_inputs(found), engine, {}, {1 << 30}, executor_, cancel_, on_progress_,
           [&](std::size_t, const dicom::DeidResult& result) {
             const std::lock_guard lock(mutex);
             reasons.push_back(result.reason);
           });
  EXPECT_THAT(reasons, ::testing::UnorderedElementsAre(Code::deid_incomplete, std::nullopt));
  EXPECT_EQ(found.files.inputs[0].disposition, Disposition::quarantined);
  EXPECT_EQ(found.files.inputs[1].reason, Code::truncated);
  EXPECT_EQ(found.files.inputs[2].disposition, Disposition::used);
}

TEST_F(DeidRunTest, APatientOfTooManyWordsIsHeldBack) {
  test::spill(folder_ / "a.dcm", slice_of("P1", 1).bytes());
  test::spill(folder_ / "b.dcm", slice_of("P2", 1).bytes());
  DeidScan found = scan();
  found.patients.begin()->second.words.reset();
  run(found);
  EXPECT_EQ(found.files.inputs[0].reason, Code::deid_incomplete);
  EXPECT_EQ(found.files.inputs[1].disposition, Disposition::used);
}

TEST_F(DeidRunTest, WorksWithRoomForOneFileAtATime) {
  std::vector<std::pair<std::string, std::string>> members;
  for (int n = 1; n <= 20; ++n) members.emplace_back(std::to_string(n), slice_of("P1", n).bytes());
  test::write_archive(folder_ / "a.tar", members);
  for (int n = 1; n <= 20; ++n) test::spill(folder_ / (std::to_string(n) + ".dcm"), slice_of("P2", n).bytes());
  DeidScan found = scan();
  std::uint64_t largest = 0;
  for (const InputRecord& input : found.files.inputs) largest = std::max(largest, input.size_bytes);
  EXPECT_EQ(run(found, kBytesPerFileByte * largest).size(), 40U);
}

/// The slice with a megabyte of zeros for pixels, deflated.
std::string deflated_slice(int number) {
  const std::string uid = "1.2.840.10008.1.2.1.99";
  const std::size_t meta_bytes = 128 + 4 + 8 + uid.size();
  const std::string file = slice_of("P1", number)
                               .transfer_syntax(uid)
                               .number(0x00280010, 512)
                               .number(0x00280011, 1024)
                               .raw(0x7FE00010, "OW", std::string(1 << 20, '\0'))
                               .bytes();
  std::string data_set = file.substr(meta_bytes), result = file.substr(0, meta_bytes);
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string bytes(deflateBound(&stream, data_set.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(data_set.data());
  stream.avail_in = static_cast<uInt>(data_set.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return result + bytes;
}

TEST_F(DeidRunTest, DeflatedFilesCountAsWhatTheyExpandTo) {
  test::spill(folder_ / "a.dcm", deflated_slice(1));
  test::write_archive(folder_ / "b.tar", {{"1", deflated_slice(2)}});
  constexpr std::uint64_t kEnough = kBytesPerFileByte * ((1 << 20) + 4096);
  DeidScan found = scan();
  ASSERT_LT(found.files.inputs[0].size_bytes, 4096U);
  EXPECT_EQ(run(found, kEnough).size(), 2U);
  EXPECT_TRUE(run(found, kEnough / 2).empty());
  for (const InputRecord& input : found.files.inputs) EXPECT_EQ(input.reason, Code::too_large) << input.path;
}

/// A small file may hold frames that are a thousand times as large when they are decoded.
TEST_F(DeidRunTest, CountsWhatFramesExpandToWhereAllOfThemDo) {
  test::SliceBytes slice = slice_of("P1", 1);  // 4 x 2 pixels of 16 bits
  slice.text(0x00280008, "IS", "10000").number(0x00280101, 12).number(0x00280102, 11).number(0x00280103, 0);
  slice.transfer_syntax("1.2.840.10008.1.2.5").stated_pixel_length(0xFFFFFFFF);
  slice.raw(0x7FE00010, "OB", test::item("") + test::item(std::string(64, '\0')) + test::kEndMark);
  test::spill(folder_ / "a.dcm", slice.bytes());
  const auto calls = [&](const dicom::DeidentifyPolicy& policy, std::uint64_t memory, const PixelPlan& pixels) {
    DeidScan found = scan_for_deid({{folder_ / "a.dcm", {}}}, policy, executor_, cancel_, [](const Progress&) {});
    const dicom::Deidentifier engine(policy, PseudonymKey(PseudonymKey::Bytes{}), "test");
    std::atomic<int> count = 0;
    run_deid(found, used_inputs(found), engine, pixels, {memory}, executor_, cancel_, on_progress_,
             [&](std::size_t, const dicom::DeidResult&) { ++count; });
    EXPECT_EQ(count == 0, found.files.inputs[0].reason == Code::too_large);
    return count.load();
  };
  dicom::DeidentifyPolicy clean;
  clean.options.add(dicom::DeidOption::clean_pixel_data);
  PixelPlan boxes;
  boxes.orders[0] = {{0, 0, 0, 1, 1, {}}};
  EXPECT_EQ(calls({}, 100'000, {}), 1);
  EXPECT_EQ(calls({}, 100'000, boxes), 0);
  EXPECT_EQ(calls(clean, 100'000, {}), 0);
  EXPECT_EQ(calls(clean, 1'000'000, boxes), 1);
  test::spill(folder_ / "a.dcm", slice.transfer_syntax("1.2.840.10008.1.2.4.90").bytes());  // JPEG 2000
  EXPECT_EQ(calls({}, 100'000, {}), 1);
  EXPECT_EQ(calls(clean, 100'000, {}), 0);
}

TEST_F(DeidRunTest, WhatTheCallerThrowsEndsTheRun) {
  for (int n = 1; n <= 20; ++n) test::spill(folder_ / (std::to_string(n) + ".dcm"), slice_of("P2", n).bytes());
  DeidScan found = scan();
  const dicom::Deidentifier engine({}, PseudonymKey(PseudonymKey::Bytes{}), "test");
  EXPECT_THROW(run_deid(found, used_inputs(found), engine, {}, {1 << 30}, executor_, cancel_, on_progress_,
                        [](std::size_t, const dicom::DeidResult&) { throw Error(ErrorCode::disk_full, "as if"); }),
               Error);
}

}  // namespace
}  // namespace naru
