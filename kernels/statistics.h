/// Exact statistics of whole numbers, from their histogram or by their sums, and deterministic ones of float volumes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// How often each stored value occurs: counts[v - first_value]; 65,536 bins cover int16 or uint16 whole.
struct Histogram {
  std::int32_t first_value = 0;  ///< -32768 for int16, 0 for uint16
  std::vector<std::uint64_t> counts;
};

/// Exact. `in` is in memory that `executor` reaches. T: int16, uint16. Waits: returns a host value.
template <class T>
Histogram histogram(VolumeView<const T> in, Executor& executor);

/// The same of the voxels where `mask`, of the same size, is not 0.
template <class T>
Histogram histogram(VolumeView<const T> in, VolumeView<const std::uint8_t> mask, Executor& executor);

/// Bins of one width: a value lies in that of which it is nearest to the middle, `first` being that of bin 0; what lies
/// beyond the first or the last counts there.
struct EqualBins {
  double first = 0, width = 1;
};

/// How often each of 65,536 bins occurs in a float volume; non-finite values are not counted. `in` is in memory that
/// `executor` reaches; on a GPU it takes up to 12 MiB beside it. @pre bins.width > 0. Waits.
Histogram histogram(VolumeView<const float> in, const EqualBins& bins, Executor& executor);

/// A histogram of which the count, the least and the greatest value and the `low`-th and `high`-th percentile are those
/// of `histogram`, to the bit; other values may stand in one of few bins, so that nothing else is to be read from it
/// and it is not to be added to others. On a CPU it is found at about the speed of reading: a sample says between which
/// values the two lie, and only those are told apart. `in` is in memory that `executor` reaches. @pre 0 <= low < high
/// <= 100. T: int16, uint16. Waits.
template <class T>
Histogram histogram_around(VolumeView<const T> in, double low, double high, Executor& executor);

/// Adds `part`, of the same type of values, to `sum`; a `sum` without bins becomes `part`.
void add(Histogram& sum, const Histogram& part);

/// Without the values that are not greater than `threshold`.
Histogram values_above(Histogram histogram, double threshold);

/// Population statistics, in stored values.
struct Statistics {
  std::uint64_t count = 0;
  double min = 0, max = 0, mean = 0, deviation = 0;
};

/// Of all values in the histogram that are greater than `above` (default: all). Integer sums, so exact up to one
/// rounding each. All zero for no such value.
Statistics statistics(const Histogram& histogram, double above = -1e300);

/// Of a float volume: sums in f64 over fixed pieces added in a fixed order, so that the answer does not depend on the
/// number of threads. `in` is in memory that `executor` reaches; non-finite values are not counted. Waits.
Statistics statistics(VolumeView<const float> in, Executor& executor);

/// Of all of up to 2^34 whole numbers: to the bit those of their histogram, without one. `in` is in memory that
/// `executor` reaches. Waits.
Statistics statistics(VolumeView<const std::int16_t> in, Executor& executor);
Statistics statistics(VolumeView<const std::uint16_t> in, Executor& executor);

/// The same of a float volume in host memory that comes in parts: the answer is that of the whole.
class StatisticsInParts {
 public:
  StatisticsInParts();
  ~StatisticsInParts();

  /// @param part the values that follow those before
  void add(std::span<const float> part, Executor& executor);
  Statistics finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of the voxels where `mask`, of the same size, is not 0. int16 and uint16: exact, from their histogram. float: as
/// above, so deterministic too. Waits.
template <class T>
Statistics statistics(VolumeView<const T> in, VolumeView<const std::uint8_t> mask, Executor& executor);

/// The p-th percentile, 0 <= p <= 100, with linear interpolation between order statistics as numpy.percentile does by
/// default (Hyndman and Fan, 1996, definition 7). 0 for an empty histogram.
double percentile(const Histogram& histogram, double p);

/// The same of what `units` makes of the values, where greater values never become less, as of a rescale and a clip:
/// both order statistics are mapped before anything is blended. Where they never become greater it is the (100 - p)-th.
/// units(0) for an empty histogram.
double percentile(const Histogram& histogram, double p, const std::function<double(double)>& units);

/// What nnU-Net's fingerprint of a dataset says of one channel's foreground, in units.
struct Fingerprint {
  std::uint64_t count = 0;
  double mean = 0, median = 0, deviation = 0, min = 0, max = 0;
  double percentile_00_5 = 0, percentile_99_5 = 0;
};

/// Of all values in the histogram, in units = slope * value + intercept. Exact over every voxel, where nnU-Net draws
/// 10,000 a case. All zero for an empty histogram.
/// Of a dataset: the histograms of its cases' foregrounds, where a segmentation is not 0, added.
/// Source: nnU-Net v2, DatasetFingerprintExtractor (Isensee et al., Nature Methods 18:203, 2021).
Fingerprint fingerprint(const Histogram& histogram, double slope, double intercept);

/// Otsu's threshold (IEEE Trans. SMC 9:62, 1979): the value t that maximises the between-class variance of
/// {v <= t} and {v > t}; the least such t. For one distinct value or none, that value or 0.
double otsu_threshold(const Histogram& histogram);

/// A value that need not be whole, and how often it occurs.
struct ValueCount {
  double value = 0;
  std::uint64_t count = 0;
};

/// The same of values that ascend, each of which occurs. What is not whole is weighed as its nearest multiple of 2^-16.
/// @pre |value| <= 2^17
double otsu_threshold(std::span<const ValueCount> values);

}  // namespace naru
