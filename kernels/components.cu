#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include <cub/device/device_reduce.cuh>
#include <cub/device/device_select.cuh>

#include "kernels/buffer.h"
#include "kernels/components_voxel.h"
#include "kernels/cuda/components.h"
#include "kernels/cuda/fill.cuh"

namespace naru::cuda {

template void fill_voxels(VolumeView<std::uint8_t>, const ComplementVoxel&, Executor&);
template void fill_voxels(VolumeView<std::uint8_t>, const LabelVoxel&, Executor&);
template void fill_voxels(VolumeView<std::uint8_t>, const HoleVoxel&, Executor&);

namespace {

constexpr unsigned kBlockThreads = 256;

/// Parents in device memory (see components_voxel.h). Volatile: other threads change them.
struct DeviceParents {
  std::int32_t* labels;

  __device__ std::int32_t load(std::int32_t v) const { return static_cast<volatile std::int32_t*>(labels)[v] - 1; }
  __device__ void store(std::int32_t v, std::int32_t parent) const {
    static_cast<volatile std::int32_t*>(labels)[v] = parent + 1;
  }
  __device__ std::int32_t lower(std::int32_t v, std::int32_t parent) const {
    return atomicMin(labels + v, parent + 1) - 1;
  }
};

/// One thread a voxel, neighbouring threads neighbouring voxels; every pass is one read and one write of the labels.
template <class Body>
__global__ void each_voxel_kernel(std::int32_t count, Body body) {
  const std::int64_t v = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (v < count) body(static_cast<std::int32_t>(v));
}

template <class Body>
void each_voxel(std::int64_t count, const Body& body, Executor& executor) {
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>((count + kBlockThreads - 1) / kBlockThreads);
  each_voxel_kernel<<<blocks, kBlockThreads, 0, selected_stream(executor)>>>(static_cast<std::int32_t>(count), body);
  cuda_check(cudaGetLastError(), "launching a pass over components");
}

/// The parent of a voxel is the one before it in the row.
struct StartVoxel {
  VolumeView<const std::uint8_t> mask;
  std::int32_t* labels;
  __device__ void operator()(std::int32_t v) const {
    const bool goes_on = v % mask.size.x > 0 && mask.data[v - 1] != 0;
    labels[v] = mask.data[v] == 0 ? 0 : goes_on ? v : v + 1;
  }
};

struct UniteAt {
  UniteVoxel<DeviceParents> voxel;
  __device__ void operator()(std::int32_t v) const {
    const std::int64_t row = v / voxel.mask.size.x;
    voxel(v % voxel.mask.size.x, row % voxel.mask.size.y, row / voxel.mask.size.y);
  }
};

/// Each thread writes the label of its own voxel alone: shortening the ways of others here could undo what they wrote.
struct FlattenVoxel {
  DeviceParents parents;
  __device__ void operator()(std::int32_t v) const {
    std::int32_t root = parents.load(v);
    if (root < 0) return;
    for (std::int32_t next = parents.load(root); next != root; next = parents.load(root)) root = next;
    parents.store(v, root);
  }
};

struct IsRoot {
  const std::int32_t* labels;
  __device__ bool operator()(std::int32_t v) const {
#if __CUDA_ARCH__ == 800
    return labels[v] - 1 == v;  // written so, CUB's selection needs no more registers there than it gets
#else
    return labels[v] == v + 1;
#endif
  }
};

struct CountRoot {
  IsRoot is_root;
  __device__ std::int32_t operator()(std::int32_t v) const { return is_root(v) ? 1 : 0; }
};

/// A root holds its label, negative.
struct NumberRoot {
  const std::int32_t* roots;
  std::int32_t* labels;
  __device__ void operator()(std::int32_t n) const { labels[roots[n]] = -(n + 1); }
};

struct FinishRoot {
  const std::int32_t* roots;
  std::int32_t* labels;
  __device__ void operator()(std::int32_t n) const { labels[roots[n]] = n + 1; }
};

/// All but the roots get their labels. A warp adds once for each label in it.
struct GiveLabel {
  std::int32_t* labels;
  unsigned long long* counts;
  __device__ void operator()(std::int32_t v) const {
    const std::int32_t held = labels[v];
    const std::int32_t own = held > 0 ? -labels[held - 1] : -held;
    if (held > 0) labels[v] = own;
    const unsigned alike = __match_any_sync(__activemask(), own);
    if (own != 0 && static_cast<int>(threadIdx.x % 32) == __ffs(static_cast<int>(alike)) - 1) {
      atomicAdd(counts + (own - 1), static_cast<unsigned long long>(__popc(alike)));
    }
  }
};

/// Runs a CUB algorithm, `call(scratch, scratch_bytes)`, with the scratch memory that it asks for.
template <class Call>
void with_scratch(const Call& call, Executor& executor) {
  std::size_t scratch_bytes = 0;
  cuda_check(call(nullptr, scratch_bytes), "planning a pass over components");
  Buffer<char> scratch(std::max<std::size_t>(1, scratch_bytes), executor);
  cuda_check(call(scratch.data(), scratch_bytes), "collecting components");
}

std::int32_t count_roots(IsRoot is_root, std::int32_t voxel_count, Executor& executor) {
  CUstream_st* const stream = selected_stream(executor);
  Buffer<std::int32_t> count(1, executor);
  const auto flags =
      thrust::make_transform_iterator(thrust::make_counting_iterator(std::int32_t{0}), CountRoot{is_root});
  with_scratch(
      [&](void* scratch, std::size_t& bytes) {
        return cub::DeviceReduce::Sum(scratch, bytes, flags, count.data(), voxel_count, stream);
      },
      executor);
  return to_host(std::move(count), executor).host()[0];
}

/// The roots in order.
Buffer<std::int32_t> select_roots(IsRoot is_root, std::int32_t voxel_count, std::int32_t root_count,
                                  Executor& executor) {
  CUstream_st* const stream = selected_stream(executor);
  Buffer<std::int32_t> roots(static_cast<std::size_t>(root_count), executor), count(1, executor);
  with_scratch(
      [&](void* scratch, std::size_t& bytes) {
        return cub::DeviceSelect::If(scratch, bytes, thrust::make_counting_iterator(std::int32_t{0}), roots.data(),
                                     count.data(), voxel_count, is_root, stream);
      },
      executor);
  return roots;
}

struct MarkOpen {
  VolumeView<const std::int32_t> labels;
  std::uint8_t* is_open;
  __device__ void operator()(std::int32_t v) const {
    const std::int64_t row = v / labels.size.x;
    if (is_on_border(labels.size, v % labels.size.x, row % labels.size.y, row / labels.size.y)) {
      is_open[labels.data[v]] = 1;
    }
  }
};

}  // namespace

std::vector<Component> label_components(VolumeView<const std::uint8_t> mask, VolumeView<std::int32_t> labels,
                                        Neighbours neighbours, Executor& executor) {
  const auto count = static_cast<std::int32_t>(mask.size.voxel_count());
  const DeviceParents parents{labels.data};
  each_voxel(count, StartVoxel{mask, labels.data}, executor);
  each_voxel(count, UniteAt{{mask, neighbours, parents}}, executor);
  each_voxel(count, FlattenVoxel{parents}, executor);
  const IsRoot is_root{labels.data};
  const std::int32_t root_count = count_roots(is_root, count, executor);
  if (root_count == 0) return {};
  Buffer<std::int32_t> roots = select_roots(is_root, count, root_count, executor);
  Buffer<unsigned long long> counts(static_cast<std::size_t>(root_count), executor);
  cuda_check(cudaMemsetAsync(counts.data(), 0, counts.size() * sizeof(unsigned long long), selected_stream(executor)),
             "clearing the sizes of components");
  each_voxel(root_count, NumberRoot{roots.data(), labels.data}, executor);
  each_voxel(count, GiveLabel{labels.data, counts.data()}, executor);
  each_voxel(root_count, FinishRoot{roots.data(), labels.data}, executor);
  const auto host_roots = to_host(std::move(roots), executor);
  const auto host_counts = to_host(std::move(counts), executor);
  std::vector<Component> components(static_cast<std::size_t>(root_count));
  for (std::size_t n = 0; n < components.size(); ++n) {
    components[n] = {host_roots.host()[n], static_cast<std::int64_t>(host_counts.host()[n])};
  }
  return components;
}

void mark_open(VolumeView<const std::int32_t> labels, std::uint8_t* is_open, Executor& executor) {
  each_voxel(labels.size.voxel_count(), MarkOpen{labels, is_open}, executor);
}

}  // namespace naru::cuda
