#include "kernels/text_network.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/buffer.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/text_network_rows.h"
#include "kernels/text_network_strips.h"

namespace naru {

namespace {

/// The network's shape: what a file of weights must state.
struct Shape {
  std::uint32_t inputs, outputs, size, stride, dilation;
  friend bool operator==(const Shape&, const Shape&) = default;
};
constexpr std::array<Shape, static_cast<std::size_t>(TextLayerName::count)> kShapes = {{
    {12, 24, 3, 1, 1},  // stem
    {24, 48, 3, 2, 1},  // down1
    {48, 48, 3, 1, 1},  // mid
    {48, 80, 3, 2, 1},  // down2
    {80, 80, 3, 1, 1},  // deep1
    {80, 80, 3, 1, 2},  // deep2
    {80, 80, 3, 1, 4},  // deep3
    {80, 80, 3, 1, 2},  // deep4
    {80, 48, 1, 1, 1},  // up2
    {48, 48, 3, 1, 1},  // merge2
    {48, 24, 1, 1, 1},  // up1
    {24, 24, 3, 1, 1},  // merge1
    {24, 4, 3, 1, 1},   // head
}};

constexpr std::array<char, 8> kMagic = {'N', 'A', 'R', 'U', 'T', 'X', 'T', '\0'};
constexpr std::uint32_t kVersion = 1;

/// IEEE 754 binary16 to binary32.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16, exponent = half >> 10 & 0x1FU, fraction = half & 0x3FFU;
  if (exponent == 0) return (sign != 0 ? -1.0F : 1.0F) * static_cast<float>(fraction) * 0x1p-24F;
  const std::uint32_t bits = sign | (exponent == 31 ? 0xFFU : exponent + 112) << 23 | fraction << 13;
  return std::bit_cast<float>(bits);
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : rest_(file) {}

  template <class T>
  T value() {
    T result;
    if (rest_.size() < sizeof result)
      throw Error(ErrorCode::internal, "the weights of the text detector are cut short");
    std::memcpy(&result, rest_.data(), sizeof result);
    rest_ = rest_.subspan(sizeof result);
    return result;
  }

  bool is_at_end() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
};

/// @param weights output, then `terms` of each
std::vector<float> blocked(const std::vector<float>& weights, int outputs, int terms) {
  std::vector<float> result(weights.size());
  for (int o = 0; o < outputs; ++o) {
    for (int n = 0; n < terms; ++n) {
      const std::size_t to = static_cast<std::size_t>((o / kTextBlock * terms + n) * kTextBlock + o % kTextBlock);
      result[to] = weights[static_cast<std::size_t>(o * terms + n)];
    }
  }
  return result;
}

/// Few outputs are not worth the rows that are made for them.
bool is_done_by_sums(const TextLayer& layer) {
  constexpr int kFewestOutputs = 16;
  return layer.size == 3 && layer.stride == 1 && layer.outputs >= kFewestOutputs;
}

std::vector<float> by_sum(const TextLayer& layer) {
  std::vector<float> result;
  for (const auto& counts : kTextSumWeights) {
    std::vector<float> weights;
    for (std::size_t at = 0; at < layer.weights.size(); at += 9) {
      for (std::size_t u = 0; u < 3; ++u) {
        double sum = 0;
        for (std::size_t v = 0; v < 3; ++v) sum += counts[v] * layer.weights[at + 3 * v + u];
        weights.push_back(static_cast<float>(sum));
      }
    }
    std::ranges::copy(blocked(weights, layer.outputs, 3 * layer.inputs), std::back_inserter(result));
  }
  return result;
}

[[noreturn]] void refuse() {
  throw Error(ErrorCode::internal, "the weights of the text detector are not those of this version");
}

}  // namespace

TextNetwork TextNetwork::from_bytes(std::span<const std::byte> file) {
  static_assert(std::endian::native == std::endian::little);
  Reader reader(file);
  if (reader.value<std::array<char, 8>>() != kMagic || reader.value<std::uint32_t>() != kVersion) refuse();
  if (reader.value<std::uint32_t>() != kShapes.size()) refuse();
  TextNetwork network;
  for (std::size_t n = 0; n < kShapes.size(); ++n) {
    const Shape shape = kShapes[n];
    if (reader.value<Shape>() != shape) refuse();
    TextLayer& layer = network.layers_[n];
    layer.inputs = static_cast<int>(shape.inputs);
    layer.outputs = static_cast<int>(shape.outputs);
    layer.size = static_cast<int>(shape.size);
    layer.stride = static_cast<int>(shape.stride);
    layer.dilation = static_cast<int>(shape.dilation);
    for (std::uint32_t o = 0; o < shape.outputs; ++o) layer.bias.push_back(reader.value<float>());
    const std::size_t count = std::size_t{shape.outputs} * shape.inputs * shape.size * shape.size;
    for (std::size_t w = 0; w < count; ++w) layer.weights.push_back(from_half(reader.value<std::uint16_t>()));
    const auto is_finite = [](float value) { return std::isfinite(value); };
    if (!std::ranges::all_of(layer.bias, is_finite) || !std::ranges::all_of(layer.weights, is_finite)) refuse();
    layer.blocked = is_done_by_sums(layer)
                        ? by_sum(layer)
                        : blocked(layer.weights, layer.outputs, layer.inputs * layer.size * layer.size);
    network.places_[n] = network.values_.size();
    network.values_.insert(network.values_.end(), layer.bias.begin(), layer.bias.end());
    network.values_.insert(network.values_.end(), layer.weights.begin(), layer.weights.end());
  }
  if (!reader.is_at_end()) refuse();
  return network;
}

namespace {

/// The maps of one pass lie in one block, each in the first room that is large enough: with memory of its own for each,
/// a tenth of the time goes into pages that are new. Not for several threads.
class MapMemory {
 public:
  /// Of a pass over width x height pixels.
  MapMemory(std::int64_t width, std::int64_t height, Executor& executor)
      : block_(static_cast<std::size_t>(kFloatsAPixel * (width + kMargins) * (height + kMargins)), executor) {}

  struct Return {
    MapMemory* from = nullptr;
    void operator()(const float* place) const { from->taken_.erase(place - from->block_.data()); }
  };
  using Place = std::unique_ptr<float, Return>;

  Place take(std::int64_t count) {
    constexpr std::int64_t kAligned = 16;
    const std::int64_t needed = (count + kAligned - 1) / kAligned * kAligned;
    std::int64_t begin = 0;
    for (const auto& [other, length] : taken_) {
      if (other - begin >= needed) break;
      begin = other + length;
    }
    if (begin + needed > static_cast<std::int64_t>(block_.size())) {
      throw Error(ErrorCode::internal, "the maps of the text detector do not fit into their memory");
    }
    taken_.emplace(begin, needed);
    return Place(block_.data() + begin, {this});
  }

 private:
  /// The maps that are there at a time, and the gaps between them, take less than 17 floats a pixel; margins around
  /// small maps come on top.
  static constexpr std::int64_t kFloatsAPixel = 20, kMargins = 48;

  Buffer<float> block_;
  std::map<std::int64_t, std::int64_t> taken_;  ///< by place in the block, how much
};

/// One map of the network.
struct Map {
  Map(std::int64_t width, std::int64_t height, std::int64_t channels, MapMemory& memory)
      : values(memory.take(width * height * channels)), view{values.get(), {width, height, channels}} {}
  MapMemory::Place values;
  VolumeView<float> view;
};

/// A layer's input as `convolve_rows` wants it.
class ReadyLayer {
 public:
  ReadyLayer(const TextLayer& layer, TextMap in, MapMemory& memory, Executor& executor) {
    const int half = layer.size / 2;
    const int phases = layer.stride * layer.stride;
    const std::int64_t margin = std::int64_t{layer.dilation} * half;
    const Size3 size = {in.size.x / layer.stride, in.size.y / layer.stride, in.size.z * phases};
    rows_.row_stride = size.x + margin;  // what lies behind one row lies before the next
    const std::int64_t plane_stride = rows_.row_stride * (size.y + 2 * margin) + margin;
    rows_.terms.channel_stride = plane_stride * phases;
    planes_ = memory.take(plane_stride * size.z + kTextOverrun + margin);
    std::fill_n(planes_.get() + plane_stride * size.z, kTextOverrun + margin, 0.0F);
    rows_.in = planes_.get() + margin * rows_.row_stride + margin;
    fill_planes(in, layer.stride, margin, size, plane_stride, executor);
    for (int v = -half; v < layer.size - half; ++v) {
      for (int u = -half; u < layer.size - half; ++u) {
        // With a stride of 2, odd places stand in planes of their own: -1 is the odd place of the one before.
        const int a = layer.stride == 2 ? v & 1 : 0, b = layer.stride == 2 ? u & 1 : 0;
        const std::int64_t row = layer.stride == 2 ? (v - a) / 2 : v * layer.dilation;
        const std::int64_t column = layer.stride == 2 ? (u - b) / 2 : u * layer.dilation;
        rows_.terms.taps[rows_.terms.tap_count++] = (2 * a + b) * plane_stride + row * rows_.row_stride + column;
      }
    }
    rows_.terms.inputs = layer.inputs;
    rows_.terms.weights = layer.blocked.data();
    rows_.bias = layer.bias.data();
  }

  TextRows rows(VolumeView<float> out, TextEnd end) const {
    TextRows rows = rows_;
    rows.out = out;
    rows.end = end;
    return rows;
  }

 private:
  /// Every place is written, the margins with zeros.
  void fill_planes(TextMap in, int stride, std::int64_t margin, Size3 size, std::int64_t plane_stride,
                   Executor& executor) {
    const int phases = stride * stride;
    const std::int64_t height = size.y + 2 * margin;
    executor.parallel_for(size.z * height, height, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const std::int64_t plane = n / height, y = n % height - margin, phase = plane % phases;
        float* const row = planes_.get() + plane * plane_stride + (y + margin) * rows_.row_stride;
        const bool is_last = y == size.y + margin - 1;
        std::fill_n(row, rows_.row_stride + (is_last ? margin : 0), 0.0F);
        if (y < 0 || y >= size.y) continue;
        const float* const from = in.data + in.index(phase % 2, stride * y + phase / 2, plane / phases);
        if (stride == 1) {
          std::copy_n(from, size.x, row + margin);
        } else {
          for (std::int64_t x = 0; x < size.x; ++x) row[margin + x] = from[2 * x];
        }
      }
    });
  }

  MapMemory::Place planes_;
  TextRows rows_;
};

using Float4 = float __attribute__((vector_size(16)));
using Float8 = float __attribute__((vector_size(32)));
using Float16 = float __attribute__((vector_size(64)));

void rows_baseline(const TextRows& work, std::int64_t begin, std::int64_t end) {
  convolve_rows<Float4, 1, 2>(work, begin, end);
}
void strip_baseline(const TextStrips& work, std::int64_t strip, float* memory) {
  convolve_strip<Float4, 1, 2>(work, strip, memory);
}
__attribute__((target("avx2,fma"))) void rows_avx2(const TextRows& work, std::int64_t begin, std::int64_t end) {
  convolve_rows<Float8, 1, 2>(work, begin, end);
}
__attribute__((target("avx2,fma"))) void strip_avx2(const TextStrips& work, std::int64_t strip, float* memory) {
  convolve_strip<Float8, 1, 2>(work, strip, memory);
}
/// Eight outputs of 32 columns: 16 sums in 32 registers.
__attribute__((target("avx512f,avx512vl,fma"))) void rows_avx512(const TextRows& work, std::int64_t begin,
                                                                 std::int64_t end) {
  if (work.out.size.z % 8 == 0) return convolve_rows<Float16, 2, 2>(work, begin, end);
  convolve_rows<Float16, 1, 2>(work, begin, end);
}
__attribute__((target("avx512f,avx512vl,fma"))) void strip_avx512(const TextStrips& work, std::int64_t strip,
                                                                  float* memory) {
  convolve_strip<Float16, 2, 2>(work, strip, memory);
}

/// By CpuPath.
constexpr std::array kRows = {rows_baseline, rows_avx2, rows_avx512};
constexpr std::array kStrips = {strip_baseline, strip_avx2, strip_avx512};

void convolve_by_sums(const TextLayer& layer, TextMap in, VolumeView<float> out, TextEnd end, Executor& executor) {
  const TextStrips work{in, layer.dilation, layer.blocked.data(), layer.bias.data(), out, end};
  const auto run = kStrips[static_cast<std::size_t>(cpu_path())];
  executor.parallel_for((out.size.y + kTextStripRows - 1) / kTextStripRows, 1,
                        [&](std::int64_t begin, std::int64_t last) {
                          Buffer<float> memory(static_cast<std::size_t>(work.work_count()), executor);
                          for (std::int64_t strip = begin; strip < last; ++strip) run(work, strip, memory.data());
                        });
}

void convolve_on_cpu(const TextLayer& layer, TextMap in, VolumeView<float> out, TextEnd end, MapMemory& memory,
                     Executor& executor) {
  if (is_done_by_sums(layer)) return convolve_by_sums(layer, in, out, end, executor);
  const ReadyLayer ready(layer, in, memory, executor);
  const TextRows rows = ready.rows(out, end);
  const auto run = kRows[static_cast<std::size_t>(cpu_path())];
  constexpr std::int64_t kRowsPerPiece = 16;
  executor.parallel_for(out.size.y, kRowsPerPiece,
                        [&](std::int64_t begin, std::int64_t last) { run(rows, begin, last); });
}

/// The layers one after the other.
class Pass {
 public:
  Pass(const ReachableTextNetwork& network, Size3 size, Executor& executor)
      : network_(network), executor_(executor), memory_(size.x, size.y, executor) {}

  Map convolve(TextLayerName name, const Map& in, TextEnd end = TextEnd::relu) {
    const TextLayer& layer = network_.network().layer(name);
    const Size3 size = in.view.size;
    Map out(size.x / layer.stride, size.y / layer.stride, layer.outputs, memory_);
    if (!executor_.is_cuda()) {
      convolve_on_cpu(layer, in.view, out.view, end, memory_, executor_);
      return out;
    }
    if constexpr (kWithCuda) {
      const float* const bias = network_.on_device(name);
      cuda::convolve_text({in.view, layer.size, layer.stride, layer.dilation, bias, bias + layer.bias.size(), end},
                          out.view, executor_);
    }
    return out;
  }

  Map unshuffle(TextMap in) {
    Map out(in.size.x / 2, in.size.y / 2, in.size.z * 4, memory_);
    fill_voxels(out.view, TextUnshuffleVoxel{in}, executor_);
    return out;
  }

  /// @param skip whose memory is free afterwards
  Map double_and_add(const Map& low, Map skip) {
    Map out(skip.view.size.x, skip.view.size.y, skip.view.size.z, memory_);
    fill_voxels(out.view, TextDoubleVoxel{low.view, skip.view}, executor_);
    return out;
  }

 private:
  const ReachableTextNetwork& network_;
  Executor& executor_;
  MapMemory memory_;
};

}  // namespace

ReachableTextNetwork::ReachableTextNetwork(const TextNetwork& network, Executor& executor) : network_(&network) {
  if (!executor.is_cuda()) return;
  const std::span<const float> values = network.values();
  values_ = Buffer<float>(values.size(), executor);
  detail::copy_bytes(values_.data(), values.data(), values.size_bytes(), executor);
}

void detect_text(const ReachableTextNetwork& network, VolumeView<const float> windows, VolumeView<float> probability,
                 Executor& executor) {
  assert(windows.size.x % kTextGrain == 0 && windows.size.y % kTextGrain == 0 && windows.size.z == kTextWindows);
  Pass pass(network, windows.size, executor);
  Map stem = pass.convolve(TextLayerName::stem, pass.unshuffle(windows));
  Map mid = pass.convolve(TextLayerName::mid, pass.convolve(TextLayerName::down1, stem));
  Map map = pass.convolve(TextLayerName::down2, mid);
  for (const auto name : {TextLayerName::deep1, TextLayerName::deep2, TextLayerName::deep3, TextLayerName::deep4}) {
    map = pass.convolve(name, map, TextEnd::relu_plus_input);
  }
  map = pass.convolve(TextLayerName::up2, map, TextEnd::none);
  map = pass.double_and_add(map, std::move(mid));
  map = pass.convolve(TextLayerName::merge2, map);
  map = pass.convolve(TextLayerName::up1, map, TextEnd::none);
  map = pass.double_and_add(map, std::move(stem));
  map = pass.convolve(TextLayerName::merge1, map);
  map = pass.convolve(TextLayerName::head, map, TextEnd::none);
  fill_voxels(probability, TextProbabilityVoxel{map.view}, executor);
}

}  // namespace naru
