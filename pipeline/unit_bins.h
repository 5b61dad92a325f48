/// A histogram of voxels that are units already, where there are no stored values to count.
#pragma once

#include "dicom/stack.h"
#include "kernels/executor.h"
#include "kernels/statistics.h"

namespace naru {

/// 65,536 equal bins from the least to the greatest value. The ends are exact; what lies between (percentiles, Otsu's
/// threshold, mean and deviation) is off by half a bin at most: 1/131,070 of the range.
/// First every part is given to `widen`, then every part to `add`. Non-finite values are not counted.
class UnitBins {
 public:
  void widen(const Statistics& part);
  /// @param voxels in memory that `executor` reaches
  void add(VolumeView<const float> voxels, Executor& executor);

  /// Counts by bin, the first of which is 0.
  const Histogram& histogram() const { return histogram_; }
  /// units = slope * bin + intercept
  dicom::Rescale units_of_bins() const;

 private:
  static constexpr std::size_t kBinCount = 65536;
  bool is_empty_ = true;
  double low_ = 0, high_ = 0;
  Histogram histogram_{0, std::vector<std::uint64_t>(kBinCount)};
};

/// In units, what parts the voxels of bins up to `bin` from those of the bins behind it. (Those of `bin` itself lie on
/// both sides of its middle, which is what units_of_bins() makes of it.)
inline double upper_end(const dicom::Rescale& units_of_bins, double bin) {
  return units_of_bins.slope * (bin + 0.5) + units_of_bins.intercept;
}

}  // namespace naru
