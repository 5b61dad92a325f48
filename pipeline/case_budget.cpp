#include "pipeline/case_budget.h"

#include <algorithm>

#include "pipeline/intensity_plan.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/slab.h"
#include "pipeline/slices.h"

namespace naru {

namespace {

/// Sizes of one case in bytes, as functions of slices.
class CaseSizes {
 public:
  CaseSizes(const Scan& scan, const CasePlan& plan, const GridPlan& grid, const Executor& executor)
      : stack_(scan.stacks[plan.stacks.front()]),
        plan_(plan),
        grid_(grid),
        executor_(executor),
        volumes_(plan.stacks.size()) {
    for (const std::size_t stack : plan.stacks) {
      reading_ = std::max(reading_, slice_buffer_bytes(scan, scan.stacks[stack], executor.thread_count()));
    }
    encoder_ = static_cast<std::uint64_t>(executor.thread_count()) * kGzipBytesPerThread;
  }

  std::int64_t result_slices() const { return grid_.grid.size[grid_.slice_axis()]; }
  std::uint64_t volumes() const { return volumes_; }

  /// How many volumes a device makes at a time. To copy so many bytes takes it a hundred times as long as to launch
  /// what is to be done to them and to wait for it; more would only take memory, and none is read meanwhile.
  std::uint64_t most_together() const {
    constexpr std::uint64_t kBytesTogether = std::uint64_t{64} << 20;
    if (!executor_.is_cuda() || plan_.recipe.restores()) return 1;
    const std::uint64_t volume = std::max(stored(stack_.grid.size.z), result(result_slices()));
    return std::clamp<std::uint64_t>(kBytesTogether / volume, 1, volumes_);
  }

  std::uint64_t stored(std::int64_t slices) const {
    return voxels(slices) * (plan_.recipe.restores() ? sizeof(float) : size_bytes(stack_.dtype));
  }

  std::uint64_t result(std::int64_t slices) const {
    const auto slice = static_cast<std::uint64_t>(grid_.grid.size.voxel_count() / result_slices());
    return slice * static_cast<std::uint64_t>(slices) * size_bytes(plan_.recipe.dtype.value_or(DType::float32));
  }

  /// Of the slabs of so many result slices the one that is made of most source slices.
  Slab thickest(std::int64_t slab_slices) const {
    Slab most;
    for (std::int64_t begin = 0; begin < result_slices(); begin += slab_slices) {
      const std::int64_t end = std::min(begin + slab_slices, result_slices());
      const auto [first, last] = grid_.source_slices(begin, end);
      if (begin == 0 || last - first > most.source.count()) most = {0, begin, end, {first, last}};
    }
    return most;
  }

  /// Reading, then every step from stored voxels to the result: one step's source and target are there at a time.
  std::uint64_t slab(std::int64_t slab_slices, std::uint64_t together = 1) const {
    const Slab slab = thickest(slab_slices);
    const std::int64_t slices = slab.source.count();
    const Size3& upright = grid_.straighten ? grid_.straighten->grid.size : stack_.grid.size;
    const auto voxels = together * static_cast<std::uint64_t>(upright.x * upright.y * slices);
    const std::uint64_t as_floats = 4 * voxels;
    std::uint64_t current = together * stored(slices), most = current + reading_ + restoring(slices);
    const auto step = [&](std::uint64_t next) {
      most = std::max(most, current + next);
      current = next;
    };
    if (grid_.straighten) step(as_floats);
    if (grid_.orient.is_permutation()) step(current);
    if (maps_before_resampling(plan_.recipe, stack_)) step(as_floats);
    const std::uint64_t before = current;
    step(together * result(slab_slices));
    return std::max(most, before + current + together * resampling(slab));
  }

  /// What the resampling itself takes, beside its source and its target.
  std::uint64_t resampling(const Slab& slab) const {
    const Size3& upright = grid_.straighten ? grid_.straighten->grid.size : stack_.grid.size;
    const auto counts = std::array{upright.x, upright.y, slab.source.count()};
    const auto& axis = grid_.orient.source_axis;
    return resample_working_bytes({counts[axis[0]], counts[axis[1]], counts[axis[2]]},
                                  grid_.resample_part(slab.begin, slab.end, slab.source.begin), executor_);
  }

  /// What reading the slices of a slab takes.
  std::uint64_t reading(std::int64_t slab_slices, std::uint64_t together = 1) const {
    const std::int64_t slices = thickest(slab_slices).source.count();
    return together * stored(slices) + reading_ + restoring(slices);
  }

  /// What whole volumes take, where their sources are not kept and the next are read meanwhile.
  std::uint64_t whole(std::uint64_t together) const {
    const std::int64_t all = result_slices();
    // What is made at once is its own result; else it is gathered.
    const std::uint64_t gathered = volumes_ > together ? volumes_ * result(all) : 0;
    const std::uint64_t ahead = volumes_ > together ? reading(all, together) : 0;
    return slab(all, together) + gathered + encoder_ + ahead;
  }

  std::uint64_t encoder() const { return encoder_; }

 private:
  std::uint64_t voxels(std::int64_t slices) const {
    return static_cast<std::uint64_t>(stack_.grid.size.x * stack_.grid.size.y * slices);
  }

  /// Stored values beside the units that they become, a second volume for denoising, and the shrunken volume of a bias
  /// field: a sixty-fourth of all voxels, in some twenty copies.
  std::uint64_t restoring(std::int64_t slices) const {
    if (!plan_.recipe.restores()) return 0;
    constexpr std::uint64_t kFieldBytes = 160, kBlockVoxels = 64;
    const std::uint64_t denoising = plan_.recipe.denoise != "none" ? sizeof(float) : 0;
    const std::uint64_t field = plan_.recipe.bias_field != "none" ? kFieldBytes : 0;
    return voxels(slices) * (sizeof(std::uint16_t) + denoising) + voxels(stack_.grid.size.z) / kBlockVoxels * field;
  }

  const dicom::Stack& stack_;
  const CasePlan& plan_;
  const GridPlan& grid_;
  const Executor& executor_;
  std::uint64_t volumes_, reading_ = 0, encoder_ = 0;
};

}  // namespace

bool can_be_slabbed(const CasePlan& plan, const GridPlan& grid) {
  // nnU-Net clips a slice to its own range: where that is no slice of the stack, all of them are needed at once.
  const bool clips_other_slices = grid.resample.separate_axis.value_or(grid.slice_axis()) != grid.slice_axis();
  return !clips_other_slices && plan.recipe.denoise == "none";
}

CaseBudget one_by_one(const CaseBudget& budget) {
  CaseBudget less = budget;
  less.keeps_sources = false;
  less.volumes_together = 1;
  return less;
}

namespace {

/// Whole volumes, if they fit, so many at a time.
std::optional<CaseBudget> plan_whole(const CaseSizes& sizes, std::uint64_t sources, std::uint64_t together,
                                     std::uint64_t memory_limit_bytes) {
  const std::uint64_t bytes = std::max(sizes.whole(together), sizes.whole(1));  // in the end one by one
  const bool is_single = sizes.volumes() == 1;
  CaseBudget budget{sizes.result_slices(), is_single || sources > 0, !is_single, true, bytes + sources};
  budget.volumes_together = static_cast<std::size_t>(together);
  return budget.memory_bytes <= memory_limit_bytes ? std::optional(budget) : std::nullopt;
}

}  // namespace

std::optional<CaseBudget> plan_budget(const Scan& scan, const CasePlan& plan, const GridPlan& grid,
                                      const Executor& executor, std::uint64_t memory_limit_bytes) {
  const CaseSizes sizes(scan, plan, grid, executor);
  const bool is_single = sizes.volumes() == 1;
  const std::uint64_t all_sources =
      is_single ? 0 : sizes.volumes() * sizes.stored(scan.stacks[plan.stacks.front()].grid.size.z);
  for (const std::uint64_t sources : {all_sources, std::uint64_t{0}}) {
    for (std::uint64_t together = sizes.most_together(); together > 0; together /= 2) {
      if (const auto budget = plan_whole(sizes, sources, together, memory_limit_bytes)) return budget;
    }
  }
  if (!can_be_slabbed(plan, grid)) return std::nullopt;
  for (std::int64_t slab = sizes.result_slices();; slab = (slab + 1) / 2) {
    const std::uint64_t present = std::max(sizes.slab(slab), sizes.encoder()), both = present + sizes.reading(slab);
    if (both <= memory_limit_bytes) return CaseBudget{slab, false, true, false, both};
    if (slab == 1 && present <= memory_limit_bytes) return CaseBudget{slab, false, false, false, present};
    if (slab == 1) return std::nullopt;
  }
}

}  // namespace naru
