#include "dicom/deidentify/value_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "core/digest.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/compressed_bytes.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_text.h"
#include "dicom/deidentify/identifying_tags.h"
#include "dicom/deidentify/proof_patterns.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"
#include "dicom/rules/attribute_types.h"

namespace naru::dicom {

namespace {

constexpr Tag kTimezoneOffset = 0x00080201, kPatientAge = 0x00101010, kClinicalTrialSubjectId = 0x00120040;

/// URN Code Value: a URN or an address of a concept (PS3.3 8.2).
bool is_concept_urn(std::string_view value) {
  constexpr std::array<std::string_view, 3> kBegins = {"urn:", "http://", "https://"};
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return value.starts_with(begin); });
}

/// Attributes that get the patient's pseudonym, which is a dummy wherever Z and D ask for one.
bool names_patient(Tag tag) { return tag == kPatientName || tag == kPatientId || tag == kClinicalTrialSubjectId; }

/// Identifiers by which other parts of the study find something: the same for the same, and no two become one.
bool is_key(Tag tag) {
  constexpr std::array<Tag, 4> kTags = {0x00209056,   // Stack ID
                                        0x00400512,   // Container Identifier
                                        0x00400551,   // Specimen Identifier
                                        0x00480106};  // Optical Path Identifier
  return std::ranges::find(kTags, tag) != kTags.end();
}

/// Graphic Layer and Overlay Activation Layer: annotations and overlays refer to a layer by its name (PS3.3 C.10.7).
bool names_a_layer(Tag tag) { return tag == 0x00700002 || (tag & 0xFF01FFFF) == 0x60001001; }

/// A code of capitals, digits, spaces and underscores (PS3.5 6.2), or, as many writers have it, words of the vocabulary
/// in other letters.
bool is_code_word(std::string_view value) {
  constexpr std::size_t kLongest = 16;
  constexpr std::string_view kLegal = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _";
  if (value.size() <= kLongest && value.find_first_not_of(kLegal) == std::string_view::npos) return true;
  for (std::size_t begin = 0; begin < value.size();) {
    constexpr std::string_view kBetween = " _-./+()#&:,;0123456789";
    const std::size_t end = std::min(value.find_first_of(kBetween, begin), value.size());
    if (end - begin > 2 && !is_protocol_word(value.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

/// Pixel Data Characteristics and Patient Examination Characteristics, which every image has (PS3.3 C.7.6.1.1.2).
bool value_must_be_true(Tag tag, std::size_t value) {
  constexpr std::size_t kCharacteristics = 2;
  return must_be_true(tag) || ((tag == kImageType || tag == kFrameType) && value < kCharacteristics);
}

bool can_be_mended(Vr v) { return v == vr("DS") || v == vr("IS") || v == vr("TM") || v == vr("DT"); }

bool is_number(Vr v) { return v == vr("DS") || v == vr("IS") || v == vr("AS") || binary_size(v).has_value(); }

/// No text may hold controls beside white space (PS3.5 6.1.3); what begins an escape sequence is left to its set.
std::string without_controls(std::string text) {
  constexpr char kEscape = '\x1B', kFirstOfControls = '\xC2', kLastOfControls = '\x9F';  // U+0080 to U+009F
  std::string result;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    const bool is_pair = text[n] == kFirstOfControls && n + 1 < text.size() &&
                         static_cast<unsigned char>(text[n + 1]) <= static_cast<unsigned char>(kLastOfControls);
    if (is_pair) ++n;
    const bool is_kept = !is_pair && (byte >= 0x80 || text[n] == kEscape || !is_control_without_width(byte));
    if (is_kept) result += text[n];
  }
  return result;
}

}  // namespace

bool is_code_version(Tag tag) {
  constexpr Tag kContextGroupVersion = 0x00080106, kContextGroupLocalVersion = 0x00080107;
  return tag == kContextGroupVersion || tag == kContextGroupLocalVersion;
}

bool is_code(Tag tag) {
  constexpr std::array<Tag, 5> kTags = {0x00080100, 0x00080102, 0x00080103, 0x00080119, 0x00080120};
  return std::ranges::find(kTags, tag) != kTags.end();
}

bool must_have_value(Tag tag) {
  const AttributeRule* rule = find_attribute_rule(tag);
  if (rule == nullptr) return true;
  constexpr std::array kWithDummy = {DeidAction::D, DeidAction::X_D, DeidAction::Z_D, DeidAction::X_Z_D};
  return std::ranges::find(kWithDummy, rule->basic) != kWithDummy.end();
}

Vr written_vr(const Node& node, Vr v) { return node.is_vr_stated ? node.value_representation : v; }

bool must_be_true(Tag tag) {
  constexpr std::array kTags = {
      kSliceThickness,
      kSpacingBetweenSlices,
      kImagePositionPatient,
      kImageOrientationPatient,
      kNumberOfFrames,
      kPixelSpacing,
      kRescaleIntercept,
      kRescaleSlope,
      kPhotometricInterpretation,
      kModality,
      kUnits,
      kRows,
      kColumns,
      kSamplesPerPixel,
      kBitsAllocated,
      kBitsStored,
      kHighBit,
      kPixelRepresentation,
      Tag{0x00181164},  // Imager Pixel Spacing
      Tag{0x00181074},  // Radionuclide Total Dose
      Tag{0x00181075},  // Radionuclide Half Life
      Tag{0x00181242},  // Actual Frame Duration
      Tag{0x00182010},  // Nominal Scanned Pixel Spacing
      Tag{0x00280034},  // Pixel Aspect Ratio
      Tag{0x30020011},  // Image Plane Pixel Spacing
      Tag{0x30020012},  // RT Image Position
      Tag{0x3004000C},  // Grid Frame Offset Vector
      Tag{0x3004000E},  // Dose Grid Scaling
      Tag{0x30060050},  // Contour Data
      Tag{0x3006002C},  // ROI Volume
      Tag{0x00541300},  // Frame Reference Time
      Tag{0x00541321},  // Decay Factor
  };
  return std::ranges::find(kTags, tag) != kTags.end();
}

bool is_of_others(Tag sequence) {
  constexpr Tag kSourcePatientGroup = 0x00100026, kGroupOfPatients = 0x00100027;
  return sequence == kSourcePatientGroup || sequence == kGroupOfPatients;
}

ValueWriter::ValueWriter(Bytes bytes, const RewriteContext& context, DataSetWriter& writer)
    : bytes_(bytes), context_(context), writer_(writer) {
  for (const auto category : {&Identifiers::person_names, &Identifiers::ids}) {
    for (const std::string& one : context.facts.identifiers.*category) identifiers_.insert(in_small_letters(one));
  }
}

bool ValueWriter::has_other_order(const Node& node) const {
  return node.encoding.is_big_endian != context_.encoding.is_big_endian && !is_text(node.value_representation);
}

void ValueWriter::keep(const Node& node, Vr v) {
  constexpr std::size_t kWorthAPiece = 4096;
  const Bytes value = value_of(node, bytes_);
  if (has_other_order(node)) {
    writer_.element(node.tag, v, Bytes(swapped(value, v)));
  } else if (is_text(v) || value.size() < kWorthAPiece) {
    writer_.element(node.tag, v, value);
  } else {
    writer_.element_view(node.tag, v, value);
  }
}

void ValueWriter::keep_checked(const Node& node, const TextContext& text) {
  const Vr v = node.value_representation;
  if (node.tag == kPatientAge) return write_converted(node, v, capped_age(text_of(value_of(node, bytes_))));
  if (node.tag == kTimezoneOffset) return write_zone(node);
  if (is_charset_text(v)) {
    const bool cleans = text.cleans_all && !is_code(node.tag);
    return write_text(node, v, *text.set,
                      cleans                    ? Cleaning::all
                      : names_a_place(node.tag) ? Cleaning::persons
                                                : Cleaning::identifiers);
  }
  const std::string_view value = text_of(value_of(node, bytes_));
  const std::string mended = can_be_mended(v) ? as_meant(value, v) : std::string();
  const std::string_view meant = can_be_mended(v) ? std::string_view(mended) : value;
  if (!is_legal(meant, v)) {
    ++notes_["value_not_legal"];
    if (must_be_true(node.tag)) problem_ = Code::deid_incomplete;
    const bool may_be_empty = is_number(v) && !must_have_value(node.tag);
    return writer_.element(node.tag, v, may_be_empty ? std::string() : dummy_value(v));
  }
  if ((v == vr("IS") || v == vr("DS")) && write_numbers(node, v, meant)) return;
  if (meant != value) return writer_.element(node.tag, v, meant);
  if (v == vr("CS") || v == vr("AE") || v == vr("UR")) return write_code(node, v);
  if (!is_text(v) && are_compressed(value_of(node, bytes_))) problem_ = Code::deid_incomplete;
  if (!write_binary_numbers(node, v)) keep(node, v);
}

/// Codes are words of a list: one that names someone goes as a whole.
void ValueWriter::write_code(const Node& node, Vr v) {
  bool is_changed = false;
  std::vector<std::string> values = texts_of(value_of(node, bytes_));
  for (std::size_t n = 0; n < values.size(); ++n) {
    std::string& one = values[n];
    const bool names_someone = is_identifier(one, false) || context_.cleaner.remove_identifiers(one).is_changed();
    const bool is_sound = node.tag == kUrnCodeValue ? is_concept_urn(one) : v != vr("CS") || is_code_word(one);
    const bool may_be_taken = names_a_layer(node.tag) && one.starts_with(dummy_value(v));
    if (!names_someone && is_sound && !may_be_taken) continue;
    is_changed = true;
    if (value_must_be_true(node.tag, n)) problem_ = Code::deid_incomplete;
    one = names_a_layer(node.tag) ? dummy_layer(one) : dummy_value(v);
  }
  if (!is_changed) return keep(node, v);
  ++notes_["codes_removed"];
  writer_.element(node.tag, v, fmt::format("{}", fmt::join(values, "\\")));
}

/// "REMOVED", "REMOVED 2", "REMOVED 3": the same for the same layer, and no two layers become one.
std::string ValueWriter::dummy_layer(const std::string& layer) {
  const auto found = std::ranges::find(removed_layers_, layer);
  const auto number = found - removed_layers_.begin() + 1;
  if (found == removed_layers_.end()) removed_layers_.push_back(layer);
  const std::string dummy = dummy_value(vr("CS"));
  return number == 1 ? dummy : fmt::format("{} {}", dummy, number);
}

void ValueWriter::write_empty(const Node& node) {
  writer_.element(node.tag, node.value_representation, names_patient(node.tag) ? patient_of(node) : std::string());
}

/// The pseudonym of the patient, or of another one whose id the element is: the one that its own files get.
std::string ValueWriter::patient_of(const Node& node) const {
  const std::string_view value = text_of(value_of(node, bytes_));
  if (!is_of_others(node.parent) || value.empty()) return context_.patient;
  DeidSource other;
  other.patient_id = value;
  other.issuer_of_patient_id = issuer_of_other_.empty() ? context_.issuer : std::string(issuer_of_other_);
  const bool is_own = value == context_.facts.source.patient_id && other.issuer_of_patient_id == context_.issuer;
  return is_own ? context_.patient : context_.key.pseudonym("patient", patient_identifier(other));
}

std::string ValueWriter::dummy_key(const Node& node) const {
  constexpr std::size_t kDigits = 16;  // as many as SH holds
  return to_hex(context_.key.tag("key", text_of(value_of(node, bytes_)))).substr(0, kDigits);
}

void ValueWriter::write_dummy(const Node& node, Tag meant) {
  const Vr v = node.value_representation;
  if (names_patient(meant) && is_charset_text(v)) {
    writer_.element(node.tag, v, patient_of(node));
  } else if (is_key(node.tag) && node.value_bytes > 0) {
    writer_.element(node.tag, v, dummy_key(node));
  } else if (v == vr("UI")) {
    write_uids(node);
  } else if (names_a_layer(node.tag)) {
    writer_.element(node.tag, v, dummy_layer(std::string(text_of(value_of(node, bytes_)))));
  } else {
    writer_.element(node.tag, v, dummy_value(v));
  }
}

void ValueWriter::write_uids(const Node& node) {
  writer_.element(node.tag, vr("UI"), mapped_uids(text_of(value_of(node, bytes_)), context_.key));
}

/// What has no legal new value is emptied and noted.
void ValueWriter::write_converted(const Node& node, Vr v, const std::optional<std::string>& value) {
  if (!value) ++notes_["value_not_legal"];
  writer_.element(node.tag, v, value.value_or(""));
}

void ValueWriter::clean(const Node& node, const TextContext& text) {
  const Vr v = node.value_representation;
  if (is_code_version(node.tag)) return keep_checked(node, text);
  if (is_date(v) || v == vr("TM")) {
    const std::string meant = as_meant(text_of(value_of(node, bytes_)), v);
    const auto shifted = shift_dates(meant, v, context_.shift_days);
    if (shifted || !is_type1(node)) return write_converted(node, v, shifted);
    ++notes_["value_not_legal"];
    return writer_.element(node.tag, v, dummy_value(v));
  }
  if (node.tag == kTimezoneOffset) return write_zone(node);
  if (is_charset_text(v)) return write_text(node, v, *text.set, Cleaning::all);
  if (v == vr("UI")) return write_uids(node);
  // A number names nobody, unless it is written in place of bytes, such as a time stamp's.
  if (is_number(v) && is_number(standard_vr(node.tag).value_or(v))) return keep_checked(node, text);
  // A time stamp in bytes, a maker's note: nothing in it can be told apart.
  writer_.element(node.tag, v, must_have_value(node.tag) ? dummy_value(v) : std::string());
}

/// An attribute that is never empty: the profile itself would leave a dummy, or PS3.3 gives it type 1 where it stands.
bool ValueWriter::is_type1(const Node& node) const {
  const AttributeRule* rule = find_attribute_rule(node.tag);
  return (rule != nullptr && rule->basic == DeidAction::D) ||
         attribute_type(context_.facts.source.sop_class_uid, node.parent, node.tag) == AttributeType::type1;
}

/// A name whose bytes stand in the value is in the text as well, unless one of the two was decoded wrongly.
bool ValueWriter::hides_a_name(Bytes value, std::string_view text) const {
  if (context_.searches.empty() || !needs_decoding(value)) return false;
  const auto holds = [&](Bytes bytes) {
    return ProofSearch::find_any(context_.searches, bytes, ProofSearch::Where::text, {}).has_value();
  };
  return holds(value) && !holds(std::as_bytes(std::span(text)));
}

/// What cannot be decoded goes; where it is in doubt what it is, its words that are not ASCII go.
std::string ValueWriter::decoded(Bytes value, Vr v, const CharacterSet& set) {
  auto text = decode_text(value, v, set);
  if (text && !hides_a_name(value, *text)) return std::move(*text);
  ++notes_["charset_undecodable"];
  const bool is_in_doubt = text || possible_texts(value, v, set).size() > 1;
  return is_in_doubt ? ascii_words(value) : std::string();
}

void ValueWriter::write_text(const Node& node, Vr v, const CharacterSet& set, Cleaning cleaning) {
  const Bytes value = value_of(node, bytes_);
  const std::string text = without_controls(decoded(value, v, set));
  std::vector<std::string> values = split_values(text, v);
  // "C:\\Users\\kim": what parts values is part of a path.
  if (values.size() > 1 && cleaning == Cleaning::all && holds_path_of_parts(text)) values = {text};
  const bool is_changed = clean_values(values, cleaning);
  const std::string result = fmt::format("{}", fmt::join(values, "\\"));
  if (!is_changed && text == text_of(value) && !context_.facts.sets.has_non_ascii()) return keep(node, v);
  if (is_changed && is_key(node.tag)) return writer_.element(node.tag, v, dummy_key(node));
  const bool is_emptied = result.empty() && !text_of(value).empty() && must_have_value(node.tag);
  writer_.element(node.tag, v, is_emptied ? dummy_value(v) : is_changed ? result : text);
}

/// A whole value that is a name or an id, even if it is made of words that stay elsewhere ("PHANTOM1"), or, of
/// a free text, a short one ("4321").
bool ValueWriter::is_identifier(std::string_view value, bool is_free_text) const {
  constexpr std::size_t kShortest = 6;
  const bool may_be = value.size() >= kShortest || (is_free_text && is_short_id(value));
  return may_be && identifiers_.contains(in_small_letters(value));
}

/// Timezone Offset From UTC: +HHMM, -HHMM or nothing.
void ValueWriter::write_zone(const Node& node) {
  const std::string zone = "19000101" + std::string(text_of(value_of(node, bytes_)));
  if (shift_dates(zone, vr("DT"), 0)) return keep(node, node.value_representation);
  write_converted(node, node.value_representation, std::nullopt);
}

/// True where a value changed.
bool ValueWriter::clean_values(std::vector<std::string>& values, Cleaning cleaning) {
  bool is_changed = false;
  for (std::string& one : values) {
    CleanedText cleaned = cleaning == Cleaning::all
                              ? context_.cleaner.clean(one, context_.told)
                              : context_.cleaner.remove_identifiers(one, cleaning == Cleaning::persons);
    const bool is_whole_identifier = !cleaned.is_changed() && is_identifier(one, cleaning == Cleaning::all);
    if (!cleaned.is_changed() && !is_whole_identifier) continue;
    if (is_whole_identifier) cleaned.text.clear();
    is_changed = true;
    one = std::move(cleaned.text);
    std::ranges::move(cleaned.removed_words, std::back_inserter(removed_words_));
    std::ranges::move(cleaned.told_words, std::back_inserter(told_words_));
    for (std::size_t r = 0; r < kDescriptorReasons; ++r) reasons_[r] += cleaned.removed[r];
  }
  return is_changed;
}

std::map<std::string, std::size_t> ValueWriter::notes() const {
  auto result = notes_;
  for (std::size_t r = 0; r < kDescriptorReasons; ++r) {
    if (reasons_[r] > 0) result[fmt::format("words_{}", name(static_cast<DescriptorReason>(r)))] = reasons_[r];
  }
  return result;
}

void ValueWriter::write(const Node& node, DeidAction action, const TextContext& text) {
  switch (action) {
    case DeidAction::Z: return write_empty(node);
    case DeidAction::D: return write_dummy(node, node.tag);
    case DeidAction::U: return write_uids(node);
    case DeidAction::C: return clean(node, text);
    default: return keep_checked(node, text);
  }
}

}  // namespace naru::dicom
