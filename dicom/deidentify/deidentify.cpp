#include "dicom/deidentify/deidentify.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "core/error.h"
#include "dicom/deidentify/deid_output.h"
#include "dicom/deidentify/deid_source.h"
#include "dicom/deidentify/descriptor_ids.h"
#include "dicom/deidentify/descriptor_phrases.h"
#include "dicom/deidentify/descriptors.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/file_facts.h"
#include "dicom/deidentify/opened_file.h"
#include "dicom/deidentify/patient_words.h"
#include "dicom/deidentify/pixel_treatment.h"
#include "dicom/deidentify/proof.h"
#include "dicom/deidentify/proof_patterns.h"
#include "dicom/deidentify/recorded_sound.h"
#include "dicom/deidentify/rewrite.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kExplicitLittleUid = "1.2.840.10008.1.2.1";

/// The syntax that describes an encoding, where a file's own statement was wrong.
std::string_view uid_of_encoding(Encoding encoding) {
  if (encoding.is_big_endian) return "1.2.840.10008.1.2.2";
  return encoding.is_explicit_vr ? kExplicitLittleUid : "1.2.840.10008.1.2";
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

/// The issuer in a text of patient_identifier.
std::string issuer_in(std::string_view patient) {
  return patient.starts_with("id\n") ? std::string(patient.substr(patient.rfind('\n') + 1)) : std::string();
}

std::set<std::string> words_in(std::string_view text) {
  const auto words = split(in_small_letters(text), " ^=,;/_-");
  return {words.begin(), words.end()};
}

/// The words of persons' names and the ids, small.
std::set<std::string> words_of_persons(std::initializer_list<const Identifiers*> all) {
  std::set<std::string> words;
  for (const Identifiers* identifiers : all) {
    for (const std::string& name : identifiers->person_names) words.merge(words_in(name));
    for (const std::string& id : identifiers->ids) words.insert(in_small_letters(id));
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

}  // namespace naru::dicom
