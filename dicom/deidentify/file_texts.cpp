#include "dicom/deidentify/file_texts.h"

#include <algorithm>
#include <span>
#include <utility>

#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

constexpr char kEscape = '\x1B';

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }  // UTF-16, or no text at all

bool is_non_ascii_text(const Node& node, Bytes bytes) {
  return node.kind == NodeKind::element && is_charset_text(node.value_representation) &&
         needs_decoding(value_of(node, bytes));
}

}  // namespace

CharacterSets::CharacterSets(const ElementTable& table, Bytes bytes) : none_("") {
  has_non_ascii_ = std::ranges::any_of(table.nodes, [&](const Node& node) { return is_non_ascii_text(node, bytes); });
  if (has_non_ascii_) settle(table, bytes);
}

/// Private attributes may hold anything under any VR: they have no say.
void CharacterSets::settle(const ElementTable& table, Bytes bytes) {
  std::map<std::string_view, std::vector<CharacterSet::Text>> texts;
  std::vector<std::pair<std::uint32_t, std::string_view>> levels = {{static_cast<std::uint32_t>(-1), ""}};
  for (std::uint32_t i = 0; i < table.nodes.size(); ++i) {
    while (levels.back().first <= i) levels.pop_back();
    const Node& node = table.nodes[i];
    if (node.kind == NodeKind::item) levels.emplace_back(node.end, levels.back().second);
    if (node.kind != NodeKind::element) continue;
    const std::string_view text = text_of(value_of(node, bytes));
    if (node.tag == kSpecificCharacterSet) {
      levels.back().second = text;
      texts[text];
    } else if (!is_private(node.tag) && is_non_ascii_text(node, bytes) && !has_nul(text)) {
      texts[levels.back().second].push_back({text, node.value_representation});
    }
  }
  for (const auto& [stated, under_it] : texts) {
    CharacterSet& set = stated.empty() ? none_ : sets_.emplace(stated, CharacterSet(stated)).first->second;
    set.settle(under_it);
  }
}

const CharacterSet& CharacterSets::of(std::string_view value) const {
  const auto found = sets_.find(value);
  return found == sets_.end() ? none_ : found->second;
}

bool needs_decoding(Bytes value) {
  constexpr std::byte kFirstBeyond{0x80};
  return std::ranges::any_of(value, [](std::byte b) { return b >= kFirstBeyond || b == std::byte{kEscape}; });
}

std::optional<std::string> decode_text(Bytes value, Vr value_representation, const CharacterSet& set) {
  const std::string_view text = text_of(value);
  if (has_nul(text)) return std::nullopt;
  if (!needs_decoding(value) && text.find("$)C") == std::string_view::npos) return std::string(text);
  auto decoded = set.to_utf8(text, value_representation);
  if (!decoded) return std::nullopt;
  return std::move(decoded->text);
}

std::vector<std::string> possible_texts(Bytes value, Vr value_representation, const CharacterSet& set) {
  std::vector<std::string> texts;
  if (has_nul(text_of(value))) return texts;
  for (auto& reading : set.readings(text_of(value), value_representation)) texts.push_back(std::move(reading.text));
  return texts;
}

/// Letters, digits and the signs that are no separators here may be halves of wide characters. Behind an escape of
/// ISO 2022 all may be.
std::string ascii_words(Bytes value) {
  const std::string_view text = text_of(value);
  if (text.find(kEscape) != std::string_view::npos) return {};
  std::string words;
  for (std::size_t begin = 0; begin < text.size();) {
    constexpr std::string_view kBetween = " \t\r\n!\"#$%&'()*+,-./:;<=>?";
    const std::size_t word = std::min(text.find_first_not_of(kBetween, begin), text.size());
    const std::size_t end = std::min(text.find_first_of(kBetween, word), text.size());
    const bool is_kept = !needs_decoding(std::as_bytes(std::span(text.substr(word, end - word))));
    if (is_kept) words += text.substr(words.empty() ? word : begin, end - (words.empty() ? word : begin));
    begin = end;
  }
  return words;
}

std::vector<std::string> split_values(std::string_view text, Vr value_representation) {
  if (value_representation == vr("LT") || value_representation == vr("ST") || value_representation == vr("UT")) {
    return {std::string(text)};
  }
  return texts_of(std::as_bytes(std::span(text)));
}

}  // namespace naru::dicom
