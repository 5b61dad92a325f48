#include "pipeline/pixels/text_decision.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "pipeline/pixels/text_confirm.h"

namespace naru {

namespace {

constexpr std::size_t kPersistentSlices = 3;
constexpr std::size_t kLongSeries = 10;             // frames
constexpr std::size_t kLeastShareOfIt = 6;          // a sixth
constexpr float kLongestSign = 1.5;                 // most names of three letters are longer
constexpr float kShortestLine = 1.75;               // what is longer holds the series from
constexpr float kSureLine = 4.3F;                   // these log-odds on
constexpr std::size_t kMostTexts = 12;              // in one frame
constexpr std::size_t kMostTextsOfSeries = 20'000;  // in all frames together
constexpr double kLargestShare = 0.15;              // of one frame
constexpr double kSamePlaceShare = 0.5;             // of the area of both together

/// A single sign may be upright and narrow ("1", "I"), as vertebrae are.
bool is_line(const TextRegion& region) {
  return shape_of(region) >= (region.height > region.width ? kSignShape : kShortestLine);
}

double area(const TextRegion& region) { return static_cast<double>(region.width) * static_cast<double>(region.height); }

bool are_at_one_place(const TextRegion& a, const TextRegion& b) {
  const auto overlap = [](std::int64_t from_a, std::int64_t length_a, std::int64_t from_b, std::int64_t length_b) {
    return std::max<std::int64_t>(0, std::min(from_a + length_a, from_b + length_b) - std::max(from_a, from_b));
  };
  const double shared = static_cast<double>(overlap(a.x, a.width, b.x, b.width)) *
                        static_cast<double>(overlap(a.y, a.height, b.y, b.height));
  return shared >= kSamePlaceShare * (area(a) + area(b) - shared);
}

/// Where text stands in slices of one size.
struct Place {
  std::int64_t columns = 0, rows = 0;
  TextRegion first;                                       ///< by which others are compared
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;  ///< around all
  std::set<std::pair<std::size_t, std::int64_t>> slices;  ///< file, frame
  bool is_blanked = false;                                ///< in all slices, not where a person decides
  bool is_sure = false;  ///< somewhere it is certain, on background, or a line beyond doubt
  bool is_unlikely = false;

  void add(const JudgedText& text) {
    const TextRegion& region = text.found.region;
    left = slices.empty() ? region.x : std::min(left, region.x);
    top = slices.empty() ? region.y : std::min(top, region.y);
    right = std::max(right, region.x + region.width);
    bottom = std::max(bottom, region.y + region.height);
    slices.emplace(text.file, text.frame);
    const bool is_sure_line = is_line(region) && text.found.log_odds >= kSureLine;
    is_sure |= text.found.is_on_background || region.probability >= kCertainText || is_sure_line;
  }
  bool is_persistent() const { return slices.size() >= kPersistentSlices; }
};

struct Places {
  std::vector<Place> places;
  std::vector<std::size_t> of_text;  ///< index of each text's place
};

bool is_alike(const TextLook& look, const Place& place) {
  return look.columns == place.columns && look.rows == place.rows;
}

/// How many frames are as large as those of a place.
std::size_t frames_like(const Place& place, std::span<const TextLook> series) {
  std::size_t count = 0;
  for (const TextLook& look : series) {
    if (is_alike(look, place)) count += look.frames.size();
  }
  return count;
}

Places places_of(const std::vector<JudgedText>& texts, std::span<const TextLook> series) {
  Places found;
  for (const JudgedText& text : texts) {
    const TextLook& look = series[text.file];
    auto place = std::ranges::find_if(found.places, [&](const Place& one) {
      return one.columns == look.columns && one.rows == look.rows && are_at_one_place(one.first, text.found.region);
    });
    if (place == found.places.end()) {
      found.places.push_back({look.columns, look.rows, text.found.region, 0, 0, 0, 0, {}, false});
      place = found.places.end() - 1;
    }
    place->add(text);
    found.of_text.push_back(static_cast<std::size_t>(place - found.places.begin()));
  }
  return found;
}

/// Marks what looks like text over anatomy in few slices of many, nowhere beyond doubt, and beside no other text. A
/// letter on anatomy stands there in every slice, and is found in a quarter of them at least; a bone that looks like
/// one changes from slice to slice.
void mark_unlikely(std::vector<Place>& places, std::span<const TextLook> series) {
  std::set<std::pair<std::size_t, std::int64_t>> sure;  // slices
  for (const Place& place : places) {
    if (place.is_sure) sure.insert(place.slices.begin(), place.slices.end());
  }
  for (Place& place : places) {
    const std::size_t frames = frames_like(place, series);
    const bool is_rare = frames >= kLongSeries && place.slices.size() * kLeastShareOfIt < frames;
    place.is_unlikely =
        is_rare && std::ranges::none_of(place.slices, [&](const auto& one) { return sure.contains(one); });
  }
}

/// True where a rule for the device blanks all of a piece of text, give or take its rim.
bool is_in_a_region(const TextLook& look, const TextRegion& text) {
  constexpr std::int64_t kRim = 2;
  return std::ranges::any_of(look.regions, [&](const dicom::PixelBox& box) {
    return text.x >= box.x - kRim && text.y >= box.y - kRim && text.x + text.width <= box.x + box.width + kRim &&
           text.y + text.height <= box.y + box.height + kRim;
  });
}

bool is_too_much(const std::vector<FoundText>& found, const TextLook& look) {
  double total = 0;
  for (const FoundText& text : found) total += area(text.region);
  return found.size() > kMostTexts ||
         total > kLargestShare * static_cast<double>(look.columns) * static_cast<double>(look.rows);
}

/// Places spread over all slices may add up to more than a frame can lose.
bool is_too_much_blanked(std::span<const TextLook> series, const TextDecision& decision) {
  for (std::size_t file = 0; file < series.size(); ++file) {
    double everywhere = 0;
    for (const dicom::PixelBox& whole : decision.boxes[file]) {
      const dicom::PixelBox box = clipped(whole, series[file].columns, series[file].rows);
      if (box.frame < 0) everywhere += static_cast<double>(box.width) * static_cast<double>(box.height);
    }
    const auto pixels = static_cast<double>(series[file].columns) * static_cast<double>(series[file].rows);
    if (everywhere > kLargestShare * pixels) return true;
  }
  return false;
}

TextRegion region_around(const Place& place) {
  return {place.left, place.top, place.right - place.left, place.bottom - place.top};
}

/// What is blanked in slices in which nothing was found there. @return none where there is more than a report can show
std::optional<std::vector<JudgedText>> unseen_texts(std::span<const TextLook> series,
                                                    const std::vector<Place>& places) {
  std::vector<JudgedText> texts;
  for (const Place& place : places) {
    if (!place.is_blanked) continue;
    const FoundText blanked{region_around(place)};
    for (std::size_t file = 0; file < series.size(); ++file) {
      if (!is_alike(series[file], place)) continue;
      for (std::size_t n = 0; n < series[file].frames.size(); ++n) {
        const auto frame = static_cast<std::int64_t>(n);
        if (place.slices.contains({file, frame})) continue;
        if (texts.size() == kMostTextsOfSeries) return std::nullopt;
        texts.push_back({file, frame, blanked, TextVerdict::unseen, 0});
      }
    }
  }
  return texts;
}

std::vector<JudgedText> all_texts(std::span<const TextLook> series) {
  std::vector<JudgedText> texts;
  for (std::size_t file = 0; file < series.size(); ++file) {
    for (std::size_t frame = 0; frame < series[file].frames.size(); ++frame) {
      const auto& found = series[file].frames[frame];
      std::vector<FoundText> beside;
      std::ranges::copy_if(found, std::back_inserter(beside),
                           [&](const FoundText& text) { return !is_in_a_region(series[file], text.region); });
      const bool is_cut = found.size() >= kMostFoundTexts;  // there may be more, anywhere
      const auto verdict = is_cut || is_too_much(beside, series[file]) ? TextVerdict::too_much : TextVerdict::uncertain;
      for (const FoundText& text : found) {
        const bool is_known = !is_cut && is_in_a_region(series[file], text.region);
        texts.push_back({file, static_cast<std::int64_t>(frame), text, is_known ? TextVerdict::region : verdict, 0});
      }
    }
  }
  return texts;
}

/// What the program makes of a piece of text that is not too much.
TextVerdict judge(const JudgedText& text, Place& place, TextHandling handling) {
  if (text.verdict == TextVerdict::region) return text.verdict;
  if (handling == TextHandling::quarantine) return TextVerdict::unwanted;
  if (text.verdict != TextVerdict::uncertain) return text.verdict;
  if (place.is_unlikely) {
    return shape_of(text.found.region) < kLongestSign ? TextVerdict::unlikely : TextVerdict::doubtful;
  }
  if (!text.found.is_on_background && !place.is_persistent()) return TextVerdict::uncertain;
  place.is_blanked = place.is_persistent();
  return text.found.is_on_background ? TextVerdict::on_background : TextVerdict::persistent;
}

/// Judges all texts; what the program would hold goes by what people decided. @return where they stand
Places judge_all(std::span<const TextLook> series, TextHandling handling, const TextReview& review,
                 std::vector<JudgedText>& texts) {
  const auto is_beside = [](const JudgedText& text) { return text.verdict != TextVerdict::region; };
  const bool is_flood = static_cast<std::size_t>(std::ranges::count_if(texts, is_beside)) > kMostTextsOfSeries;
  Places places = is_flood ? Places() : places_of(texts, series);
  mark_unlikely(places.places, series);
  for (std::size_t n = 0; n < texts.size(); ++n) {
    JudgedText& text = texts[n];
    if (is_flood && !is_beside(text)) continue;
    text.verdict = is_flood ? TextVerdict::too_much : judge(text, places.places[places.of_text[n]], handling);
    if (is_blanked(text.verdict)) continue;
    auto ruling = review.ruling_of ? review.ruling_of(text) : std::nullopt;
    // Of what this build finds and an earlier one did not, nobody could say anything else.
    if (!ruling && review.blanks_all) ruling = Ruling::redact;
    if (ruling == Ruling::redact) text.verdict = TextVerdict::reviewed_redact;
    if (ruling == Ruling::keep) text.verdict = TextVerdict::reviewed_keep;
  }
  return places;
}

/// Sets of what is blanked in which rectangle: the largest one over its middle.
void set_blanked(std::span<const TextLook> series, TextDecision& decision) {
  for (JudgedText& text : decision.texts) {
    if (!is_blanked(text.verdict)) continue;
    const TextLook& look = series[text.file];
    const TextRegion& region = text.found.region;
    const std::int64_t x = region.x + region.width / 2, y = region.y + region.height / 2;
    for (const dicom::PixelBox& whole : both(decision.boxes[text.file], look.regions)) {
      const dicom::PixelBox box = clipped(whole, look.columns, look.rows);
      const bool is_here = (box.frame < 0 || box.frame == text.frame) && x >= box.x && x < box.x + box.width &&
                           y >= box.y && y < box.y + box.height;
      const bool is_larger = !text.blanked || box.width * box.height > text.blanked->width * text.blanked->height;
      if (is_here && is_larger) text.blanked = box;
    }
  }
}

}  // namespace

TextHandling text_handling(std::string_view word) {
  if (word == "keep") return TextHandling::keep;
  return word == "redact" ? TextHandling::redact : TextHandling::quarantine;
}

std::string_view name(TextVerdict verdict) {
  constexpr std::array<std::string_view, 13> kNames = {
      "region",   "on_background", "persistent", "unseen",   "doubtful",    "reviewed", "reviewed",
      "unlikely", "uncertain",     "too_much",   "unwanted", "second_look", "read"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::vector<dicom::PixelBox> both(std::vector<dicom::PixelBox> a, std::span<const dicom::PixelBox> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::vector<JudgedText> shown_texts(const TextLook& look, std::span<const dicom::PixelBox> boxes) {
  std::vector<JudgedText> shown;
  for (std::size_t n = 0; n < look.frames.size(); ++n) {
    const auto frame = static_cast<std::int64_t>(n);
    for (const FoundText& text : look.frames[n]) {
      if (!is_in_boxes(text.region, frame, boxes)) shown.push_back({0, frame, text, TextVerdict::second_look, 0});
    }
  }
  return shown;
}

TextDecision decide_text(std::span<const TextLook> series, TextHandling handling, const TextReview& review) {
  TextDecision decision;
  decision.boxes.resize(series.size());
  decision.kept.resize(series.size());
  if (handling == TextHandling::keep) return decision;
  for (const TextLook& look : series) {
    if (look.problem && !decision.hold) decision.hold = look.problem;
  }
  decision.needs_release = decision.hold.has_value();
  if (decision.needs_release) decision.because = "a picture could not be looked at";
  // Nobody blanks what could not be looked at.
  const bool is_released = review.is_released || (review.blanks_all && !decision.hold);
  if (is_released) decision.hold.reset();
  decision.texts = all_texts(series);
  const Places places = judge_all(series, handling, review, decision.texts);
  if (!std::ranges::all_of(decision.texts, is_settled, &JudgedText::verdict)) {
    decision.hold = decision.hold.value_or(Code::text_suspected);
  }
  if (decision.hold) return decision;
  for (const JudgedText& text : decision.texts) {
    if (text.verdict == TextVerdict::region) continue;  // blanked without our doing
    auto& boxes = is_blanked(text.verdict) ? decision.boxes : decision.kept;
    boxes[text.file].push_back(box_of(text.found.region, text.frame));
  }
  // What stands in several slices stands in those between them as well, seen or not.
  for (const Place& place : places.places) {
    if (!place.is_blanked) continue;
    for (std::size_t file = 0; file < series.size(); ++file) {
      if (is_alike(series[file], place)) decision.boxes[file].push_back(box_of(region_around(place), -1));
    }
  }
  for (auto& boxes : decision.boxes) boxes = both(std::move(boxes), between_words(boxes));
  const auto unseen = unseen_texts(series, places.places);
  if (!unseen || is_too_much_blanked(series, decision)) {
    decision.needs_release = true;
    if (decision.because.empty()) decision.because = "more would be blanked than pictures can lose";
    if (!is_released) {
      decision.hold = Code::text_suspected;
      decision.boxes.assign(series.size(), {});
      decision.kept.assign(series.size(), {});
      return decision;
    }
  }
  if (unseen) decision.texts.insert(decision.texts.end(), unseen->begin(), unseen->end());
  set_blanked(series, decision);
  return decision;
}

}  // namespace naru
