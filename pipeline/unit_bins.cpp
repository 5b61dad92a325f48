#include "pipeline/unit_bins.h"

#include <algorithm>

namespace naru {

void UnitBins::widen(const Statistics& part) {
  if (part.count == 0) return;
  low_ = is_empty_ ? part.min : std::min(low_, part.min);
  high_ = is_empty_ ? part.max : std::max(high_, part.max);
  is_empty_ = false;
}

dicom::Rescale UnitBins::units_of_bins() const {
  const double width = (high_ - low_) / static_cast<double>(kBinCount - 1);
  return {width > 0 ? width : 1, low_};
}

void UnitBins::add(VolumeView<const float> voxels, Executor& executor) {
  const dicom::Rescale bins = units_of_bins();
  naru::add(histogram_, naru::histogram(voxels, EqualBins{bins.intercept, bins.slope}, executor));
}

}  // namespace naru
