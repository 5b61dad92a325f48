/// Private to *.cu: the launches of kernels/cuda/passes.h.
#pragma once

#include <algorithm>

#include "kernels/cuda/blocks_along_z.cuh"
#include "kernels/cuda/check.h"
#include "kernels/cuda/fewest_blocks.cuh"
#include "kernels/cuda/passes.h"
#include "kernels/cuda/runtime.h"
#include "kernels/float16.h"

namespace naru::cuda {

inline constexpr int kLanes = 32, kTargetsOfBlock = 32, kGroupsOfBlock = kTargetsOfBlock / kGroup;

/// Rows that a thread makes at a time: a weight that is loaded serves them all.
inline constexpr int kRowsAtOnce = 2;

struct KeepValue {
  __device__ float operator()(float value, std::int64_t, std::int64_t, std::int64_t) const { return value; }
};

/// Past the caches, which sources need more.
template <class T>
__device__ void store_once(T* to, T value) {
  __stcs(to, value);
}
__device__ inline void store_once(Float16* to, Float16 value) { __stcs(&to->bits, value.bits); }

/// One thread makes a group of targets in kRows rows of one lane. A warp lies along lanes: it reads neighbouring values
/// and shares weights. Threads beyond the edge do the work of the last ones and write nothing.
/// @param blocks_along_z of each volume: those of the next follow
template <int kRows, bool kIsTurned, class In, class Out, class Made>
__global__ void __launch_bounds__(kLanes* kGroupsOfBlock, fewest_blocks(kIsTurned ? 0 : 3))
    pass_kernel(PassView<In, Out> view, GroupedPass pass, Made finish, unsigned blocks_along_z) {
  __shared__ Out tile[kIsTurned ? kRows : 1][kLanes][kTargetsOfBlock + 1];  // one more, so that columns use all banks
  const int x = threadIdx.x, y = threadIdx.y;
  const std::int64_t volume = blockIdx.z / blocks_along_z;
  view.in += volume * view.in_volume;
  view.out += volume * view.out_volume;
  const std::int64_t first_lane = static_cast<std::int64_t>(blockIdx.x) * kLanes;
  const std::int64_t first_target = static_cast<std::int64_t>(blockIdx.y) * kTargetsOfBlock;
  const int lanes = static_cast<int>(min(view.lanes - first_lane, std::int64_t{kLanes}));
  const int targets = static_cast<int>(min(view.targets - first_target, std::int64_t{kTargetsOfBlock}));
  const int rows = static_cast<int>(min(view.rows, std::int64_t{kRows}));
  const std::int64_t lane = first_lane + min(x, lanes - 1);
  const std::int64_t group = first_target / kGroup + min(y, (targets - 1) / kGroup);
  for (std::int64_t start = blockIdx.z % blocks_along_z * kRows; start < view.rows; start += blocks_along_z * kRows) {
    const std::int64_t row = min(start, view.rows - rows);  // the last rows: some of them are made twice
    float values[kRows][kGroup];
    weighted_group<kRows>(view.in + row * view.in_row + lane, view.rows < kRows ? 0 : view.in_row, view.in_step, pass,
                          group, values);
    if constexpr (kIsTurned) {
      for (int r = 0; r < kRows; ++r) {
        for (int n = 0; n < kGroup; ++n) tile[r][x][y * kGroup + n] = values[r][n];
      }
      __syncthreads();
      Out* to = view.out + row * view.out_row + (first_lane + y) * view.out_step + first_target + x;
      for (int r = 0; r < kRows && x < targets; ++r, to += view.out_row) {
        Out* at = to;
        for (int l = y; l < kLanes; l += kGroupsOfBlock, at += kGroupsOfBlock * view.out_step) {
          if (l < lanes && r < rows) *at = tile[r][l][x];
        }
      }
      __syncthreads();
    } else {
      Out* to = view.out + row * view.out_row + (first_target + y * kGroup) * view.out_step + lane;
      for (int n = 0; n < kGroup && x < lanes; ++n, to += view.out_step) {
        for (int r = 0; r < kRows; ++r) {
          if (y * kGroup + n >= targets || r >= rows) continue;
          store_once(to + r * view.out_row, finish(values[r][n], lane, row + r, first_target + y * kGroup + n));
        }
      }
    }
  }
}

template <int kRows, bool kIsTurned, class In, class Out, class Made>
void launch_pass(const PassView<In, Out>& view, const GroupedPass& pass, const Made& finish, Executor& executor) {
  static_assert(kTargetsOfBlock == kLanes);
  constexpr dim3 kBlock(kLanes, kGroupsOfBlock);
  const auto groups = [](std::int64_t count, std::int64_t size) { return (count + size - 1) / size; };
  const unsigned along_z = blocks_along_z(groups(view.rows, kRows), view.volumes);
  const dim3 grid(static_cast<unsigned>(groups(view.lanes, kLanes)),
                  static_cast<unsigned>(groups(view.targets, kTargetsOfBlock)),
                  along_z * static_cast<unsigned>(view.volumes));
  pass_kernel<kRows, kIsTurned><<<grid, kBlock, 0, selected_stream(executor)>>>(view, pass, finish, along_z);
  cuda_check(cudaGetLastError(), "launching a pass over lines");
}

template <class In>
void fill_turned(const PassView<In, float>& view, const GroupedPass& pass, Executor& executor) {
  launch_pass<kRowsAtOnce, true>(view, pass, KeepValue{}, executor);
}

template <class In, class Out>
void fill_finished(const PassView<float, Out>& view, const GroupedPass& pass, const Finish<In, Out>& finish,
                   Executor& executor) {
  launch_pass<kRowsAtOnce, false>(view, pass, finish, executor);
}

}  // namespace naru::cuda
