#include "dicom/deidentify/recorded_sound.h"

#include <gtest/gtest.h>

#include "tests/dicom/coded_bytes.h"
#include "tests/dicom/deidentify/deidentified.h"
#include "tests/dicom/slice_bytes.h"

namespace naru::test {

namespace {

const std::string kEcg = "1.2.840.10008.5.1.4.1.1.9.1.2", kHemodynamic = "1.2.840.10008.5.1.4.1.1.9.2.1",
                  kElectrophysiology = "1.2.840.10008.5.1.4.1.1.9.3.1", kRawData = "1.2.840.10008.5.1.4.1.1.66";

/// What becomes of a waveform of one multiplex group; "" where it leaves.
std::string waveform_fate(const std::string& sop_class, const std::string& interpretation,
                          const std::string& frequency_hz) {
  SliceBytes slice;
  for (const std::uint32_t tag : {0x00280010U, 0x00280011U, 0x7FE00010U}) slice.remove(tag);
  slice.text(0x00080016, "UI", sop_class);
  slice.raw(
      0x54000100, "SQ",
      item(SliceBytes::element(0x003A001A, "DS", frequency_hz) + SliceBytes::element(0x54001006, "CS", interpretation) +
           SliceBytes::element(0x54001010, "OB", std::string(16, '\x7F'))));
  const Deidentified done(slice.bytes());
  return done.result.reason ? std::string(name(*done.result.reason)) : "";
}

TEST(RecordedSound, IsRefusedInAnyClassWhereOnlySpeechIsCodedSo) {
  for (const std::string& sop_class : {kEcg, kHemodynamic, kElectrophysiology, kRawData}) {
    EXPECT_EQ(waveform_fate(sop_class, "MB", "8000"), "unsupported_sop_class") << sop_class;
    EXPECT_EQ(waveform_fate(sop_class, "AB", "500 "), "unsupported_sop_class") << sop_class;
  }
}

TEST(RecordedSound, IsRefusedWhereItIsSampledAsFastAsSpeech) {
  EXPECT_EQ(waveform_fate(kEcg, "UB", "8000"), "unsupported_sop_class");
  EXPECT_EQ(waveform_fate(kEcg, "SS", "8000"), "unsupported_sop_class");
  EXPECT_EQ(waveform_fate(kRawData, "SS", "4000"), "unsupported_sop_class");
  EXPECT_EQ(waveform_fate(kElectrophysiology, "SB", "4000"), "unsupported_sop_class");
}

TEST(RecordedSound, IsNoSignalOfTheBody) {
  EXPECT_EQ(waveform_fate(kEcg, "SS", "1000"), "");
  EXPECT_EQ(waveform_fate(kEcg, "SB", "500 "), "");
  EXPECT_EQ(waveform_fate(kHemodynamic, "SS", "400 "), "");
  EXPECT_EQ(waveform_fate(kElectrophysiology, "SS", "20000 "), "");
}

TEST(RecordedSound, IsRefusedWhereNobodyCanReadHowFastItIs) {
  for (const char* frequency : {"16000\n", "8E3\\", "8kHz", "8000.0 Hz ", "8000\\500 ", "", "0 ", "-8000 ", "nan "}) {
    EXPECT_EQ(waveform_fate(kEcg, "SS", frequency), "unsupported_sop_class") << frequency;
    EXPECT_EQ(waveform_fate(kElectrophysiology, "SB", frequency), "unsupported_sop_class") << frequency;
    EXPECT_EQ(waveform_fate(kElectrophysiology, "SS", frequency), "") << frequency;
  }
  for (const char* frequency : {"500\n", " \t500\r\n", "5E2 "}) EXPECT_EQ(waveform_fate(kEcg, "SS", frequency), "");
}

}  // namespace

}  // namespace naru::test
