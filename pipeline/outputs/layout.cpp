#include "pipeline/outputs/layout.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace naru {

namespace {

std::string plain_stem(const CasePlan& plan) { return "images/" + plan.case_id; }

// nnU-Net v2: documentation/dataset_format.md. Channel 0 of each case ends in _0000; test cases lie apart.
std::string nnunet_stem(const CasePlan& plan) {
  return (plan.split == "test" ? "imagesTs/" : "imagesTr/") + plan.case_id + "_0000";
}

void describe_nnunet(std::span<const CasePlan> plans, nlohmann::ordered_json& dataset) {
  const auto training = std::ranges::count_if(plans, [](const CasePlan& p) { return p.split != "test"; });
  // "CT" makes nnU-Net normalise by the dataset's intensities; any other word by each image's z-score.
  dataset["channel_names"] = {{"0", plans.empty() ? "CT" : plans.front().modality}};
  dataset["labels"] = {{"background", 0}};
  dataset["numTraining"] = training;
  dataset["file_ending"] = ".nii.gz";
}

constexpr std::array kLayouts = {
    Layout{"plain", plain_stem, nullptr},
    Layout{"nnunet", nnunet_stem, describe_nnunet},
};

}  // namespace

const Layout* find_layout(std::string_view name) {
  const auto found = std::ranges::find(kLayouts, name, &Layout::name);
  return found == kLayouts.end() ? nullptr : &*found;
}

const Layout& layout(std::string_view name) {
  const Layout* const found = find_layout(name);
  if (found == nullptr) throw Error(ErrorCode::internal, "a recipe passed with an unknown layout");
  return *found;
}

std::string_view image_extension(Compression compression) {
  return compression == Compression::none ? ".nii" : ".nii.gz";
}

std::string image_path(const CasePlan& plan) {
  return layout(plan.recipe.layout).image_stem(plan) + std::string(image_extension(plan.recipe.compression));
}

std::string redaction_path(const CasePlan& plan) {
  return "redactions/" + plan.case_id + std::string(image_extension(plan.recipe.compression));
}

}  // namespace naru
