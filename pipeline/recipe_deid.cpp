#include "pipeline/recipe_deid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/descriptors.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMaxDateShiftDays = 36500;  ///< a century
constexpr std::int64_t kMaxMatrix = 65535;         ///< Rows and Columns are US
constexpr std::size_t kMaxWords = 10000, kMaxWordBytes = 256, kMaxTextBytes = 64;

constexpr std::array<std::string_view, 6> kActionWords = {"X", "Z", "D", "K", "C", "U"};
constexpr std::array<dicom::DeidAction, 6> kActions = {dicom::DeidAction::X, dicom::DeidAction::Z,
                                                       dicom::DeidAction::D, dicom::DeidAction::K,
                                                       dicom::DeidAction::C, dicom::DeidAction::U};

/// Exactly `digits` hexadecimal digits.
std::optional<std::uint32_t> hexadecimal(std::string_view text, std::size_t digits) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number, 16);
  if (text.size() != digits || failure != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string tag_text(dicom::Tag tag) { return fmt::format("({:04X},{:04X})", tag >> 16, tag & 0xFFFF); }

/// "(0008,1030)": of a standard attribute that a data set may hold and a rule may change.
dicom::Tag attribute_tag(const TomlValue& value) {
  const std::string text = value.string();
  const bool has_form = text.size() == 11 && text[0] == '(' && text[5] == ',' && text[10] == ')';
  const auto group = has_form ? hexadecimal(std::string_view(text).substr(1, 4), 4) : std::nullopt;
  const auto element = has_form ? hexadecimal(std::string_view(text).substr(6, 4), 4) : std::nullopt;
  if (!group || !element) value.fail("must be a tag in the form \"(0008,1030)\"");
  if (*group % 2 == 1) value.fail("is a private tag: write a row of [deidentify] private");
  const dicom::Tag tag = *group << 16 | *element;
  // What holds a file together, or says how it was de-identified.
  constexpr std::array<dicom::Tag, 21> kFixed = {
      0x7FE00008, 0x7FE00009, dicom::kPixelData, 0x00080005, 0x00080016, 0x00080018, 0x0020000D,
      0x0020000E, 0x00120062, 0x00120063,        0x00120064, 0x00280303, 0x00280002, 0x00280004,
      0x00280008, 0x00280010, 0x00280011,        0x00280100, 0x00280101, 0x00280102, 0x00280103};
  if (*group < 0x0008 || *group == 0xFFFE || std::ranges::find(kFixed, tag) != kFixed.end()) {
    value.fail("is no attribute that a rule can change");
  }
  return tag;
}

/// Overlays, curves, pixels in retired groups, tables of offsets and lengths of groups: what a rule says of them is
/// never asked.
bool always_goes(dicom::Tag tag) { return dicom::is_overlay_or_curve(tag) || tag >> 24 == 0x7F || (tag & 0xFFFF) == 0; }

/// Icon Image Sequence: pixels in a sequence are removed in any case, and an icon without them is no icon.
constexpr dicom::Tag kIconImage = 0x00880200;

/// UIDs, or a sequence of references.
bool holds_uids(dicom::Tag tag) {
  const auto vr = dicom::standard_vr(tag);
  return vr == dicom::vr("UI") || vr == dicom::vr("SQ");
}

std::string text_of(const TomlValue& value, std::size_t max_bytes, bool may_be_empty = false) {
  std::string text = value.string();
  if (text.size() > max_bytes || (text.empty() && !may_be_empty)) {
    value.fail(fmt::format("must have {} to {} bytes", may_be_empty ? 0 : 1, max_bytes));
  }
  return text;
}

std::int64_t between(const TomlValue& value, std::int64_t least, std::int64_t most) {
  const std::int64_t number = value.count();
  if (number < least || number > most) value.fail(fmt::format("must lie between {} and {}", least, most));
  return number;
}

dicom::PixelRegion read_region(const TomlTable& row) {
  dicom::PixelRegion region;
  region.modality = text_of(row.at("modality"), kMaxTextBytes);
  region.manufacturer = text_of(row.at("manufacturer"), kMaxTextBytes);
  if (row.has("model")) region.model = text_of(row.at("model"), kMaxTextBytes, true);
  region.rows = between(row.at("rows"), 1, kMaxMatrix);
  region.columns = between(row.at("columns"), 1, kMaxMatrix);
  region.x = between(row.at("x"), 0, region.columns - 1);
  region.y = between(row.at("y"), 0, region.rows - 1);
  region.width = between(row.at("width"), 1, region.columns - region.x);
  region.height = between(row.at("height"), 1, region.rows - region.y);
  return region;
}

}  // namespace

void read_options(const TomlValue& value, Recipe& recipe) {
  recipe.options = value.strings();
  dicom::DeidOptions options;
  for (const std::string& name : recipe.options) {
    const auto option = dicom::deid_option_from_name(name);
    if (!option) {
      std::vector<std::string_view> known;
      for (const dicom::DeidOptionInfo& row : dicom::deid_options()) known.push_back(row.name);
      value.fail(fmt::format("knows no \"{}\"; known: {}", name, fmt::join(known, ", ")));
    }
    options.add(*option);
  }
  if (const auto problem = dicom::contradiction(options)) value.fail(*problem);
}

void read_attributes(const TomlValue& value, Recipe& recipe) {
  constexpr std::array<std::string_view, 2> kKnown = {"tag", "action"};
  std::set<dicom::Tag> seen;
  for (const TomlTable& row : value.tables(kKnown)) {
    const dicom::Tag tag = attribute_tag(row.at("tag"));
    const dicom::DeidAction action = kActions[row.at("action").one_of(kActionWords)];
    if (action == dicom::DeidAction::U && !holds_uids(tag)) {
      row.fail(fmt::format("names {}, which holds no UIDs, and \"U\" replaces UIDs alone", tag_text(tag)));
    }
    if (action != dicom::DeidAction::X && always_goes(tag)) {
      row.fail(fmt::format("names {}, which is removed in any case: \"X\" alone is true of it", tag_text(tag)));
    }
    if (tag == kIconImage && (action == dicom::DeidAction::K || action == dicom::DeidAction::C)) {
      row.fail(
          fmt::format("names {}, whose pixels are removed in any case: \"X\" takes the rest of it", tag_text(tag)));
    }
    if (!seen.insert(tag).second) row.fail(fmt::format("names {} twice", tag_text(tag)));
    recipe.attributes.push_back({tag, action});
  }
}

void read_private_elements(const TomlValue& value, Recipe& recipe) {
  constexpr std::array<std::string_view, 4> kKnown = {"group", "creator", "element", "keep"};
  std::set<std::tuple<std::uint16_t, std::string, std::uint8_t>> seen;
  for (const TomlTable& row : value.tables(kKnown)) {
    dicom::PrivateOverride rule;
    const auto group = hexadecimal(row.at("group").string(), 4);
    if (!group || *group % 2 == 0 || *group < 0x0009 || *group == 0xFFFF) {
      row.at("group").fail("must be four hexadecimal digits of an odd group, e.g. \"0019\"");
    }
    rule.group = static_cast<std::uint16_t>(*group);
    rule.creator = text_of(row.at("creator"), kMaxTextBytes);
    if (rule.creator.front() == ' ' || rule.creator.back() == ' ') {
      row.at("creator").fail(
          "must have no blanks around it: they are padding, and no file's creator would be the same");
    }
    const auto element = hexadecimal(row.at("element").string(), 2);
    if (!element) row.at("element").fail("must be two hexadecimal digits: the element within its block, e.g. \"0C\"");
    rule.element = static_cast<std::uint8_t>(*element);
    rule.keep = row.at("keep").boolean();
    if (!seen.emplace(rule.group, rule.creator, rule.element).second) row.fail("names one element twice");
    recipe.private_elements.push_back(std::move(rule));
  }
}

void read_words(const TomlValue& value, std::vector<std::string>& words) {
  words = value.strings();
  if (words.size() > kMaxWords) value.fail(fmt::format("may hold {} words at most", kMaxWords));
  for (const std::string& word : words) {
    if (word.empty() || word.size() > kMaxWordBytes) {
      value.fail(fmt::format("must be a list of words of 1 to {} bytes", kMaxWordBytes));
    }
  }
}

void read_date_shift_bound(const TomlValue& value, Recipe& recipe) {
  recipe.date_shift_bound_days = static_cast<int>(between(value, 1, kMaxDateShiftDays));
}

void read_classes(const TomlValue& value, Recipe& recipe) {
  recipe.classes = value.strings();
  std::ranges::sort(recipe.classes);
  const bool is_known = std::ranges::all_of(
      recipe.classes, [](const std::string& one) { return one == "A" || one == "B" || one == "C"; });
  const bool is_twice = std::ranges::adjacent_find(recipe.classes) != recipe.classes.end();
  if (!is_known || is_twice || recipe.classes.empty()) value.fail("must name one or more of \"A\", \"B\" and \"C\"");
}

void read_thresholds(const TomlValue& value, Recipe& recipe) {
  constexpr double kLeast = 0.05, kMost = 0.99;
  const std::vector<double> numbers = value.numbers(2);
  if (numbers[0] < kLeast || numbers[0] > numbers[1] || numbers[1] > kMost) {
    value.fail(fmt::format("must be [low, high] with {} <= low <= high <= {}", kLeast, kMost));
  }
  recipe.thresholds = std::array{numbers[0], numbers[1]};
}

void read_regions(const TomlValue& value, Recipe& recipe) {
  constexpr std::array<std::string_view, 9> kKnown = {"modality", "manufacturer", "model", "rows", "columns", "x",
                                                      "y",        "width",        "height"};
  for (const TomlTable& row : value.tables(kKnown)) recipe.regions.push_back(read_region(row));
}

Json attributes_json(const Recipe& recipe) {
  Json rows;
  for (const auto& [tag, action] : recipe.attributes) {
    rows.push_back({{"tag", tag_text(tag)}, {"action", dicom::name(action)}});
  }
  return rows;
}

Json private_elements_json(const Recipe& recipe) {
  Json rows;
  for (const dicom::PrivateOverride& rule : recipe.private_elements) {
    rows.push_back({{"group", fmt::format("{:04X}", rule.group)},
                    {"creator", rule.creator},
                    {"element", fmt::format("{:02X}", rule.element)},
                    {"keep", rule.keep}});
  }
  return rows;
}

Json words_json(const std::vector<std::string>& words) { return words.empty() ? Json(nullptr) : Json(words); }

Json date_shift_bound_json(const Recipe& recipe) {
  return recipe.date_shift_bound_days ? Json(*recipe.date_shift_bound_days) : Json(nullptr);
}

Json classes_json(const Recipe& recipe) { return recipe.classes.empty() ? Json(nullptr) : Json(recipe.classes); }

Json thresholds_json(const Recipe& recipe) { return recipe.thresholds ? Json(*recipe.thresholds) : Json(nullptr); }

Json regions_json(const Recipe& recipe) {
  Json rows;
  for (const dicom::PixelRegion& r : recipe.regions) {
    rows.push_back({{"modality", r.modality},
                    {"manufacturer", r.manufacturer},
                    {"model", r.model},
                    {"rows", r.rows},
                    {"columns", r.columns},
                    {"x", r.x},
                    {"y", r.y},
                    {"width", r.width},
                    {"height", r.height}});
  }
  return rows;
}

TextThresholds Recipe::text_thresholds() const {
  if (!thresholds) return {};
  return {static_cast<float>((*thresholds)[0]), static_cast<float>((*thresholds)[1])};
}

namespace {

bool has_option(const Recipe& recipe, std::string_view name) {
  return std::ranges::find(recipe.options, name) != recipe.options.end();
}

bool keeps_what_it_removes(const Recipe& recipe) {
  return std::ranges::any_of(recipe.keep_words, [&](const std::string& word) {
    const auto is_same = [&](const std::string& other) { return dicom::is_same_phrase(word, other); };
    return std::ranges::any_of(recipe.remove_words, is_same);
  });
}

constexpr std::array kDeidRules = {
    RecipeRule{"pixels.regions",
               [](const Recipe& r) { return !r.regions.empty() && !has_option(r, "clean-pixel-data"); },
               "[pixels] regions are blanked by the option \"clean-pixel-data\" of [deidentify] alone: add it"},
    RecipeRule{
        "deidentify.options",
        [](const Recipe& r) { return has_option(r, "clean-recognizable-visual-features") && r.face != "remove"; },
        "[deidentify] \"clean-recognizable-visual-features\" is done by [pixels] face = \"remove\": set it"},
    RecipeRule{"deidentify.remove_words", keeps_what_it_removes,
               "[deidentify] keep_words and remove_words hold the same word"},
};

}  // namespace

std::span<const RecipeRule> deid_rules() { return kDeidRules; }

dicom::DeidentifyPolicy policy_of(const Recipe& recipe) {
  dicom::DeidentifyPolicy policy;
  for (const std::string& name : recipe.options) policy.options.add(*dicom::deid_option_from_name(name));
  if (recipe.text == "redact") policy.options.add(dicom::DeidOption::clean_pixel_data);
  if (recipe.face == "remove") policy.options.add(dicom::DeidOption::clean_recognizable_visual_features);
  policy.looks_for_text = recipe.looks_for_text();
  policy.attributes = recipe.attributes;
  policy.private_elements = recipe.private_elements;
  policy.regions = recipe.regions;
  policy.keep_words = recipe.keep_words;
  policy.remove_words = recipe.remove_words;
  if (recipe.date_shift_bound_days) policy.date_shift_bound_days = *recipe.date_shift_bound_days;
  return policy;
}

}  // namespace naru
