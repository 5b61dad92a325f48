/// The layouts of a dataset, one row each: where a case's image lies and what else its readers expect.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/case_plan.h"

namespace naru {

struct Layout {
  std::string_view name;
  /// Relative path of a case's image without its extension.
  std::string (*image_stem)(const CasePlan& plan);
  /// Adds to dataset.json what the layout's readers need there; may be null.
  void (*describe)(std::span<const CasePlan> plans, nlohmann::ordered_json& dataset);
};

/// Null for a name that no recipe can hold.
const Layout* find_layout(std::string_view name);
/// @throws Error{internal} for such a name
const Layout& layout(std::string_view name);

/// ".nii.gz" or ".nii".
std::string_view image_extension(Compression compression);

/// Relative path of a case's image.
std::string image_path(const CasePlan& plan);

/// Relative path of the mask of what was blanked in a case.
std::string redaction_path(const CasePlan& plan);

}  // namespace naru
