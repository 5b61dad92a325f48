#include "dicom/deidentify/rewrite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <map>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"
#include "dicom/rules/private_rules.h"

namespace naru::dicom {

namespace {

constexpr Tag kSpecificCharacterSet = 0x00080005, kTimezoneOffset = 0x00080201, kPatientName = 0x00100010,
              kPatientAge = 0x00101010, kPatientIdentityRemoved = 0x00120062, kDeidMethod = 0x00120063,
              kDeidMethodCodes = 0x00120064, kClinicalTrialSubjectId = 0x00120040, kLongitudinal = 0x00280303,
              kIccProfile = 0x00282000, kEncapsulatedDocument = 0x00420011, kMimeType = 0x00420012,
              kEncapsulatedDocumentLength = 0x00420015;
constexpr std::string_view kUtf8 = "ISO_IR 192";

/// Code Value, Coding Scheme Designator and Version, Long and URN Code Value: codes, in which no pattern is looked for.
constexpr std::array<Tag, 5> kCodeTags = {0x00080100, 0x00080102, 0x00080103, 0x00080119, 0x00080120};

bool is_private(Tag tag) { return (group_of(tag) & 1) != 0; }
bool is_overlay_or_curve(Tag tag) {
  const auto group = static_cast<std::uint16_t>(group_of(tag) & 0xFF00);
  return (group == 0x6000 || group == 0x5000) && !is_private(tag);
}
bool is_creator(Tag tag) { return is_private(tag) && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF; }
bool is_date(Vr v) { return v == vr("DA") || v == vr("DT"); }

/// An item, a sequence, or the data set itself, while its elements are gone through.
struct Level {
  std::uint32_t end = 0;
  bool is_sequence = false;
  const CharacterSet* set = nullptr;
  bool cleans_all = false;  ///< inside a sequence that is to be cleaned: its texts are cleaned too
  std::map<std::uint32_t, std::string_view> creators;  ///< by group << 8 | block
};

struct PrivateDecision {
  PrivateAction action = PrivateAction::remove;
  Vr value_representation = 0;  ///< that the lists give it
};

class Rewriter {
 public:
  Rewriter(const ElementTable& table, Bytes bytes, const RewriteContext& context)
      : nodes_(table.nodes), bytes_(bytes), context_(context), writer_(context.encoding) {}

  Rewritten run() {
    levels_.push_back({static_cast<std::uint32_t>(nodes_.size()), false, &sets_.of(""), false, {}});
    plan_additions();
    for (const std::uint32_t root : roots()) {
      write_additions(nodes_[root].tag);
      if (!is_addition(nodes_[root].tag)) write_subtree(root);
    }
    write_additions(0xFFFFFFFF);
    Rewritten result;
    result.written = writer_.finish();
    result.counts = counts();
    result.removed_words = std::move(removed_words_);
    result.problem = problem_;
    return result;
  }

 private:
  // -- order ---------------------------------------------------------------------------------------------------------

  /// The data set's own elements by tag, each once: some writers put them in another order.
  std::vector<std::uint32_t> roots() const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < nodes_.size(); i = nodes_[i].end) found.push_back(i);
    const auto tag = [&](std::uint32_t i) { return nodes_[i].tag; };
    if (!std::ranges::is_sorted(found, {}, tag)) std::ranges::stable_sort(found, {}, tag);
    found.erase(std::ranges::unique(found, {}, tag).begin(), found.end());
    return found;
  }

  void write_subtree(std::uint32_t root) {
    const std::uint32_t end = nodes_[root].end;
    for (std::uint32_t i = root; i < end;) {
      close_levels(i);
      i = write_node(i);
    }
    close_levels(end);
  }

  void close_levels(std::uint32_t at) {
    while (levels_.size() > 1 && levels_.back().end <= at) {
      levels_.back().is_sequence ? writer_.end_sequence() : writer_.end_item();
      levels_.pop_back();
    }
  }

  // -- what every result gets ----------------------------------------------------------------------------------------

  using Addition = void (Rewriter::*)();
  void plan_additions() {
    const bool has_set = std::ranges::any_of(
        nodes_, [](const Node& node) { return node.tag == kSpecificCharacterSet && node.parent == 0; });
    if (context_.facts.has_non_ascii_text && !has_set) additions_[kSpecificCharacterSet] = &Rewriter::add_character_set;
    additions_[kPatientIdentityRemoved] = &Rewriter::add_identity_removed;
    additions_[kDeidMethod] = &Rewriter::add_method;
    additions_[kDeidMethodCodes] = &Rewriter::add_method_codes;
    additions_[kLongitudinal] = &Rewriter::add_longitudinal;
  }

  bool is_addition(Tag tag) const {
    return tag == kPatientIdentityRemoved || tag == kDeidMethod || tag == kDeidMethodCodes || tag == kLongitudinal;
  }

  void write_additions(Tag before) {
    while (!additions_.empty() && additions_.begin()->first <= before) {
      const Addition add = additions_.begin()->second;
      additions_.erase(additions_.begin());
      (this->*add)();
    }
  }

  void add_character_set() { writer_.element(kSpecificCharacterSet, vr("CS"), kUtf8); }
  void add_identity_removed() { writer_.element(kPatientIdentityRemoved, vr("CS"), "YES"); }

  void add_method() {
    std::string text;
    for (const std::string& one : method_texts(context_.policy, context_.version)) {
      text += (text.empty() ? "" : "\\") + one;
    }
    writer_.element(kDeidMethod, vr("LO"), text);
  }

  /// The profile and the options as codes of CID 7050; Clean Pixel Data only where it did something here.
  void add_method_codes() {
    writer_.begin_sequence(kDeidMethodCodes);
    if (!context_.policy.is_weaker_than_profile()) {
      write_code_item(writer_, "113100", "DCM", "Basic Application Confidentiality Profile");
    }
    for (const DeidOptionInfo& info : deid_options()) {
      const bool ran = info.option != DeidOption::clean_pixel_data || context_.pixels.is_redacted;
      if (context_.policy.options.has(info.option) && ran) write_code_item(writer_, info.code, "DCM", info.meaning);
    }
    writer_.end_sequence();
  }

  void add_longitudinal() {
    const DeidOptions options = context_.policy.options;
    const std::string_view text = options.has(DeidOption::retain_longitudinal_full_dates)       ? "UNMODIFIED"
                                  : options.has(DeidOption::retain_longitudinal_modified_dates) ? "MODIFIED"
                                                                                                : "REMOVED";
    writer_.element(kLongitudinal, vr("CS"), text);
  }

  // -- one node ------------------------------------------------------------------------------------------------------

  bool is_top() const { return levels_.size() == 1; }

  /// @return the index of the node to go on with
  std::uint32_t write_node(std::uint32_t i) {
    const Node& node = nodes_[i];
    if (node.kind == NodeKind::item) {
      writer_.begin_item();
      levels_.push_back({node.end, false, levels_.back().set, levels_.back().cleans_all, {}});
      return i + 1;
    }
    const bool is_group_length = (node.tag & 0xFFFF) == 0;
    if (is_group_length) return node.end;
    if (node.tag == kSpecificCharacterSet) return write_character_set(node);
    if (group_of(node.tag) < 0x0008) return remove(node, "misplaced_removed");
    if (is_private(node.tag)) return write_private(i);
    if (is_top() && node.tag == kPixelData) return write_pixels(node);
    if (node.tag == kPixelData || node.kind == NodeKind::encapsulated) return remove(node, "X");
    if (is_top() && write_special(node)) return node.end;
    return write_standard(i);
  }

  std::uint32_t write_character_set(const Node& node) {
    levels_.back().set = &sets_.of(text_of(value_of(node, bytes_)));
    if (!context_.facts.has_non_ascii_text) {
      keep(node, node.value_representation);
    } else if (is_top()) {
      add_character_set();
    }
    return node.end;
  }

  std::uint32_t write_standard(std::uint32_t i) {
    const Node& node = nodes_[i];
    // Without its bitmap a plane has no meaning; what a bitmap shows no rule can clean.
    if (is_overlay_or_curve(node.tag)) return remove(node, "X");
    const DeidAction action =
        resolve_action(context_.policy, context_.facts.source.sop_class_uid, node.parent, node.tag);
    if (action == DeidAction::none) return write_unlisted(i);
    return apply(i, action);
  }

  /// Not in the table: what the standard knows stays, but dates and persons' names are never left to chance.
  std::uint32_t write_unlisted(std::uint32_t i) {
    const Node& node = nodes_[i];
    const Vr v = node.value_representation;
    if (!standard_vr(node.tag)) return remove(node, "unknown_removed");
    if (v == vr("PN")) return apply(i, DeidAction::Z);
    if (!is_date(v)) return apply(i, DeidAction::K);
    const DeidOptions options = context_.policy.options;
    if (options.has(DeidOption::retain_longitudinal_full_dates)) return apply(i, DeidAction::K);
    const bool shifts = options.has(DeidOption::retain_longitudinal_modified_dates);
    return apply(i, shifts ? DeidAction::C : DeidAction::X);
  }

  std::uint32_t apply(std::uint32_t i, DeidAction action) {
    const Node& node = nodes_[i];
    if (action == DeidAction::X) return remove(node, "X");
    count(node.tag, name(action));
    if (node.kind == NodeKind::sequence) return apply_to_sequence(i, action);
    const Vr v = node.value_representation;
    switch (action) {
      case DeidAction::Z: write_empty(node, v); break;
      case DeidAction::D: write_dummy(node, v); break;
      case DeidAction::U: write_uids(node); break;
      case DeidAction::C: clean(node, v); break;
      default: keep_checked(node, v); break;
    }
    return node.end;
  }

  std::uint32_t apply_to_sequence(std::uint32_t i, DeidAction action) {
    const Node& node = nodes_[i];
    if (action == DeidAction::Z) {
      writer_.empty_sequence(node.tag);
      return node.end;
    }
    if (action == DeidAction::D && write_dummy_sequence(writer_, node.tag)) return node.end;
    return enter(i, action == DeidAction::C || action == DeidAction::D);
  }

  std::uint32_t enter(std::uint32_t i, bool cleans_all) {
    const Node& node = nodes_[i];
    writer_.begin_sequence(node.tag);
    levels_.push_back({node.end, true, levels_.back().set, levels_.back().cleans_all || cleans_all, {}});
    return i + 1;
  }

  std::uint32_t remove(const Node& node, std::string_view action) {
    count(node.tag, action);
    return node.end;
  }

  // -- attributes with a meaning of their own ------------------------------------------------------------------------

  /// True where the element was dealt with here.
  bool write_special(const Node& node) {
    switch (node.tag) {
      case kEncapsulatedDocument: return write_document(node);
      case kEncapsulatedDocumentLength: return write_document_length(node);
      case kIccProfile: return write_profile(node);
      case kPhotometricInterpretation:
        if (!context_.pixels.is_decoded) return false;
        writer_.element(node.tag, vr("CS"), context_.pixels.photometric_interpretation);
        return true;
      case kPlanarConfiguration:
        if (!context_.pixels.is_decoded) return false;
        writer_.element(node.tag, vr("US"), std::string_view("\0\0", 2));
        return true;
      case kBurnedInAnnotation:
        if (!context_.pixels.is_redacted) return false;
        writer_.element(node.tag, vr("CS"), "NO");
        return true;
      default: return false;
    }
  }

  bool is_document_replaced() const {
    return resolve_action(context_.policy, context_.facts.source.sop_class_uid, 0, kEncapsulatedDocument) ==
           DeidAction::D;
  }

  std::string_view replacing_document() const {
    const auto type =
        std::ranges::find_if(nodes_, [](const Node& node) { return node.tag == kMimeType && node.parent == 0; });
    return type == nodes_.end() ? std::string_view() : dummy_document(text_of(value_of(*type, bytes_)));
  }

  bool write_document(const Node& node) {
    if (!is_document_replaced()) return false;
    const std::string_view document = replacing_document();
    if (document.empty()) problem_ = Code::deid_incomplete;  // no harmless document of this type is known
    writer_.element(node.tag, vr("OB"), document);
    count(node.tag, "D");
    return true;
  }

  bool write_document_length(const Node& node) {
    if (!is_document_replaced()) return false;
    const auto length = static_cast<std::uint32_t>(replacing_document().size());
    std::array<std::byte, 4> bytes;
    std::memcpy(bytes.data(), &length, bytes.size());
    if (context_.encoding.is_big_endian) std::ranges::reverse(bytes);
    writer_.element(node.tag, vr("UL"), Bytes(bytes));
    return true;
  }

  bool write_profile(const Node& node) {
    const Bytes value = value_of(node, bytes_);
    std::vector<std::byte> profile(value.begin(), value.end());
    if (!clean_icc_profile(profile).is_sound) {
      problem_ = Code::deid_incomplete;
      return true;
    }
    const bool is_changed = !std::ranges::equal(profile, value);
    count(node.tag, is_changed ? "C" : "K");
    writer_.element(node.tag, node.value_representation, Bytes(profile));
    return true;
  }

  std::uint32_t write_pixels(const Node& node) {
    const PixelOutcome& pixels = context_.pixels;
    const Vr v = node.value_representation;
    if (pixels.is_decoded) {
      writer_.element_view(node.tag, vr("OW"), pixels.replacement);
    } else if (node.kind == NodeKind::encapsulated) {
      writer_.encapsulated_view(node.tag, v, pixels.is_replaced ? Bytes(pixels.replacement) : value_of(node, bytes_));
    } else {
      writer_.element_view(node.tag, v, pixels.is_replaced ? Bytes(pixels.replacement) : value_of(node, bytes_));
    }
    count(node.tag, pixels.is_replaced ? "C" : "K");
    return node.end;
  }

  // -- values --------------------------------------------------------------------------------------------------------

  bool has_other_order(const Node& node) const {
    return node.encoding.is_big_endian != context_.encoding.is_big_endian && !is_text(node.value_representation);
  }

  void keep(const Node& node, Vr v) {
    const Bytes value = value_of(node, bytes_);
    if (has_other_order(node)) {
      writer_.element(node.tag, v, Bytes(swapped(value, v)));
    } else if (is_text(v)) {
      writer_.element(node.tag, v, value);  // among our own bytes, where short words are searched for too
    } else {
      writer_.element_view(node.tag, v, value);
    }
  }

  void keep_checked(const Node& node, Vr v) {
    if (node.tag == kPatientAge) return write_converted(node, v, capped_age(text_of(value_of(node, bytes_))));
    if (is_charset_text(v)) return write_text(node, v, levels_.back().cleans_all && !is_code(node.tag));
    if (v == vr("UI") && is_mapped(node)) return write_uids(node);
    keep(node, v);
  }

  static bool is_code(Tag tag) { return std::ranges::find(kCodeTags, tag) != kCodeTags.end(); }

  /// A UID under an attribute that the table does not list, which it replaces elsewhere in the file.
  bool is_mapped(const Node& node) const {
    const auto& uids = context_.facts.identifiers.uids;
    return std::ranges::any_of(texts_of(value_of(node, bytes_)),
                               [&](const std::string& uid) { return std::ranges::binary_search(uids, uid); });
  }

  /// Attributes that get the patient's pseudonym, which is a dummy wherever Z and D ask for one.
  static bool names_patient(Tag tag) {
    return tag == kPatientName || tag == kPatientId || tag == kClinicalTrialSubjectId;
  }

  void write_empty(const Node& node, Vr v) {
    writer_.element(node.tag, v, names_patient(node.tag) ? std::string_view(context_.patient) : std::string_view());
  }

  void write_dummy(const Node& node, Vr v) {
    if (names_patient(node.tag)) {
      writer_.element(node.tag, v, context_.patient);
    } else if (v == vr("UI")) {
      write_uids(node);
    } else {
      writer_.element(node.tag, v, dummy_value(v));
    }
  }

  void write_uids(const Node& node) {
    writer_.element(node.tag, vr("UI"), mapped_uids(text_of(value_of(node, bytes_)), context_.key));
  }

  /// What has no legal new value is emptied and noted.
  void write_converted(const Node& node, Vr v, const std::optional<std::string>& value) {
    if (!value) ++notes_["value_not_legal"];
    writer_.element(node.tag, v, value.value_or(""));
  }

  void clean(const Node& node, Vr v) {
    if (is_date(v) || v == vr("TM")) {
      return write_converted(node, v, shift_dates(text_of(value_of(node, bytes_)), v, context_.shift_days));
    }
    if (node.tag == kTimezoneOffset) return keep(node, v);
    if (is_charset_text(v)) return write_text(node, v, true);
    // A time stamp in bytes, a maker's note: nothing in it can be told apart.
    writer_.element(node.tag, v, must_have_value(node.tag) ? dummy_value(v) : std::string());
  }

  /// True where the profile would leave a dummy rather than nothing.
  static bool must_have_value(Tag tag) {
    const AttributeRule* rule = find_attribute_rule(tag);
    if (rule == nullptr) return false;
    constexpr std::array kWithDummy = {DeidAction::D, DeidAction::X_D, DeidAction::Z_D, DeidAction::X_Z_D};
    return std::ranges::find(kWithDummy, rule->basic) != kWithDummy.end();
  }

  void write_text(const Node& node, Vr v, bool cleans) {
    const Bytes value = value_of(node, bytes_);
    const auto text = decode_text(value, v, *levels_.back().set);
    if (!text) {
      ++notes_["charset_undecodable"];
      return writer_.element(node.tag, v, std::string_view());
    }
    bool is_changed = false;
    std::vector<std::string> values = split_values(*text, v);
    for (std::string& one : values) {
      CleanedText cleaned = cleans ? context_.cleaner.clean(one) : context_.cleaner.remove_identifiers(one);
      if (!cleaned.is_changed()) continue;
      is_changed = true;
      one = std::move(cleaned.text);
      std::ranges::move(cleaned.removed_words, std::back_inserter(removed_words_));
      for (std::size_t r = 0; r < kDescriptorReasons; ++r) reasons_[r] += cleaned.removed[r];
    }
    const std::string result = fmt::format("{}", fmt::join(values, "\\"));
    if (!is_changed && !context_.facts.has_non_ascii_text) return keep(node, v);
    const bool is_emptied = result.empty() && !text->empty() && must_have_value(node.tag);
    writer_.element(node.tag, v, is_emptied ? dummy_value(v) : is_changed ? result : *text);
  }

  // -- private attributes --------------------------------------------------------------------------------------------

  std::uint32_t write_private(std::uint32_t i) {
    const Node& node = nodes_[i];
    if (is_creator(node.tag)) return write_creator(i);
    const PrivateDecision decision = decide(node);
    if (decision.action == PrivateAction::remove) return remove(node, "private_removed");
    count(node.tag, "private_kept");
    if (node.kind == NodeKind::sequence) return enter(i, true);
    write_private_value(node, decision);
    return node.end;
  }

  /// The reservation of a block stays where something of the block does.
  std::uint32_t write_creator(std::uint32_t i) {
    const Node& node = nodes_[i];
    const std::uint32_t block = static_cast<std::uint32_t>(group_of(node.tag)) << 8 | (node.tag & 0xFF);
    levels_.back().creators[block] = text_of(value_of(node, bytes_));
    for (std::uint32_t j = node.end; j < levels_.back().end && group_of(nodes_[j].tag) == group_of(node.tag);
         j = nodes_[j].end) {
      const bool is_of_block = ((nodes_[j].tag >> 8) & 0xFF) == (node.tag & 0xFF) && !is_creator(nodes_[j].tag);
      if (is_of_block && decide(nodes_[j]).action != PrivateAction::remove) {
        keep(node, vr("LO"));
        break;
      }
    }
    return node.end;
  }

  PrivateDecision decide(const Node& node) const {
    const std::uint32_t block = static_cast<std::uint32_t>(group_of(node.tag)) << 8 | ((node.tag >> 8) & 0xFF);
    const auto creator = levels_.back().creators.find(block);
    if (creator == levels_.back().creators.end()) return {};
    const auto element = static_cast<std::uint8_t>(node.tag & 0xFF);
    for (const PrivateOverride& own : context_.policy.private_elements) {
      if (own.group == group_of(node.tag) && own.creator == creator->second && own.element == element) {
        return {own.keep ? PrivateAction::keep : PrivateAction::remove, 0};
      }
    }
    if (!context_.policy.options.has(DeidOption::retain_safe_private)) return {};
    const PrivateRule* rule = find_private_rule(group_of(node.tag), creator->second, element);
    return rule == nullptr ? PrivateDecision{} : PrivateDecision{rule->action, rule->value_representation};
  }

  void write_private_value(const Node& node, const PrivateDecision& decision) {
    const Vr stated = node.is_vr_stated && node.value_representation != vr("UN") ? node.value_representation : Vr{0};
    const Vr v = stated != 0 ? stated : decision.value_representation != 0 ? decision.value_representation : vr("UN");
    switch (decision.action) {
      case PrivateAction::map_uid: return write_private_uid(node, v);
      case PrivateAction::shift_date: return write_private_date(node, v);
      case PrivateAction::shift_epoch: return write_epoch(node, v);
      default: break;
    }
    if (is_date(v)) return write_private_date(node, v);
    if (v == vr("PN")) return writer_.element(node.tag, v, std::string_view());
    if (is_charset_text(v)) return write_text(node, v, true);
    if (v == vr("UI") && is_mapped(node)) return write_uids(node);
    keep(node, written_vr(node, v));
  }

  /// Implicit files have no VR to be kept; explicit ones keep theirs.
  static Vr written_vr(const Node& node, Vr v) { return node.is_vr_stated ? node.value_representation : v; }

  void write_private_uid(const Node& node, Vr v) {
    const std::string_view text = text_of(value_of(node, bytes_));
    const bool is_uid = text.find_first_not_of("0123456789.\\") == std::string_view::npos;
    writer_.element(node.tag, written_vr(node, v),
                    is_uid && !text.empty() ? mapped_uids(text, context_.key) : std::string());
  }

  void write_private_date(const Node& node, Vr v) {
    const DeidOptions options = context_.policy.options;
    if (options.has(DeidOption::retain_longitudinal_full_dates)) return keep(node, written_vr(node, v));
    const bool shifts = options.has(DeidOption::retain_longitudinal_modified_dates);
    const auto shifted =
        shifts ? shift_dates(text_of(value_of(node, bytes_)), v == vr("TM") ? v : vr("DT"), context_.shift_days)
               : std::nullopt;
    writer_.element(node.tag, written_vr(node, v), shifted.value_or(""));
  }

  /// Seconds since 1970 as an integer of 4 bytes, a double, or text.
  void write_epoch(const Node& node, Vr v) {
    const DeidOptions options = context_.policy.options;
    if (options.has(DeidOption::retain_longitudinal_full_dates)) return keep(node, written_vr(node, v));
    if (!options.has(DeidOption::retain_longitudinal_modified_dates)) {
      return writer_.element(node.tag, written_vr(node, v), std::string_view());
    }
    const Bytes value = value_of(node, bytes_);
    const bool big = node.encoding.is_big_endian;
    std::vector<std::byte> shifted(value.begin(), value.end());
    constexpr int kSecondsPerDay = 86400;
    const int seconds = kSecondsPerDay * context_.shift_days;
    if (value.size() == 4) {
      store(shifted, read_u32(value, 0, big) + static_cast<std::uint32_t>(seconds), big);
    } else if (value.size() == 8 && !is_text(v)) {
      const auto number = binary_number(value, 0, vr("FD"), big);
      if (!number) return writer_.element(node.tag, written_vr(node, v), std::string_view());
      store(shifted, std::bit_cast<std::uint64_t>(*number + seconds), big);
    } else {
      return write_converted(node, written_vr(node, v), shift_epoch_text(text_of(value), context_.shift_days));
    }
    writer_.element(node.tag, written_vr(node, v), Bytes(has_other_order(node) ? swapped(shifted, v) : shifted));
  }

  template <class Number>
  static void store(std::vector<std::byte>& bytes, Number number, bool is_big_endian) {
    std::memcpy(bytes.data(), &number, sizeof number);
    if (is_big_endian) std::ranges::reverse(bytes);
  }

  // -- counts --------------------------------------------------------------------------------------------------------

  void count(Tag tag, std::string_view action) { ++counted_[{tag, action}]; }

  DeidCounts counts() const {
    DeidCounts result;
    for (const auto& [what, times] : counted_) {
      result.by_action[std::string(what.second)] += times;
      if (what.second == "K") continue;
      const auto& [tag, action] = what;
      result.by_tag[fmt::format("({:04X},{:04X}) {}", tag >> 16, tag & 0xFFFF, action)] += times;
    }
    result.notes = notes_;
    for (std::size_t r = 0; r < kDescriptorReasons; ++r) {
      if (reasons_[r] > 0) result.notes[fmt::format("words_{}", name(static_cast<DescriptorReason>(r)))] = reasons_[r];
    }
    return result;
  }

  const std::vector<Node>& nodes_;
  Bytes bytes_;
  const RewriteContext& context_;
  DataSetWriter writer_;
  CharacterSets sets_;
  std::vector<Level> levels_;
  std::map<Tag, Addition> additions_;
  std::map<std::pair<Tag, std::string_view>, std::size_t> counted_;
  std::map<std::string, std::size_t> notes_;
  std::array<std::size_t, kDescriptorReasons> reasons_{};
  std::vector<std::string> removed_words_;
  std::optional<Code> problem_;
};

}  // namespace

Rewritten rewrite(const ElementTable& table, Bytes bytes, const RewriteContext& context) {
  return Rewriter(table, bytes, context).run();
}

std::string mapped_uids(std::string_view value, const PseudonymKey& key) {
  std::string result;
  for (const std::string& uid : texts_of(std::as_bytes(std::span(value)))) {
    if (!result.empty()) result += '\\';
    result += uid.empty() || is_standard_uid(uid) ? uid : key.uid(uid);
  }
  return result;
}

}  // namespace naru::dicom
