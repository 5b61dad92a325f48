#include "pipeline/instance_facts.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using test::TempFolder;

std::filesystem::path one_slice(const TempFolder& folder, const std::string& transfer_syntax_uid) {
  test::PhantomOptions options;
  options.size = {32, 32, 1};
  options.transfer_syntax_uid = transfer_syntax_uid;
  options.is_signed = false;  // near-lossless JPEG-LS has no signed values
  return test::write_series(options, folder.path()).files.front();
}

TEST(InstanceFacts, AreReadOfEverySyntaxThatIsWritten) {
  for (const test::SyntaxName& syntax : test::all_syntaxes()) {
    const TempFolder folder;
    const InstanceCheck check = read_instance_facts(one_slice(folder, std::string(syntax.uid)));
    EXPECT_EQ(check.reason, std::nullopt) << syntax.name;
    EXPECT_EQ(check.facts.study_uid, "2.999.1.1") << syntax.name;
    EXPECT_EQ(check.facts.series_uid, "2.999.1.1.1") << syntax.name;
    EXPECT_FALSE(check.facts.sop_instance_uid.empty()) << syntax.name;  // lossy encoders give another
    EXPECT_EQ(check.facts.sop_class_uid, "1.2.840.10008.5.1.4.1.1.2") << syntax.name;
    EXPECT_EQ(check.facts.modality, "CT") << syntax.name;
    EXPECT_EQ(check.facts.transfer_syntax_uid, syntax.uid) << syntax.name;
  }
}

TEST(InstanceFacts, AFileCutAnywhereIsNeverTakenAsWhole) {
  for (const std::string uid : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70"}) {
    const TempFolder folder;
    const std::string whole = test::slurp(one_slice(folder, uid));
    for (std::size_t size = 0; size + 1 < whole.size(); size += 1 + whole.size() / 97) {
      test::spill(folder / "cut", std::string_view(whole).substr(0, size));
      EXPECT_NE(read_instance_facts(folder / "cut").reason, std::nullopt) << uid << " cut at " << size;
    }
  }
}

TEST(InstanceFacts, WhatIsNoDicomIsSaidSo) {
  const TempFolder folder;
  test::spill(folder / "empty", "");
  test::spill(folder / "text", std::string(100000, 'x'));
  EXPECT_EQ(read_instance_facts(folder / "empty").reason, Code::not_dicom);
  EXPECT_EQ(read_instance_facts(folder / "text").reason, Code::not_dicom);
  EXPECT_EQ(read_instance_facts(folder / "absent").reason, Code::unreadable);
  EXPECT_EQ(read_instance_facts(folder.path()).reason, Code::unreadable);
}

TEST(InstanceFacts, AnUnknownSyntaxIsSaidAndTheIdentifiersAreReadAllTheSame) {
  const TempFolder folder;
  std::string bytes = test::slurp(one_slice(folder, "1.2.840.10008.1.2.4.70"));
  bytes.replace(bytes.find("1.2.840.10008.1.2.4.70"), 22, "1.2.840.10008.1.2.4.99");
  test::spill(folder / "unknown", bytes);
  const InstanceCheck check = read_instance_facts(folder / "unknown");
  EXPECT_EQ(check.reason, Code::unsupported_transfer_syntax);
  EXPECT_EQ(check.facts.sop_instance_uid, "2.999.1.1.1.1");
}

TEST(InstanceFacts, AnIdentifierThatIsNoneMakesTheFileCorrupt) {
  const TempFolder folder;
  std::string bytes = test::slurp(one_slice(folder, "1.2.840.10008.1.2.1"));
  for (std::size_t at = 0; (at = bytes.find("2.999.1.1.1.1", at)) != std::string::npos; ++at) bytes[at] = '/';
  test::spill(folder / "wrong", bytes);
  EXPECT_EQ(read_instance_facts(folder / "wrong").reason, Code::corrupt);
}

}  // namespace
}  // namespace naru
