/// How a case fits into memory: whole, or slab by slab.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/executor.h"
#include "pipeline/case_plan.h"
#include "pipeline/grid_plan.h"
#include "pipeline/scan.h"

namespace naru {

struct CaseBudget {
  std::int64_t slab_slices = 0;      ///< of the result along GridPlan::slice_axis() that are made at a time
  bool keeps_sources = false;        ///< all stored voxels stay in memory between the passes; else they are read again
  bool reads_ahead = false;          ///< the next slab is read while one is computed
  bool result_in_memory = true;      ///< else in a scratch file
  std::uint64_t memory_bytes = 0;    ///< working memory, at most: host memory without the scratch file's pages
  std::size_t volumes_together = 1;  ///< made at a time, by a device: small ones, each of them whole
};

/// The same for a device that has less memory: one volume at a time, which is read again for each pass.
CaseBudget one_by_one(const CaseBudget& budget);

/// False where whole volumes are needed at once, on any device.
bool can_be_slabbed(const CasePlan& plan, const GridPlan& grid);

/// The fastest way that stays within `memory_limit_bytes`; empty where not even one slice at a time does.
/// Counted: stored voxels, their straightened, oriented or clipped copies, the result, the buffers of decoders and of
/// the encoder. An upper bound, from sizes alone.
std::optional<CaseBudget> plan_budget(const Scan& scan, const CasePlan& plan, const GridPlan& grid,
                                      const Executor& executor, std::uint64_t memory_limit_bytes);

}  // namespace naru
