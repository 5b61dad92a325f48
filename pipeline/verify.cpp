#include "pipeline/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/log.h"
#include "kernels/intensity.h"
#include "kernels/statistics.h"
#include "pipeline/case_store.h"
#include "pipeline/deid_verify.h"
#include "pipeline/outputs/layout.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/verify_croissant.h"
#include "pipeline/verify_files.h"

namespace naru {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

// NIfTI stores the affine in f32: half a micrometre at a metre.
constexpr double kAffineTolerance = 1e-3;
constexpr double kSpacingTolerance = 1e-9;
constexpr double kFloatStatisticsTolerance = 1e-9;  ///< relative; sums are taken in a fixed order

// With clip_when = "before" linear interpolation follows in f32: three nested steps, each off by 2^-24 of its operands.
constexpr double kInterpolationTolerance = 1e-6;

constexpr double kUnitTolerance = 1e-6;  // what `window` promises, see docs/conventions.md

/// The bound that voxels can reach: the kernels clip in f32, and a whole-numbered type rounds and saturates.
double reached(double bound, DType dtype) {
  const auto in_f32 = static_cast<float>(bound);
  if (dtype == DType::float32) return static_cast<double>(in_f32);
  using Limits = std::numeric_limits<std::int16_t>;
  return std::clamp<double>(std::nearbyint(in_f32), Limits::min(), Limits::max());
}

/// [0, 1], or as far beyond as f32 leads with the constants of the step `normalize`: those of a narrow range far from 0
/// round more.
std::array<double, 2> unit_range(const Json& steps) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  double least = 0, most = 1;
  for (const Json& step : steps) {
    if (step.at("op") != "normalize") continue;
    const auto low = step.at("low").get<double>(), high = step.at("high").get<double>();
    if (!(low < high)) continue;  // a constant volume, which is 0
    const IntensityMap map = windowed({}, low, high);
    least = std::min<double>(least, value_of_units<float>(-kInfinity, map));
    most = std::max<double>(most, value_of_units<float>(kInfinity, map));
  }
  return {least - kUnitTolerance, most + kUnitTolerance};
}

/// @pre `image` came from read_nifti, whose buffer begins at an allocation, so it is aligned for any voxel type
template <class T>
VolumeView<const T> view_of(const NiftiImage& image) {
  Size3 all = image.size;
  all.z *= image.volume_count;
  return {reinterpret_cast<const T*>(image.voxels.data()), all};
}

/// True where a tool leaves 0 units beside the source, whatever was clipped before (see GridConvention).
bool leaves_zeros(std::string_view convention) {
  return convention == "torchio" || convention == "itk" || convention == "totalsegmentator";
}

/// True where the axes are those asked for, or as near to them as to others: a volume turned by 45 degrees has two
/// names.
bool runs_along(Affine patient_from_voxel, std::string_view axes) {
  constexpr double kFavour = 1 + 1e-5;  // far above what f32 leaves of the affine
  if (!is_axis_codes(axes)) return false;
  for (std::size_t a = 0; a < 3; ++a) {
    const std::size_t along = std::string_view("LRPASI").find(axes[a]) / 2;
    patient_from_voxel.rows[along][a] *= kFavour;
  }
  return axis_codes(patient_from_voxel) == axes;
}

class Verifier {
 public:
  Verifier(VerifyFiles& files, std::uint64_t memory_limit_bytes, Executor& executor)
      : files_(files), memory_limit_bytes_(memory_limit_bytes), executor_(executor) {
    assert(!executor.is_cuda());
  }

  void check_manifest(const CancelToken& cancel, const OnProgress& on_progress) {
    recipes_ = recipes_of_dataset();
    std::string previous;
    Progress progress{"checking volumes", 0, dataset_cases_, "cases", 0};
    files_.read_manifest([&](const Json& line) {
      cancel.throw_if_canceled();
      try {
        check_line(line);
        const auto id = line.at("case").get<std::string>();
        if (id <= previous) differ("manifest.jsonl", "is not sorted by case, or holds a case twice");
        previous = id;
      } catch (const Json::exception&) {
        differ("manifest.jsonl", fmt::format("line {} lacks a key or is no JSON", files_.result.case_count + 1));
      }
      ++files_.result.case_count;
      log::detail("case {} of {}: read; {} differences so far", files_.result.case_count, dataset_cases_,
                  files_.result.differences.size());
      ++progress.done;
      on_progress(progress);
    });
    check_counts();
    check_description();
    check_croissant(files_, dataset_name_, images_);
  }

 private:
  void differ(std::string_view file, std::string_view what) { files_.differ(file, what); }

  std::map<std::string, Json> recipes_of_dataset() {
    const Json& json = files_.dataset_json();
    std::map<std::string, Json> recipes;
    try {
      if (json.at("schema") != "naru.dataset/1") differ("dataset.json", "is of another schema than naru.dataset/1");
      dataset_name_ = json.at("name").get<std::string>();
      dataset_counts_ = json.at("counts");
      dataset_cases_ = dataset_counts_.at("cases").get<std::size_t>();
      for (const Json& item : json.at("recipes")) check_recipe(item, recipes);
      const bool is_only_one = recipes.size() == 1;
      if (json.at("recipe") != (is_only_one ? recipes.begin()->second : Json(nullptr))) {
        differ("dataset.json", "has another recipe than the one that its cases were made by");
      }
    } catch (const Json::exception&) {
      throw Error(ErrorCode::dataset_invalid, "dataset.json lacks a key or is no JSON");
    }
    return recipes;
  }

  void check_recipe(const Json& item, std::map<std::string, Json>& recipes) {
    const std::string text = item.at("recipe").dump();
    const auto sha256 = item.at("sha256").get<std::string>();
    if (sha256_hex(text) != sha256) {
      differ("dataset.json", "holds a recipe that does not match its SHA-256");
    }
    recipes[sha256] = item.at("recipe");
  }

  void check_line(const Json& line) {
    const auto path = line.at("image").get<std::string>();
    images_.insert(path);
    count(line);
    check_split(line);
    const auto recipe = recipes_.find(line.at("recipe_sha256").get<std::string>());
    if (recipe == recipes_.end()) {
      differ(path, "was made by a recipe that dataset.json does not hold");
    } else {
      check_place(line, recipe->second);
    }
    const auto image = read_promised(line);
    if (image) {
      check_header(path, line, *image);
      check_statistics(path, line, *image);
      if (recipe != recipes_.end()) check_promises(path, line, recipe->second, *image);
    }
    if (line.contains("redaction")) check_mask(line.at("redaction"), image);
  }

  /// Where the layout of its recipe puts what is of its case.
  void check_place(const Json& line, const Json& promise) {
    const Json& output = promise.at("output");
    CasePlan plan;
    plan.case_id = line.at("case").get<std::string>();
    plan.modality = line.at("modality").get<std::string>();
    plan.recipe.layout = output.at("layout").get<std::string>();
    if (output.at("compression") == "none") plan.recipe.compression = Compression::none;
    if (!line.at("split").is_null()) plan.split = by_split_.find(line.at("split").get<std::string>())->first;
    const Layout* const row = find_layout(plan.recipe.layout);
    if (row == nullptr) {
      return differ("dataset.json", "has a layout that this version of Naru does not know");
    }
    const auto check = [&](const Json& file, const std::string& place) {
      const auto path = file.at("image").get<std::string>();
      if (path != place) differ(path, fmt::format("is not at {}, where the recipe's layout puts it", place));
    };
    check(line, image_path(plan));
    if (line.contains("redaction")) check(line.at("redaction"), redaction_path(plan));
    if (row->describe == nullptr) return;
    described_.insert(row);
    plans_.push_back(std::move(plan));
  }

  /// The image that a line promises, or its mask: with `image, sha256, size_bytes`. Empty where it is not there, or no
  /// image, which is told.
  std::optional<NiftiImage> read_promised(const Json& promise) {
    const auto path = promise.at("image").get<std::string>();
    if (leaves_dataset(path)) {
      differ("manifest.jsonl", "names an image outside the dataset");
      return std::nullopt;
    }
    if (!named_.insert(path).second) differ(path, "is named twice in manifest.jsonl");
    if (!files_.sums().contains(path)) differ(path, "is in manifest.jsonl but not in SHA256SUMS");
    const auto facts = files_.facts(path);
    if (!facts) return std::nullopt;  // said already
    if (facts->sha256 != promise.at("sha256")) differ(path, "has another SHA-256 than manifest.jsonl says");
    if (facts->size_bytes != promise.at("size_bytes")) differ(path, "has another size than manifest.jsonl says");
    auto read = read_nifti(files_.dataset() / path, static_cast<std::size_t>(memory_limit_bytes_));
    if (!read.image) differ(path, read.problem);
    return std::move(read.image);
  }

  /// On the grid of the image, and of zeros and ones.
  void check_mask(const Json& redaction, const std::optional<NiftiImage>& image) {
    const auto path = redaction.at("image").get<std::string>();
    const auto mask = read_promised(redaction);
    if (!mask || !image) return;
    const bool is_alike = mask->size == image->size && mask->volume_count == image->volume_count &&
                          mask->affine_ras.rows == image->affine_ras.rows && mask->dtype == DType::int16;
    if (!is_alike) return differ(path, "is not on the grid of its image");
    const auto values = histogram(view_of<std::int16_t>(*mask), executor_);
    const Statistics found = statistics(values);
    if (found.min < 0 || found.max > 1) differ(path, "holds other values than 0 and 1");
  }

  void count(const Json& line) {
    for (auto& [key, ids] : ids_) ids.insert(line.at(key).get<std::string>());
    ++by_modality_[line.at("modality").get<std::string>()];
    if (!line.at("split").is_null()) ++by_split_[line.at("split").get<std::string>()];
  }

  /// A patient is in one part of the split only.
  void check_split(const Json& line) {
    if (line.at("split").is_null()) return;
    const auto [known, is_new] =
        split_of_patient_.emplace(line.at("patient").get<std::string>(), line.at("split").get<std::string>());
    if (!is_new && known->second != line.at("split")) differ("manifest.jsonl", "puts one patient into two splits");
  }

  void check_header(const std::string& path, const Json& line, const NiftiImage& image) {
    Json shape = {image.size.x, image.size.y, image.size.z};
    if (image.volume_count > 1) shape.push_back(image.volume_count);
    if (line.at("shape") != shape) differ(path, "has another shape");
    if (line.at("dtype") != name(image.dtype)) differ(path, "has another voxel type");
    double greatest = 0;
    Affine promised;
    for (std::size_t r = 0; r < 3; ++r) promised.rows[r] = line.at("affine_ras").at(r).get<std::array<double, 4>>();
    const auto of_file = corners_in_patient({image.size, image.affine_ras});
    const auto of_line = corners_in_patient({image.size, promised});
    for (std::size_t c = 0; c < 8; ++c) {
      const double distance = norm(of_file[c] - of_line[c]);
      if (!(distance <= greatest)) greatest = distance;
      if (std::isnan(greatest)) break;
    }
    if (!(greatest <= kAffineTolerance)) differ(path, fmt::format("has an affine that is off by {:.3g} mm", greatest));
    const Vec3 spacing = Grid{image.size, promised}.spacing_mm();
    const auto stated = line.at("spacing_mm").get<Vec3>();
    for (std::size_t a = 0; a < 3; ++a) {
      if (std::abs(spacing[a] - stated[a]) > kSpacingTolerance)
        differ(path, "has a spacing that its affine contradicts");
    }
  }

  Statistics recomputed(const NiftiImage& image) {
    if (image.dtype == DType::float32) return statistics(view_of<float>(image), executor_);
    return statistics(view_of<std::int16_t>(image), executor_);
  }

  void check_statistics(const std::string& path, const Json& line, const NiftiImage& image) {
    const Statistics s = recomputed(image);
    if (s.count != static_cast<std::uint64_t>(image.size.voxel_count() * image.volume_count)) {
      differ(path, "has voxels that are no finite numbers");
    }
    const Json& stated = line.at("statistics");
    const auto close = [&](const char* key, double value) {
      const double other = stated.at(key).get<double>();
      return std::abs(value - other) <= kFloatStatisticsTolerance * (1 + std::abs(other));
    };
    if (stated.at("voxels") != s.count || !close("min", s.min) || !close("max", s.max) || !close("mean", s.mean) ||
        !close("std", s.deviation)) {
      differ(path, "has other statistics than manifest.jsonl says");
    }
  }

  void check_promises(const std::string& path, const Json& line, const Json& promise, const NiftiImage& image) {
    if (line.at("recipe") != promise.at("name")) differ("manifest.jsonl", "names another recipe than its SHA-256 does");
    const Affine lps = affine_ras(image.affine_ras);  // the same change of signs leads back
    const auto axes = promise.at("orient").at("axes").get<std::string>();
    if (!runs_along(lps, axes)) differ(path, "is not in the recipe's orientation");
    const Json& spacing = promise.at("resample").at("spacing_mm");
    const auto convention = promise.at("resample").at("convention").get<std::string>();
    const bool keeps_spacing = convention != "nnunet" && convention != "totalsegmentator";  // see GridConvention
    const auto stated = line.at("spacing_mm").get<Vec3>();
    for (std::size_t a = 0; spacing.is_array() && keeps_spacing && a < 3; ++a) {
      if (std::abs(spacing.at(a).get<double>() - stated[a]) > kAffineTolerance)
        differ(path, "has not the recipe's spacing");
    }
    const Json& dtype = promise.at("output").at("dtype");
    if (!dtype.is_null() && dtype != name(image.dtype)) differ(path, "has not the recipe's voxel type");
    check_clip(path, line.at("statistics"), promise, image.dtype);
    check_unit_range(path, line, promise);
  }

  /// The map that leads to [0, 1] clips last, so that it holds whatever interpolated.
  void check_unit_range(const std::string& path, const Json& line, const Json& promise) {
    const auto method = promise.at("intensity").at("normalize").get<std::string>();
    if (method != "window" && method != "minmax" && method != "percentile") return;
    const auto [least, most] = unit_range(line.at("steps"));
    const Json& statistics = line.at("statistics");
    if (statistics.at("min").get<double>() < least || statistics.at("max").get<double>() > most) {
      differ(path, fmt::format("has values outside [0, 1], which normalize = \"{}\" promises", method));
    }
  }

  void check_clip(const std::string& path, const Json& statistics, const Json& promise, DType dtype) {
    const Json &intensity = promise.at("intensity"), &resample = promise.at("resample");
    if (intensity.at("clip").is_null() || intensity.at("normalize") != "none") return;
    const bool is_before = intensity.at("clip_when") == "before";
    const bool overshoots = resample.at("interpolator") == "bspline" || resample.at("interpolator") == "lanczos";
    if (is_before && overshoots && resample.at("spacing_mm").is_array()) return;  // beyond what it interpolates between
    auto [low, high] = intensity.at("clip").get<std::array<double, 2>>();
    if (is_before && resample.at("spacing_mm").is_array() &&
        leaves_zeros(resample.at("convention").get<std::string>())) {
      low = std::min(low, 0.0), high = std::max(high, 0.0);
    }
    const double slack = is_before ? kInterpolationTolerance * (std::abs(low) + std::abs(high)) : 0;
    if (statistics.at("min").get<double>() < reached(low - slack, dtype) ||
        statistics.at("max").get<double>() > reached(high + slack, dtype)) {
      differ(path, "has values outside the recipe's clip range");
    }
  }

  void check_counts() {
    const Json found = {{"cases", files_.result.case_count},  {"patients", ids_.at("patient").size()},
                        {"studies", ids_.at("study").size()}, {"series", ids_.at("series").size()},
                        {"by_modality", by_modality_},        {"by_split", by_split_}};
    for (const auto& [key, number] : found.items()) {
      const auto stated = dataset_counts_.find(key);
      if (stated == dataset_counts_.end() || *stated != number)
        differ("dataset.json", fmt::format("counts.{} is missing or not what manifest.jsonl has", key));
    }
  }

  /// What readers of a layout find in dataset.json follows from the cases.
  void check_description() {
    Json expected = Json::object();
    for (const Layout* row : described_) row->describe(plans_, expected);
    for (const auto& [key, value] : expected.items()) {
      const auto stated = files_.dataset_json().find(key);
      if (stated == files_.dataset_json().end() || *stated != value) {
        differ("dataset.json", fmt::format("{} is missing or not what manifest.jsonl has", key));
      }
    }
  }

  VerifyFiles& files_;
  std::uint64_t memory_limit_bytes_;
  Executor& executor_;
  std::map<std::string, Json> recipes_;
  Json dataset_counts_;
  std::string dataset_name_;
  std::size_t dataset_cases_ = 0;
  std::map<std::string, std::set<std::string>> ids_ = {{"patient", {}}, {"study", {}}, {"series", {}}};
  std::map<std::string, std::size_t> by_modality_, by_split_;
  std::map<std::string, std::string> split_of_patient_;
  std::set<std::string> images_, named_;  ///< with masks: `named_`
  std::set<const Layout*> described_;     ///< those that add to dataset.json
  std::vector<CasePlan> plans_;           ///< of such a layout
};

}  // namespace

VerifyResult verify(const fs::path& dataset, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress) {
  std::error_code failure;
  if (!fs::is_directory(dataset, failure)) throw Error(ErrorCode::dataset_invalid, "DATASET is no folder");
  VerifyFiles files(dataset);
  files.check_sums(executor, cancel, on_progress);
  log::detail("{} files were read: {} differences from SHA256SUMS", files.result.file_count,
              files.result.differences.size());
  files.check_documents();
  if (files.is_deid_dataset()) {
    verify_deid(files, executor, cancel, on_progress);
  } else {
    Verifier(files, memory_limit_bytes, executor).check_manifest(cancel, on_progress);
  }
  return std::move(files.result);
}

Json to_json(const VerifyResult& result) {
  return {{"schema", "naru.verify/1"},
          {result.unit, result.case_count},
          {"files", result.file_count},
          {"whole", result.differences.empty()},
          {"differences", result.differences}};
}

}  // namespace naru
