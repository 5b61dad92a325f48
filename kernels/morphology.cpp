#include "kernels/morphology.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <map>
#include <span>

#include "kernels/buffer.h"
#include "kernels/dispatch.h"
#include "kernels/fill.h"
#include "kernels/mask_bits.h"
#include "kernels/morphology_avx2.h"
#include "kernels/morphology_voxel.h"
#include "kernels/stream.h"

namespace naru {

namespace {

/// Costs of `cost(0), cost(1), ...` up to `bound`.
template <class Cost>
std::vector<float> costs_within(float bound, const Cost& cost) {
  std::vector<float> costs;
  for (std::int64_t d = 0; cost(d) <= bound; ++d) costs.push_back(cost(d));
  return costs;
}

/// The costs of all axes in one buffer.
class CostsOnExecutor {
 public:
  CostsOnExecutor(const MorphologyElement& element, Executor& executor) {
    std::vector<float> all;
    for (std::size_t a = 0; a < 3; ++a) {
      first_[a] = all.size();
      reach_[a] = static_cast<std::int64_t>(element.costs[a].size()) - 1;
      all.insert(all.end(), element.costs[a].begin(), element.costs[a].end());
    }
    auto host = Buffer<float>::on_host(all.size(), executor);
    std::ranges::copy(all, host.host().begin());
    buffer_ = to_executor(std::move(host), executor);
  }
  AxisCosts axis(std::size_t a) const { return {buffer_.data() + first_[a], reach_[a]}; }

 private:
  std::array<std::size_t, 3> first_{};
  std::array<std::int64_t, 3> reach_{};
  Buffer<float> buffer_;
};

/// A mask with 64 voxels in a word. Rows are whole words and one more of 0, so that what is moved along x over the end
/// of a row does not come to the next one. Bits beyond the end of a row have to be 0: they would be moved into it.
struct BitRows {
  BitRows(Size3 size_in_voxels, Executor& executor)
      : size(size_in_voxels),
        stride((size.x + kWordVoxels - 1) / kWordVoxels + 1),
        words(static_cast<std::size_t>(stride * size.y * size.z), executor) {}

  std::uint64_t* row(std::int64_t row) { return words.data() + stride * row; }
  const std::uint64_t* row(std::int64_t row) const { return words.data() + stride * row; }

  /// The bits of word `w` of a row that are voxels.
  std::uint64_t voxels_of(std::int64_t w) const {
    const std::int64_t rest = std::clamp<std::int64_t>(size.x - w * kWordVoxels, 0, kWordVoxels);
    return rest == kWordVoxels ? ~std::uint64_t{0} : (std::uint64_t{1} << rest) - 1;
  }
  /// The other bits of `count` rows to 0.
  void keep_voxels(std::uint64_t* rows, std::int64_t count) const {
    for (std::int64_t row = 0; row < count; ++row) {
      rows[row * stride + stride - 2] &= voxels_of(stride - 2);
      rows[row * stride + stride - 1] = 0;
    }
  }

  Size3 size;           ///< in voxels
  std::int64_t stride;  ///< in words, of a row
  Buffer<std::uint64_t> words;
};

/// Voxel 64 w + i, 0 or 1, of bit i of `from[w] ^ turned`.
void unpack_words(const std::uint64_t* from, std::uint64_t turned, std::uint8_t* to, std::int64_t words, bool) {
  for (std::int64_t w = 0; w < words; ++w) {
    for (int bit = 0; bit < kWordVoxels; ++bit) *to++ = (from[w] ^ turned) >> bit & 1;
  }
}

/// 1 where the mask is `of_mask`.
BitRows packed(VolumeView<const std::uint8_t> mask, bool of_mask, Executor& executor) {
  BitRows bits(mask.size, executor);
  const std::uint64_t turned = of_mask ? 0 : ~std::uint64_t{0};
  const std::int64_t whole = mask.size.x / kWordVoxels, rest = mask.size.x % kWordVoxels;
  each_piece_of_rows(mask.size, executor, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::uint8_t* const from = mask.data + row * mask.size.x;
      std::uint64_t* const to = bits.row(row);
      for (std::int64_t w = 0; w < whole; ++w) {
        ask_ahead(from + w * kWordVoxels);
        to[w] = bits_of(from + w * kWordVoxels) ^ turned;
      }
      if (rest == 0) continue;
      std::array<std::uint8_t, kWordVoxels> last{};
      std::copy_n(from + kWordVoxels * whole, rest, last.begin());
      to[whole] = bits_of(last.data()) ^ turned;
    }
    bits.keep_voxels(bits.row(begin), end - begin);
  });
  return bits;
}

/// The opposite: a voxel is 1 where its bit is `of_mask`.
void unpacked_to(const BitRows& bits, bool of_mask, VolumeView<std::uint8_t> mask, Executor& executor) {
  const std::uint64_t turned = of_mask ? 0 : ~std::uint64_t{0};
  const std::int64_t whole = mask.size.x / kWordVoxels, rest = mask.size.x % kWordVoxels;
  const auto unpack = cpu_path() >= CpuPath::avx2 ? avx2::unpack_words : unpack_words;
  const bool is_streamed = is_worth_streaming(mask);
  each_piece_of_rows(mask.size, executor, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::uint64_t* const from = bits.row(row);
      std::uint8_t* const to = mask.data + row * mask.size.x;
      unpack(from, turned, to, whole, is_streamed);
      if (rest == 0) continue;
      std::array<std::uint8_t, kWordVoxels> last{};
      unpack(from + whole, turned, last.data(), 1, false);
      std::copy_n(last.begin(), rest, to + kWordVoxels * whole);
    }
    _mm_sfence();
  });
}

/// By its reach along x, the farthest first: the steps along y and z to the rows around a row that see it from there.
using RowsByReach = std::map<std::int64_t, std::vector<std::array<std::int64_t, 2>>, std::greater<>>;

/// Of all rows that the element touches.
RowsByReach rows_by_reach(const MorphologyElement& element, const Size3& size) {
  const auto last_step = [&](std::size_t a, std::int64_t length) {
    return std::min(static_cast<std::int64_t>(element.costs[a].size()), length) - 1;
  };
  RowsByReach rows;
  const auto& along_x = element.costs[0];
  const std::int64_t y_reach = last_step(1, size.y), z_reach = last_step(2, size.z);
  for (std::int64_t z = -z_reach; z <= z_reach; ++z) {
    for (std::int64_t y = -y_reach; y <= y_reach; ++y) {
      const float y_cost = element.costs[1][static_cast<std::size_t>(std::abs(y))];
      const float z_cost = element.costs[2][static_cast<std::size_t>(std::abs(z))];
      // The sum in the order of the passes of morphology_voxel.h.
      const auto beyond =
          std::ranges::find_if(along_x, [&](float x_cost) { return !(z_cost + (y_cost + x_cost) <= element.bound); });
      const auto reach = static_cast<std::int64_t>(beyond - along_x.begin()) - 1;
      if (reach >= 0) rows[std::min(reach, size.x - 1)].push_back({y, z});
    }
  }
  return rows;
}

/// Rows that lie one behind the other along y and grow together: long loops, and few enough words for the nearest
/// cache.
constexpr std::int64_t kRowsPerBand = 32;

/// Every 1 of the rows reaches `reach` voxels farther to either side. @param words the rows, with a word of 0 before
/// them
/// @param scratch as many words
void widen(const BitRows& like, std::span<std::uint64_t> words, std::span<std::uint64_t> scratch, std::int64_t reach) {
  // What has grown by n is n + 1 long at least, or the whole row: it leaves no gap where it moves by so much.
  for (std::int64_t grown = 0, step = 0; grown < reach; grown += step) {
    step = std::min({reach - grown, grown + 1, kWordVoxels - 1});
    std::ranges::copy(words, scratch.begin());
    for (std::size_t w = 1; w + 1 < words.size(); ++w) {
      words[w] |= scratch[w] << step | scratch[w - 1] >> (kWordVoxels - step) | scratch[w] >> step |
                  scratch[w + 1] << (kWordVoxels - step);
    }
    like.keep_voxels(words.data() + 1, static_cast<std::int64_t>(words.size() - 1) / like.stride);
  }
}

/// The dilation of rows y to y_end of slice z. As Horner did with powers: the rows of the farthest reach are widened
/// until the next join them, and so on, so that every row is read once and no reach is walked twice.
void grow_band(const BitRows& from, const RowsByReach& element, BitRows& to, std::int64_t y, std::int64_t y_end,
               std::int64_t z) {
  const Size3& size = from.size;
  const auto count = static_cast<std::size_t>((y_end - y) * from.stride) + 1;
  std::vector<std::uint64_t> words(count), scratch(count);
  std::int64_t reach = element.empty() ? 0 : element.begin()->first;
  for (const auto& [next_reach, steps] : element) {
    widen(from, words, scratch, reach - next_reach);
    reach = next_reach;
    for (const auto& [dy, dz] : steps) {
      const std::int64_t first = std::max(y, -dy), last = std::min(y_end, size.y - dy);
      if (z + dz < 0 || z + dz >= size.z || first >= last) continue;
      const std::uint64_t* const other = from.row(first + dy + size.y * (z + dz));
      std::uint64_t* const own = words.data() + 1 + (first - y) * from.stride;
      for (std::int64_t w = 0; w < (last - first) * from.stride; ++w) own[w] |= other[w];
    }
  }
  widen(from, words, scratch, reach);
  std::copy(words.begin() + 1, words.end(), to.row(y + size.y * z));
}

NARU_AVX2_FLAT void grow_band_avx2(const BitRows& from, const RowsByReach& element, BitRows& to, std::int64_t y,
                                   std::int64_t y_end, std::int64_t z) {
  grow_band(from, element, to, y, y_end, z);
}

BitRows grown(const BitRows& from, const RowsByReach& element, Executor& executor) {
  BitRows to(from.size, executor);
  const auto grow = cpu_path() >= CpuPath::avx2 ? grow_band_avx2 : grow_band;
  const std::int64_t bands = (from.size.y + kRowsPerBand - 1) / kRowsPerBand;
  executor.parallel_for(bands * from.size.z, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t band = begin; band < end; ++band) {
      const std::int64_t y = band % bands * kRowsPerBand;
      grow(from, element, to, y, std::min(y + kRowsPerBand, from.size.y), band / bands);
    }
  });
  return to;
}

void turn(BitRows& bits, Executor& executor) {
  each_piece_of_rows(bits.size, executor, [&](std::int64_t begin, std::int64_t end) {
    for (std::uint64_t* word = bits.row(begin); word < bits.row(end); ++word) *word = ~*word;
    bits.keep_voxels(bits.row(begin), end - begin);
  });
}

void apply_in_bits(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, Morphology operation,
                   const MorphologyElement& element, Executor& executor) {
  bool is_mask = operation == Morphology::dilate || operation == Morphology::close;
  const RowsByReach rows = rows_by_reach(element, in.size);
  BitRows bits = grown(packed(in, is_mask, executor), rows, executor);
  if (operation == Morphology::open || operation == Morphology::close) {
    turn(bits, executor);
    bits = grown(bits, rows, executor);
    is_mask = !is_mask;
  }
  unpacked_to(bits, is_mask, out, executor);
}

}  // namespace

void grow_by_passes(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, bool of_mask,
                    const MorphologyElement& element, Executor& executor) {
  const auto count = static_cast<std::size_t>(in.size.voxel_count());
  const CostsOnExecutor costs(element, executor);
  Buffer<float> along_x(count, executor), along_y(count, executor);
  const VolumeView<float> x_view{along_x.data(), in.size}, y_view{along_y.data(), in.size};
  fill_voxels(x_view, NearestAlongX{in, of_mask, costs.axis(0)}, executor);
  fill_voxels(y_view, NearestAlong{x_view, 1, costs.axis(1)}, executor);
  fill_voxels(out, WithinVoxel{{y_view, 2, costs.axis(2)}, element.bound, of_mask}, executor);
  executor.wait();  // the buffers are freed now
}

MorphologyElement ball_element(double radius_mm, const Vec3& spacing_mm) {
  assert(radius_mm >= 0);
  constexpr double kTolerance = 1e-5;  // of the square: sums of f32 round
  MorphologyElement element;
  element.bound = static_cast<float>(radius_mm * radius_mm * (1 + kTolerance));
  for (std::size_t a = 0; a < 3; ++a) {
    assert(spacing_mm[a] > 0);
    element.costs[a] = costs_within(element.bound, [&](std::int64_t d) {
      const double mm = spacing_mm[a] * static_cast<double>(d);
      return static_cast<float>(mm * mm);
    });
  }
  return element;
}

MorphologyElement box_element(const std::array<std::int64_t, 3>& reach) {
  MorphologyElement element;
  for (std::size_t a = 0; a < 3; ++a) element.costs[a].assign(static_cast<std::size_t>(reach[a] + 1), 0.0F);
  return element;
}

MorphologyElement cross_element(std::int64_t steps) {
  MorphologyElement element;
  element.bound = static_cast<float>(steps);
  element.costs.fill(costs_within(element.bound, [](std::int64_t d) { return static_cast<float>(d); }));
  return element;
}

void apply_morphology(VolumeView<const std::uint8_t> in, VolumeView<std::uint8_t> out, Morphology operation,
                      const MorphologyElement& element, Executor& executor) {
  assert(in.size == out.size && in.data != out.data);
  if (in.size.voxel_count() == 0) return;
  if (!executor.is_cuda()) return apply_in_bits(in, out, operation, element, executor);
  const bool starts_with_mask = operation == Morphology::dilate || operation == Morphology::close;
  if (operation == Morphology::dilate || operation == Morphology::erode) {
    return grow_by_passes(in, out, starts_with_mask, element, executor);
  }
  Buffer<std::uint8_t> between(static_cast<std::size_t>(in.size.voxel_count()), executor);
  grow_by_passes(in, {between.data(), in.size}, starts_with_mask, element, executor);
  grow_by_passes({between.data(), in.size}, out, !starts_with_mask, element, executor);
}

}  // namespace naru
