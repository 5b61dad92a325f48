#include <algorithm>

#include "dicom/deidentify/content_items.h"
#include "dicom/deidentify/rewriter.h"
#include "dicom/header_values.h"

namespace naru::dicom {

const ContentRule* Rewriter::content_rule(Tag tag) {
  if (!is_content_value(tag)) return nullptr;
  if (has_own_rule(tag)) return nullptr;
  Level& level = levels_.back();
  if (!level.content_rule) level.content_rule = content_rule_of(table_, bytes_, level.begin, level.end);
  return *level.content_rule;
}

std::uint32_t Rewriter::write_content(std::uint32_t i, const ContentRule& rule) {
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

bool Rewriter::names_fetus(const ContentRule& rule) {
  if (rule.header != kPatientName && rule.header != kPatientId) return false;
  return std::ranges::any_of(levels_, [&](Level& level) {
    if (!level.is_sequence) return false;
    if (!level.is_about_fetus) level.is_about_fetus = is_about_fetus(table_, bytes_, level.begin, level.end);
    return *level.is_about_fetus;
  });
}

}  // namespace naru::dicom
