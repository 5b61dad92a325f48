/// Words and rows of words that are looked for in texts whatever their case and width.
#pragma once

#include <algorithm>
#include <string_view>

#include "dicom/deidentify/descriptor_index.h"
#include "dicom/deidentify/descriptor_text.h"

namespace naru::dicom {

/// Of a hospital's own list, or such as a text gave away.
class PhraseList {
 public:
  void add(std::string_view words) {
    const FoldedText text(words);
    if (text.tokens().empty()) return;
    WordHash hash = kHashSeed;
    for (const Token& token : text.tokens()) hash = hash_on(hash, text.folded(token));
    index_.add(hash, text.chars()[text.tokens()[0].begin].code, true);
    most_tokens_ = std::max(most_tokens_, text.tokens().size());
  }

  /// Calls `f` with the first and the last token of each row of words that is on the list.
  template <typename F>
  void for_each(const FoldedText& text, F f) const {
    const auto& tokens = text.tokens();
    for (std::size_t i = 0; i < tokens.size() && !index_.empty(); ++i) {
      WordHash hash = kHashSeed;
      for (std::size_t last = i; last < std::min(tokens.size(), i + most_tokens_); ++last) {
        constexpr std::size_t kLongestGap = 3;
        if (last > i && text.gap_before(last).size() > kLongestGap) break;
        hash = hash_on(hash, text.folded(tokens[last]));
        if (index_.contains(hash)) f(tokens[i], tokens[last]);
      }
    }
  }

 private:
  WordIndex<bool> index_;
  std::size_t most_tokens_ = 1;
};

}  // namespace naru::dicom
