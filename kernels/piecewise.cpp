#include "kernels/piecewise.h"

#include <cassert>
#include <cstddef>

#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/piecewise_avx2.h"
#include "kernels/piecewise_voxel.h"
#include "kernels/stream.h"

namespace naru {

PiecewiseMap piecewise_map(std::span<const double> from, std::span<const double> to) {
  assert(!from.empty() && from.size() == to.size() && from.size() <= PiecewiseMap::kMaxKnots);
  PiecewiseMap map;
  std::size_t knots = 0;
  for (std::size_t begin = 0, end = 0; begin < from.size(); begin = end) {
    const auto place = static_cast<float>(from[begin]);
    double sum = 0;
    for (; end < from.size() && static_cast<float>(from[end]) == place; ++end) sum += to[end];
    map.from[knots] = place;
    map.to[knots++] = static_cast<float>(sum / static_cast<double>(end - begin));
  }
  map.count = static_cast<int>(knots);
  for (std::size_t i = 0; i + 1 < knots; ++i) {
    assert(map.from[i] < map.from[i + 1]);
    const double rise = static_cast<double>(map.to[i + 1]) - map.to[i];
    map.slope[i] = static_cast<float>(rise / (static_cast<double>(map.from[i + 1]) - map.from[i]));
  }
  return map;
}

void apply_piecewise(VolumeView<const float> in, VolumeView<float> out, const PiecewiseMap& map, Executor& executor) {
  assert(in.size == out.size && map.count > 0);
  if (executor.is_cuda() || cpu_path() == CpuPath::baseline) {
    return fill_voxels(out, PiecewiseVoxel{in, map}, executor);
  }
  constexpr std::int64_t kVoxelsPerPiece = 1 << 16;
  const bool is_in_place = static_cast<const void*>(in.data) == out.data;  // what is read is in the caches then
  const bool is_streamed = is_worth_streaming(out) && !is_in_place;
  executor.parallel_for(in.size.voxel_count(), kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    avx2::apply_piecewise(in.data + begin, out.data + begin, end - begin, map, is_streamed);
  });
}

}  // namespace naru
