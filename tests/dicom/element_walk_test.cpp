#include "dicom/element_walk.h"

#include <gtest/gtest.h>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::ElementWalk;
using dicom::WalkEnd;

const std::string kItemEnd("\xFE\xFF\x0D\xE0\0\0\0\0", 8), kSequenceEnd("\xFE\xFF\xDD\xE0\0\0\0\0", 8);

struct Walked {
  std::vector<dicom::Tag> tags;
  WalkEnd end;
};

Walked walk(const std::string& bytes, dicom::Encoding encoding = {}) {
  ElementWalk walk(std::as_bytes(std::span(bytes)), 0, encoding);
  Walked walked;
  while (const auto element = walk.next()) walked.tags.push_back(element->tag);
  walked.end = walk.end();
  return walked;
}

std::string nested(int depth) {
  std::string bytes, ends;
  for (int n = 0; n < depth; ++n) {
    bytes += SliceBytes::open_sequence(0x00400275) + SliceBytes::open_item();
    ends += kItemEnd + kSequenceEnd;
  }
  return bytes + ends;
}

TEST(ElementWalk, ListsElementsInBothForms) {
  const auto walked =
      walk(SliceBytes::element(0x00080018, "UI", "1.2 ") + SliceBytes::element(0x00080019, "OB", "abcd"));
  EXPECT_EQ(walked.tags, (std::vector<dicom::Tag>{0x00080018, 0x00080019}));
  EXPECT_EQ(walked.end, WalkEnd::complete);
}

TEST(ElementWalk, ReadsLengthsInEveryEncoding) {
  const std::string implicit("\x08\0\x18\0\x02\0\0\0ab", 10), big("\0\x08\0\x18UI\0\x02"
                                                                  "ab",
                                                                  10);
  EXPECT_EQ(walk(implicit, {false, false}).tags, std::vector<dicom::Tag>{0x00080018});
  EXPECT_EQ(walk(big, {true, true}).tags, std::vector<dicom::Tag>{0x00080018});
}

TEST(ElementWalk, StopsAtThePixelDataOfTheImageAlone) {
  const std::string icon = SliceBytes::open_sequence(0x00880200) + SliceBytes::open_item() +
                           SliceBytes::element(0x7FE00010, "OW", "icon") + kItemEnd + kSequenceEnd;
  const std::string image = SliceBytes::element(0x7FE00010, "OW", "image ");
  const std::string bytes = icon + image;
  ElementWalk walk(std::as_bytes(std::span(bytes)), 0, {});
  EXPECT_EQ(walk.next()->tag, 0x00880200u);
  EXPECT_FALSE(walk.next());
  EXPECT_EQ(walk.end(), WalkEnd::pixel_data);
  EXPECT_EQ(walk.pixel_data().value_offset, icon.size() + 12);
  EXPECT_EQ(walk.pixel_data().length, 6u);
}

TEST(ElementWalk, TakesUnknownSequencesForImplicitLittleEndian) {
  const std::string inside("\x08\0\x18\0\x02\0\0\0ab", 10);
  const std::string unknown("\x09\0\x10\x10UN\0\0\xFF\xFF\xFF\xFF", 12);
  const auto walked = walk(unknown + SliceBytes::open_item() + inside + kItemEnd + kSequenceEnd +
                           SliceBytes::element(0x00100020, "LO", "P1"));
  EXPECT_EQ(walked.tags, (std::vector<dicom::Tag>{0x00091010, 0x00100020}));
  EXPECT_EQ(walked.end, WalkEnd::complete);
}

TEST(ElementWalk, EntersSequencesUpToItsLimit) {
  EXPECT_EQ(walk(nested(31)).end, WalkEnd::complete);
  EXPECT_EQ(walk(nested(32)).end, WalkEnd::malformed);
}

TEST(ElementWalk, TellsCutFromMalformed) {
  EXPECT_EQ(walk(SliceBytes::element(0x00080018, "UI", "1.2.3 ").substr(0, 10)).end, WalkEnd::cut_short);
  EXPECT_EQ(walk(SliceBytes::open_sequence(0x00400275)).end, WalkEnd::cut_short);
  EXPECT_EQ(walk(kItemEnd).end, WalkEnd::malformed);
  EXPECT_EQ(walk(SliceBytes::open_item()).end, WalkEnd::malformed);
}

}  // namespace

}  // namespace naru::test
