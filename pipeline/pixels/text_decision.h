/// What is done about text that was found: a pure function of what a series shows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "dicom/deidentify/policy.h"
#include "pipeline/pixels/text_box.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/review/decision.h"

namespace naru {

/// [pixels] text of a recipe.
enum class TextHandling {
  keep,        ///< nobody looks
  redact,      ///< what is sure is blanked, what is not is held
  quarantine,  ///< a series that shows text is held
};

/// @pre `word` is one that a recipe may give
TextHandling text_handling(std::string_view word);

/// Why a piece of text was blanked, or why it holds its series. As written to pixels.jsonl.
enum class TextVerdict {
  region,           ///< where a rule for the device blanks in any case
  on_background,    ///< nothing but black around it: blanked
  persistent,       ///< over anatomy, at one place of three slices or more: blanked in all of them
  unseen,           ///< at the place of persistent text, in a slice where nothing was found there: blanked
  doubtful,         ///< as unlikely, but long enough for three characters: blanked where it stands
  reviewed_redact,  ///< a person said so: blanked
  reviewed_keep,    ///< a person said that it identifies nobody: left
  unlikely,         ///< over anatomy in few slices of a long series, and in none beyond doubt: left
  uncertain,        ///< over anatomy and at no fixed place: held
  too_much,         ///< more than 12 pieces, or 15 % of a frame: held
  unwanted,         ///< the recipe holds whatever shows text
  second_look,      ///< it shows where text was blanked already: held
  read,             ///< one of the patient's words can be read beside what was blanked: held
};
std::string_view name(TextVerdict verdict);
constexpr bool is_blanked(TextVerdict verdict) { return verdict <= TextVerdict::reviewed_redact; }
constexpr bool is_settled(TextVerdict verdict) { return verdict <= TextVerdict::unlikely; }

/// One piece of text, and what was made of it.
struct JudgedText {
  std::size_t file = 0;  ///< index into the series, unless told otherwise
  std::int64_t frame = 0;
  FoundText found;
  TextVerdict verdict = TextVerdict::uncertain;
  std::size_t volume = 0;                    ///< of a 4-D case
  std::optional<dicom::PixelBox> blanked{};  ///< the whole rectangle, within the frame; none where it stays
};

/// What people decided about a series.
struct TextReview {
  bool is_released = false;  ///< it needs no other decision than those on its pieces of text
  std::function<std::optional<Ruling>(const JudgedText&)> ruling_of;  ///< may be empty
  /// Likewise, where all of it could be looked at: what is found and has no ruling of its own is blanked.
  bool blanks_all = false;
};

struct TextDecision {
  std::optional<Code> hold;       ///< the whole series: text_suspected, or why a file could not be looked at
  bool needs_release = false;     ///< held for more than pieces of text that nobody decided about
  std::string_view because{};     ///< of what, in words for people; empty where it does not need release
  std::vector<JudgedText> texts;  ///< all that was found, by file and frame
  /// What to blank in each file of the series; none where the series is held.
  std::vector<std::vector<dicom::PixelBox>> boxes;
  /// Where text may stay, since a person said so or it is none, in each file; none where the series is held.
  std::vector<std::vector<dicom::PixelBox>> kept;
};

/// Boxes of both.
std::vector<dicom::PixelBox> both(std::vector<dicom::PixelBox> a, std::span<const dicom::PixelBox> b);

/// What a second look, at what was blanked, still shows beside `boxes` (blanked, or kept by a person).
/// @return with verdict second_look; `file` is 0
std::vector<JudgedText> shown_texts(const TextLook& look, std::span<const dicom::PixelBox> boxes);

/// @param series what each file of one series shows
TextDecision decide_text(std::span<const TextLook> series, TextHandling handling, const TextReview& review = {});

}  // namespace naru
