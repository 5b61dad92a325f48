#include "dicom/deidentify/rewrite.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/additions.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/dummy_items.h"
#include "dicom/deidentify/reference_lists.h"
#include "dicom/deidentify/rewriter.h"
#include "dicom/deidentify/unlisted.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kLengthToEnd = 0x00080001, kIccProfile = 0x00282000;

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

}  // namespace

Rewritten Rewriter::run() {
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

std::vector<std::uint32_t> Rewriter::roots() const {
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

void Rewriter::write_subtree(std::uint32_t root) {
  const std::uint32_t end = nodes_[root].end;
  for (std::uint32_t i = root; i < end;) {
    close_levels(i);
    i = write_node(i);
  }
  close_levels(end);
}

void Rewriter::close_levels(std::uint32_t at) {
  while (levels_.size() > 1 && levels_.back().end <= at) {
    levels_.back().is_sequence ? writer_.end_sequence() : writer_.end_item();
    levels_.pop_back();
  }
}

std::uint32_t Rewriter::write_node(std::uint32_t i) {
  const Node& node = nodes_[i];
  if (node.kind == NodeKind::item) {
    writer_.begin_item();
    if (is_of_others(node.parent)) values_.set_issuer_of_other(value_in_item(i, kIssuerOfPatientId));
    levels_.push_back({i + 1, node.end, false, levels_.back().text, {}});
    return i + 1;
  }
  const bool is_length = (node.tag & 0xFFFF) == 0 || node.tag == kLengthToEnd;
  if (is_length) return node.end;
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

std::string_view Rewriter::value_in_item(std::uint32_t item, Tag tag) const {
  std::uint32_t i = item + 1;
  while (i < nodes_[item].end && nodes_[i].tag != tag) i = nodes_[i].end;
  return i < nodes_[item].end ? text_of(value_of(nodes_[i], bytes_)) : std::string_view();
}

std::uint32_t Rewriter::write_character_set(const Node& node) {
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

std::uint32_t Rewriter::write_standard(std::uint32_t i) {
  const Node& node = nodes_[i];
  if (is_overlay_or_curve(node.tag)) return remove(node, "X");
  if (is_retired_bulk(node.tag)) return remove(node, "X");
  if (is_of_fragments(node.tag) && !(is_top() && describes_fragments(node))) return remove(node, "X");
  if (const ContentRule* rule = content_rule(node.tag)) return write_content(i, *rule);
  const DeidAction action = resolve_action(context_.policy, context_.facts.source.sop_class_uid, node.parent, node.tag);
  const bool is_list = is_top() && lists_references(node.tag, context_.facts.source.sop_class_uid);
  if (is_list && lists_nothing_) return remove(node, "X");
  if (action == DeidAction::none) return write_unlisted(i);
  return apply(i, action);
}

bool Rewriter::has_own_rule(Tag tag) const {
  const auto& own = context_.policy.attributes;
  return std::ranges::find(own, tag, &AttributeOverride::tag) != own.end();
}

std::uint32_t Rewriter::write_unlisted(std::uint32_t i) {
  const Node& node = nodes_[i];
  const UnlistedDecision decision =
      unlisted_decision(node.tag, node.value_representation, node.is_contradictory,
                        {levels_.back().text.cleans_all, is_of_local_scheme()}, context_.policy);
  if (decision.action != DeidAction::X) return apply(i, decision.action);
  // Unknown for its VR, which is not its own: without it nobody could tell what the pixels are.
  const bool is_missed = decision.removed_as == "unknown_removed" && must_be_true(node.tag);
  return is_missed ? hold(node) : remove(node, decision.removed_as);
}

bool Rewriter::is_of_local_scheme() {
  Level& level = levels_.back();
  if (level.is_of_local_scheme) return *level.is_of_local_scheme;
  std::uint32_t i = level.begin;
  while (!is_top() && i < level.end && nodes_[i].tag != kCodingScheme) i = nodes_[i].end;
  const bool has_scheme = !is_top() && i < level.end;
  const std::string_view scheme = has_scheme ? text_of(value_of(nodes_[i], bytes_)) : std::string_view();
  level.is_of_local_scheme = scheme.starts_with("99") || scheme == "L";
  return *level.is_of_local_scheme;
}

std::uint32_t Rewriter::apply(std::uint32_t i, DeidAction action) {
  const Node& node = nodes_[i];
  if (action == DeidAction::X) return remove(node, "X");
  if (node.is_contradictory) return write_contradictory(node, action);
  if (node.is_unreadable_sequence) return write_unreadable(node, action);
  count(node.tag, name(action));
  if (node.kind == NodeKind::sequence) return apply_to_sequence(i, action);
  values_.write(node, action, levels_.back().text);
  return node.end;
}

std::uint32_t Rewriter::write_contradictory(const Node& node, DeidAction action) {
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

std::uint32_t Rewriter::write_unreadable(const Node& node, DeidAction action) {
  const bool is_replaced = action == DeidAction::Z || action == DeidAction::D;
  return is_replaced ? write_contradictory(node, action) : hold(node);
}

std::uint32_t Rewriter::hold(const Node& node) {
  problem_ = Code::corrupt;
  return node.end;
}

std::uint32_t Rewriter::apply_to_sequence(std::uint32_t i, DeidAction action) {
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

bool Rewriter::holds_codes(std::uint32_t sequence) const {
  const std::uint32_t item = sequence + 1;
  if (item >= nodes_[sequence].end) return false;
  for (std::uint32_t i = item + 1; i < nodes_[item].end; i = nodes_[i].end) {
    if (is_code(nodes_[i].tag)) return true;
  }
  return false;
}

std::uint32_t Rewriter::enter(std::uint32_t i, bool cleans_all) {
  const Node& node = nodes_[i];
  writer_.begin_sequence(node.tag);
  levels_.push_back(
      {i + 1, node.end, true, {levels_.back().text.set, levels_.back().text.cleans_all || cleans_all}, {}});
  return i + 1;
}

bool Rewriter::is_removed(const Node& node) const {
  const DeidAction action = resolve_action(context_.policy, context_.facts.source.sop_class_uid, node.parent, node.tag);
  return action == DeidAction::X || action == DeidAction::Z || action == DeidAction::D;
}

std::uint32_t Rewriter::remove(const Node& node, std::string_view action) {
  count(node.tag, action);
  return node.end;
}

DeidCounts Rewriter::counts() const {
  DeidCounts result;
  for (const auto& [what, times] : counted_) {
    result.by_action[std::string(what.second)] += times;
    if (what.second == "K") continue;
    const auto& [tag, action] = what;
    result.by_tag[fmt::format(FMT_COMPILE("({:04X},{:04X}) {}"), tag >> 16, tag & 0xFFFF, action)] += times;
  }
  result.notes = values_.notes();
  return result;
}

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
