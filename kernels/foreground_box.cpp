#include "kernels/foreground_box.h"

#include <algorithm>
#include <mutex>

#include "kernels/cuda/foreground_box.h"
#include "kernels/foreground_box_voxel.h"

namespace naru {

namespace {

/// Whether one of `count` values is foreground. Without a way out, so that the compiler takes several at once.
template <class T>
bool has_foreground(const T* values, std::int64_t count, ForegroundRule rule) {
  int any = 0;
  for (std::int64_t i = 0; i < count; ++i) any |= is_foreground(values[i], rule) ? 1 : 0;
  return any != 0;
}

/// From both ends: what lies between is not read.
template <class T>
void add_row(const T* values, std::int64_t width, std::int64_t y, std::int64_t z, ForegroundRule rule, BoxSoFar& box) {
  constexpr std::int64_t kBlock = 64;
  std::int64_t first = 0, last = width - 1;
  while (first < width && !has_foreground(values + first, std::min(kBlock, width - first), rule)) first += kBlock;
  if (first >= width) return;
  while (!is_foreground(values[first], rule)) ++first;
  while (!is_foreground(values[last], rule)) --last;
  box.add(0, first);
  box.add(0, last);
  box.add(1, y);
  box.add(2, z);
}

template <class T>
BoxSoFar box_on_host(VolumeView<const T> in, ForegroundRule rule, Executor& executor) {
  constexpr std::int64_t kVoxelsPerPiece = 1 << 18;
  const Size3& size = in.size;
  BoxSoFar all;
  std::mutex mutex;
  executor.parallel_for(size.y * size.z, std::max<std::int64_t>(1, kVoxelsPerPiece / std::max<std::int64_t>(1, size.x)),
                        [&](std::int64_t begin, std::int64_t end) {
                          BoxSoFar box;
                          for (std::int64_t row = begin; row < end; ++row) {
                            add_row(in.data + row * size.x, size.x, row % size.y, row / size.y, rule, box);
                          }
                          if (box.last[0] < 0) return;
                          const std::lock_guard lock(mutex);
                          for (int a = 0; a < 3; ++a) {
                            all.add(a, box.first[a]);
                            all.add(a, box.last[a]);
                          }
                        });
  return all;
}

}  // namespace

template <class T>
std::optional<VoxelBox> foreground_box(VolumeView<const T> in, ForegroundRule rule, Executor& executor) {
  if (in.size.voxel_count() == 0) return std::nullopt;
  BoxSoFar found;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) found = cuda::foreground_box(in, rule, executor);
  }
  if (!executor.is_cuda()) found = box_on_host(in, rule, executor);
  if (found.last[0] < 0) return std::nullopt;
  VoxelBox box;
  std::ranges::copy(found.first, box.first.begin());
  std::ranges::copy(found.last, box.last.begin());
  return box;
}

template std::optional<VoxelBox> foreground_box(VolumeView<const std::uint8_t>, ForegroundRule, Executor&);
template std::optional<VoxelBox> foreground_box(VolumeView<const std::int16_t>, ForegroundRule, Executor&);
template std::optional<VoxelBox> foreground_box(VolumeView<const std::uint16_t>, ForegroundRule, Executor&);
template std::optional<VoxelBox> foreground_box(VolumeView<const float>, ForegroundRule, Executor&);

}  // namespace naru
