/// One case whose stored type and way through memory are settled: its passes over the voxels.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "kernels/foreground_box.h"
#include "pipeline/case_budget.h"
#include "pipeline/case_plan.h"
#include "pipeline/case_result.h"
#include "pipeline/case_source.h"
#include "pipeline/case_stream.h"
#include "pipeline/case_values.h"
#include "pipeline/grid_plan.h"
#include "pipeline/manifest.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/preview.h"
#include "pipeline/scan.h"
#include "pipeline/slab_maker.h"
#include "pipeline/slices.h"

namespace naru {

/// An image that was written: what the manifest says of it, and what the report shows.
struct CaseImage {
  nlohmann::ordered_json manifest;
  Preview preview;
};

/// In: as CaseSource has it. Every function throws Failed where slices cannot be read, and Error{disk_full,
/// output_unwritable, memory_exceeded, device_unavailable, canceled}.
template <class In>
class CaseRun {
 public:
  /// What `parts` refers to, `budget` and `executor` outlive it.
  CaseRun(const CaseParts& parts, const CaseBudget& budget, Executor& executor);

  /// Makes and writes the image. @param crop what the manifest says of the grid's cropping, or null
  CaseImage run(nlohmann::ordered_json crop);

  NyulLandmarks landmarks();

  /// The box of the foreground in the stack's voxels, straightened where it is, over all volumes. A foreground without
  /// voxels has none.
  std::optional<VoxelBox> foreground(std::optional<double> threshold);

  /// Writes the mask of what was blanked, on the grid of the result: 1 where a blanked voxel has a share in a voxel,
  /// else 0. Another run than the one that made the image. @return what the manifest says of it
  nlohmann::ordered_json write_mask() requires std::is_same_v<In, std::int16_t>;

 private:
  std::vector<Slab> slabs() const;
  bool is_whole() const { return budget_.slab_slices == grid_.grid.size[grid_.slice_axis()]; }
  std::int64_t source_step() const;
  Buffer<In> read(const Slab& slab);
  Owned<In> on_executor(Buffer<In> host, const Slab& slab);
  template <class Use>
  void each_source(const Use& use);
  CaseHistogram measure(const std::optional<Percentiles>& alone = std::nullopt);
  double otsu_as_stored();
  float padding() const;
  template <class Out>
  CaseResult<Out> make_voxels(const IntensityPlan& intensity);
  template <class Out>
  EncodedVolume encoded(std::span<Out> voxels, DType dtype) const;
  std::filesystem::path place_for(const std::string& relative_path) const;
  FileFacts write_image(const std::string& relative_path, const EncodedVolume& volume);
  template <class Out>
  CaseImage make(Written written);
  CaseImage image_of(const Written& written, Preview preview) const;

  template <class Out>
  std::optional<CaseImage> stream(Written written, bool is_hopeful);

  const CaseParts& parts_;
  const Scan& scan_;
  const CasePlan& plan_;
  const dicom::Stack& stack_;
  const GridPlan& grid_;
  const CaseBudget& budget_;
  const std::filesystem::path& out_;
  Executor& executor_;
  const CancelToken& cancel_;
  CaseSource<In> source_;
  SlabMaker<In> maker_;
  bool makes_mask_ = false;      ///< read() gives marks instead of voxels
  std::vector<Owned<In>> kept_;  ///< by the first volume of each slab, empty unless kept
};

}  // namespace naru
