/// Searches bytes for identifiers: the last gate before anything leaves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/identifiers.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

/// Texts that an output holds for other reasons than the identifier that they happen to equal: a date that is the
/// result of a shift, the words of a document that were written without looking at any file.
class AllowedTexts {
 public:
  AllowedTexts() = default;
  /// The texts and each of their words.
  explicit AllowedTexts(std::span<const std::string> texts);
  /// The text alone, without its words.
  void allow(std::string_view text);
  /// @param folded in small letters
  bool contains(const std::string& folded) const { return folded_.contains(folded); }

 private:
  std::set<std::string> folded_;
};

/// Many byte strings, searched for at once (Wu and Manber 1994: a shift table over pairs of bytes), in time that does
/// not grow with their number.
///
/// Each identifier is searched for in every encoding of CharacterSet::all_encodings, names also by their single
/// components, reversed and joined. What proves nothing is no pattern: short words, numbers of less than five digits,
/// single names that are protocol words too, placeholders such as "ANONYMOUS". A pattern of ASCII letters and digits
/// must stand alone: hits inside a longer word, number or UID do not count. Case of ASCII letters is ignored.
class ProofSearch {
 public:
  /// Where the bytes come from decides how short a pattern may be to prove anything.
  enum class Where {
    text,    ///< headers, JSON, names: every pattern
    binary,  ///< pixels: patterns with letters from 7 characters on (in UTF-16, or
             ///< with escapes, from 16 bytes on), numbers and UIDs from 12 on
  };

  explicit ProofSearch(const Identifiers& identifiers);
  ~ProofSearch();
  ProofSearch(ProofSearch&&) noexcept;
  ProofSearch& operator=(ProofSearch&&) noexcept;

  std::size_t pattern_count() const;

  /// The offset of the first hit in `bytes`; empty where there is none.
  struct Hit {
    std::size_t offset = 0;
    std::size_t pattern = 0;
  };
  /// @param allowed hits of these do not count
  std::optional<Hit> find(Bytes bytes, Where where, const AllowedTexts& allowed = {}) const;

  /// As `find`, for the patterns of several searches: the first hit of the first that has one.
  static std::optional<Hit> find_any(std::span<const ProofSearch* const> searches, Bytes bytes, Where where,
                                     const AllowedTexts& allowed);

 private:
  static std::vector<std::size_t> wide_words_of(std::span<const ProofSearch* const> searches, Bytes bytes,
                                                std::span<const std::size_t> pieces);

  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace naru::dicom
