#include <algorithm>

#include "dicom/deidentify/rewriter.h"
#include "dicom/deidentify/unlisted.h"
#include "dicom/element_values.h"
#include "dicom/rules/private_rules.h"

namespace naru::dicom {

namespace {

bool is_creator(Tag tag) { return is_private(tag) && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF; }

}  // namespace

std::uint32_t Rewriter::write_private(std::uint32_t i) {
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

std::uint32_t Rewriter::write_creator(std::uint32_t i) {
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

bool Rewriter::is_block_kept(const Node& creator) const {
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

PrivateDecision Rewriter::decide(const Node& node) const {
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

}  // namespace naru::dicom
