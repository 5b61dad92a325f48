#include "kernels/axis_taps.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/axis_weights.h"
#include "kernels/table.h"

namespace naru {

namespace {

void append_axis(std::vector<AxisTap>& taps, const AxisSteps& axis, std::int64_t source_count,
                 const ResampleOptions& options) {
  const double last = static_cast<double>((axis.source_total > 0 ? axis.source_total : source_count) - 1);
  for (std::int64_t t = 0; t < axis.target_count; ++t) {
    const double source = axis.place(t);
    const bool is_nearest = options.interpolator == Interpolator::nearest;
    const double rounded = is_nearest ? nearest_index(source, axis.step, options.half_tolerance) : source;
    const double clamped = std::clamp(rounded, 0.0, last);
    const double index = std::floor(clamped);
    const std::int64_t there = static_cast<std::int64_t>(index) - axis.source_begin;
    assert(there >= 0 && there < source_count);
    taps.push_back({static_cast<std::int32_t>(there), static_cast<float>(clamped - index)});
  }
}

}  // namespace

ReachableTaps::ReachableTaps(const Size3& source, const ResampleOptions& options, Executor& executor)
    : x_count_(options.axes[0].target_count), y_count_(options.axes[1].target_count) {
  for (int a = 0; a < 3; ++a) append_axis(on_host_, options.axes[static_cast<std::size_t>(a)], source[a], options);
  if (executor.is_cuda()) on_device_ = table_on(on_host_, executor);
}

AxisTaps ReachableTaps::axes() const {
  const AxisTap* const first = on_device_.size() > 0 ? on_device_.data() : on_host_.data();
  return {first, first + x_count_, first + x_count_ + y_count_};
}

}  // namespace naru
