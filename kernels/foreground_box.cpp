#include "kernels/foreground_box.h"

#include <algorithm>
#include <mutex>

#include "kernels/cuda/foreground_box.h"
#include "kernels/dispatch.h"
#include "kernels/foreground_box_voxel.h"
#include "kernels/stream.h"

namespace naru {

namespace {

/// Whether one of `count` values is foreground. Without a way out, so that the compiler takes several at once.
template <class T>
bool has_foreground(const T* values, std::int64_t count, ForegroundRule rule) {
  int any = 0;
  for (std::int64_t i = 0; i < count; ++i) any |= is_foreground(values[i], rule) ? 1 : 0;
  return any != 0;
}

/// Of rows begin to end. Each is read from both ends: what lies between is not.
template <class T>
BoxSoFar box_of_rows(VolumeView<const T> in, ForegroundRule rule, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t width = in.size.x;
  BoxSoFar box;
  for (std::int64_t row = begin; row < end; ++row) {
    const T* const values = in.data + row * width;
    std::int64_t first = 0, after = width;
    while (first < width && !has_foreground(values + first, std::min(kBlock, width - first), rule)) {
      for (std::int64_t i = 0; i < kBlock; i += kLineBytes / sizeof(T)) ask_ahead(values + first + i);
      first += kBlock;
    }
    if (first >= width) continue;
    while (!is_foreground(values[first], rule)) ++first;
    while (after - kBlock > first && !has_foreground(values + after - kBlock, kBlock, rule)) after -= kBlock;
    while (!is_foreground(values[after - 1], rule)) --after;
    box.add(0, first);
    box.add(0, after - 1);
    box.add(1, row % in.size.y);
    box.add(2, row / in.size.y);
  }
  return box;
}

template <class T>
NARU_AVX2_FLAT BoxSoFar box_of_rows_avx2(VolumeView<const T> in, ForegroundRule rule, std::int64_t begin,
                                         std::int64_t end) {
  return box_of_rows(in, rule, begin, end);
}

template <class T>
BoxSoFar box_on_host(VolumeView<const T> in, ForegroundRule rule, Executor& executor) {
  constexpr std::int64_t kVoxelsPerPiece = 1 << 18;
  const std::int64_t rows_per_piece = std::max<std::int64_t>(1, kVoxelsPerPiece / in.size.x);
  const auto find_box = cpu_path() >= CpuPath::avx2 ? box_of_rows_avx2<T> : box_of_rows<T>;
  BoxSoFar all;
  std::mutex mutex;
  executor.parallel_for(in.size.y * in.size.z, rows_per_piece, [&](std::int64_t begin, std::int64_t end) {
    const BoxSoFar box = find_box(in, rule, begin, end);
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
