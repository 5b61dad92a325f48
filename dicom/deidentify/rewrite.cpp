#include "dicom/deidentify/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/additions.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/content_items.h"
#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/embedded_text.h"
#include "dicom/deidentify/reference_lists.h"
#include "dicom/deidentify/stream_frames.h"
#include "dicom/deidentify/unlisted.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kIccProfile = 0x00282000, kEncapsulatedDocument = 0x00420011, kMimeType = 0x00420012,
              kEncapsulatedDocumentLength = 0x00420015;

constexpr Tag kExtendedOffsets = 0x7FE00001, kExtendedLengths = 0x7FE00002, kTotalLength = 0x7FE00003;

/// Where the fragments of Pixel Data begin, how long they are, and how long they are together (PS3.3 C.7.6.3.1).
bool is_of_fragments(Tag tag) { return tag == kExtendedOffsets || tag == kExtendedLengths || tag == kTotalLength; }

/// What groups 7F00 to 7FFF hold beside pixels: retired forms of them (7F02 to 7FFE, and coefficients in 7FE0).
bool is_retired_bulk(Tag tag) {
  const bool is_pixels = tag == kPixelData || is_float_pixel_data(tag) || is_of_fragments(tag);
  return (group_of(tag) & 0xFF00) == 0x7F00 && !is_pixels;
}

/// Defined Terms of Specific Character Set (PS3.3 C.12.1.1.2), by their letters.
bool are_character_sets(std::string_view terms) {
  return terms.find_first_not_of("ISO_R 0123456789GBK\\") == std::string_view::npos;
}

bool is_creator(Tag tag) { return is_private(tag) && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF; }

/// An item, a sequence, or the data set itself, while its elements are gone through.
struct Level {
  std::uint32_t begin = 0, end = 0;  ///< nodes
  bool is_sequence = false;
  TextContext text;
  std::map<std::uint32_t, std::string_view> creators;  ///< by group << 8 | block
  // Found once: an item may hold one element a million times.
  std::optional<const ContentRule*> content_rule = {};
  std::optional<bool> is_of_local_scheme = {};
  std::optional<bool> is_about_fetus = {};  ///< of a sequence
};

class Rewriter {
 public:
  Rewriter(const ElementTable& table, Bytes bytes, const RewriteContext& context)
      : table_(table),
        nodes_(table.nodes),
        bytes_(bytes),
        context_(context),
        writer_(context.encoding),
        values_(bytes, context, writer_) {}

  Rewritten run() {
    levels_.push_back({0, static_cast<std::uint32_t>(nodes_.size()), false, {&context_.facts.sets.of(""), false}, {}});
    for (const Node& node : nodes_) {
      const bool counts = node.parent == 0 && (node.tag == kPixelData || is_float_pixel_data(node.tag));
      if (counts && picture_ != kPixelData) picture_ = node.tag;
    }
    lists_nothing_ = list_nothing(table_, context_.policy, context_.facts.source.sop_class_uid);
    roots_ = roots();
    Additions additions(context_, find_root(kSpecificCharacterSet) != nullptr);
    for (const std::uint32_t root : roots_) {
      additions.write_up_to(nodes_[root].tag, writer_);
      if (!additions.have(nodes_[root].tag)) write_subtree(root);
    }
    additions.write_up_to(0xFFFFFFFF, writer_);
    Rewritten result;
    result.written = writer_.finish();
    result.counts = counts();
    result.removed_words = values_.take_removed_words();
    result.told_words = values_.take_told_words();
    result.problem = problem_ ? problem_ : values_.problem();
    return result;
  }

 private:
  // -- order ---------------------------------------------------------------------------------------------------------

  /// The data set's own elements by tag, each once: some writers put them in another order, and of elements written
  /// twice the last counts, as in HeaderValues.
  std::vector<std::uint32_t> roots() const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < nodes_.size(); i = nodes_[i].end) found.push_back(i);
    const auto tag = [&](std::uint32_t i) { return nodes_[i].tag; };
    if (!std::ranges::is_sorted(found, {}, tag)) std::ranges::stable_sort(found, {}, tag);
    std::vector<std::uint32_t> last;
    for (const std::uint32_t i : found) {
      if (!last.empty() && tag(last.back()) == tag(i)) last.pop_back();
      last.push_back(i);
    }
    return last;
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

  // -- one node ------------------------------------------------------------------------------------------------------

  bool is_top() const { return levels_.size() == 1; }

  /// @return the index of the node to go on with
  std::uint32_t write_node(std::uint32_t i) {
    const Node& node = nodes_[i];
    if (node.kind == NodeKind::item) {
      writer_.begin_item();
      if (is_of_others(node.parent)) values_.set_issuer_of_other(value_in_item(i, kIssuerOfPatientId));
      levels_.push_back({i + 1, node.end, false, levels_.back().text, {}});
      return i + 1;
    }
    const bool is_group_length = (node.tag & 0xFFFF) == 0;
    if (is_group_length) return node.end;
    if (node.tag == kSpecificCharacterSet) return write_character_set(node);
    if (group_of(node.tag) < 0x0008) return remove(node, "misplaced_removed");
    if (is_private(node.tag)) return write_private(i);
    if (is_top() && node.tag == kPixelData) return write_pixels(node);
    if (node.tag == kPixelData || node.kind == NodeKind::encapsulated) return remove(node, "X");
    if (is_float_pixel_data(node.tag) && (!is_top() || node.tag != picture_)) return remove(node, "X");
    if (node.tag == kIccProfile && write_profile(node)) return node.end;
    if (is_top() && write_special(node)) return node.end;
    return write_standard(i);
  }

  std::string_view value_in_item(std::uint32_t item, Tag tag) const {
    std::uint32_t i = item + 1;
    while (i < nodes_[item].end && nodes_[i].tag != tag) i = nodes_[i].end;
    return i < nodes_[item].end ? text_of(value_of(nodes_[i], bytes_)) : std::string_view();
  }

  std::uint32_t write_character_set(const Node& node) {
    const std::string_view terms = text_of(value_of(node, bytes_));
    levels_.back().text.set = &context_.facts.sets.of(terms);
    if (!context_.facts.sets.has_non_ascii()) {
      if (!are_character_sets(terms)) return node.end;
      values_.keep(node, node.value_representation);
    } else if (is_top()) {
      writer_.element(kSpecificCharacterSet, vr("CS"), kUtf8);
    }
    return node.end;
  }

  std::uint32_t write_standard(std::uint32_t i) {
    const Node& node = nodes_[i];
    if (is_overlay_or_curve(node.tag)) return remove(node, "X");
    if (is_retired_bulk(node.tag)) return remove(node, "X");
    if (is_of_fragments(node.tag) && !(is_top() && describes_fragments(node))) return remove(node, "X");
    if (const ContentRule* rule = content_rule(node.tag)) return write_content(i, *rule);
    const DeidAction action =
        resolve_action(context_.policy, context_.facts.source.sop_class_uid, node.parent, node.tag);
    const bool is_list = is_top() && lists_references(node.tag, context_.facts.source.sop_class_uid);
    if (is_list && lists_nothing_) return remove(node, "X");
    if (action == DeidAction::none) return write_unlisted(i);
    return apply(i, action);
  }

  /// Of a content item's value whose concept name has one, unless the hospital has a rule for such values.
  const ContentRule* content_rule(Tag tag) {
    if (!is_content_value(tag)) return nullptr;
    if (has_own_rule(tag)) return nullptr;
    Level& level = levels_.back();
    if (!level.content_rule) level.content_rule = content_rule_of(table_, bytes_, level.begin, level.end);
    return *level.content_rule;
  }

  bool has_own_rule(Tag tag) const {
    const auto& own = context_.policy.attributes;
    return std::ranges::find(own, tag, &AttributeOverride::tag) != own.end();
  }

  std::uint32_t write_content(std::uint32_t i, const ContentRule& rule) {
    const Node& node = nodes_[i];
    const DeidAction action = resolve_action(context_.policy, context_.facts.source.sop_class_uid, 0, rule.header);
    const ContentFate fate = content_fate(table_, bytes_, i, rule, action);
    if (node.is_contradictory) return write_contradictory(node, DeidAction::D);
    if (node.is_unreadable_sequence) return hold(node);
    const DeidAction staying = action == DeidAction::K ? action : DeidAction::C;
    count(node.tag, name(fate == ContentFate::stays ? staying : DeidAction::D));
    if (fate == ContentFate::stays && node.kind == NodeKind::sequence) return enter(i, false);
    if (fate == ContentFate::stays)
      values_.write(node, staying, {levels_.back().text.set, false});
    else if (node.kind == NodeKind::sequence)
      write_content_dummy(writer_, node.tag, fate);
    else
      values_.write_dummy(node, names_fetus(rule) ? node.tag : rule.header);
    return node.end;
  }

  /// A fetus whose report is its mother's is no patient: it must not get her pseudonym. Whom a container speaks of, all
  /// that is in it does.
  bool names_fetus(const ContentRule& rule) {
    if (rule.header != kPatientName && rule.header != kPatientId) return false;
    return std::ranges::any_of(levels_, [&](Level& level) {
      if (!level.is_sequence) return false;
      if (!level.is_about_fetus) level.is_about_fetus = is_about_fetus(table_, bytes_, level.begin, level.end);
      return *level.is_about_fetus;
    });
  }

  std::uint32_t write_unlisted(std::uint32_t i) {
    const Node& node = nodes_[i];
    const UnlistedDecision decision =
        unlisted_decision(node.tag, node.value_representation, node.is_contradictory,
                          {levels_.back().text.cleans_all, is_of_local_scheme()}, context_.policy);
    if (decision.action != DeidAction::X) return apply(i, decision.action);
    // Unknown for its VR, which is not its own: without it nobody could tell what the pixels are.
    const bool is_missed = decision.removed_as == "unknown_removed" && must_be_true(node.tag);
    return is_missed ? hold(node) : remove(node, decision.removed_as);
  }

  /// Whether the item that is gone through has a Coding Scheme Designator of somebody's own: "L", or one that begins
  /// with "99" (PS3.3 8.2).
  bool is_of_local_scheme() {
    Level& level = levels_.back();
    if (level.is_of_local_scheme) return *level.is_of_local_scheme;
    std::uint32_t i = level.begin;
    while (!is_top() && i < level.end && nodes_[i].tag != kCodingScheme) i = nodes_[i].end;
    const bool has_scheme = !is_top() && i < level.end;
    const std::string_view scheme = has_scheme ? text_of(value_of(nodes_[i], bytes_)) : std::string_view();
    level.is_of_local_scheme = scheme.starts_with("99") || scheme == "L";
    return *level.is_of_local_scheme;
  }

  std::uint32_t apply(std::uint32_t i, DeidAction action) {
    const Node& node = nodes_[i];
    if (action == DeidAction::X) return remove(node, "X");
    if (node.is_contradictory) return write_contradictory(node, action);
    if (node.is_unreadable_sequence) return write_unreadable(node, action);
    count(node.tag, name(action));
    if (node.kind == NodeKind::sequence) return apply_to_sequence(i, action);
    values_.write(node, action, levels_.back().text);
    return node.end;
  }

  /// Of a value whose VR is of another kind nothing stays; what would be emptied or replaced is, under the right VR.
  std::uint32_t write_contradictory(const Node& node, DeidAction action) {
    if (action != DeidAction::Z && action != DeidAction::D) return remove(node, "unknown_removed");
    count(node.tag, name(action));
    Node meant = node;
    meant.value_representation = *standard_vr(node.tag);
    meant.value_bytes = 0;
    if (meant.value_representation != vr("SQ")) {
      values_.write(meant, action, levels_.back().text);
    } else if (action == DeidAction::Z || !write_dummy_sequence(writer_, node.tag)) {
      writer_.empty_sequence(node.tag);
    }
    return node.end;
  }

  /// Of a sequence whose items cannot be read nothing stays; where it must, the file does not leave.
  std::uint32_t write_unreadable(const Node& node, DeidAction action) {
    const bool is_replaced = action == DeidAction::Z || action == DeidAction::D;
    return is_replaced ? write_contradictory(node, action) : hold(node);
  }

  std::uint32_t hold(const Node& node) {
    problem_ = Code::corrupt;
    return node.end;
  }

  std::uint32_t apply_to_sequence(std::uint32_t i, DeidAction action) {
    const Node& node = nodes_[i];
    if (action == DeidAction::Z) {
      writer_.empty_sequence(node.tag);
      return node.end;
    }
    if (action == DeidAction::D && write_dummy_sequence(writer_, node.tag)) return node.end;
    if (action == DeidAction::D && has_own_rule(node.tag)) {
      // Items of codes get a code that says nothing. Of others nobody knows what they need: one without anything.
      writer_.begin_sequence(node.tag);
      if (holds_codes(i)) {
        write_code_item(writer_, "REMOVED", "99NARU", "Removed");
      } else {
        writer_.begin_item();
        writer_.end_item();
      }
      writer_.end_sequence();
      return node.end;
    }
    return enter(i, action == DeidAction::C || action == DeidAction::D);
  }

  /// Whether the first item of a sequence has a code of its own.
  bool holds_codes(std::uint32_t sequence) const {
    const std::uint32_t item = sequence + 1;
    if (item >= nodes_[sequence].end) return false;
    for (std::uint32_t i = item + 1; i < nodes_[item].end; i = nodes_[i].end) {
      if (is_code(nodes_[i].tag)) return true;
    }
    return false;
  }

  std::uint32_t enter(std::uint32_t i, bool cleans_all) {
    const Node& node = nodes_[i];
    writer_.begin_sequence(node.tag);
    levels_.push_back(
        {i + 1, node.end, true, {levels_.back().text.set, levels_.back().text.cleans_all || cleans_all}, {}});
    return i + 1;
  }

  bool is_removed(const Node& node) const {
    const DeidAction action =
        resolve_action(context_.policy, context_.facts.source.sop_class_uid, node.parent, node.tag);
    return action == DeidAction::X || action == DeidAction::Z || action == DeidAction::D;
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
      case kPhotometricInterpretation:
        if (!context_.pixels.is_decoded) return false;
        writer_.element(node.tag, vr("CS"), context_.pixels.photometric_interpretation);
        return true;
      case kPlanarConfiguration:
        if (!context_.pixels.is_decoded) return false;
        writer_.element(node.tag, vr("US"), std::string_view("\0\0", 2));
        return true;
      default: return false;
    }
  }

  bool is_document_replaced() const {
    return resolve_action(context_.policy, context_.facts.source.sop_class_uid, 0, kEncapsulatedDocument) ==
           DeidAction::D;
  }

  std::string_view replacing_document() const {
    std::string_view type;
    for (const Node& node : nodes_) {
      if (node.tag == kMimeType && node.parent == 0) type = text_of(value_of(node, bytes_));
    }
    return dummy_document(type);
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

  /// Slides have it in items (PS3.3 C.8.12.5). False where a rule of the hospital removes it.
  bool write_profile(const Node& node) {
    const Bytes value = value_of(node, bytes_);
    if (value.empty() || is_removed(node)) return false;
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

  const Node* find_root(Tag tag) const {
    const auto root = std::ranges::find(roots_, tag, [&](std::uint32_t i) { return nodes_[i].tag; });
    return root == roots_.end() ? nullptr : &nodes_[*root];
  }

  /// True where the fragments stay where they are, and these are their places or lengths: other numbers could say
  /// anything.
  bool describes_fragments(const Node& node) const {
    const Node* pixels = find_root(kPixelData);
    if (pixels == nullptr || pixels->kind != NodeKind::encapsulated || context_.pixels.is_decoded) return false;
    const Bytes fragments = value_of(*pixels, bytes_);
    if (node.tag == kTotalLength) return is_total_length(value_of(node, bytes_), fragments);
    const Node *offsets = find_root(kExtendedOffsets), *lengths = find_root(kExtendedLengths);
    return offsets != nullptr && lengths != nullptr &&
           is_extended_offset_table(value_of(*offsets, bytes_), value_of(*lengths, bytes_), fragments);
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

  // -- private attributes --------------------------------------------------------------------------------------------

  std::uint32_t write_private(std::uint32_t i) {
    const Node& node = nodes_[i];
    if (is_creator(node.tag)) return write_creator(i);
    const PrivateDecision decision = decide(node);
    const bool is_no_sequence = node.kind == NodeKind::element && decision.value_representation == vr("SQ");
    if (decision.action == PrivateAction::remove || node.is_unreadable_sequence ||
        (is_no_sequence && node.value_bytes > 0))
      return remove(node, "private_removed");
    count(node.tag, "private_kept");
    if (node.kind == NodeKind::sequence) return enter(i, true);
    values_.write_private(node, decision, levels_.back().text);
    return node.end;
  }

  /// The reservation of a block stays where something of the block does, which else would have none.
  std::uint32_t write_creator(std::uint32_t i) {
    const Node& node = nodes_[i];
    const std::uint32_t block = static_cast<std::uint32_t>(group_of(node.tag)) << 8 | (node.tag & 0xFF);
    const auto [creator, is_new] = levels_.back().creators.emplace(block, text_of(value_of(node, bytes_)));
    if (!is_new) return node.end;  // reserved already: the first one counts
    if (is_block_kept(node)) {
      values_.keep(node, vr("LO"));
    } else {
      creator->second = {};
    }
    return node.end;
  }

  /// Whether something of its block stays: of the data set in the order of tags, of an item behind it.
  bool is_block_kept(const Node& creator) const {
    const auto is_of_group = [&](std::uint32_t j) { return group_of(nodes_[j].tag) == group_of(creator.tag); };
    const auto stays = [&](std::uint32_t j) {
      const bool is_of_block = ((nodes_[j].tag >> 8) & 0xFF) == (creator.tag & 0xFF) && !is_creator(nodes_[j].tag);
      return is_of_block && decide(nodes_[j]).action != PrivateAction::remove;
    };
    if (is_top()) {
      auto root = std::ranges::upper_bound(roots_, creator.tag, {}, [&](std::uint32_t j) { return nodes_[j].tag; });
      while (root != roots_.end() && is_of_group(*root) && !stays(*root)) ++root;
      return root != roots_.end() && is_of_group(*root);
    }
    std::uint32_t j = creator.end;
    while (j < levels_.back().end && is_of_group(j) && !stays(j)) j = nodes_[j].end;
    return j < levels_.back().end && is_of_group(j);
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
    const PrivateRule* rule = find_private_rule(group_of(node.tag), creator->second, element);
    if (rule == nullptr) return {};
    return {private_action(*rule, context_.policy), rule->value_representation};
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
    result.notes = values_.notes();
    return result;
  }

  const ElementTable& table_;
  const std::vector<Node>& nodes_;
  Bytes bytes_;
  const RewriteContext& context_;
  DataSetWriter writer_;
  ValueWriter values_;
  std::vector<std::uint32_t> roots_;
  std::vector<Level> levels_;
  std::map<std::pair<Tag, std::string_view>, std::size_t> counted_;
  std::optional<Code> problem_;
  Tag picture_ = 0;             ///< as find_pixels has it: any other is a second picture, which nobody looks at
  bool lists_nothing_ = false;  ///< what lists of references would list is gone
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
