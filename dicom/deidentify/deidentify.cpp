#include "dicom/deidentify/deidentify.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_phrases.h"
#include "dicom/deidentify/descriptors.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/file_facts.h"
#include "dicom/deidentify/patient_words.h"
#include "dicom/deidentify/pixel_treatment.h"
#include "dicom/deidentify/proof.h"
#include "dicom/deidentify/proof_patterns.h"
#include "dicom/deidentify/recorded_sound.h"
#include "dicom/deidentify/rewrite.h"
#include "dicom/deidentify/values.h"
#include "dicom/dicomdir.h"
#include "dicom/element_values.h"
#include "dicom/file_layout.h"
#include "dicom/header_values.h"
#include "dicom/implementation_uid.h"
#include "dicom/inflate.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kExplicitLittleUid = "1.2.840.10008.1.2.1";
/// Sounds: a voice identifies, and nothing here can clean one.
constexpr std::array<std::string_view, 2> kSoundClasses = {"1.2.840.10008.5.1.4.1.1.9.4.1",
                                                           "1.2.840.10008.5.1.4.1.1.9.4.2"};

/// Objects of no patient and no study (PS3.3 A.39, A.40, A.58 to A.60, A.86): by nothing could a result be named.
constexpr std::array<std::string_view, 9> kClassesWithoutPatient = {
    "1.2.840.10008.5.1.4.38.1",        // Hanging Protocol
    "1.2.840.10008.5.1.4.39.1",        // Color Palette
    "1.2.840.10008.5.1.4.43.1",        // Generic Implant Template
    "1.2.840.10008.5.1.4.44.1",        // Implant Assembly Template
    "1.2.840.10008.5.1.4.45.1",        // Implant Template Group
    "1.2.840.10008.5.1.4.1.1.200.1",   // CT Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.200.3",   // Protocol Approval
    "1.2.840.10008.5.1.4.1.1.200.7",   // XA Defined Procedure Protocol
    "1.2.840.10008.5.1.4.1.1.201.1"};  // Inventory: of many patients

/// Of DICOS, the screening of baggage and travellers: who travels where stands in attributes that PS3.15 knows nothing
/// of.
constexpr std::string_view kBaggageClasses = "1.2.840.10008.5.1.4.1.1.501.";

/// A file opened in memory: its data set, inflated where it was deflated.
struct OpenedFile {
  std::optional<Code> problem;
  const SyntaxInfo* syntax = nullptr;
  std::string transfer_syntax_uid;
  std::vector<std::byte> inflated;
  std::vector<Note> notes;
  bool is_stream_cut = false;  ///< the deflated stream breaks off: what it gave may look whole
  Bytes data_set;
  Encoding encoding;
};

OpenedFile opened(Bytes file, std::size_t max_inflated_bytes) {
  OpenedFile result;
  const auto layout = read_layout(file);
  if (!layout) return result.problem = is_cms_envelope(file) ? Code::encrypted : Code::not_dicom, result;
  if (layout->is_cut) return result.problem = Code::truncated, result;
  if (!layout->has_magic) result.notes.push_back(Note::no_preamble);
  if (!layout->has_meta) result.notes.push_back(Note::no_meta_header);
  result.transfer_syntax_uid = layout->transfer_syntax_uid;
  result.syntax = find_syntax(layout->transfer_syntax_uid);
  if (result.syntax == nullptr) return result.problem = Code::unsupported_transfer_syntax, result;
  result.encoding = result.syntax->encoding;
  result.data_set = file.subspan(layout->data_set_offset);
  if (result.syntax->is_deflated) {
    Inflater inflater([rest = result.data_set]() mutable { return std::exchange(rest, {}); });
    result.inflated = inflate_prefix(inflater, max_inflated_bytes + 1);
    result.is_stream_cut = !inflater.has_ended();
    if (result.inflated.size() > max_inflated_bytes) return result.problem = Code::too_large, result;
    result.data_set = result.inflated;
  } else if (const auto found = contradicting_encoding(file, layout->data_set_offset, result.encoding)) {
    result.encoding = *found;
    result.notes.push_back(Note::wrong_transfer_syntax);
  }
  return result;
}

/// The syntax that describes an encoding, where a file's own statement was wrong.
std::string_view uid_of_encoding(Encoding encoding) {
  if (encoding.is_big_endian) return "1.2.840.10008.1.2.2";
  return encoding.is_explicit_vr ? kExplicitLittleUid : "1.2.840.10008.1.2";
}

std::vector<std::byte> deflated(const DeidOutput& output) {
  z_stream stream{};
  constexpr int kRaw = -15, kMemoryLevel = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  std::vector<std::byte> result(deflateBound(&stream, output.size_bytes()) + output.pieces.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  for (const Bytes piece : output.pieces) {
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    if (deflate(&stream, Z_NO_FLUSH) != Z_OK) throw std::bad_alloc();
  }
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::bad_alloc();
  result.resize(stream.total_out + stream.total_out % 2);
  return result;
}

/// The last elements of the File Meta Information: who wrote it.
std::vector<std::byte> implementation(std::string_view version) {
  DataSetWriter elements({true, false});
  elements.element(0x00020012, vr("UI"), kImplementationClassUid);
  elements.element(0x00020013, vr("SH"), ("NARU_" + std::string(version)).substr(0, 16));
  return elements.finish().buffer;
}

/// Preamble and File Meta Information, made anew: nothing of the source's is kept but class and syntax.
std::vector<std::byte> file_meta(std::string_view sop_class, std::string_view sop_instance, std::string_view syntax,
                                 std::string_view version) {
  using namespace std::string_view_literals;
  constexpr std::size_t kPreambleBytes = 128;
  DataSetWriter elements({true, false});
  elements.element(0x00020001, vr("OB"), "\0\1"sv);
  elements.element(0x00020002, vr("UI"), sop_class);
  elements.element(0x00020003, vr("UI"), sop_instance);
  elements.element(0x00020010, vr("UI"), syntax);
  std::vector<std::byte> body = elements.finish().buffer;
  const std::vector<std::byte> last = implementation(version);
  body.insert(body.end(), last.begin(), last.end());
  const auto length = static_cast<std::uint32_t>(body.size());
  const std::array<char, 4> length_bytes = {static_cast<char>(length & 0xFF), static_cast<char>(length >> 8 & 0xFF),
                                            static_cast<char>(length >> 16 & 0xFF), static_cast<char>(length >> 24)};
  DataSetWriter group_length({true, false});
  group_length.element(0x00020000, vr("UL"), std::string_view(length_bytes.data(), length_bytes.size()));
  std::vector<std::byte> result(kPreambleBytes, std::byte{0});
  for (const char c : "DICM"sv) result.push_back(static_cast<std::byte>(c));
  const std::vector<std::byte> first = group_length.finish().buffer;
  result.insert(result.end(), first.begin(), first.end());
  result.insert(result.end(), body.begin(), body.end());
  return result;
}

void append(DeidOutput& output, std::vector<std::byte> bytes) {
  output.owned.push_back(std::move(bytes));
  output.pieces.emplace_back(output.owned.back());
}

/// Buffers move into the output and keep their addresses, so that views into them stay good.
void append(DeidOutput& output, DataSetWriter::Written written) {
  output.owned.push_back(std::move(written.buffer));
  const Bytes buffer(output.owned.back());
  for (const DataSetWriter::Piece& piece : written.pieces) {
    output.pieces.push_back(piece.view.empty() ? buffer.subspan(piece.begin, piece.size) : piece.view);
  }
}

/// Pixel Data, or the floats that stand for it.
const Node* find_pixels(const ElementTable& table) {
  const Node* found = nullptr;
  for (std::uint32_t i = 0; i < table.nodes.size(); i = table.nodes[i].end) {
    const Node& node = table.nodes[i];
    if (node.tag == kPixelData) return &node;
    if (is_float_pixel_data(node.tag)) found = &node;
  }
  return found;
}

/// Of a private or unknown class nobody can say what its attributes hold.
bool is_handled(std::string_view sop_class_uid) {
  return is_standard_uid(sop_class_uid) && !sop_class_uid.starts_with(kBaggageClasses) &&
         std::ranges::find(kSoundClasses, sop_class_uid) == kSoundClasses.end() &&
         std::ranges::find(kClassesWithoutPatient, sop_class_uid) == kClassesWithoutPatient.end();
}

std::optional<Code> check_source(const DeidSource& source) {
  if (!source.sop_class_uid.empty() && !is_handled(source.sop_class_uid)) return Code::unsupported_sop_class;
  if (source.sop_instance_uid.empty() || source.study_uid.empty() || source.series_uid.empty()) return Code::corrupt;
  return source.sop_class_uid.empty() ? std::optional(Code::unsupported_sop_class) : std::nullopt;
}

/// The issuer in a text of patient_identifier.
std::string issuer_in(std::string_view patient) {
  return patient.starts_with("id\n") ? std::string(patient.substr(patient.rfind('\n') + 1)) : std::string();
}

std::set<std::string> words_in(std::string_view text) {
  const auto words = split(folded(text), " ^=,;/_-");
  return {words.begin(), words.end()};
}

/// The words of persons' names and the ids, small.
std::set<std::string> words_of_persons(std::initializer_list<const Identifiers*> all) {
  std::set<std::string> words;
  for (const Identifiers* identifiers : all) {
    for (const std::string& name : identifiers->person_names) words.merge(words_in(name));
    for (const std::string& id : identifiers->ids) words.insert(folded(id));
  }
  return words;
}

/// Whole numbers among words: what begins or ends as an id does ("4821377" of 48213). Of a text of nothing but numbers
/// none.
std::set<std::string, std::less<>> numbers_in(const std::vector<std::string>& words) {
  constexpr std::size_t kFewestDigits = 5, kMost = 100;
  std::set<std::string, std::less<>> numbers;
  std::ranges::copy_if(words, std::inserter(numbers, numbers.end()), [](const std::string& word) {
    return word.size() >= kFewestDigits && word.find_first_not_of("0123456789") == std::string::npos;
  });
  return numbers.size() <= kMost ? std::move(numbers) : std::set<std::string, std::less<>>();
}

/// Texts that are in the result by our doing, and therefore prove nothing: dates that are results, what a rule keeps,
/// how pseudonyms begin.
/// @param shared what other files of the patient hold
AllowedTexts allowed_texts(const FileFacts& facts, const Identifiers& shared, int shift_days) {
  std::vector<std::string> allowed = facts.kept;
  allowed.emplace_back("patient");
  for (const std::string& date : facts.identifiers.dates) {
    if (auto shifted = shift_dates(date, vr("DA"), shift_days)) allowed.push_back(std::move(*shifted));
  }
  AllowedTexts result(allowed);
  if (facts.kept_places.empty()) return result;
  // A hospital may be called after somebody who is a patient of it.
  const auto persons = words_of_persons({&facts.identifiers, &shared});
  for (const std::string& place : facts.kept_places) {
    const auto words = words_in(place);
    const bool names_someone = std::ranges::any_of(words, [&](const auto& word) { return persons.contains(word); });
    if (!names_someone) result.allow(place);
  }
  return result;
}

}  // namespace

std::uint64_t DeidOutput::size_bytes() const {
  std::uint64_t total = 0;
  for (const Bytes piece : pieces) total += piece.size();
  return total;
}

std::vector<std::byte> DeidOutput::bytes() const {
  std::vector<std::byte> file;
  file.reserve(size_bytes());
  for (const Bytes piece : pieces) file.insert(file.end(), piece.begin(), piece.end());
  return file;
}

std::vector<PixelBox> regions_of_file(Bytes bytes, const DeidentifyPolicy& policy) {
  constexpr std::size_t kInflatedBytes = std::size_t{16} << 20;
  if (policy.regions.empty()) return {};
  const OpenedFile file = opened(bytes, kInflatedBytes);
  if (file.problem) return {};
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  return regions_for(read_pixel_facts(table, file.data_set, file.transfer_syntax_uid), policy);
}

DeidSourceResult read_deid_source(Bytes prefix, std::uint64_t file_size_bytes, const DeidentifyPolicy* policy) {
  constexpr std::size_t kInflatedPrefixBytes = std::size_t{16} << 20;
  constexpr std::string_view kVisibleLight = "1.2.840.10008.5.1.4.1.1.77.1.";
  DeidSourceResult result;
  const bool is_whole = prefix.size() >= file_size_bytes;
  result.header_bytes = prefix.size();
  result.is_dicomdir = is_dicomdir(prefix);
  OpenedFile file = opened(prefix, kInflatedPrefixBytes);
  result.notes = file.notes;
  const bool is_only_a_prefix = file.problem == Code::too_large;  // of what a deflated file expands to
  if (file.problem && !is_only_a_prefix) {
    result.needs_more = !is_whole && file.problem == Code::truncated;
    result.reason = file.problem;
    return result;
  }
  if (is_only_a_prefix) file.data_set = Bytes(file.inflated).first(kInflatedPrefixBytes);
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  result.source = source_of(table, file.data_set);
  result.source.transfer_syntax_uid = file.transfer_syntax_uid;
  if (file.syntax->is_encapsulated || file.syntax->is_deflated) {
    const PixelFacts facts = read_pixel_facts(table, file.data_set, file.transfer_syntax_uid);
    result.source.expanded_bytes = expanded_bytes(facts);
    result.source.is_expanded = policy != nullptr && is_always_decoded(facts, *policy);
  }
  const Tag last_tag = table.nodes.empty() || table.nodes.back().parent != 0 ? 0 : table.nodes.back().tag;
  // Slides say behind what others hold whether their label is in the picture.
  const bool is_visible_light = result.source.sop_class_uid.starts_with(kVisibleLight);
  const Tag last_wanted = is_visible_light ? kSpecimenLabelInImage : kBurnedInAnnotation;
  const bool has_all = std::max(last_tag, table.cut_tag) >= last_wanted;
  const bool may_be_cut = table.problem == Code::truncated || table.problem == Code::corrupt;
  result.needs_more = !is_whole && !has_all && (may_be_cut || !table.problem);
  if (is_whole && !is_only_a_prefix) result.reason = table.problem;
  if (!result.reason && !result.needs_more && !result.is_dicomdir) result.reason = check_source(result.source);
  const bool has_header = !table.problem || table.cut_tag == kPixelData;
  if (policy != nullptr && !result.reason && has_header && file.inflated.empty()) {
    result.identifiers = collect_facts(table, file.data_set, *policy).identifiers;
  }
  if (table.cut_tag == kPixelData && file.inflated.empty() && !table.nodes.empty()) {
    const Bytes last = value_of(table.nodes.back(), prefix.last(file.data_set.size()));
    result.header_bytes = static_cast<std::size_t>(last.data() + last.size() - prefix.data());
  }
  return result;
}

std::string patient_identifier(const DeidSource& source) {
  if (source.patient_id.empty()) return "study\n" + source.study_uid;
  return "id\n" + source.patient_id + '\n' + source.issuer_of_patient_id;
}

Deidentifier::Deidentifier(DeidentifyPolicy policy, const PseudonymKey& key, std::string version, DeidProbe probe)
    : policy_(std::move(policy)), key_(key), version_(std::move(version)), probe_(std::move(probe)) {
  initialize();
  if (const auto problem = contradiction(policy_.options)) throw Error(ErrorCode::recipe_invalid, *problem);
}

/// One file's way through the stages.
class DeidRun {
 public:
  DeidRun(const DeidentifyPolicy& policy, const PseudonymKey& key, std::string_view version, const DeidProbe& probe,
          const PatientWords* words, std::string_view patient, std::span<const PixelBox> boxes, bool is_reviewed)
      : policy_(policy),
        key_(key),
        version_(version),
        probe_(probe),
        words_(words),
        patient_(patient),
        boxes_(boxes),
        is_reviewed_(is_reviewed) {}

  DeidResult go(Bytes file) {
    try {
      const bool is_done = read(file) && treat() && rewrite_all() && prove();
      const bool has_facts = result_.modality == "MR" && result_.counts.by_action.contains("private_removed");
      if (is_done && has_facts) result_.volume = read_volume_facts(file);
    } catch (const std::exception&) {
      fail(Code::deid_incomplete);  // what was thrown may hold a value: it is not looked at
    }
    return std::move(result_);
  }

 private:
  void enter(std::string_view stage) {
    result_.stage = stage;
    if (probe_) probe_(stage);
  }

  bool fail(Code reason) {
    result_.reason = reason;
    result_.output = {};
    return false;
  }

  bool read(Bytes file) {
    enter("read");
    file_ = opened(file, kMaxInflatedBytes);
    if (file_.problem) return fail(*file_.problem);
    table_ = read_elements(file_.data_set, 0, file_.encoding);
    if (table_.problem) return fail(*table_.problem);
    if (file_.is_stream_cut) return fail(Code::truncated);
    facts_ = collect_facts(table_, file_.data_set, policy_);
    facts_.source.transfer_syntax_uid = file_.transfer_syntax_uid;
    result_.source = facts_.source;
    if (const auto problem = check_source(facts_.source)) return fail(*problem);
    if (holds_recorded_sound(table_, file_.data_set, facts_.source.sop_class_uid)) {
      return fail(Code::unsupported_sop_class);
    }
    if (facts_.problem) return fail(*facts_.problem);
    name_result();
    return true;
  }

  void name_result() {
    const std::string patient = patient_.empty() ? patient_identifier(facts_.source) : std::string(patient_);
    shift_days_ = key_.date_shift_days(patient, policy_.date_shift_bound_days);
    issuer_ = issuer_in(patient);
    const bool keeps_uids = policy_.options.has(DeidOption::retain_uids);
    const auto mapped = [&](const std::string& uid) { return keeps_uids ? uid : mapped_uids(uid, key_); };
    result_.patient = key_.pseudonym("patient", patient);
    result_.study_uid = mapped(facts_.source.study_uid);
    result_.series_uid = mapped(facts_.source.series_uid);
    result_.sop_instance_uid = mapped(facts_.source.sop_instance_uid);
    result_.sop_class_uid = facts_.source.sop_class_uid;
    result_.modality = facts_.source.modality;
    const bool is_stated = file_.syntax->is_deflated || file_.syntax->is_encapsulated || is_encoding_as_stated();
    result_.transfer_syntax_uid = is_stated ? file_.transfer_syntax_uid : uid_of_encoding(file_.encoding);
  }

  bool is_encoding_as_stated() const {
    return file_.encoding.is_explicit_vr == file_.syntax->encoding.is_explicit_vr &&
           file_.encoding.is_big_endian == file_.syntax->encoding.is_big_endian;
  }

  bool treat() {
    enter("pixels");
    pixel_facts_ = read_pixel_facts(table_, file_.data_set, file_.transfer_syntax_uid);
    if (pixel_facts_.format.photometric_interpretation == "PALETTE COLOR") {
      pixel_facts_.palette = read_palette(HeaderValues(file_.data_set, 0, file_.encoding));
    }
    pixels_ = treat_pixels(find_pixels(table_), file_.data_set, pixel_facts_, policy_, boxes_, is_reviewed_);
    if (pixels_.problem) return fail(*pixels_.problem);
    result_.pixels_are_kept = !pixels_.is_replaced;
    result_.pixels_reason = pixels_.reason;
    if (pixels_.is_decoded) result_.transfer_syntax_uid = kExplicitLittleUid;
    return true;
  }

  bool rewrite_all() {
    enter("rewrite");
    own_ = words_ == nullptr ? facts_.identifiers : without(facts_.identifiers, words_->identifiers());
    if (words_ != nullptr) {
      // The patient's cleaner serves all files: UIDs are found by their form, but for short ones.
      uids_.uids = own_.uids;
      std::erase_if(own_.uids, [](const std::string& uid) { return !is_short_uid(uid); });
    }
    const auto cleaner =
        words_ != nullptr ? words_->cleaner(own_)
                          : std::make_shared<const DescriptorCleaner>(own_, policy_.keep_words, policy_.remove_words);
    std::vector<const ProofSearch*> searches;
    std::shared_ptr<const ProofSearch> own;
    if (facts_.sets.has_non_ascii()) {
      const Identifiers names = beyond_ascii(own_);
      own = words_ != nullptr ? words_->search_of(names) : std::make_shared<const ProofSearch>(names);
      searches.push_back(own.get());
      if (words_ != nullptr) searches.push_back(&words_->search());
    }
    RewriteContext context{facts_,          policy_, key_,        *cleaner,       pixels_, version_,
                           result_.patient, issuer_, shift_days_, file_.encoding, searches};
    Rewritten rewritten = rewrite(table_, file_.data_set, context);
    // "Dr. Hargreaves saw pt; Hargreaves agrees": what one text gives away goes from all of them.
    const std::set<std::string> told(rewritten.told_words.begin(), rewritten.told_words.end());
    constexpr std::size_t kMostTold = 100;  // a text of nothing but names is cleaned by its words alone
    PhraseList phrases;
    if (!told.empty() && told.size() <= kMostTold) {
      for (const std::string& word : told) phrases.add(word);
      context.told = &phrases;
      rewritten = rewrite(table_, file_.data_set, context);
    }
    context.numbers = numbers_in(rewritten.removed_words);
    if (have_numbers(context.numbers)) rewritten = rewrite(table_, file_.data_set, context);
    if (rewritten.problem) return fail(*rewritten.problem);
    result_.counts = std::move(rewritten.counts);
    if (table_.trailing_bytes > 0) result_.counts.notes["trailing_bytes_dropped"] = table_.trailing_bytes;
    if (pixels_.comments > 0) result_.counts.notes["stream_comments"] = pixels_.comments;
    removed_words_ = std::move(rewritten.removed_words);
    for (const auto& piece : rewritten.written.pieces) is_own_.push_back(piece.is_own);
    append(plain_, std::move(rewritten.written));
    return true;
  }

  /// True where IS or DS repeats one of the numbers, which the proof would find there.
  bool have_numbers(const std::set<std::string, std::less<>>& numbers) const {
    return !numbers.empty() && std::ranges::any_of(table_.nodes, [&](const Node& node) {
      if (node.value_representation != vr("IS") && node.value_representation != vr("DS")) return false;
      // Contours have millions of values, and their digits every number somewhere.
      const std::string_view text = text_of(value_of(node, file_.data_set));
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\\', begin), text.size());
        if (numbers.contains(long_digits(text.substr(begin, end - begin)))) return true;
        begin = end + 1;
      }
      return false;
    });
  }

  /// The data set before it is deflated is what is searched: compressed bytes hide what they hold.
  bool prove() {
    enter("proof");
    std::ranges::copy_if(removed_words_, std::back_inserter(own_.others), [](const std::string& word) {
      return std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
    });
    std::ranges::sort(own_.others);
    const auto own = words_ != nullptr ? words_->search_of(own_) : std::make_shared<const ProofSearch>(own_);
    const ProofSearch uids(uids_);
    std::vector<const ProofSearch*> searches = {own.get(), &uids};
    if (words_ != nullptr) searches.push_back(&words_->search());
    static const Identifiers kNone;
    const AllowedTexts allowed = allowed_texts(facts_, words_ != nullptr ? words_->identifiers() : kNone, shift_days_);
    const auto finds = [&](Bytes bytes, ProofSearch::Where where) {
      return ProofSearch::find_any(searches, bytes, where, allowed).has_value();
    };
    for (const ProofSearch* search : searches) result_.patterns_searched += search->pattern_count();
    append(result_.output,
           file_meta(result_.sop_class_uid, result_.sop_instance_uid, result_.transfer_syntax_uid, version_));
    const Bytes meta = result_.output.pieces.front();
    const Bytes of_source = meta.first(meta.size() - implementation(version_).size());
    if (finds(of_source, ProofSearch::Where::text)) return fail(Code::deid_incomplete);
    for (std::size_t n = 0; n < plain_.pieces.size(); ++n) {
      const Bytes piece = plain_.pieces[n];
      if (is_own_[n]) continue;  // a patient may be called as a word of ours is: "Basic"
      result_.bytes_searched += piece.size();
      if (finds(piece, is_pixels(piece) ? ProofSearch::Where::binary : ProofSearch::Where::text)) {
        return fail(Code::deid_incomplete);
      }
    }
    finish();
    return true;
  }

  bool is_pixels(Bytes piece) const {
    const Node* node = find_pixels(table_);
    const Bytes pixels = pixels_.is_replaced ? Bytes(pixels_.replacement)
                         : node == nullptr   ? Bytes()
                                             : value_of(*node, file_.data_set);
    return piece.data() == pixels.data();
  }

  /// Puts the data set behind the meta information: as it is, or deflated as the source was. What pieces refer to
  /// besides the source moves along.
  void finish() {
    if (file_.syntax->is_deflated && !pixels_.is_decoded) {
      append(result_.output, deflated(plain_));
    } else {
      for (auto& buffer : plain_.owned) result_.output.owned.push_back(std::move(buffer));
      result_.output.pieces.insert(result_.output.pieces.end(), plain_.pieces.begin(), plain_.pieces.end());
      if (!file_.inflated.empty()) result_.output.owned.push_back(std::move(file_.inflated));
      if (pixels_.is_replaced) result_.output.owned.push_back(std::move(pixels_.replacement));
    }
    result_.identifiers = std::move(facts_.identifiers);
    result_.stage = {};
  }

  const DeidentifyPolicy& policy_;
  const PseudonymKey& key_;
  std::string_view version_;
  const DeidProbe& probe_;
  const PatientWords* words_;
  std::string_view patient_;
  std::span<const PixelBox> boxes_;
  bool is_reviewed_;
  OpenedFile file_;
  ElementTable table_;
  FileFacts facts_;
  PixelFacts pixel_facts_;
  PixelOutcome pixels_;
  std::string issuer_;
  int shift_days_ = 0;
  Identifiers own_;   ///< what identifies in this file and not in `words_`
  Identifiers uids_;  ///< of them, where there are `words_`: they differ from file to file
  std::vector<std::string> removed_words_;
  DeidOutput plain_;
  std::vector<bool> is_own_;  ///< pieces of `plain_` that are constants of ours
  DeidResult result_;
};

DeidResult Deidentifier::run(Bytes file, const PatientWords* words, std::string_view patient,
                             std::span<const PixelBox> boxes, bool is_reviewed) const {
  return DeidRun(policy_, key_, version_, probe_, words, patient, boxes, is_reviewed).go(file);
}

std::string data_set_sha256(Bytes bytes) {
  const OpenedFile file = opened(bytes, kMaxInflatedBytes);
  if (file.problem) return "";
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  if (table.problem) return "";
  Sha256 hash;
  const auto add = [&](const std::string& text) { hash.update(std::as_bytes(std::span(text))); };
  add(fmt::format("{} {}\n", file.syntax->is_encapsulated ? file.transfer_syntax_uid : "",
                  file.encoding.is_big_endian));
  for (std::uint32_t i = 0; i < table.nodes.size(); ++i) {
    const Node& node = table.nodes[i];
    const bool has_value = node.kind == NodeKind::element || node.kind == NodeKind::encapsulated;
    if (has_value && (node.tag & 0xFFFF) == 0) continue;  // a group's length tells how it was written
    const Bytes value = has_value ? value_of(node, file.data_set) : Bytes();
    add(fmt::format("{:08X} {} {} ", node.tag, static_cast<int>(node.kind), has_value ? value.size() : node.end - i));
    hash.update(value);
  }
  return hash.finish();
}

std::optional<Identifiers> collect_identifiers(Bytes header_or_file, const DeidentifyPolicy& policy) {
  constexpr std::size_t kInflatedBytes = std::size_t{64} << 20;
  const OpenedFile file = opened(header_or_file, kInflatedBytes);
  if (file.problem) return std::nullopt;
  const ElementTable table = read_elements(file.data_set, 0, file.encoding);
  return collect_facts(table, file.data_set, policy).identifiers;
}

}  // namespace naru::dicom
