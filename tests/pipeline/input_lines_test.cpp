#include "pipeline/input_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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

PublishedInputs published_with(const InputRecord& record) {
  const test::TempFolder folder;
  test::spill(folder / "inputs.jsonl", input_line(record).dump() + "\n");
  return published_inputs(folder / "");
}

TEST(PublishedInputs, AreThoseOfTheSameFilesWhereverTheyLie) {
  const std::uint64_t larger_than_an_int = 5'000'000'000;
  Scan scan;
  scan.inputs = {input_of_size(larger_than_an_int)};
  const PublishedInputs inputs = published_with(scan.inputs.front());
  EXPECT_EQ(inputs.count, 1U);
  EXPECT_TRUE(inputs.are_those_of(scan));
  scan.inputs.front().path = "b/1.dcm";
  EXPECT_TRUE(inputs.are_those_of(scan));
  for (const auto change : {+[](InputRecord& r) { ++r.size_bytes; }, +[](InputRecord& r) { r.identity += "4"; },
                            +[](InputRecord& r) { r.sop_instance_uid = "2.999.2"; }}) {
    scan.inputs = {input_of_size(larger_than_an_int)};
    change(scan.inputs.front());
    EXPECT_FALSE(inputs.are_those_of(scan));
  }
  scan.inputs.clear();
  EXPECT_FALSE(inputs.are_those_of(scan));
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
