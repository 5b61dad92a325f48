#include "dicom/deidentify/recorded_sound.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kSamplingFrequency = 0x003A001A, kWaveformSequence = 0x54000100, kSampleInterpretation = 0x54001006;

/// A band of 2 kHz: what is understood with effort. An electrocardiogram has 1 kHz at most (PS3.3 A.34.3 to A.34.5).
constexpr double kSlowestSpeechHz = 4000;

/// Classes whose signals are sampled as fast themselves: electrophysiology up to 20 kHz (PS3.3 A.34.7), ultrasound of
/// materials (DICONDE) at megahertz.
constexpr std::array<std::string_view, 3> kFastClasses = {"1.2.840.10008.5.1.4.1.1.9.3.1",  // Cardiac Electrophysiology
                                                          "1.2.840.10008.5.1.4.1.1.9.7.2",  // Electromyogram
                                                          "1.2.840.10008.5.1.4.1.1.601.5"};  // Ultrasound Waveform

/// A frequency that nobody can read may be any, as one that is not there.
bool is_as_fast_as_speech(std::string_view frequency) {
  const auto hz = decimal(as_meant(frequency, vr("DS")));
  return !hz || *hz <= 0 || *hz >= kSlowestSpeechHz;
}

bool is_sound(const ElementTable& table, Bytes bytes, std::uint32_t item, bool is_fast_class) {
  std::string_view interpretation, frequency;
  for (std::uint32_t i = item + 1; i < table.nodes[item].end; i = table.nodes[i].end) {
    const Node& node = table.nodes[i];
    if (node.kind != NodeKind::element) continue;
    const std::string_view text = text_of(value_of(node, bytes));
    if (node.tag == kSampleInterpretation) interpretation = text;
    if (node.tag == kSamplingFrequency) frequency = text;
  }
  const bool is_law = interpretation == "MB" || interpretation == "AB";
  const bool is_of_bytes = interpretation == "UB" || interpretation == "SB";
  return is_law || ((is_of_bytes || !is_fast_class) && is_as_fast_as_speech(frequency));
}

}  // namespace

bool holds_recorded_sound(const ElementTable& table, Bytes bytes, std::string_view sop_class_uid) {
  const bool is_fast_class = std::ranges::find(kFastClasses, sop_class_uid) != kFastClasses.end();
  for (std::uint32_t i = 0; i < table.nodes.size(); ++i) {
    const Node& node = table.nodes[i];
    const bool is_group = node.kind == NodeKind::item && node.parent == kWaveformSequence;
    if (is_group && is_sound(table, bytes, i, is_fast_class)) return true;
  }
  return false;
}

}  // namespace naru::dicom
