// Values that are not what their VR, their header or their table says. The words in them stand nowhere else in the
// file, so that the search for removed words cannot be what keeps them in.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/deidentify/icc_profiles.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

using dicom::DeidOption;

struct Lie {
  const char* what;
  std::uint32_t tag;
  char vr[3];
  const char* value;
};

constexpr Lie kLies[] = {
    {"a number", 0x00180050, "DS", "2.5 Zonnebloem"},
    {"a count", 0x00200013, "IS", "7 Zonnebloem"},
    {"an age", 0x00101010, "AS", "Zonnebloem"},
    {"a time", 0x00080032, "TM", "1015 Zonnebloem"},
    {"a date and time", 0x0008002A, "DT", "20140321Zonnebloem"},
    {"an offset behind a time", 0x0008002A, "DT", "20140321101500+01055512345"},
    {"a code", 0x00180015, "CS", "Jan Zonnebloem"},
    {"an offset from UTC", 0x00080201, "SH", "Zonnebloem"},
    {"a character set", 0x00080005, "CS", "Jan Zonnebloem"},
    {"a UID of a class", 0x0008001A, "UI", "Zonnebloem"},
    {"a name stated as a text", 0x00081050, "LO", "Zonnebloem^Jan"},
    {"a name stated as bytes", 0x00081050, "OB", "Zonnebloem^Jan"},
    {"a number stated as a text", 0x00280030, "LO", "Zonnebloem"},
    {"a birth date of another calendar", 0x00100033, "LO", "Zonnebloem"},
    {"an address of the network", 0x00081190, "UR", "http://pacs/Zonnebloem"},
    {"a comment that the table does not list", 0x00189004, "ST", "seen by Zonnebloem"},
    {"retired pixels", 0x7F200010, "OB", "Jan Zonnebloem"},
};

bool lets_out(const Deidentified& done) { return done.holds("Zonnebloem") || done.holds("55512345"); }

TEST(UntrustedValues, HideNobody) {
  for (const Lie& lie : kLies) {
    SliceBytes slice;
    slice.raw(lie.tag, lie.vr, fmt::format("{}{}", lie.value, std::string_view(lie.value).size() % 2 ? " " : ""));
    EXPECT_FALSE(lets_out(Deidentified(slice.bytes()))) << lie.what;
    const auto all = policy_with({DeidOption::retain_longitudinal_full_dates,
                                  DeidOption::retain_patient_characteristics, DeidOption::retain_device_identity});
    EXPECT_FALSE(lets_out(Deidentified(slice.bytes(), all))) << lie.what << ", with what retains";
  }
}

TEST(UntrustedValues, DatesMoveWhateverTheirVrIsStatedToBe) {
  const auto moved = policy_with({DeidOption::retain_longitudinal_modified_dates});
  for (const std::uint32_t tag : {0x00181204U, 0x00181205U, 0x0040A034U, 0x0040B036U, 0x3006002EU}) {
    SliceBytes slice;
    slice.text(0x00080020, "DA", "20190314").text(tag, "UN", "20190314");
    const Deidentified unknown(slice.bytes(), moved);
    EXPECT_EQ(unknown.value(tag), unknown.value(0x00080020)) << std::hex << tag;
    EXPECT_FALSE(unknown.holds("20190314"));
    for (const char* wrong : {"LO", "FD", "SH", "OB"}) {
      const char vr[3] = {wrong[0], wrong[1], 0};
      slice.raw(tag, vr, "20180209");  // of no other attribute: nothing else is looked for
      EXPECT_FALSE(Deidentified(slice.bytes(), moved).holds("20180209")) << std::hex << tag << wrong;
    }
  }
}

TEST(UntrustedValues, TimeStampsInBytesAreNoNumbers) {
  const auto moved = policy_with({DeidOption::retain_longitudinal_modified_dates});
  for (const std::uint32_t tag : {0x00340007U, 0x04000310U}) {
    SliceBytes slice;
    slice.raw(tag, "FD", "Zonnebloem123456");
    EXPECT_FALSE(lets_out(Deidentified(slice.bytes(), moved))) << std::hex << tag;
  }
}

TEST(UntrustedValues, OfNumbersBecomeLegalNumbers) {
  SliceBytes slice;
  slice.text(0x00180090, "DS", "10.50/ 15.00").text(0x00181152, "IS", "about 12");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00180090), "0");
  EXPECT_EQ(done.value(0x00181152), "0");
  EXPECT_EQ(done.result.counts.notes.at("value_not_legal"), 2U);
}

TEST(UntrustedValues, OfNumbersThatMayBeMissingBecomeNoFalseOnes) {
  const std::string file = SliceBytes().text(0x00101030, "DS", "72,5").bytes();  // Patient's Weight
  const Deidentified done(file, policy_with({DeidOption::retain_patient_characteristics}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00101030), "");
}

TEST(UntrustedValues, OfGeometryAndRescaleHoldTheInstanceBack) {
  for (const dicom::Tag tag : {0x00180050, 0x00180088, 0x00181164, 0x00200032, 0x00200037, 0x00280030, 0x00281052,
                               0x00281053, 0x3004000E, 0x30060050, 0x00181074, 0x00541321}) {
    for (const char* value : {"0,5\\0,5", "1.0d0", "inf", "NaN", "10.50/ 15.00"}) {
      const Deidentified done(SliceBytes().text(tag, "DS", value).bytes());
      EXPECT_EQ(done.result.reason, Code::deid_incomplete) << tag << value;
      EXPECT_EQ(done.result.stage, "rewrite");
    }
  }
}

TEST(UntrustedValues, PlainNumbersStayHoweverTheyAreWritten) {
  SliceBytes slice;
  slice.text(0x00280030, "DS", "0.5\\0.25\t").text(0x00181150, "IS", "350.5").text(0x00181152, "IS", "1e2");
  slice.text(0x00200013, "IS", "12.0").text(0x00180050, "DS", " \t2.5\r\n");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00280030), "0.5\\0.25");
  EXPECT_EQ(done.value(0x00180050), "2.5");
  EXPECT_EQ(done.value(0x00181150), "350.5");
  EXPECT_EQ(done.value(0x00181152), "1e2");
  EXPECT_EQ(done.value(0x00200013), "12.0");
}

TEST(UntrustedValues, HideNothingInTheDecimalsOfAnInteger) {
  for (const char* value : {"2014.03.21", "12.123456789012345", "12.0x", "1.2.3"}) {
    const Deidentified done(SliceBytes().text(0x00181152, "IS", value).bytes());
    ASSERT_FALSE(done.result.reason);
    EXPECT_EQ(done.value(0x00181152), "0") << value;
  }
}

TEST(UntrustedValues, TimesLoseTheDecimalsThatAreTooMany) {
  const std::pair<const char*, const char*> kTimes[] = {{"101112.", "101112"},
                                                        {"101112.1234567", "101112.123456"},
                                                        {"101112.123456789", "101112.123456"},
                                                        {"101112.\\101113.5", "101112\\101113.5"},
                                                        {"101112.123", "101112.123"},
                                                        {"101112.0105551234567", ""}};
  for (const auto& [found, written] : kTimes) {
    for (const auto dates :
         {DeidOption::retain_longitudinal_modified_dates, DeidOption::retain_longitudinal_full_dates}) {
      const Deidentified done(SliceBytes().text(0x00080032, "TM", found).bytes(), policy_with({dates}));
      ASSERT_FALSE(done.result.reason);
      const bool is_dummy = *written == '\0' && dates == DeidOption::retain_longitudinal_full_dates;
      EXPECT_EQ(done.value(0x00080032), is_dummy ? "000000" : written) << found;
    }
  }
  const Deidentified done(SliceBytes().text(0x0008002A, "DT", "20140321101112.1234567+0900").bytes(),
                          policy_with({DeidOption::retain_longitudinal_full_dates}));
  EXPECT_EQ(done.value(0x0008002A), "20140321101112.123456+0900");
}

TEST(UntrustedValues, CodesThatAnImageNeedsAreNeverReplaced) {
  const std::pair<dicom::Tag, const char*> kNames[] = {
      {0x00100020, "MONOCHROME2"}, {0x00080050, "MONOCHROME2"}, {0x00100020, "ORIGINAL"}, {0x00100020, "PRIMARY"}};
  for (const auto& [tag, value] : kNames) {
    EXPECT_EQ(Deidentified(SliceBytes().text(tag, "LO", value).bytes()).result.reason, Code::deid_incomplete) << value;
  }
  // A value beyond those that every image has goes, as other codes do.
  const Deidentified done(
      SliceBytes().text(0x00100020, "LO", "QUANTUM7").text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\QUANTUM7").bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00080008), "ORIGINAL\\PRIMARY\\REMOVED");
}

TEST(UntrustedValues, UidsThatNoRuleNamesAreMappedAllTheSame) {
  // Transaction UID and Scheduled Procedure Step... name one order, whether the table lists them or not.
  SliceBytes slice;
  slice.text(0x00081195, "UI", "2.999.77.1").text(0x00404023, "UI", "2.999.77.2");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.holds("2.999.77"));
}

TEST(UntrustedValues, PrivateUidsAreMappedAndPrivateNumbersChecked) {
  SliceBytes slice;
  slice.text(0x00190010, "LO", "SIEMENS MR HEADER").text(0x0019100C, "IS", "Zonnebloem");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  EXPECT_FALSE(lets_out(done));
}

TEST(UntrustedValues, PrivateUidsStayWhereAllUidsDo) {
  SliceBytes slice;
  slice.text(0x00090010, "LO", "GEMS_PETD_01")
      .text(0x00091007, "LO", "1.2.840.113619.2.1")
      .text(0x0009100A, "LO", "4711");
  const auto safe = dicom::DeidOption::retain_safe_private, uids = dicom::DeidOption::retain_uids;
  const Deidentified mapped(slice.bytes(), policy_with({safe})), kept(slice.bytes(), policy_with({safe, uids}));
  EXPECT_TRUE(mapped.value(0x00091007)->starts_with("2.25."));
  EXPECT_EQ(kept.value(0x00091007), "1.2.840.113619.2.1");
  EXPECT_TRUE(kept.value(0x0009100A)->starts_with("2.25.")) << "a number is no UID";
}

TEST(UntrustedValues, PrivateTextsAreCleanedWhateverTheirVr) {
  const std::string text = "read by Dr. Zonnebloem on 2013-02-28";
  struct Place {
    std::uint16_t group;
    std::string creator;
    std::uint8_t element;
  };
  // What lists call a text, what they call bytes, and what they know no VR of.
  for (const auto& [group, creator, element] : {Place{0x0019, "LORAD Selenia", 0x06}, Place{0x0029, "MMCPrivate", 0x2F},
                                                Place{0x0019, "LORAD Selenia", 0x70}}) {
    constexpr char kVrs[][3] = {"UN", "OB", "LO"};
    for (const char(&vr)[3] : kVrs) {
      SliceBytes slice;
      const auto block = static_cast<dicom::Tag>(group) << 16;
      slice.text(block | 0x10, "LO", creator).raw(block | 0x1000 | element, vr, text);
      const Deidentified done(slice.bytes(),
                              policy_with({DeidOption::retain_safe_private, DeidOption::clean_descriptors}));
      EXPECT_EQ(done.value(block | 0x1000 | element), "read by Dr. on") << creator << vr;
    }
  }
  // In the character set of the file.
  struct Written {
    const char *set, *written, *cleaned;
  };
  for (const auto& [set, written, cleaned] :
       {Written{"ISO_IR 100", "h\xF6rt Dr. Zonnebl\xF6m on 2013-02-28", "h\xC3\xB6rt Dr. on"},
        Written{"\\ISO 2022 IR 149", "read by Dr. \x1B$)C\xC8\xAB\xB1\xE6\xB5\xBF on 2013-02-28", "read by Dr. on"}}) {
    SliceBytes slice;
    slice.text(0x00080005, "CS", set).text(0x00190010, "LO", "LORAD Selenia").raw(0x00191070, "UN", written);
    const Deidentified done(slice.bytes(),
                            policy_with({DeidOption::retain_safe_private, DeidOption::clean_descriptors}));
    EXPECT_EQ(done.value(0x00191070), cleaned);
  }
  // Bytes stay what they are, NULs and spaces at their end too, whatever the texts of the file are in.
  using namespace std::string_literals;
  using namespace std::string_view_literals;
  for (const auto bytes : {"A\0\0\0"sv, "AB  "sv, "\1\2\3\0 2013-02-28!"sv}) {
    SliceBytes slice;
    slice.text(0x00080005, "CS", "ISO_IR 192").text(0x00181030, "LO", "복부 조영 CT");
    slice.text(0x00290010, "LO", "MMCPrivate").raw(0x0029102F, "OB", std::string(bytes));
    const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
    EXPECT_TRUE(done.holds("\x29\0\x2F\x10OB\0\0"s + static_cast<char>(bytes.size()) + "\0\0\0"s + std::string(bytes)));
  }
}

TEST(UntrustedValues, PrivateSecondsThatStandForNoneAreNotMoved) {
  const auto moved = [](std::string_view seconds, const char(&vr)[3]) {
    SliceBytes slice;
    slice.text(0x00090010, "LO", "GEMS_IDEN_01").raw(0x00091027, vr, std::string(seconds));
    const Deidentified done(
        slice.bytes(), policy_with({DeidOption::retain_safe_private, DeidOption::retain_longitudinal_modified_dates}));
    for (const dicom::Node& node : done.table.nodes) {
      if (node.tag != 0x00091027) continue;
      const dicom::Bytes value = dicom::value_of(node, done.view());
      return std::string(reinterpret_cast<const char*>(value.data()), value.size());
    }
    return std::string("none");
  };
  using namespace std::string_view_literals;
  for (const auto none : {"\xFF\xFF\xFF\xFF"sv, "\0\0\0\0"sv, "\1\0\0\0"sv, "\0\0\0\x80"sv, "\xFF\xFF\xFF\x7F"sv}) {
    EXPECT_EQ(moved(none, "SL"), none);
  }
  EXPECT_EQ(moved("\xFF\xFF\xFF\xFF", "UL"), "\xFF\xFF\xFF\xFF");
  // 2014-03-21, alone and twice
  const auto date = "\x80\x74\x2B\x53"sv;
  EXPECT_NE(moved(date, "SL"), date);
  const std::string one = moved(date, "SL");
  EXPECT_EQ(moved(std::string(date) + std::string(date), "SL"), one + one);
}

TEST(UntrustedValues, UidsThatARuleCleansAreMappedAndNumbersStay) {
  dicom::DeidentifyPolicy policy;
  for (const dicom::Tag tag : {0x00101010, 0x00180050, 0x00200013, 0x00200052}) {
    policy.attributes.push_back({tag, dicom::DeidAction::C});
  }
  SliceBytes slice;
  slice.text(0x00101010, "AS", "093Y").text(0x00180050, "DS", "2.5").text(0x00200013, "IS", "17");
  const Deidentified done(slice.text(0x00200052, "UI", "2.999.77.1").bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00101010), "090Y");
  EXPECT_EQ(done.value(0x00180050), "2.5");
  EXPECT_EQ(done.value(0x00200013), "17");
  EXPECT_EQ(done.value(0x00200052), test_key().uid("2.999.77.1"));
}

TEST(UntrustedValues, UidsThatARuleOrAnOptionKeepsStayInThatAttributeAlone) {
  constexpr dicom::Tag kDeviceUid = 0x00181002, kInstanceCreatorUid = 0x00080014, kFrameOfReferenceUid = 0x00200052;
  SliceBytes slice;
  slice.text(kDeviceUid, "UI", "2.999.77.1").text(kInstanceCreatorUid, "UI", "2.999.77.1");
  slice.text(kFrameOfReferenceUid, "UI", "2.999.77.2");
  dicom::DeidentifyPolicy policy = policy_with({DeidOption::retain_device_identity});
  policy.attributes.push_back({kFrameOfReferenceUid, dicom::DeidAction::K});
  const Deidentified done(slice.bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(kDeviceUid), "2.999.77.1");
  EXPECT_EQ(done.value(kFrameOfReferenceUid), "2.999.77.2");
  EXPECT_EQ(done.value(kInstanceCreatorUid), test_key().uid("2.999.77.1"));
}

TEST(UntrustedValues, UidsOfAReportMayBeThoseThatAnOptionKeeps) {
  const std::string study = "1.2.276.0.7230010.3.1.2.4711";
  SliceBytes slice;
  slice.text(0x0020000D, "UI", study).text(0x0040A124, "UI", study);
  const Deidentified done(slice.bytes(), policy_with({dicom::DeidOption::retain_uids}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x0020000D), study);
  EXPECT_TRUE(done.value(0x0040A124)->starts_with("2.25.")) << "PS3.15 Table E.1-1";
}

TEST(UntrustedValues, UidsThatAreThePatientsNumberDoNotStay) {
  SliceBytes slice;
  slice.text(0x00181002, "UI", "73645178").text(0x00100020, "LO", "73645178");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_device_identity}));
  EXPECT_EQ(done.result.reason, Code::deid_incomplete);
}

TEST(UntrustedValues, TextsOfAnotherEncodingAreNotKept) {
  SliceBytes slice;
  slice.raw(0x0008103E, "LO", std::string("Z\0o\0n\0n\0e\0b\0", 12));
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  EXPECT_FALSE(done.holds(std::string_view("Z\0o\0n\0n\0", 8)));
}

TEST(UntrustedValues, NoRegionIsClaimedWhereThereAreNoFrames) {
  auto policy = policy_with({DeidOption::clean_pixel_data});
  policy.regions = {{"CT", "GE MEDICAL SYSTEMS", "Model 1", 2, 4, 0, 0, 4, 2}};
  for (const char* frames : {"0", "-1", "99999999999"}) {
    SliceBytes slice;
    slice.text(0x00081090, "LO", "Model 1").text(0x00280008, "IS", frames).text(0x00280301, "CS", "YES");
    const Deidentified done(slice.bytes(), policy);
    EXPECT_TRUE(done.result.reason) << frames;
    EXPECT_TRUE(done.bytes.empty()) << frames;
  }
}

TEST(UntrustedValues, PixelsWithoutSizesAreHeldBack) {
  EXPECT_EQ(Deidentified(SliceBytes().number(0x00280010, 0).bytes()).result.reason, Code::corrupt);
  EXPECT_EQ(Deidentified(SliceBytes().remove(0x00280100).bytes()).result.reason, Code::corrupt);
}

TEST(UntrustedValues, CreatorsThatReserveABlockAgainCountOnce) {
  constexpr int kCreators = 20000;
  std::string flood;
  for (int n = 0; n < kCreators; ++n) flood += SliceBytes::element(0x00090010, "LO", "ACME");
  for (int n = 0; n < kCreators; ++n) flood += SliceBytes::element(0x00091001, "LO", "x ");
  const Deidentified done(SliceBytes().insert(flood).bytes(), policy_with({DeidOption::retain_safe_private}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.holds("ACME"));
}

/// An item that holds a text.
std::string item_with(const std::string& text) {
  const std::string element = SliceBytes::element(0x00081030, "LO", text);
  return std::string("\xFE\xFF\x00\xE0", 4) + static_cast<char>(element.size()) + std::string(3, '\0') + element;
}

dicom::Vr vr_of(const Deidentified& done, dicom::Tag tag) {
  const auto node = std::ranges::find(done.table.nodes, tag, &dicom::Node::tag);
  return node == done.table.nodes.end() ? dicom::Vr{0} : node->value_representation;
}

TEST(UntrustedValues, ATextStatedAsASequenceIsNone) {
  const std::string items = item_with("Zonnebloem");
  SliceBytes slice;
  slice.raw(0x00100010, "SQ", items).raw(0x0008103E, "SQ", items).raw(0x00080020, "SQ", items);
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(lets_out(done));
  EXPECT_EQ(done.value(0x00100010), done.result.patient);
  EXPECT_EQ(vr_of(done, 0x00100010), dicom::vr("PN"));
  EXPECT_EQ(vr_of(done, 0x00080020), dicom::vr("DA"));
  EXPECT_FALSE(done.has(0x0008103E));
}

TEST(UntrustedValues, ATextThatIsEncodedAsASequenceIsNone) {
  std::string open = SliceBytes::open_sequence(0x00102160);  // Ethnic Group
  open.replace(4, 2, "UN");
  SliceBytes slice;
  slice.insert(open + SliceBytes::open_item() + std::string("\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16));
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_patient_characteristics}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.has(0x00102160));
}

TEST(UntrustedValues, ASequenceThatDoesNotReadAsOneNeverLeaves) {
  // Two bytes behind its last item.
  const std::string broken = item_with("Zonnebloem") + std::string(2, '\0');
  for (const dicom::Tag needed : {0x00089215, 0x52009229}) {
    SliceBytes slice;
    slice.raw(needed, "UN", broken);
    EXPECT_EQ(Deidentified(slice.bytes(), policy_with({DeidOption::clean_descriptors})).result.reason, Code::corrupt)
        << needed;
  }
  SliceBytes slice;  // Request Attributes goes, and so does a private one that the lists call safe.
  slice.raw(0x00400275, "UN", broken).text(0x20050010, "LO", "Philips MR Imaging DD 001").raw(0x20051084, "UN", broken);
  const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(lets_out(done));
  EXPECT_FALSE(done.has(0x00400275));
  EXPECT_FALSE(done.has(0x20051084));
}

TEST(UntrustedValues, ASequenceStatedAsATextIsNone) {
  SliceBytes slice;
  slice.text(0x00081140, "LO", "Zonnebloem").text(0x00081110, "LO", "Zonnebloem").text(0x00082112, "OB", "Zonnebloem");
  const Deidentified done(slice.bytes(), policy_with({DeidOption::clean_descriptors}));
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(lets_out(done));
  for (const dicom::Tag tag : {0x00081140, 0x00081110, 0x00082112}) {
    EXPECT_TRUE(!done.has(tag) || vr_of(done, tag) == dicom::vr("SQ")) << tag;
  }
}

TEST(UntrustedValues, OfElementsWrittenTwiceTheLastCounts) {
  const auto uid = [](const std::string& text) { return SliceBytes::element(0x00080018, "UI", text); };
  SliceBytes slice;
  slice.insert(uid("2.999.1.1.2 "));
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.result.source.sop_instance_uid, "2.999.1.1.2");
  EXPECT_EQ(done.value(0x00080018), done.result.sop_instance_uid);
  EXPECT_FALSE(done.value(0x00080018, 1));
}

constexpr dicom::Tag kIccProfile = 0x00282000;

/// Of a slide: profiles stand in Optical Path Sequence.
std::string with_profile_in_an_item(const std::string& profile) {
  return SliceBytes()
      .insert(SliceBytes::open_sequence(0x00480105) + SliceBytes::open_item() +
              SliceBytes::element(kIccProfile, "OB", profile) + std::string("\xFE\xFF\x0D\xE0\0\0\0\0", 8) +
              std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8))
      .bytes();
}

TEST(UntrustedValues, IccProfilesInItemsAreCleanedAsTheFilesOwn) {
  const std::string profile = icc_profile({{"cprt", icc_text("scanned by Zonnebloem")}});
  for (const std::string& file :
       {SliceBytes().raw(kIccProfile, "OB", profile).bytes(), with_profile_in_an_item(profile)}) {
    const Deidentified done(file);
    ASSERT_FALSE(done.result.reason);
    EXPECT_TRUE(done.has(kIccProfile));
    EXPECT_FALSE(lets_out(done));
  }
  EXPECT_EQ(Deidentified(with_profile_in_an_item("no profile")).result.reason, Code::deid_incomplete);
  EXPECT_FALSE(Deidentified(with_profile_in_an_item("")).result.reason);
}

TEST(UntrustedValues, IccProfilesGoWhereARuleOfTheHospitalSaysSo) {
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{kIccProfile, dicom::DeidAction::X}};
  const std::string profile = icc_profile({{"cprt", icc_text("CC0")}});
  const Deidentified done(SliceBytes().raw(kIccProfile, "OB", profile).bytes(), policy);
  ASSERT_FALSE(done.result.reason);
  EXPECT_FALSE(done.has(kIccProfile));
}

TEST(UntrustedValues, AKeptIdentityIsNotCalledRemoved) {
  dicom::DeidentifyPolicy policy;
  policy.attributes = {{0x00100020, dicom::DeidAction::K}};
  EXPECT_EQ(Deidentified(SliceBytes().text(0x00100020, "LO", "MRN-443322").bytes(), policy).value(0x00120062), "NO");
  policy.attributes = {{0x00101005, dicom::DeidAction::K}};  // Patient's Birth Name
  EXPECT_EQ(Deidentified(SliceBytes().text(0x00101005, "PN", "Zonnebloem").bytes(), policy).value(0x00120062), "NO");
}

constexpr dicom::Tag kActualFrameDuration = 0x00181242, kFrameReferenceTime = 0x00541300;

SliceBytes slice_of_patient_48213() {
  SliceBytes slice;
  slice.text(0x00100020, "LO", "48213").text(0x00100030, "DA", "19570812");
  slice.text(0x00080081, "ST", "Hauptstr. 12, 10115 Berlin");
  return slice;
}

TEST(UntrustedValues, NumbersThatLieNearAnIdADateOrAnAddressStay) {
  const std::pair<dicom::Tag, const char*> kNumbers[] = {{0x00541310, "48213377"},  // Primary Counts Accumulated
                                                         {kFrameReferenceTime, "1548213"},
                                                         {kActualFrameDuration, "120857"},
                                                         {0x00181153, "10115"},  // Exposure in uAs
                                                         {0x00200011, "10115"}};
  SliceBytes slice = slice_of_patient_48213();
  for (const auto& [tag, number] : kNumbers) slice.text(tag, tag == kFrameReferenceTime ? "DS" : "IS", number);
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason) << name(*done.result.reason);
  for (const auto& [tag, number] : kNumbers) EXPECT_EQ(done.value(tag), number);
}

TEST(UntrustedValues, WholeNumbersThatAreAnIdOrADateGo) {
  for (const char* number : {"48213", "0048213", "48213.0", "+48213", "19570812", "19570812101500"}) {
    const Deidentified done(slice_of_patient_48213().text(0x00281050, "DS", number).bytes());
    ASSERT_FALSE(done.result.reason) << number;
    EXPECT_EQ(done.value(0x00281050), "0") << number;
    for (const dicom::Tag tag : {kActualFrameDuration, kFrameReferenceTime}) {
      const Deidentified held(slice_of_patient_48213().text(tag, "DS", number).bytes());
      EXPECT_EQ(held.result.reason, Code::deid_incomplete) << number;
      EXPECT_EQ(held.result.stage, "rewrite") << number;
    }
  }
}

/// For long where each number is compared with each id.
TEST(UntrustedValues, MayBeManyNumbersBesideManyIds) {
  constexpr int kIds = 20'000, kElements = 150, kNumbersOfElement = 5'999;
  std::string ids, numbers, all;
  for (int n = 0; n < kIds; ++n) {
    std::string id = "QXZ";
    for (int rest = n; id.size() < 8; rest /= 20) id += "BCDFGHJKLMNPQRSTVWXZ"[rest % 20];
    ids += item(SliceBytes::element(0x00100020, "LO", id));
  }
  for (int n = 0; n < kNumbersOfElement; ++n) numbers += "\\77123456";
  for (int n = 0; n < kElements; ++n) all += SliceBytes::element(0x00281050, "DS", numbers.substr(1));
  SliceBytes slice;
  slice.raw(0x00101002, "SQ", ids).raw(0x00409096, "SQ", item(all));  // Real World Value Mapping
  const Deidentified done(slice.text(0x00180015, "CS", "QXZBBBBB").bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00180015), "REMOVED");
  EXPECT_EQ(done.value(0x00281050)->substr(0, 8), "77123456");
}

/// An image without its size is none.
TEST(UntrustedValues, WithoutWhichThereIsNoImageHoldTheFileWhereTheirVrIsWrong) {
  for (const std::uint32_t tag : {0x00280010U, 0x00280011U, 0x00280100U, 0x00280103U}) {
    SliceBytes slice;
    EXPECT_EQ(Deidentified(slice.raw(tag, "PN", std::string("\x04\0", 2)).bytes()).result.reason, Code::corrupt) << tag;
  }
}

TEST(UntrustedValues, DatesAndIdsWithHyphensAreNoNumbers) {
  SliceBytes slice;
  slice.text(0x00100020, "LO", "1234567-8").text(0x00181100, "DS", "1931-05-04").text(0x00200011, "IS", "1234567-8");
  const Deidentified done(slice.bytes());
  ASSERT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00181100), "0");
  EXPECT_EQ(done.value(0x00200011), "0");
  EXPECT_EQ(done.result.counts.notes.at("value_not_legal"), 2U);
}

/// The proof looks for names that stand alone: these bytes left.
TEST(UntrustedValues, BytesWithANameInALongerWordGo) {
  using namespace std::string_literals;
  const auto bytes_of = [](const std::string& bytes) {
    SliceBytes slice;
    slice.text(0x00100010, "PN", "Hargreaves^Lena").text(0x00290010, "LO", "MMCPrivate").raw(0x0029102F, "OB", bytes);
    const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
    EXPECT_FALSE(done.result.reason) << name(*done.result.reason);
    return done.value(0x0029102F);
  };
  EXPECT_EQ(bytes_of("\1\2protHargreavesxy\0\1"s), "");
  EXPECT_EQ(bytes_of("\1\2lhargreaves\0\1\1"s), "");
  EXPECT_EQ(bytes_of("\1\2protocol heads\0\1"s), "\1\2protocol heads\0\1"s);
}

/// "name: Lena Hargreaves, " twelve times, as zlib 1.2 compresses it: nothing of the name stands in the bytes.
/// @param window_bits 9 to 15
std::string zlib_of_a_name(int window_bits) {
  std::string text;
  for (int n = 0; n < 12; ++n) text += "name: Lena Hargreaves, ";
  std::string packed(compressBound(text.size()), '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(text.data()), stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data()), stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out + stream.total_out % 2);
  deflateEnd(&stream);
  return packed;
}

TEST(UntrustedValues, CompressedBytesNeverLeave) {
  using namespace std::string_literals;
  const std::string rest(16, '\x55'), zlib = zlib_of_a_name(15);
  std::string broken = zlib;
  broken[3] = '\xFF';  // numbers that begin so by chance
  struct Case {
    std::string bytes;
    bool is_compressed;
  };
  for (const auto& [bytes, is_compressed] :
       {Case{"\x1F\x8B\x08\0"s + rest, true}, Case{"PK\3\4"s + rest, true}, Case{"BZh91AY&SY"s + rest, true},
        Case{"\xFD\x37zXZ\0"s + rest, true}, Case{"\x28\xB5\x2F\xFD"s + rest, true}, Case{zlib, true},
        Case{zlib_of_a_name(12), true}, Case{broken, false}, Case{"BZh9\1\2"s + rest, false}}) {
    SliceBytes slice;
    slice.text(0x00100010, "PN", "Hargreaves^Lena").text(0x00290010, "LO", "MMCPrivate");
    SliceBytes with_table = slice;
    slice.raw(0x0029102F, "OB", bytes);
    const Deidentified done(slice.bytes(), policy_with({DeidOption::retain_safe_private}));
    EXPECT_FALSE(done.result.reason);
    EXPECT_EQ(done.value(0x0029102F) == "", is_compressed);
    EXPECT_EQ(done.result.counts.notes.contains("bytes_removed"), is_compressed);
    // Of attributes of the standard none may be missing that says what the picture is.
    with_table.raw(0x00281201, "OW", bytes);
    const Deidentified held(with_table.bytes());
    EXPECT_EQ(held.result.reason == Code::deid_incomplete, is_compressed);
  }
}

TEST(UntrustedValues, CompressedBytesNeverLeaveAsADate) {
  using namespace std::string_literals;
  SliceBytes slice;  // (0009,xx27) of GEMS_IDEN_01 is seconds since 1970, says the list
  slice.text(0x00100010, "PN", "Hargreaves^Lena").text(0x00090010, "LO", "GEMS_IDEN_01");
  slice.raw(0x00091027, "SL", "\x1F\x8B\x08\0"s + std::string(16, '\x55'));
  const Deidentified done(slice.bytes(),
                          policy_with({DeidOption::retain_safe_private, DeidOption::retain_longitudinal_full_dates}));
  EXPECT_FALSE(done.result.reason);
  EXPECT_EQ(done.value(0x00091027), "");
}

TEST(UntrustedValues, LengthsOfADataSetThatIsAnotherNowGo) {
  SliceBytes slice;
  slice.raw(0x00080000, "UL", "\x10\1\1\1").raw(0x00080001, "UL", "\x10\1\1\1");
  const Deidentified done(slice.bytes());
  EXPECT_FALSE(done.result.reason);
  EXPECT_FALSE(done.has(0x00080000) || done.has(0x00080001));
}

}  // namespace

}  // namespace naru::test
