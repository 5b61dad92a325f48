#include "pipeline/deid_scan.h"

#include <gmock/gmock.h>

#include "tests/pipeline/deid_job.h"
#include "tests/support/archive_writer.h"

namespace naru {
namespace {

using test::slice_of;
using test::SliceBytes;

class DeidScanTest : public ::testing::Test {
 protected:
  DeidScan scan(int threads = 2) {
    std::vector<InputFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) files.push_back({entry.path(), {}});
    std::ranges::sort(files, {}, &InputFile::path);
    Executor executor = Executor::cpu(threads);
    return scan_for_deid(files, {}, executor, CancelToken(), [](const Progress&) {});
  }
  void put(const std::string& name, const SliceBytes& slice) { test::spill(folder_ / name, slice.bytes()); }

  test::TempFolder folder_;
};

TEST_F(DeidScanTest, ReadsWhoAFileIsAndByWhichWordsItsPatientIsNamed) {
  put("a.dcm", slice_of("P1", 1));
  put("b.dcm", slice_of("P1", 2).text(0x00081070, "PN", "Brouwer^Annelies"));
  put("c.dcm", slice_of("P2", 1));
  const DeidScan found = scan();
  ASSERT_EQ(found.sources.size(), 3U);
  EXPECT_EQ(found.sources[0].patient_id, "P1");
  EXPECT_EQ(found.sources[0].modality, "CT");
  ASSERT_EQ(found.patients.size(), 2U);
  const auto& words = found.patients.at(dicom::patient_identifier(found.sources[0]));
  ASSERT_TRUE(words.words);
  EXPECT_THAT(words.words->person_names, ::testing::ElementsAre("Brouwer^Annelies", "Vermeulen^TessP1"));
  EXPECT_THAT(words.words->ids, ::testing::Contains("ACC77341"));
  EXPECT_THAT(words.words->places, ::testing::ElementsAre("Sint Willibrord Ziekenhuis"));
  EXPECT_THAT(words.words->uids, ::testing::IsEmpty());
  EXPECT_THAT(words.words->dates, ::testing::IsEmpty());
}

TEST_F(DeidScanTest, WordsAndTheirHashDoNotDependOnTheOrderOfFiles) {
  put("a.dcm", slice_of("P1", 1).text(0x00081070, "PN", "One^A"));
  put("b.dcm", slice_of("P1", 2).text(0x00081070, "PN", "Two^B"));
  const std::string hash = scan(1).patients.begin()->second.sha256;
  std::filesystem::rename(folder_ / "a.dcm", folder_ / "z.dcm");
  EXPECT_EQ(scan(2).patients.begin()->second.sha256, hash);
  put("c.dcm", slice_of("P1", 3).text(0x00081070, "PN", "Three^C"));
  EXPECT_NE(scan(2).patients.begin()->second.sha256, hash);
}

TEST_F(DeidScanTest, APatientWithTooManyWordsHasNone) {
  const auto name = [](std::string_view begin, std::size_t n) {  // without digits, with which it would be an id as well
    std::string text(begin);
    for (; n > 0; n /= 10) text += static_cast<char>('a' + n % 10);
    return text + "\\";
  };
  std::string names;
  for (std::size_t n = 0; n < kMaxPatientWords / 2; ++n) names += name("Name", n);
  put("a.dcm", slice_of("P1", 1).text(0x00081070, "PN", names + "Last^A"));
  ASSERT_TRUE(scan().patients.begin()->second.words);
  for (std::size_t n = 0; n < kMaxPatientWords / 2; ++n) names += name("More", n);
  put("b.dcm", slice_of("P1", 2).text(0x00081070, "PN", names));
  EXPECT_FALSE(scan().patients.begin()->second.words);
}

TEST_F(DeidScanTest, FindsNamesBehindVendorsLongValues) {
  const std::string long_value(200000, 'x');
  put("a.dcm", slice_of("P1", 1).insert(SliceBytes::element(0x00290010, "LO", "SIEMENS CSA HEADER") +
                                        SliceBytes::element(0x00291010, "OB", long_value) +
                                        SliceBytes::element(0x00321032, "PN", "Brouwer^Annelies")));
  EXPECT_THAT(scan().patients.begin()->second.words->person_names, ::testing::Contains("Brouwer^Annelies"));
}

TEST_F(DeidScanTest, SaysWhyAFileCannotBeUsed) {
  test::spill(folder_ / "a.txt", "not DICOM at all");
  put("b.dcm", slice_of("P1", 1).remove(0x0020000D));
  test::write_archive(folder_ / "c.zip", {{"in.dcm", slice_of("P1", 2).bytes()}}, {"secret"});
  test::spill(folder_ / "d.zip", "no archive");
  const std::string whole = slice_of("P1", 3).bytes();
  test::spill(folder_ / "e.dcm", whole.substr(0, 300));
  const DeidScan found = scan();
  std::vector<std::string> fates;
  for (const InputRecord& input : found.files.inputs) {
    fates.push_back(std::string(name(input.disposition)) + ":" +
                    (input.reason ? std::string(name(*input.reason)) : ""));
  }
  EXPECT_THAT(fates, ::testing::ElementsAre("rejected:not_dicom", "rejected:corrupt", "rejected:encrypted",
                                            "rejected:corrupt", "rejected:truncated"));
  EXPECT_EQ(found.files.inputs[3].size_bytes, 10U) << "an archive's own line";
}

TEST_F(DeidScanTest, AnIdentityFollowsTheFileAndItsHeader) {
  put("a.dcm", slice_of("P1", 1));
  const std::string before = scan().files.inputs[0].identity;
  EXPECT_EQ(scan().files.inputs[0].identity, before);
  put("a.dcm", slice_of("P1", 1).text(0x00081030, "LO", "CHEST"));
  EXPECT_NE(scan().files.inputs[0].identity, before);
}

TEST(HoldBack, RejectsWhatIsNoUsableFileAndQuarantinesWhatIsInDoubt) {
  for (const auto& [code, disposition] : {std::pair{Code::truncated, Disposition::rejected},
                                          {Code::encrypted, Disposition::rejected},
                                          {Code::unsupported_transfer_syntax, Disposition::rejected},
                                          {Code::deid_incomplete, Disposition::quarantined},
                                          {Code::text_suspected, Disposition::quarantined},
                                          {Code::charset_undecodable, Disposition::quarantined},
                                          {Code::mixed_patient, Disposition::quarantined}}) {
    InputRecord input;
    hold_back(input, code);
    EXPECT_EQ(input.disposition, disposition) << name(code);
    EXPECT_EQ(input.reason, code);
  }
}

}  // namespace
}  // namespace naru
