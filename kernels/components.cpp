#include "kernels/components.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <limits>
#include <numeric>

#include "kernels/buffer.h"
#include "kernels/components_voxel.h"
#include "kernels/cuda/components.h"
#include "kernels/fill.h"

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

/// The passes over a volume on the CPU, in pieces of whole rows.
class HostLabelling {
 public:
  HostLabelling(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels, Neighbours neighbours,
                Executor& executor)
      : mask_(mask),
        labels_(labels),
        parents_(labels.data),
        unite_{mask, neighbours, parents_},
        executor_(executor),
        rows_per_piece_(std::max<std::int64_t>(1, (1 << 16) / std::max<std::int64_t>(1, mask.size.x))) {}

  std::vector<Component> run() {
    each_piece([&](std::int64_t begin, std::int64_t end) { start_runs(begin, end); });
    each_piece([&](std::int64_t begin, std::int64_t end) { unite_rows(begin, end); });
    std::vector<std::int64_t> roots(static_cast<std::size_t>((rows() + rows_per_piece_ - 1) / rows_per_piece_));
    each_piece([&](std::int64_t begin, std::int64_t end) { roots[piece_of(begin)] = flatten(begin, end); });
    std::vector<std::int64_t> first(roots.size());
    std::exclusive_scan(roots.begin(), roots.end(), first.begin(), std::int64_t{0});
    components_.resize(roots.empty() ? 0 : static_cast<std::size_t>(first.back() + roots.back()));
    each_piece([&](std::int64_t begin, std::int64_t end) { number_roots(begin, end, first[piece_of(begin)]); });
    each_piece([&](std::int64_t begin, std::int64_t end) { give_labels(begin, end); });
    for (std::size_t n = 0; n < components_.size(); ++n) {
      labels_.data[components_[n].first_voxel] = static_cast<std::int32_t>(n + 1);
    }
    return std::move(components_);
  }

 private:
  std::int64_t rows() const { return mask_.size.y * mask_.size.z; }
  std::size_t piece_of(std::int64_t row) const { return static_cast<std::size_t>(row / rows_per_piece_); }

  template <class Body>
  void each_piece(const Body& body) {
    executor_.parallel_for(rows(), rows_per_piece_, body);
  }

  /// The parent of a voxel is the first of its run in the row.
  void start_runs(std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t run = -1;
      for (std::int64_t v = row * mask_.size.x; v < (row + 1) * mask_.size.x; ++v) {
        run = mask_.data[v] == 0 ? -1 : run < 0 ? v : run;
        labels_.data[v] = static_cast<std::int32_t>(run + 1);
      }
    }
  }

  void unite_rows(std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t x = 0; x < mask_.size.x; ++x) unite_(x, row % mask_.size.y, row / mask_.size.y);
    }
  }

  /// Every parent becomes a root. @return how many roots there are
  std::int64_t flatten(std::int64_t begin, std::int64_t end) {
    std::int64_t count = 0;
    for (auto v = static_cast<std::int32_t>(begin * mask_.size.x); v < end * mask_.size.x; ++v) {
      if (mask_.data[v] == 0) continue;
      const std::int32_t root = root_of(parents_, v);
      parents_.store(v, root);
      count += root == v ? 1 : 0;
    }
    return count;
  }

  /// A root holds its label, negative.
  void number_roots(std::int64_t begin, std::int64_t end, std::int64_t next) {
    for (std::int64_t v = begin * mask_.size.x; v < end * mask_.size.x; ++v) {
      if (labels_.data[v] != v + 1) continue;
      components_[static_cast<std::size_t>(next)].first_voxel = v;
      labels_.data[v] = static_cast<std::int32_t>(-++next);
    }
  }

  /// All but the roots get their labels; sizes grow by whole runs.
  void give_labels(std::int64_t begin, std::int64_t end) {
    std::int32_t label = 0;
    std::int64_t run = 0;
    const auto count_run = [&] {
      if (label == 0) return;
      std::atomic_ref(components_[static_cast<std::size_t>(label - 1)].voxel_count)
          .fetch_add(run, std::memory_order_relaxed);
    };
    for (std::int64_t v = begin * mask_.size.x; v < end * mask_.size.x; ++v) {
      const std::int32_t held = labels_.data[v];
      const std::int32_t own = held > 0 ? -labels_.data[held - 1] : -held;
      if (held > 0) labels_.data[v] = own;
      if (own != label) {
        count_run();
        label = own;
        run = 0;
      }
      ++run;
    }
    count_run();
  }

  VolumeView<const std::uint8_t> mask_;
  VolumeView<std::int32_t> labels_;
  HostParents parents_;
  UniteVoxel<HostParents> unite_;
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
