/// The whole result of a case: in memory, or in a scratch file where memory is short.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <span>

#include "core/trace.h"
#include "pipeline/scratch.h"
#include "pipeline/slab.h"

namespace naru {

/// What is made at once is taken as it is; else slabs are gathered.
template <class Out>
class CaseResult {
 public:
  /// @param size of one volume
  /// @param slab_count how many slabs all volumes are made in
  /// @param scratch_folder where the scratch file lies, if there is one. @throws Error{disk_full, memory_exceeded}
  CaseResult(const Size3& size, std::size_t volume_count, std::size_t slab_count, bool is_in_memory,
             const std::filesystem::path& scratch_folder)
      : size_(size), count_(static_cast<std::size_t>(size.voxel_count()) * volume_count) {
    if (!is_in_memory) {
      scratch_ = std::make_unique<ScratchFile>(scratch_folder, count_ * sizeof(Out));
    } else if (slab_count > 1) {
      Executor here = Executor::cpu(1);  // no device copies to it: a GPU's executor would lock its pages
      memory_ = Buffer<Out>::on_host(count_, here);
    }
  }

  bool is_gathered() const { return scratch_ || memory_.size() > 0; }

  /// @pre !is_gathered()
  void take(Buffer<Out> whole) { memory_ = std::move(whole); }

  /// Copies a slab, which lies along `axis`, to its place. @pre is_gathered(); of several volumes all slices are there
  void place(const Owned<Out>& slab_voxels, const Slab& slab, int axis) {
    const Span span(Stage::copy, "gather", {slab.begin, slab_voxels.buffer.size() * sizeof(Out)});
    const Size3 part = {slab_voxels.size.x, slab_voxels.size.y, slab_voxels.size.z * slab_voxels.count};
    std::array<std::int64_t, 3> first{};
    first[static_cast<std::size_t>(axis)] = slab.begin;
    const Out* from = slab_voxels.buffer.data();
    Out* const volume = voxels().data() + static_cast<std::int64_t>(slab.volume) * size_.voxel_count();
    for (std::int64_t z = 0; z < part.z; ++z) {
      for (std::int64_t y = 0; y < part.y; ++y, from += part.x) {
        std::copy_n(from, part.x, volume + first[0] + size_.x * (first[1] + y + size_.y * (first[2] + z)));
      }
    }
    if (scratch_) scratch_->release_pages();
  }

  std::span<Out> voxels() {
    if (scratch_) return {reinterpret_cast<Out*>(scratch_->bytes().data()), count_};
    return memory_.host();
  }

 private:
  Size3 size_;
  std::size_t count_;
  std::unique_ptr<ScratchFile> scratch_;
  Buffer<Out> memory_;
};

}  // namespace naru
