#include "dicom/deidentify/dummy_items.h"

#include <algorithm>
#include <array>

#include "core/ascii_case.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/values.h"

namespace naru::dicom {

namespace {

void write_no_code(DataSetWriter& writer) { write_code_item(writer, "REMOVED", "99NARU", "Removed"); }

/// PS3.3 C.17.3: a text whose text was removed.
void write_content(DataSetWriter& writer) {
  writer.begin_item();
  writer.element(0x0040A010, vr("CS"), "CONTAINS");
  writer.element(0x0040A040, vr("CS"), "TEXT");
  writer.begin_sequence(0x0040A043);
  write_code_item(writer, "121106", "DCM", "Comment");
  writer.end_sequence();
  writer.element(0x0040A160, vr("UT"), dummy_value(vr("UT")));
  writer.end_item();
}

/// PS3.3 C.10.5: a point in the image's first pixel, on a layer of its own.
void write_graphic_annotation(DataSetWriter& writer) {
  using namespace std::string_view_literals;
  const bool big = writer.encoding().is_big_endian;
  writer.begin_item();
  writer.element(0x00700002, vr("CS"), "REMOVED");
  writer.begin_sequence(0x00700009);
  writer.begin_item();
  writer.element(0x00700005, vr("CS"), "PIXEL");
  writer.element(0x00700020, vr("US"), big ? "\0\2"sv : "\2\0"sv);  // dimensions
  writer.element(0x00700021, vr("US"), big ? "\0\1"sv : "\1\0"sv);  // points
  writer.element(0x00700022, vr("FL"), big ? "\x3F\x80\0\0\x3F\x80\0\0"sv : "\0\0\x80\x3F\0\0\x80\x3F"sv);  // (1, 1)
  writer.element(0x00700023, vr("CS"), "POINT");
  writer.end_item();
  writer.end_sequence();
  writer.end_item();
}

/// PS3.3 C.17.2.
void write_verifying_observer(DataSetWriter& writer) {
  writer.begin_item();
  writer.element(0x0040A027, vr("LO"), dummy_value(vr("LO")));
  writer.element(0x0040A030, vr("DT"), dummy_value(vr("DT")));
  writer.element(0x0040A075, vr("PN"), dummy_value(vr("PN")));
  writer.empty_sequence(0x0040A088);
  writer.end_item();
}

/// PS3.3 10.1.1 (person identification macro), 10.16 (operators).
void write_person(DataSetWriter& writer) {
  writer.begin_item();
  writer.begin_sequence(0x00401101);
  write_no_code(writer);
  writer.end_sequence();
  writer.end_item();
}

/// PS3.3 C.34.3.
void write_flow(DataSetWriter& writer) {
  writer.begin_item();
  writer.element(0x00340002, vr("OB"), dummy_value(vr("OB")));
  writer.end_item();
}

struct DummySequence {
  Tag tag;
  void (*write_item)(DataSetWriter&);
};
constexpr std::array kDummySequences = {
    DummySequence{0x00080082, write_no_code},             // Institution Code Sequence
    DummySequence{0x00081072, write_person},              // Operator Identification Sequence
    DummySequence{0x00340001, write_flow},                // Flow Identifier Sequence
    DummySequence{0x00401101, write_no_code},             // Person Identification Code Sequence
    DummySequence{0x0040A073, write_verifying_observer},  // Verifying Observer Sequence
    DummySequence{0x0040A730, write_content},             // Content Sequence
    DummySequence{0x00700001, write_graphic_annotation},  // Graphic Annotation Sequence
};

constexpr std::string_view kPdf =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 50]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 37>>stream\n"
    "BT /F 12 Tf 10 20 Td (Removed) Tj ET \n"
    "endstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "xref\n"
    "0 6\n"
    "0000000000 65535 f \n"
    "0000000009 00000 n \n"
    "0000000052 00000 n \n"
    "0000000101 00000 n \n"
    "0000000209 00000 n \n"
    "0000000292 00000 n \n"
    "trailer<</Size 6/Root 1 0 R>>\n"
    "startxref\n"
    "353\n"
    "%%EOF\n";
constexpr std::string_view kCda =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>Removed</title></ClinicalDocument>\n";

/// Binary STL: a comment of 80 bytes, and the number of triangles, which is none.
constexpr std::array kStl = [] {
  constexpr std::size_t kCommentBytes = 80, kCountBytes = 4;
  std::array<char, kCommentBytes + kCountBytes> stl{};
  std::ranges::copy(std::string_view("Removed"), stl.begin());
  return stl;
}();
/// Of Wavefront models and of their materials.
constexpr std::string_view kObj = "# Removed\n";

struct DummyDocument {
  std::string_view mime_type, document;
};
constexpr std::array kDummyDocuments = {
    DummyDocument{"application/pdf", kPdf},
    DummyDocument{"text/xml", kCda},
    DummyDocument{"model/stl", std::string_view(kStl.data(), kStl.size())},
    DummyDocument{"model/obj", kObj},
    DummyDocument{"model/mtl", kObj},
};

}  // namespace

bool write_dummy_sequence(DataSetWriter& writer, Tag tag) {
  const auto row = std::ranges::find(kDummySequences, tag, &DummySequence::tag);
  if (row == kDummySequences.end()) return false;
  writer.begin_sequence(tag);
  row->write_item(writer);
  writer.end_sequence();
  return true;
}

void write_code_item(DataSetWriter& writer, std::string_view value, std::string_view scheme, std::string_view meaning) {
  writer.begin_item();
  writer.element(kCodeValue, vr("SH"), value);
  writer.element(kCodingScheme, vr("SH"), scheme);
  writer.element(kCodeMeaning, vr("LO"), meaning);
  writer.end_item();
}

std::string_view dummy_document(std::string_view mime_type) {
  // Case is no matter (RFC 2045 5.1): PS3.3 itself has "text/XML".
  const auto row = std::ranges::find_if(
      kDummyDocuments, [&](const DummyDocument& dummy) { return is_equal_but_for_case(mime_type, dummy.mime_type); });
  return row == kDummyDocuments.end() ? std::string_view() : row->document;
}

}  // namespace naru::dicom
