/// The byte strings that ProofSearch searches for, and where among pixels each may stand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/ascii_case.h"
#include "dicom/deidentify/identifiers.h"
#include "dicom/element_walk.h"

/// Compiled for AVX2 as well, and chosen when the program starts: too early for the thread sanitizer.
#if defined(__SANITIZE_THREAD__)
#define NARU_AVX2_CLONE
#else
#define NARU_AVX2_CLONE __attribute__((target_clones("avx2", "default")))
#endif

namespace naru::dicom {

/// The capital letter, of ASCII alone.
constexpr char raise(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return small_letter(c) >= 'a' && small_letter(c) <= 'z'; }
std::vector<std::string> split(std::string_view text, std::string_view separators);

/// Where pixels may hold text, in pieces.
struct TextPieces {
  static constexpr std::size_t kBytes = 4096;
  std::vector<std::size_t> narrow, wide;  ///< offsets of the pieces that may hold text of this kind
};
TextPieces text_pieces(Bytes pixels);

/// How a pattern is searched for among pixels.
enum class AmongPixels {
  never,       ///< too short to prove anything there, or to be searched for in good time (escapes)
  narrow,      ///< where text_pieces sees narrow text
  wide,        ///< where it sees wide text
  everywhere,  ///< 16 bytes or more, so that the search leaps
};

struct Pattern {
  std::string bytes;  ///< folded
  std::string text;   ///< of which they are one encoding, folded
  bool is_date = false;
  AmongPixels among_pixels = AmongPixels::never;
  friend auto operator<=>(const Pattern&, const Pattern&) = default;
};

/// What proves that one of the identifiers is there: sorted, each once.
std::vector<Pattern> make_patterns(const Identifiers& identifiers);

}  // namespace naru::dicom
