#include "kernels/components.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <limits>

#include "kernels/buffer.h"
#include "kernels/components_voxel.h"
#include "kernels/cuda/components.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/mask_bits.h"
#include "kernels/stream.h"

namespace naru {

namespace {

/// Parents in host memory (see components_voxel.h).
class HostParents {
 public:
  explicit HostParents(std::int32_t* labels) : labels_(labels) {}

  std::int32_t load(std::int32_t v) const { return at(v).load(std::memory_order_relaxed) - 1; }
  void store(std::int32_t v, std::int32_t parent) const { at(v).store(parent + 1, std::memory_order_relaxed); }
  std::int32_t lower(std::int32_t v, std::int32_t parent) const {
    std::int32_t before = at(v).load(std::memory_order_relaxed);
    while (before > parent + 1 && !at(v).compare_exchange_weak(before, parent + 1, std::memory_order_relaxed)) {
    }
    return before - 1;
  }

 private:
  std::atomic_ref<std::int32_t> at(std::int32_t v) const { return std::atomic_ref(labels_[v]); }
  std::int32_t* labels_;
};

/// Voxels [begin, end) of one row that are in the mask, with none of it at either side.
struct Run {
  std::int64_t begin, end;
};

template <class Use>
void each_run(const std::uint8_t* row, std::int64_t width, const Use& use) {
  std::int64_t begin = -1;
  std::uint64_t before = 0;
  const auto take = [&](std::int64_t x, std::uint64_t bits) {
    for (std::uint64_t edges = bits ^ (bits << 1 | before); edges != 0; edges &= edges - 1) {
      const std::int64_t edge = x + std::countr_zero(edges);
      if (begin >= 0) use(Run{begin, edge});
      begin = begin < 0 ? edge : -1;
    }
    before = bits >> 63;
  };
  std::int64_t x = 0;
  for (; x + kWordVoxels <= width; x += kWordVoxels) {
    ask_ahead(row + x);
    take(x, bits_of(row + x));
  }
  std::array<std::uint8_t, kWordVoxels> rest{};
  std::copy(row + x, row + width, rest.begin());
  take(x, bits_of(rest.data()));  // what follows the row is in no mask: there its last run ends
}

/// The passes over a volume on the CPU, in pieces of whole rows. A run has one parent, held in its first voxel.
class HostLabelling {
 public:
  HostLabelling(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels, Neighbours neighbours,
                Executor& executor)
      : mask_(mask),
        labels_(labels),
        neighbours_(neighbours),
        parents_(labels.data),
        executor_(executor),
        rows_per_piece_(std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(1, mask.size.x))) {}

  std::vector<Component> run() {
    const bool by_voxel = cpu_path() == CpuPath::baseline;  // as the device does it
    each_piece([&](std::int64_t begin, std::int64_t end) { start(begin, end, by_voxel); });
    each_piece(
        [&](std::int64_t begin, std::int64_t end) { by_voxel ? unite_voxels(begin, end) : unite_runs(begin, end); });
    std::vector<Roots> roots(static_cast<std::size_t>((rows() + rows_per_piece_ - 1) / rows_per_piece_));
    each_piece([&](std::int64_t begin, std::int64_t end) { roots[piece_of(begin)] = flatten(begin, end); });
    for (const Roots& of_piece : roots) number_roots(of_piece);
    each_piece([&](std::int64_t begin, std::int64_t end) { give_labels(begin, end); });
    return std::move(components_);
  }

 private:
  using Roots = std::vector<std::int32_t>;  // voxels

  std::int64_t rows() const { return mask_.size.y * mask_.size.z; }
  std::size_t piece_of(std::int64_t row) const { return static_cast<std::size_t>(row / rows_per_piece_); }

  template <class Body>
  void each_piece(const Body& body) {
    executor_.parallel_for(rows(), rows_per_piece_, body);
  }

  /// Calls `use(begin, end)`, in voxels of the volume, for the runs of rows [begin, end).
  template <class Use>
  void each_run_of(std::int64_t begin, std::int64_t end, const Use& use) const {
    const std::int64_t width = mask_.size.x;
    for (std::int64_t row = begin; row < end; ++row) {
      each_run(mask_.data + row * width, width, [&](Run run) { use(row * width + run.begin, row * width + run.end); });
    }
  }

  void start(std::int64_t begin, std::int64_t end, bool by_voxel) {
    each_run_of(begin, end, [&](std::int64_t first, std::int64_t last) {
      const std::int64_t count = by_voxel ? last - first : 1;
      std::fill_n(labels_.data + first, count, static_cast<std::int32_t>(first + 1));
    });
  }

  void unite_voxels(std::int64_t begin, std::int64_t end) {
    const UniteVoxel<HostParents> unite_voxel{mask_, neighbours_, parents_};
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t x = 0; x < mask_.size.x; ++x) unite_voxel(x, row % mask_.size.y, row / mask_.size.y);
    }
  }

  void find_runs(std::int64_t row, std::vector<Run>& runs) const {
    runs.clear();
    each_run(mask_.data + row * mask_.size.x, mask_.size.x, [&](Run run) { runs.push_back(run); });
  }

  void unite_runs(std::int64_t begin, std::int64_t end) {
    std::vector<Run> own, above, other;
    const std::int64_t width = mask_.size.x, height = mask_.size.y, reach = neighbours_ == Neighbours::faces ? 0 : 1;
    for (std::int64_t row = begin; row < end; ++row) {
      std::swap(own, above);
      if (row == begin && row > 0) find_runs(row - 1, above);
      find_runs(row, own);
      if (row % height > 0) unite_rows(own, row * width, above, (row - 1) * width, reach);
      const auto with = [&](std::int64_t dy, std::int64_t row_reach) {
        const std::int64_t y = row % height + dy, there = row + dy - height;
        if (own.empty() || y < 0 || y >= height || row < height) return;
        find_runs(there, other);
        unite_rows(own, row * width, other, there * width, row_reach);
      };
      with(0, reach);
      if (neighbours_ == Neighbours::faces) continue;
      with(-1, neighbours_ == Neighbours::corners ? 1 : 0);
      with(1, neighbours_ == Neighbours::corners ? 1 : 0);
    }
  }

  /// Runs that touch, of two rows that start at voxels `own_start` and `other_start`.
  void unite_rows(const std::vector<Run>& own, std::int64_t own_start, const std::vector<Run>& other,
                  std::int64_t other_start, std::int64_t reach) {
    for (std::size_t i = 0, j = 0; i < own.size() && j < other.size();) {
      if (other[j].begin < own[i].end + reach && own[i].begin < other[j].end + reach) {
        unite(parents_, static_cast<std::int32_t>(own_start + own[i].begin),
              static_cast<std::int32_t>(other_start + other[j].begin));
      }
      own[i].end < other[j].end ? ++i : ++j;
    }
  }

  /// Every parent becomes a root. @return the roots
  Roots flatten(std::int64_t begin, std::int64_t end) {
    Roots roots;
    each_run_of(begin, end, [&](std::int64_t first, std::int64_t) {
      const auto voxel = static_cast<std::int32_t>(first);
      const std::int32_t root = root_of(parents_, voxel);
      parents_.store(voxel, root);
      if (root == voxel) roots.push_back(voxel);
    });
    return roots;
  }

  /// A root holds its label, negative.
  void number_roots(const Roots& roots) {
    for (const std::int32_t root : roots) {
      components_.push_back({root, 0});
      labels_.data[root] = -static_cast<std::int32_t>(components_.size());
    }
  }

  /// Whole rows get their labels. Where another thread has come by, a root holds its label as it is.
  void give_labels(std::int64_t begin, std::int64_t end) {
    const std::int64_t width = mask_.size.x;
    std::int64_t done = begin * width;
    each_run_of(begin, end, [&](std::int64_t first, std::int64_t last) {
      const std::int32_t held = labels_.data[first];
      const std::int32_t label =
          held < 0 ? -held : std::abs(std::atomic_ref(labels_.data[held - 1]).load(std::memory_order_relaxed));
      std::fill(labels_.data + done, labels_.data + first, 0);
      std::atomic_ref(labels_.data[first]).store(label, std::memory_order_relaxed);
      std::fill(labels_.data + first + 1, labels_.data + last, label);
      std::atomic_ref(components_[static_cast<std::size_t>(label - 1)].voxel_count)
          .fetch_add(last - first, std::memory_order_relaxed);
      done = last;
    });
    std::fill(labels_.data + done, labels_.data + end * width, 0);
  }

  VolumeView<const std::uint8_t> mask_;
  VolumeView<std::int32_t> labels_;
  Neighbours neighbours_;
  HostParents parents_;
  Executor& executor_;
  std::int64_t rows_per_piece_;
  std::vector<Component> components_;
};

void mark_open_on_host(VolumeView<const std::int32_t> labels, std::uint8_t* is_open) {
  const Size3& size = labels.size;
  for (std::int64_t z = 0; z < size.z; ++z) {
    for (std::int64_t y = 0; y < size.y; ++y) {
      // Within a row that is not on the border only its ends are.
      const std::int64_t step = is_on_border(size, 1, y, z) ? 1 : std::max<std::int64_t>(1, size.x - 1);
      for (std::int64_t x = 0; x < size.x; x += step) {
        if (is_on_border(size, x, y, z)) is_open[labels.data[labels.index(x, y, z)]] = 1;
      }
    }
  }
}

}  // namespace

std::vector<Component> label_components(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels,
                                        Neighbours neighbours, Executor& executor) {
  assert(mask.size == labels.size && mask.size.voxel_count() < std::numeric_limits<std::int32_t>::max());
  if (mask.size.voxel_count() == 0) return {};
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::label_components(mask, labels, neighbours, executor);
  }
  return HostLabelling(mask, labels, neighbours, executor).run();
}

std::int32_t largest_of(const std::vector<Component>& components) {
  const auto largest = std::ranges::max_element(components, {}, &Component::voxel_count);  // the first of several
  return largest == components.end() ? 0 : static_cast<std::int32_t>(largest - components.begin() + 1);
}

void keep_largest_component(VolumeView<const std::uint8_t> mask, VolumeView<std::uint8_t> out, Neighbours neighbours,
                            Executor& executor) {
  Buffer<std::int32_t> buffer(static_cast<std::size_t>(mask.size.voxel_count()), executor);
  const VolumeView<std::int32_t> labels{buffer.data(), mask.size};
  const std::int32_t label = largest_of(label_components(mask, labels, neighbours, executor));
  fill_voxels(out, LabelVoxel{labels, label}, executor);
  executor.wait();  // the labels are freed now
}

void fill_holes(VolumeView<const std::uint8_t> mask, VolumeView<std::uint8_t> out, Neighbours neighbours,
                Executor& executor) {
  assert(mask.size == out.size);
  const auto count = static_cast<std::size_t>(mask.size.voxel_count());
  Buffer<std::uint8_t> outside(count, executor);
  Buffer<std::int32_t> buffer(count, executor);
  const VolumeView<std::int32_t> labels{buffer.data(), mask.size};
  fill_voxels(VolumeView<std::uint8_t>{outside.data(), mask.size}, ComplementVoxel{mask}, executor);
  const auto components = label_components({outside.data(), mask.size}, labels, neighbours, executor);
  auto host = Buffer<std::uint8_t>::on_host(components.size() + 1, executor);
  std::ranges::fill(host.host(), std::uint8_t{0});
  Buffer<std::uint8_t> is_open = to_executor(std::move(host), executor);
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) cuda::mark_open(labels, is_open.data(), executor);
  }
  if (!executor.is_cuda()) mark_open_on_host(labels, is_open.data());
  fill_voxels(out, HoleVoxel{labels, is_open.data()}, executor);
  executor.wait();  // the buffers are freed now
}

}  // namespace naru
