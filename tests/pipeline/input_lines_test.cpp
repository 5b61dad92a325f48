#include "pipeline/input_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "core/digest.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

InputRecord input_of_size(std::uint64_t size_bytes) {
  InputRecord record;
  record.path = "a/1.dcm";
  record.sop_instance_uid = "2.999.1";
  record.size_bytes = size_bytes;
  record.identity = "9 1 2 3 0 abc";
  return record;
}

PublishedInputs published_with(InputRecord record) {
  if (record.sha256.empty()) record.sha256 = "of the first";
  const test::TempFolder folder;
  test::spill(folder / "inputs.jsonl", input_line(record).dump() + "\n");
  return published_inputs(folder / "");
}

bool are_those_of(const PublishedInputs& inputs, Scan& scan) {
  Executor executor = Executor::cpu(1);
  return inputs.are_those_of(scan, executor, CancelToken(), [](const Progress&) {});
}

TEST(PublishedInputs, AreThoseOfACopyWithTheSameBytes) {
  const test::TempFolder folder;
  test::spill(folder / "1.dcm", "abc");
  InputRecord record = input_of_size(3);
  record.sha256 = sha256_hex("abc");
  const PublishedInputs inputs = published_with(record);
  Scan scan;
  scan.inputs = {input_of_size(3)};
  scan.inputs.front().path = folder / "1.dcm";
  scan.inputs.front().identity = "another one";
  EXPECT_TRUE(are_those_of(inputs, scan));
  scan.inputs.front().sha256.clear();
  test::spill(folder / "1.dcm", "abd");
  EXPECT_FALSE(are_those_of(inputs, scan));
}

TEST(PublishedInputs, AreThoseOfTheSameFilesWhereverTheyLie) {
  const std::uint64_t larger_than_an_int = 5'000'000'000;
  Scan scan;
  scan.inputs = {input_of_size(larger_than_an_int)};
  const PublishedInputs inputs = published_with(scan.inputs.front());
  EXPECT_EQ(inputs.count, 1U);
  EXPECT_TRUE(are_those_of(inputs, scan));
  scan.inputs.front().path = "b/1.dcm";
  EXPECT_TRUE(are_those_of(inputs, scan));
  for (const auto change : {+[](InputRecord& r) { ++r.size_bytes; }, +[](InputRecord& r) { r.identity += "4"; },
                            +[](InputRecord& r) { r.sop_instance_uid = "2.999.2"; }}) {
    scan.inputs = {input_of_size(larger_than_an_int)};
    change(scan.inputs.front());
    EXPECT_FALSE(are_those_of(inputs, scan));
  }
  scan.inputs.clear();
  EXPECT_FALSE(are_those_of(inputs, scan));
}

TEST(PublishedInputs, TellFatesAndNoneWithoutAReport) {
  InputRecord record = input_of_size(9);
  record.disposition = Disposition::rejected;
  record.reason = Code::not_dicom;
  record.identity.clear();
  const PublishedInputs inputs = published_with(record);
  EXPECT_EQ(inputs.by_disposition, (std::map<std::string, std::size_t>{{"rejected", 1}}));
  EXPECT_EQ(inputs.by_reason, (std::map<std::string, std::size_t>{{"not_dicom", 1}}));
  EXPECT_EQ(published_inputs("/nowhere").count, 0U);
}

}  // namespace
}  // namespace naru
