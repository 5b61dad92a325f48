#include "pipeline/deid_dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/digest.h"
#include "dicom/deidentify/proof.h"
#include "dicom/rules/private_rules.h"
#include "pipeline/allow_list.h"
#include "pipeline/pixels/stack_face.h"
#include "pipeline/toml_value.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

Json counts_json(std::span<const DeidInstance> instances, const dicom::DeidCounts& counts) {
  std::set<std::string_view> patients, studies, series;
  std::map<std::string, std::size_t> by_modality, by_pixels = {{"changed", 0}, {"kept", 0}};
  for (const DeidInstance& instance : instances) {
    patients.insert(instance.patient);
    studies.insert(instance.study);
    series.insert(instance.series);
    ++by_modality[instance.modality.empty() ? "other" : instance.modality];
    ++by_pixels[instance.pixels_are_kept ? "kept" : "changed"];
  }
  return {{"instances", instances.size()}, {"patients", patients.size()}, {"studies", studies.size()},
          {"series", series.size()},       {"by_modality", by_modality},  {"by_pixels", by_pixels},
          {"by_action", counts.by_action}};
}

Json deid_json(std::span<const DeidInstance> instances, const dicom::DeidCounts& counts, const Recipe& recipe,
               const std::string& project) {
  const dicom::DeidentifyPolicy policy = policy_of(recipe);
  const Recipe told = deliverable(recipe);
  dicom::DeidentifyPolicy of_all = policy;  // pixels are cleaned where there is something to clean
  of_all.options.remove(dicom::DeidOption::clean_pixel_data);
  of_all.options.remove(dicom::DeidOption::clean_recognizable_visual_features);
  return {{"schema", "naru.deid-dataset/1"},
          {"name", project},
          {"schemas", {{"manifest", "naru.deid-manifest/1"}, {"recipe", "naru.recipe/1"}}},
          {"tool", {{"name", "naru"}, {"version", kVersion}}},
          {"recipe", to_json(told)},
          {"recipe_sha256", recipe_sha256(told)},
          {"words_withheld", recipe.keep_words.size() + recipe.remove_words.size()},
          {"profile", "DICOM PS3.15 2026d Basic Application Level Confidentiality Profile"},
          {"options", recipe.options},
          {"weaker_than_profile", policy.is_weaker_than_profile()},
          {"method", dicom::method_texts(of_all, kVersion)},
          {"attribute_rules_sha256", dicom::attribute_rules_sha256()},
          {"private_rules_sha256", dicom::private_rules_sha256()},
          {"counts", counts_json(instances, counts)}};
}

std::string options_text(const Recipe& recipe) {
  std::string text;
  for (const std::string& option : recipe.options) text += fmt::format("- `{}`\n", option);
  return text.empty() ? "- none\n" : text;
}

/// Numbers stand in dataset.json alone, so that this text can be searched as it is.
std::string deid_card(const Recipe& recipe, const std::string& project) {
  const bool is_weaker = policy_of(recipe).is_weaker_than_profile();
  return fmt::format(
      R"card(# Data card: {}

DICOM instances de-identified by Naru {}: one file each, at `PATIENT/STUDY/SERIES/INSTANCE.dcm`, named by their new
identifiers. `manifest.jsonl` has one line an instance, `dataset.json` the recipe and the counts.

## What was done

DICOM PS3.15, edition 2026d, Annex E: the Basic Application Level Confidentiality Profile by recipe `{}`{}
With these options:

{}
- Every element at any depth was treated by the standard's table; those that neither the table nor the data dictionary
  knows were removed. (0012,0062), (0012,0063) and (0012,0064) of each file say what ran.
- Identifiers and UIDs are pseudonyms under a key that stays with the hospital. References between files hold.
- Pixel Data are the source's bytes in the source's transfer syntax where the manifest says `kept`.
- Every byte of every file and of these documents was searched for what had been removed before anything was released;
  files for which that could not be proven were held back.

## What to mind

- Burned-in text: {}.
- Faces: {}.

## Check

```
sha256sum -c SHA256SUMS
naru verify .
```
)card",
      project, kVersion, recipe.name,
      is_weaker ? ", weakened by rules of the hospital's own: it may not claim the profile." : ".",
      options_text(recipe),
      !recipe.looks_for_text()
          ? "not searched for; regions that the recipe names were blanked"
          : "searched for in every picture; what was found was blanked, left where a person had judged "
            "that it identifies nobody, or its series held back; a detector does not find all of it",
      face_statement(face_handling(recipe.face)));
}

/// The words of a text: runs of letters, digits and bytes beyond ASCII.
void collect_words(std::string_view text, std::set<std::string>& words) {
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.insert(std::move(word));
    word.clear();
  };
  for (const char c : text) {
    const bool is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           static_cast<unsigned char>(c) >= 0x80;
    if (is_letter) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
}

/// What may stand in a line of the manifest whatever the header held: the words of a made-up one.
std::string words_of_manifest() {
  DeidInstance any;
  any.sop_class_uid = "1.2.840.10008.5.1.4.1.1.2";
  any.transfer_syntax_uid = "1.2.840.10008.1.2.1";
  std::string text = to_json(any).dump();
  any.pixels_are_kept = false;
  text += to_json(any).dump();
  for (const std::string_view word : public_modalities()) text += fmt::format(" {}", word);
  // Of dataset.json's counts, and the engine's reasons to change pixels.
  return text + " other region overlay comment jpeg_comment trailing_bytes";
}

/// Blanks the numbers of JSON: counts and sizes.
void blank_numbers(std::string& json) {
  bool is_in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (is_in_string && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      is_in_string = !is_in_string;
    } else if (!is_in_string && json[i] >= '0' && json[i] <= '9') {
      json[i] = ' ';
    }
  }
}

/// Blanks the keys of JSON that are words of Naru: the same whomever it is about. Those that come of a header, as
/// modalities do, are capitals.
void blank_keys(std::string& json) {
  constexpr std::string_view kOfWords = "abcdefghijklmnopqrstuvwxyz0123456789_";
  for (std::size_t at = 0; (at = json.find('"', at)) != std::string::npos; ++at) {
    const std::size_t end = json.find_first_not_of(kOfWords, at + 1);
    if (end == std::string::npos || json.compare(end, 2, "\":") != 0) continue;
    std::fill(json.begin() + static_cast<std::ptrdiff_t>(at), json.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    at = end;
  }
}

/// Blanks whole lines that a document has without any instance too: a patient may be called as some words of it.
void blank_lines(std::string& text, const std::string& of_no_instance) {
  std::set<std::string_view> known;
  const auto each_line = [](std::string_view all, const auto& use) {
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = std::min(all.find('\n', begin), all.size());
      use(begin, all.substr(begin, end - begin));
      begin = end + 1;
    }
  };
  each_line(of_no_instance, [&](std::size_t, std::string_view line) { known.insert(line); });
  each_line(text, [&](std::size_t begin, std::string_view line) {
    if (known.contains(line)) std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), line.size(), ' ');
  });
}

/// Blanks checksums and pseudonyms: among so many digits short ids are found by chance.
void blank_digests(std::string& text) {
  constexpr std::size_t kDigestDigits = 64, kPseudonymDigits = 16;
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::array<std::string_view, 4> kKinds = {"patient-", "study-", "series-", "case-"};
  for (std::size_t begin = 0; (begin = text.find_first_of(kDigits, begin)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kDigits, begin), text.size());
    const std::string_view before = std::string_view(text).substr(0, begin);
    const bool is_pseudonym =
        end - begin == kPseudonymDigits &&
        std::ranges::any_of(kKinds, [&](std::string_view kind) { return before.ends_with(kind); });
    if (is_pseudonym || end - begin == kDigestDigits)
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(end),
                ' ');
    begin = end;
  }
}

}  // namespace

Recipe deliverable(Recipe recipe) {
  recipe.keep_words.clear();
  recipe.remove_words.clear();
  return recipe;
}

std::string deliverable_toml(std::string_view toml) {
  toml::table recipe = parse_toml(toml, {"recipe", ErrorCode::recipe_invalid});
  if (toml::table* const rules = recipe["deidentify"].as_table()) {
    rules->erase("keep_words");
    rules->erase("remove_words");
  }
  std::ostringstream text;
  text << recipe << '\n';
  return text.str();
}

DeidDocuments deid_documents(std::span<const DeidInstance> instances, const dicom::DeidCounts& counts,
                             const Recipe& recipe, const std::string& project) {
  DeidDocuments documents;
  std::map<std::string, std::string> sums;  // by path: sorted
  std::string& manifest = documents["manifest.jsonl"];
  for (const DeidInstance& instance : instances) {
    manifest += json_line(to_json(instance));
    sums[instance.file()] = instance.facts.sha256;
  }
  documents["dataset.json"] = deid_json(instances, counts, recipe, project).dump(2) + "\n";
  documents["README.md"] = deid_card(recipe, project);
  for (const auto& [name, text] : documents) sums[name] = sha256_hex(text);
  std::string& lines = documents["SHA256SUMS"];
  for (const auto& [path, sha256] : sums) lines += fmt::format("{}  {}\n", sha256, path);
  return documents;
}

std::string written_by_people(const Recipe& recipe, const std::string& project) {
  const Publication& p = recipe.publication;
  std::vector<std::string_view> texts = {recipe.name, project, p.license, p.creator, p.url, p.version};
  texts.insert(texts.end(), recipe.modality.begin(), recipe.modality.end());
  for (const dicom::PrivateOverride& rule : recipe.private_elements) texts.push_back(rule.creator);
  for (const dicom::PixelRegion& rule : recipe.regions) {
    texts.insert(texts.end(), {rule.modality, unknown_of_manufacturer(rule.manufacturer), rule.model});
  }
  return fmt::format("{}\n", fmt::join(texts, "\n"));
}

void prove_documents(const DeidDocuments& documents, const DeidDocuments& of_no_instance, const std::string& written,
                     const dicom::Identifiers& identifiers) {
  std::set<std::string> known;
  collect_words(words_of_manifest(), known);
  std::vector<std::string> of_ours = {"default"};
  for (const BuiltinRecipe& builtin : builtin_recipes()) of_ours.emplace_back(builtin.name);
  dicom::Identifiers but_places = identifiers;
  but_places.places.clear();
  if (dicom::ProofSearch(but_places)
          .find(std::as_bytes(std::span(written)), dicom::ProofSearch::Where::text, dicom::AllowedTexts(of_ours))) {
    throw Error(ErrorCode::internal,
                "the name of the project, or a text of the recipe that is published (name, modality of [select], "
                "creator of [deidentify] private, [[pixels.regions]], [output]), identifies someone: nothing was "
                "published; change it");
  }
  for (const auto& [name, text] : of_no_instance) collect_words(text, known);
  const std::vector<std::string> allowed(known.begin(), known.end());
  const dicom::AllowedTexts allowed_texts(allowed);
  const dicom::ProofSearch search(identifiers);
  const auto searched = [](const std::string& name, std::string bytes) {
    const bool is_json = name.ends_with(".json") || name.ends_with(".jsonl");
    if (is_json) blank_numbers(bytes);
    if (is_json) blank_keys(bytes);
    blank_digests(bytes);
    return bytes;
  };
  for (const auto& [name, text] : documents) {
    std::string bytes = searched(name, text);
    const auto of_none = of_no_instance.find(name);
    if (of_none != of_no_instance.end()) blank_lines(bytes, searched(name, of_none->second));
    if (!search.find(std::as_bytes(std::span(bytes)), dicom::ProofSearch::Where::text, allowed_texts)) continue;
    throw Error(
        ErrorCode::internal,
        fmt::format("{} holds a word that identifies someone: nothing was published; please report this", name));
  }
}

}  // namespace naru
