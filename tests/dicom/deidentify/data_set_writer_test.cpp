#include "dicom/deidentify/data_set_writer.h"

#include <gtest/gtest.h>

#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/element_table.h"
#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DataSetWriter;
using dicom::vr;

std::string joined(const DataSetWriter::Written& written) {
  std::string bytes;
  for (const auto& piece : written.pieces) {
    const dicom::Bytes part =
        piece.view.empty() ? dicom::Bytes(written.buffer).subspan(piece.begin, piece.size) : piece.view;
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  return bytes;
}

TEST(DataSetWriter, WritesTheFormsOfEveryEncoding) {
  DataSetWriter explicit_little({true, false});
  explicit_little.element(0x00100020, vr("LO"), "P1x");
  explicit_little.element(0x00080018, vr("UI"), "1.2");
  explicit_little.element(0x00091001, vr("UN"), "ab");
  EXPECT_EQ(joined(explicit_little.finish()), SliceBytes::element(0x00100020, "LO", "P1x ") +
                                                  SliceBytes::element(0x00080018, "UI", std::string("1.2\0", 4)) +
                                                  SliceBytes::element(0x00091001, "UN", "ab"));
  DataSetWriter implicit({false, false});
  implicit.element(0x00100020, vr("LO"), "P1");
  EXPECT_EQ(joined(implicit.finish()), std::string("\x10\0\x20\0\x02\0\0\0P1", 10));
  DataSetWriter big({true, true});
  big.element(0x00100020, vr("LO"), "P1");
  EXPECT_EQ(joined(big.finish()), std::string("\0\x10\0\x20LO\0\x02P1", 10));
}

TEST(DataSetWriter, RefersToLongValuesWithoutCopying) {
  const std::string value(10000, 'x');
  DataSetWriter writer({true, false});
  writer.element_view(0x7FE00010, vr("OW"), std::as_bytes(std::span(value)));
  writer.element(0xFFFCFFFC, vr("OB"), "ab");
  const auto written = writer.finish();
  EXPECT_LT(written.buffer.size(), 100U);
  EXPECT_EQ(joined(written),
            SliceBytes::element(0x7FE00010, "OW", value) + SliceBytes::element(0xFFFCFFFC, "OB", "ab"));
}

TEST(DataSetWriter, PadsAnOddReferredValueAndClosesFragments) {
  const std::string odd(5001, 'x'), fragments = item("") + item("abcd");
  DataSetWriter writer({true, false});
  writer.element_view(0x00091001, vr("OB"), std::as_bytes(std::span(odd)));
  writer.encapsulated_view(0x7FE00010, vr("OB"), std::as_bytes(std::span(fragments)));
  const std::string bytes = joined(writer.finish());
  EXPECT_EQ(bytes.size() % 2, 0U);
  EXPECT_TRUE(bytes.ends_with(kEndMark));
  const auto table = dicom::read_elements(std::as_bytes(std::span(bytes)), 0, {true, false});
  EXPECT_FALSE(table.problem);
  EXPECT_EQ(table.nodes.size(), 2U);
}

TEST(DataSetWriter, GivesAValueTooLongForItsVrTheVrUn) {
  DataSetWriter writer({true, false});
  writer.element(0x00104000, vr("LT"), std::string(70000, 'x'));
  EXPECT_EQ(joined(writer.finish()).substr(4, 2), "UN");
}

TEST(DataSetWriter, ExchangesBytesOfNumbersAlone) {
  const std::string number("\1\2\3\4", 4);
  const auto swap = [&](dicom::Vr v) {
    const auto bytes = dicom::swapped(std::as_bytes(std::span(number)), v);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(swap(vr("US")), std::string("\2\1\4\3", 4));
  EXPECT_EQ(swap(vr("UL")), std::string("\4\3\2\1", 4));
  EXPECT_EQ(swap(vr("OW")), std::string("\2\1\4\3", 4));
  EXPECT_EQ(swap(vr("OB")), number);
  EXPECT_EQ(swap(vr("LO")), number);
}

TEST(DataSetWriter, WritesDummySequencesThatReadBack) {
  for (const dicom::Tag tag :
       {0x00080082U, 0x00081072U, 0x00340001U, 0x00401101U, 0x0040A073U, 0x0040A730U, 0x00700001U}) {
    for (const dicom::Encoding encoding : {dicom::Encoding{true, false}, {false, false}, {true, true}}) {
      DataSetWriter writer(encoding);
      ASSERT_TRUE(dicom::write_dummy_sequence(writer, tag));
      const std::string bytes = joined(writer.finish());
      const auto table = dicom::read_elements(std::as_bytes(std::span(bytes)), 0, encoding);
      EXPECT_FALSE(table.problem) << tag;
      EXPECT_GE(table.nodes.size(), 3U) << tag;
    }
  }
  DataSetWriter writer({true, false});
  EXPECT_FALSE(dicom::write_dummy_sequence(writer, 0x00081140));
}

}  // namespace

}  // namespace naru::test
