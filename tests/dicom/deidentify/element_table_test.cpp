#include "dicom/deidentify/element_table.h"

#include <gtest/gtest.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::ElementTable;
using dicom::Node;
using dicom::NodeKind;
using dicom::vr;

const std::string kItemEnd("\xFE\xFF\x0D\xE0\0\0\0\0", 8);
constexpr dicom::Encoding kImplicit{false, false};

ElementTable table_of(const std::string& bytes, dicom::Encoding encoding = {}) {
  return dicom::read_elements(std::as_bytes(std::span(bytes)), 0, encoding);
}

std::string implicit(std::uint32_t tag, const std::string& value) {
  return little_endian(tag >> 16).substr(0, 2) + little_endian(tag & 0xFFFF).substr(0, 2) +
         little_endian(static_cast<std::uint32_t>(value.size())) + value;
}

TEST(ElementTable, ListsNestedElementsWithTheirEnds) {
  const std::string inner = SliceBytes::element(0x00080100, "SH", "C1") + SliceBytes::element(0x00080104, "LO", "ab");
  const std::string bytes = SliceBytes::element(0x00080018, "UI", "1.2 ") +
                            SliceBytes::element(0x00081032, "SQ", item(inner)) +
                            SliceBytes::element(0x00100020, "LO", "P1");
  const ElementTable table = table_of(bytes);
  ASSERT_FALSE(table.problem);
  ASSERT_EQ(table.nodes.size(), 6U);
  EXPECT_EQ(table.nodes[1].kind, NodeKind::sequence);
  EXPECT_EQ(table.nodes[1].end, 5U);
  EXPECT_EQ(table.nodes[2].kind, NodeKind::item);
  EXPECT_EQ(table.nodes[2].end, 5U);
  EXPECT_EQ(table.nodes[3].parent, 0x00081032U);
  EXPECT_EQ(table.nodes[5].tag, 0x00100020U);
  EXPECT_EQ(table.nodes[5].parent, 0U);
}

TEST(ElementTable, ReadsUnknownSequencesAsImplicit) {
  // A private sequence that passed through a program which did not know it (PS3.5 6.2.2 note 2).
  const std::string value = item(implicit(0x00100010, "A^B ")) + kEndMark;
  const std::string bytes = SliceBytes::element(0x00091010, "UN", value);
  const ElementTable table = table_of(bytes);
  ASSERT_FALSE(table.problem);
  ASSERT_EQ(table.nodes.size(), 3U);
  EXPECT_EQ(table.nodes[2].tag, 0x00100010U);
  EXPECT_EQ(table.nodes[2].value_representation, vr("PN"));
}

TEST(ElementTable, MarksSequencesThatDoNotReadAsOne) {
  const std::string broken = item(implicit(0x00100010, "A^B ")) + std::string(2, '\0');
  const std::string last = implicit(0x00281050, "40");
  for (const bool is_implicit : {false, true}) {
    const std::string sequence =
        is_implicit ? implicit(0x00089215, broken) : SliceBytes::element(0x00089215, "UN", broken);
    const std::string bytes = sequence + (is_implicit ? last : SliceBytes::element(0x00281050, "DS", "40"));
    const ElementTable table = table_of(bytes, is_implicit ? kImplicit : dicom::Encoding{});
    ASSERT_FALSE(table.problem);
    ASSERT_EQ(table.nodes.size(), 2U);
    EXPECT_EQ(table.nodes[0].kind, NodeKind::element);
    EXPECT_TRUE(table.nodes[0].is_unreadable_sequence);
    EXPECT_FALSE(table.nodes[1].is_unreadable_sequence);
  }
}

TEST(ElementTable, ReadsExplicitItemsInAnUnknownSequence) {
  const std::string name = SliceBytes::element(0x00100010, "PN", "A^B ");
  const std::string bytes = SliceBytes::element(0x00400275, "UN", item(name) + item(name));
  const ElementTable table = table_of(bytes);
  ASSERT_FALSE(table.problem);
  ASSERT_EQ(table.nodes.size(), 5U);
  EXPECT_EQ(table.nodes[0].kind, NodeKind::sequence);
  EXPECT_EQ(table.nodes[4].tag, 0x00100010U);
  EXPECT_EQ(table.nodes[4].value_bytes, 4U);
}

TEST(ElementTable, TakesBytesThatOnlyLookLikeItemsAsAValue) {
  const std::string value = std::string("\xFE\xFF\0\xE0\x04\0\0\0", 8) + "abcdefgh";
  const std::string bytes = SliceBytes::element(0x00091010, "UN", value) + SliceBytes::element(0x00100020, "LO", "P1");
  const ElementTable table = table_of(bytes);
  ASSERT_FALSE(table.problem);
  ASSERT_EQ(table.nodes.size(), 2U);
  EXPECT_EQ(table.nodes[0].kind, NodeKind::element);
  EXPECT_EQ(table.nodes[0].value_bytes, value.size());
  EXPECT_EQ(table.nodes[1].tag, 0x00100020U);
}

TEST(ElementTable, ReadsImplicitItemsInAnExplicitFile) {
  const std::string bytes = SliceBytes::element(0x00081032, "SQ", item(implicit(0x00080100, "CODE")));
  const ElementTable table = table_of(bytes);
  ASSERT_FALSE(table.problem);
  ASSERT_EQ(table.nodes.size(), 3U);
  EXPECT_EQ(table.nodes[2].value_representation, vr("SH"));
  EXPECT_EQ(table.nodes[2].value_bytes, 4U);
}

TEST(ElementTable, TakesVrsOfImplicitFilesFromTheDictionary) {
  const ElementTable table = table_of(implicit(0x00081030, "ab") + implicit(0x00081032, item("")), kImplicit);
  ASSERT_EQ(table.nodes.size(), 3U);
  EXPECT_EQ(table.nodes[0].value_representation, vr("LO"));
  EXPECT_FALSE(table.nodes[0].is_vr_stated);
  EXPECT_EQ(table.nodes[1].kind, NodeKind::sequence);
}

TEST(ElementTable, SaysWhereAFileWasCut) {
  const std::string whole =
      SliceBytes::element(0x00100010, "PN", "Name^A") + SliceBytes::element(0x00100020, "LO", "P1");
  EXPECT_FALSE(table_of(whole).problem);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == 14) continue;  // between the elements
    EXPECT_EQ(table_of(whole.substr(0, size)).problem, Code::truncated) << size;
  }
}

TEST(ElementTable, NamesTheElementThatItsBytesCutShort) {
  const std::string rows = SliceBytes::element(0x00280010, "US", std::string("\4\0", 2));
  const std::string plain = rows + SliceBytes::element(0x7FE00010, "OW", std::string(64, 'x'));
  const std::string coded = rows + SliceBytes::open_sequence(0x7FE00010).replace(4, 2, "OB") + item("") + item("abcd");
  const std::string sequence = rows + SliceBytes::element(0x00400275, "SQ", item(rows + rows));
  EXPECT_EQ(table_of(plain).cut_tag, 0U);
  EXPECT_EQ(table_of(coded + kEndMark).cut_tag, 0U);
  EXPECT_EQ(table_of(plain.substr(0, plain.size() - 60)).cut_tag, 0x7FE00010U);
  EXPECT_EQ(table_of(coded.substr(0, coded.size() - 2)).cut_tag, 0x7FE00010U);
  EXPECT_EQ(table_of(sequence.substr(0, sequence.size() - 6)).cut_tag, 0x00400275U);
}

TEST(ElementTable, LeavesWhatFollowsThePixels) {
  const std::string pixels = SliceBytes::element(0x7FE00010, "OW", "1234");
  const ElementTable table = table_of(pixels + "any bytes at all, a name");
  EXPECT_FALSE(table.problem);
  EXPECT_EQ(table.nodes.size(), 1U);
  EXPECT_EQ(table.trailing_bytes, 24U);
  EXPECT_EQ(table_of(SliceBytes::element(0x00100020, "LO", "P1") + std::string(20, '\0')).trailing_bytes, 20U);
}

TEST(ElementTable, KeepsFragmentsInOnePiece) {
  const std::string fragments = item("") + item("abcd") + kEndMark;
  const std::string bytes = SliceBytes::open_sequence(0x7FE00010).replace(4, 2, "OB") + fragments;
  const ElementTable table = table_of(bytes);
  ASSERT_EQ(table.nodes.size(), 1U);
  EXPECT_EQ(table.nodes[0].kind, NodeKind::encapsulated);
  EXPECT_EQ(table.nodes[0].value_bytes, fragments.size());
}

TEST(ElementTable, NestsAsDeepAsAFileIsLong) {
  constexpr int kDepth = 60000;
  std::string bytes, ends;
  for (int n = 0; n < kDepth; ++n) bytes += SliceBytes::open_sequence(0x00400275) + SliceBytes::open_item();
  for (int n = 0; n < kDepth; ++n) ends += kItemEnd + kEndMark;
  const ElementTable table = table_of(bytes + ends);
  EXPECT_FALSE(table.problem);
  EXPECT_EQ(table.nodes.size(), 2U * kDepth);
  EXPECT_EQ(table.nodes.front().end, table.nodes.size());
  EXPECT_TRUE(table_of(bytes).problem);
}

TEST(ElementTable, RefusesBrokenStructures) {
  EXPECT_EQ(table_of(SliceBytes::element(0x00081032, "SQ", "not items")).problem, Code::corrupt);
  EXPECT_EQ(
      table_of(SliceBytes::element(0x00081032, "SQ", item(SliceBytes::element(0x00080100, "SH", "ab").substr(0, 9))))
          .problem,
      Code::corrupt);
  EXPECT_EQ(table_of(kItemEnd).problem, Code::corrupt);
}

}  // namespace

}  // namespace naru::test
