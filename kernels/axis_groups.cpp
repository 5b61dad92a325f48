#include "kernels/axis_groups.h"

#include <algorithm>

namespace naru {

namespace {

/// [begin, end) of the source values that targets [first, last] reach.
struct Run {
  std::int64_t begin, end;
};

Run run_of(const AxisWeights& rows, std::size_t first, std::size_t last) {
  const auto [low, high] = std::minmax_element(rows.first.begin() + static_cast<std::ptrdiff_t>(first),
                                               rows.first.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  return {*low, *high + rows.taps};
}

}  // namespace

AxisGroups axis_groups(const AxisWeights& rows, std::int64_t source_count) {
  const std::size_t targets = rows.first.size();
  AxisGroups result;
  std::vector<Run> runs;
  for (std::size_t t = 0; t < targets; t += kGroup) {
    runs.push_back(run_of(rows, t, std::min(t + kGroup, targets) - 1));
    result.taps = std::max(result.taps, runs.back().end - runs.back().begin);
  }
  // Whole steps, where the source is long enough: the rest of one goes value by value.
  result.taps = std::min((result.taps + kTapsAtOnce - 1) / kTapsAtOnce * kTapsAtOnce, source_count);
  result.weights.resize(runs.size() * static_cast<std::size_t>(result.taps));
  for (std::size_t g = 0; g < runs.size(); ++g) {
    const std::int64_t begin = std::min(runs[g].begin, source_count - result.taps);
    GroupHead head{static_cast<std::int32_t>(begin), {}, {}};
    for (std::size_t n = 0; n < kGroup; ++n) {
      const std::size_t t = std::min(g * kGroup + n, targets - 1);
      const std::int64_t shift = rows.first[t] - begin;
      head.anchor[n] = static_cast<std::int32_t>(rows.anchor[t] + shift);
      head.total[n] = rows.total[t];
      for (std::int64_t i = 0; i < rows.taps; ++i) {
        const auto at = static_cast<std::size_t>(static_cast<std::int64_t>(g) * result.taps + shift + i);
        result.weights[at].of[n] = rows.weights[t * static_cast<std::size_t>(rows.taps) + static_cast<std::size_t>(i)];
      }
    }
    result.heads.push_back(head);
  }
  return result;
}

}  // namespace naru
