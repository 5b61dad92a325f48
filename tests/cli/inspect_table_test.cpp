#include "cli/inspect_table.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

/// Thirty stacks of 25 slices, together one 4-D image; the slices themselves are left out.
Scan scan_of_diffusion() {
  Scan scan;
  dicom::StackSequence sequence{{}, "b_value", "s/mm2", {}, {}};
  for (std::size_t v = 0; v < 30; ++v) {
    dicom::Instance instance;
    instance.modality = "MR";
    instance.manufacturer = "SIEMENS";
    scan.inputs.emplace_back().path = "/in/" + std::to_string(v);
    scan.candidates.push_back({instance, {}, ""});
    scan.placements.push_back({Disposition::used, {}, v});
    scan.input_of_candidate.push_back(v);
    dicom::Stack stack;
    stack.study_uid = "2.999.1";
    stack.series_uid = "2.999.1.1";
    stack.index = static_cast<int>(v);
    stack.instances = {v};
    stack.grid = {{128, 96, 25}, Affine{{{{2, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 3, 0}}}}};
    if (v > 26) stack.findings.push_back({Code::overlapping, {{"slice_thickness_mm", 4}, {"spacing_mm", 3}}, "kept"});
    scan.stacks.push_back(stack);
    sequence.stacks.push_back(v);
    sequence.values.push_back(v == 0 ? 0 : 1000);
  }
  scan.sequences.push_back(sequence);
  return scan;
}

std::size_t width(const std::string& line) {
  std::size_t characters = 0;
  for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return characters;
}

TEST(InspectTable, ShowsA4DImageAsOneRow) {
  const std::string text = cli::inspect_text(scan_of_diffusion(), false);
  EXPECT_THAT(text, HasSubstr("30 volumes along b_value 0…1000 s/mm2"));
  EXPECT_THAT(text, HasSubstr("overlapping (kept): slice thickness mm 4, spacing mm 3; in 3 of 30 volumes"));
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = text.find("128 × 96 × 25", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, 1U);
}

TEST(InspectTable, CallsAStackThatIsHeldNoGoodOne) {
  Scan scan = scan_of_diffusion();
  for (dicom::Placement& placement : scan.placements) {
    placement.disposition = Disposition::quarantined;
    placement.reason = Code::text_suspected;
  }
  const std::string text = cli::inspect_text(scan, false);
  EXPECT_THAT(text, HasSubstr("reject"));
  EXPECT_THAT(text, HasSubstr("text_suspected (held for review): slices 1; in 30 of 30 volumes"));
  const Json json = cli::inspect_json(scan, false);
  EXPECT_EQ(json["series"][0]["verdict"], "reject");
  EXPECT_EQ(json["series"][0]["findings"].back()["code"], "text_suspected");
}

TEST(InspectTable, FitsOneHundredColumnsWithEveryCode) {
  Scan scan = scan_of_diffusion();
  for (const CodeInfo& row : all_codes()) {
    scan.stacks[0].findings.push_back(
        {row.code, {{"slices", 3}, {"after_index", 12345}, {"spacing_mm", 1.23456}}, "rejected"});
    InputRecord& input = scan.inputs.emplace_back();
    input.path = "/in/HONG";
    input.disposition = Disposition::rejected;
    input.reason = row.code;
  }
  for (const NoteInfo& row : all_notes()) scan.inputs.back().notes.push_back(row.note);
  std::istringstream lines(cli::inspect_text(scan, false));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), 100U) << line;
}

TEST(InspectTable, SaysWhatToDoAndCountsTheRest) {
  Scan scan = scan_of_diffusion();
  for (int i = 0; i < 2; ++i) {
    InputRecord& input = scan.inputs.emplace_back();
    input.path = "/in/HONG^GILDONG";
    input.disposition = Disposition::rejected;
    input.reason = Code::truncated;
    input.notes = {Note::odd_length};
  }
  const std::string text = cli::inspect_text(scan, false);
  EXPECT_THAT(text, HasSubstr("        2  rejected     truncated\n"));
  EXPECT_THAT(text, HasSubstr("What to do: Export it from the PACS again."));
  EXPECT_THAT(text, HasSubstr("odd_length"));
  EXPECT_THAT(text, Not(HasSubstr("HONG")));
  const Json json = cli::inspect_json(scan, true);
  EXPECT_EQ(json["notes"]["odd_length"], 2);
  EXPECT_EQ(json["in_no_volume"][0]["files"], 2);
  EXPECT_EQ(json["in_no_volume"][0]["paths"].size(), 2U);
  EXPECT_EQ(json["series"].size(), 30U);
  EXPECT_EQ(json["series"][29]["sequence"]["value"], 1000);
}

}  // namespace
}  // namespace naru
