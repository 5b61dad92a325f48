#include "pipeline/dataset.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "pipeline/files.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/pixels/stack_face.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// What was done about text in the pixels of all cases.
std::string_view text_statement(std::span<const CasePlan> plans) {
  const bool was_looked = std::ranges::all_of(plans, [](const CasePlan& plan) { return plan.recipe.looks_for_text(); });
  return was_looked
             ? "searched for in every slice; what was found was blanked, left where a person had judged that it "
               "identifies nobody, or its series held back; a detector does not find all of it"
             : "not examined; series that declare burned-in annotation were held back, unless a person released them";
}

/// Of the recipe that does least.
std::string_view face_statement_of(std::span<const CasePlan> plans) {
  const auto least =
      std::ranges::min_element(plans, {}, [](const CasePlan& plan) { return face_handling(plan.recipe.face); });
  return face_statement(least == plans.end() ? FaceHandling::keep : face_handling(least->recipe.face));
}

struct Counts {
  std::size_t cases = 0, patients = 0, studies = 0, series = 0;
  std::map<std::string, std::size_t> by_modality, by_split;
};

Counts count(std::span<const CasePlan> plans) {
  Counts counts;
  std::set<std::string> patients, studies, series;
  for (const CasePlan& plan : plans) {
    patients.insert(plan.patient);
    studies.insert(plan.study);
    series.insert(plan.series);
    ++counts.by_modality[plan.modality];
    if (plan.split) ++counts.by_split[std::string(*plan.split)];
  }
  counts.cases = plans.size();
  counts.patients = patients.size();
  counts.studies = studies.size();
  counts.series = series.size();
  return counts;
}

Json dataset_json(std::span<const CasePlan> plans, const Counts& counts, const DatasetFacts& facts) {
  std::map<std::string, const Recipe*> recipes;
  for (const CasePlan& plan : plans) recipes.emplace(plan.recipe_sha256, &plan.recipe);
  Json recipe_list = Json::array();
  for (const auto& [sha256, recipe] : recipes)
    recipe_list.push_back({{"sha256", sha256}, {"recipe", to_json(*recipe)}});
  Json dataset = {
      {"schema", "naru.dataset/1"},
      {"name", facts.project},
      {"schemas", {{"manifest", "naru.manifest/1"}, {"recipe", "naru.recipe/1"}}},
      {"tool", {{"name", "naru"}, {"version", kVersion}}},
      {"device", facts.device},
      {"recipe", recipes.size() == 1 ? to_json(*recipes.begin()->second) : Json(nullptr)},
      {"recipes", std::move(recipe_list)},
      {"words_withheld", plans.empty() ? 0 : plans.front().words_withheld},  // without --recipe there are none
      {"counts",
       {{"cases", counts.cases},
        {"patients", counts.patients},
        {"studies", counts.studies},
        {"series", counts.series},
        {"by_modality", counts.by_modality},
        {"by_split", counts.by_split}}},
      {"deidentification",
       {{"method", "no header of the source is copied; pseudonyms are HMAC-SHA-256 under the project's key"},
        {"burned_in_text", text_statement(plans)},
        {"faces", face_statement_of(plans)}}},
  };
  if (!plans.empty() && plans.front().nyul_standard) {  // all plans have the same
    dataset["nyul"] = {{"percentiles", kNyulPercentiles}, {"standard_scale", *plans.front().nyul_standard}};
  }
  std::set<std::string> described;
  for (const CasePlan& plan : plans) {
    const Layout& row = layout(plan.recipe.layout);
    if (row.describe != nullptr && described.insert(plan.recipe.layout).second) row.describe(plans, dataset);
  }
  return dataset;
}

std::string data_card(std::span<const CasePlan> plans, const Counts& counts, const DatasetFacts& facts) {
  std::string recipes;
  std::set<std::string> seen;
  for (const CasePlan& plan : plans) {
    if (!seen.insert(plan.recipe.name).second) continue;
    recipes += fmt::format("- `{}` (SHA-256 `{}`), in `dataset.json`\n", plan.recipe.name, plan.recipe_sha256);
  }
  std::string modalities;
  for (const auto& [modality, cases] : counts.by_modality)
    modalities += fmt::format("| {} cases | {} |\n", modality, cases);
  std::string splits;
  for (const auto& [split, cases] : counts.by_split) splits += fmt::format("| split {} | {} |\n", split, cases);
  return fmt::format(
      R"card(# Data card: {}

Volumes prepared from DICOM by Naru {} on {}.

| | |
|---|---|
| cases | {} |
| patients | {} |
| studies | {} |
| series | {} |
{}{}
## How they were made

{}
`manifest.jsonl` has one line a case: the image, its SHA-256, shape, spacing, affine (RAS, mm, voxel centres), the steps
in order with their numbers, statistics, and what was found in the source series.

## Privacy

- No DICOM header was copied. File names, identifiers and metadata here are made by Naru or are pseudonyms under a key
  that stays with the hospital. So do a recipe's lists of words.
- Burned-in text: {}.
- Faces: {}.
- `redactions/` has a mask for each case of which something was blanked: 1 there, else 0, on the grid of the image.

## Check and load

```
sha256sum -c SHA256SUMS
naru verify .
python3 -c "import nibabel, json; line = json.loads(open('manifest.jsonl').readline()); print(nibabel.load(line['image']))"
```
)card",
      facts.project, kVersion, facts.device, counts.cases, counts.patients, counts.studies, counts.series, modalities,
      splits, recipes, text_statement(plans), face_statement_of(plans));
}

Json croissant_field(std::string_view name, std::string_view type, std::string_view description) {
  return {{"@type", "cr:Field"},
          {"@id", fmt::format("cases/{}", name)},
          {"name", name},
          {"description", description},
          {"dataType", type},
          {"source", {{"fileObject", {{"@id", "manifest.jsonl"}}}, {"extract", {{"column", name}}}}}};
}

/// What Croissant asks for that only people know: as the recipe says, and of the licence, which every reader looks for,
/// that it says none. Nothing is made up, and no clock is asked.
void add_publication(const Publication& stated, Json& croissant) {
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) croissant[key] = text;
  };
  croissant["license"] = stated.license.empty()
                             ? "Not stated here: the agreement under which the dataset was handed over applies."
                             : stated.license;
  add("url", stated.url);
  if (!stated.creator.empty()) croissant["creator"] = {{"@type", "sc:Organization"}, {"name", stated.creator}};
  add("datePublished", stated.date_published);
  add("version", stated.version);
}

/// MLCommons Croissant 1.0: enough for its loaders to list the cases and find the images. In JSON lines every version
/// of mlcroissant knows columns; a jsonPath only later ones.
Json croissant_json(const DatasetFacts& facts, const FileFacts& manifest, const Publication& stated) {
  const Json context = {{"@language", "en"},
                        {"@vocab", "https://schema.org/"},
                        {"sc", "https://schema.org/"},
                        {"cr", "http://mlcommons.org/croissant/"},
                        {"dct", "http://purl.org/dc/terms/"},
                        {"conformsTo", "dct:conformsTo"},
                        {"recordSet", "cr:recordSet"},
                        {"field", "cr:field"},
                        {"fileSet", "cr:fileSet"},
                        {"fileObject", "cr:fileObject"},
                        {"includes", "cr:includes"},
                        {"extract", "cr:extract"},
                        {"column", "cr:column"},
                        {"source", "cr:source"},
                        {"dataType", {{"@id", "cr:dataType"}, {"@type", "@vocab"}}}};
  Json json = {{"@context", context},
               {"@type", "sc:Dataset"},
               {"schema", "naru.croissant/1"},
               {"name", facts.project},
               {"description", "De-identified CT, MR and PET volumes prepared by Naru."},
               {"conformsTo", "http://mlcommons.org/croissant/1.0"},
               {"distribution",
                {{{"@type", "cr:FileObject"},
                  {"@id", "manifest.jsonl"},
                  {"name", "manifest.jsonl"},
                  {"contentUrl", "manifest.jsonl"},
                  {"encodingFormat", "application/jsonlines"},
                  {"sha256", manifest.sha256}},
                 {{"@type", "cr:FileSet"},
                  {"@id", "images"},
                  {"name", "images"},
                  {"encodingFormat", "application/x-nifti"},
                  {"includes", "images*/*.nii*"}}}},
               {"recordSet",
                {{{"@type", "cr:RecordSet"},
                  {"@id", "cases"},
                  {"name", "cases"},
                  {"field",
                   {croissant_field("case", "sc:Text", "identifier of the case"),
                    croissant_field("patient", "sc:Text", "pseudonym of the patient"),
                    croissant_field("image", "sc:Text", "relative path of the image"),
                    croissant_field("sha256", "sc:Text", "SHA-256 of the image file"),
                    croissant_field("modality", "sc:Text", "CT, MR or PT"),
                    croissant_field("split", "sc:Text", "train, val, test or null")}}}}}};
  add_publication(stated, json);
  return json;
}

}  // namespace

void write_documents(const std::filesystem::path& out, std::span<const CasePlan> plans, std::span<const Json> lines,
                     const DatasetFacts& facts) {
  const Counts counts = count(plans);
  std::map<std::string, std::string> sums;  // by path: sorted
  std::string manifest;
  for (const Json& line : lines) {
    manifest += json_line(line);
    sums[line.at("image").get<std::string>()] = line.at("sha256").get<std::string>();
    const auto mask = line.find("redaction");
    if (mask != line.end()) sums[mask->at("image").get<std::string>()] = mask->at("sha256").get<std::string>();
  }
  const FileFacts manifest_facts = write_file(out / "manifest.jsonl", manifest);
  sums["manifest.jsonl"] = manifest_facts.sha256;
  const auto add = [&](const std::string& name, const std::string& text) {
    sums[name] = write_file(out / name, text).sha256;
  };
  const Publication stated = plans.empty() ? Publication() : plans.front().recipe.publication;  // all have the same
  add("dataset.json", dataset_json(plans, counts, facts).dump(2) + "\n");
  add("croissant.json", croissant_json(facts, manifest_facts, stated).dump(2) + "\n");
  add("README.md", data_card(plans, counts, facts));
  std::string text;
  for (const auto& [path, sha256] : sums) text += fmt::format("{}  {}\n", sha256, path);
  write_file(out / "SHA256SUMS", text);
}

}  // namespace naru
