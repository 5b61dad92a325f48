#include "dicom/rules/private_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/digest.h"

namespace naru::dicom {

namespace {

using enum PrivateAction;
constexpr PrivateRule kRules[] = {
#include "dicom/rules/private_rules_table.inc"
};

/// TCIA keeps what tells of the patient as a body, as it does in the standard's attributes.
struct Repeated {
  std::uint16_t group;
  std::string_view creator;
  std::uint8_t element;
  Tag attribute;
};
constexpr Tag kPrimaryLanguage = 0x00100101, kSex = 0x00100040, kAge = 0x00101010, kWeight = 0x00101030;
constexpr Repeated kRepeated[] = {
    {0x0013, "SIEMENS CM VA0  CMS", 0x31, kWeight},  // Patient Weight
    {0x0013, "SIEMENS CM VA0  CMS", 0x35, kSex},     // Patient Sex
    {0x0019, "SIEMENS CT VA0  COAD", 0x82, kAge},    // Patient Phase of Life
    {0x0021, "SIEMENS MR SDS 01", 0x01, kWeight},    // Used Patient Weight
    {0x00E1, "ELSCINT1", 0x63, kPrimaryLanguage},    // Patient Language
};

/// The rows of one creator in one group, found by a hash of both; within them the element is sought by halving.
class Index {
 public:
  Index() {
    const std::span<const PrivateRule> rules = kRules;
    for (std::size_t begin = 0; begin < rules.size();) {
      std::size_t end = begin + 1;
      while (end < rules.size() && rules[end].group == rules[begin].group &&
             rules[end].creator == rules[begin].creator) {
        ++end;
      }
      insert(rules.subspan(begin, end - begin));
      begin = end;
    }
  }

  const PrivateRule* find(std::uint16_t group, std::string_view creator, std::uint8_t element) const {
    for (std::size_t slot = first_slot(group, creator); !blocks_[slot].empty(); slot = (slot + 1) % kSlots) {
      const Block block = blocks_[slot];
      if (block.front().group != group || block.front().creator != creator) continue;
      const auto rule = std::ranges::lower_bound(block, element, {}, &PrivateRule::element);
      return rule != block.end() && rule->element == element ? &*rule : nullptr;
    }
    return nullptr;
  }

 private:
  using Block = std::span<const PrivateRule>;
  static constexpr std::size_t kSlots = 1024;  ///< several times the number of blocks: there is always a free one

  /// FNV-1a, 32 bits.
  static std::size_t first_slot(std::uint16_t group, std::string_view creator) {
    std::uint32_t hash = 2166136261U ^ group;
    for (const char character : creator) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
    return (hash ^ hash >> 16) % kSlots;
  }

  void insert(Block block) {
    std::size_t slot = first_slot(block.front().group, block.front().creator);
    while (!blocks_[slot].empty()) slot = (slot + 1) % kSlots;
    blocks_[slot] = block;
  }

  std::array<Block, kSlots> blocks_{};
};

/// Padding is no part of a creator (PS3.5 6.2: LO; NULs are written by some).
std::string_view without_padding(std::string_view creator) {
  while (!creator.empty() && (creator.back() == ' ' || creator.back() == '\0')) creator.remove_suffix(1);
  return creator;
}

std::string_view name(PrivateAction action) {
  static constexpr std::array<std::string_view, 5> kNames = {"remove", "keep", "map_uid", "shift_date", "shift_epoch"};
  return kNames.at(static_cast<std::size_t>(action));
}

std::string canonical_text() {
  std::string text;
  for (const PrivateRule& rule : kRules) {
    const Vr vr = rule.value_representation;
    const std::string shown_vr = vr == 0 ? "" : std::string{static_cast<char>(vr >> 8), static_cast<char>(vr & 0xFF)};
    text += fmt::format("{:04X}\t{}\t{:02X}\t{}\t{}\t{}\n", rule.group, rule.creator, rule.element, shown_vr,
                        name(rule.action), rule.source);
  }
  return text;
}

}  // namespace

std::span<const PrivateRule> private_rules() { return kRules; }

const PrivateRule* find_private_rule(std::uint16_t group, std::string_view creator, std::uint8_t element) {
  static const Index index;
  return index.find(group, without_padding(creator), element);
}

Tag repeated_attribute(const PrivateRule& rule) {
  const auto* row = std::ranges::find_if(kRepeated, [&](const Repeated& r) {
    return r.group == rule.group && r.element == rule.element && r.creator == rule.creator;
  });
  return row == std::end(kRepeated) ? 0 : row->attribute;
}

const std::string& private_rules_sha256() {
  static const std::string digest = [] {
    const std::string text = canonical_text();
    return sha256_hex(std::as_bytes(std::span(text)));
  }();
  return digest;
}

}  // namespace naru::dicom
