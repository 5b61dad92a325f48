#include "kernels/resample_avx2.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/avx2.h"
#include "kernels/resample_bands.h"

// How a row of the target comes about: two blended rows are blended along z into one, from which eight targets at a
// time take their two neighbours by permutes inside registers.

namespace naru::avx2 {

namespace {

/// Eight targets along x. Their sources lie in row[base + offsets[lane]] and the value after it.
struct alignas(32) TapGroup {
  std::array<std::int32_t, kLanes> offsets;
  std::array<float, kLanes> weights;
  std::int64_t base;
};

enum class Reach { one_register, two_registers, any };

struct XTaps {
  std::vector<TapGroup> groups;  ///< the last one repeats the last target to be whole
  Reach reach;                   ///< how many registers hold all sources of a group
};

XTaps x_taps_of(const AxisTap* taps, std::int64_t count) {
  XTaps result{{}, Reach::one_register};
  std::int32_t widest = 0;
  for (std::int64_t begin = 0; begin < count; begin += kLanes) {
    TapGroup group{};
    const std::int64_t last = std::min(begin + kLanes, count) - 1;
    group.base = std::min(taps[begin].index, taps[last].index);  // indices rise or fall throughout
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const AxisTap& tap = taps[std::min(begin + lane, last)];
      group.offsets[lane] = tap.index - static_cast<std::int32_t>(group.base);
      group.weights[lane] = tap.weight;
      widest = std::max(widest, group.offsets[lane]);
    }
    result.groups.push_back(group);
  }
  if (widest >= kLanes) result.reach = widest < 2 * kLanes ? Reach::two_registers : Reach::any;
  return result;
}

template <class In>
NARU_AVX2 void blend_stored(const In* a, const In* b, float weight, std::int64_t count, float* to) {
  const __m256 weights = _mm256_set1_ps(weight);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) _mm256_store_ps(to + i, lerp(load(a + i), load(b + i), weights));
  for (; i < count; ++i) to[i] = naru::lerp(static_cast<float>(a[i]), static_cast<float>(b[i]), weight);
}

/// Over whole registers: what lies behind `count` is padding of the same rows.
NARU_AVX2 void blend_floats(const float* a, const float* b, float weight, std::int64_t count, float* to) {
  const __m256 weights = _mm256_set1_ps(weight);
  for (std::int64_t i = 0; i < count; i += kLanes) {
    _mm256_store_ps(to + i, lerp(_mm256_load_ps(a + i), _mm256_load_ps(b + i), weights));
  }
}

/// Left and right neighbours of a group's eight targets, interpolated.
template <Reach kReach>
NARU_AVX2_INLINE __m256 interpolated(const float* row, const TapGroup& group) {
  const float* const from = row + group.base;
  const __m256i offsets = _mm256_load_si256(reinterpret_cast<const __m256i*>(group.offsets.data()));
  const __m256 weights = _mm256_load_ps(group.weights.data());
  if constexpr (kReach == Reach::any) {
    return lerp(_mm256_i32gather_ps(from, offsets, 4), _mm256_i32gather_ps(from + 1, offsets, 4), weights);
  }
  __m256 left = _mm256_permutevar8x32_ps(load(from), offsets);
  __m256 right = _mm256_permutevar8x32_ps(load(from + 1), offsets);
  if constexpr (kReach == Reach::two_registers) {
    const __m256 is_second = _mm256_castsi256_ps(_mm256_slli_epi32(offsets, 28));  // bit 3 becomes the sign
    left = _mm256_blendv_ps(left, _mm256_permutevar8x32_ps(load(from + kLanes), offsets), is_second);
    right = _mm256_blendv_ps(right, _mm256_permutevar8x32_ps(load(from + kLanes + 1), offsets), is_second);
  }
  return lerp(left, right, weights);
}

template <Reach kReach, class Out>
NARU_AVX2 void resample_row(const float* row, const std::vector<TapGroup>& groups, const Map& map, std::int64_t count,
                            Out* out) {
  std::int64_t x = 0;
  for (; x + kLanes <= count; x += kLanes) {
    store(out + x, mapped(interpolated<kReach>(row, groups[x / kLanes]), map));
  }
  if (x == count) return;
  Out last[kLanes];
  store(last, mapped(interpolated<kReach>(row, groups.back()), map));
  std::copy_n(last, count - x, out + x);
}

/// Rows of LinearBands.
template <class In, class Out>
class Rows {
 public:
  static constexpr std::int64_t kPadding = 2 * kLanes + 1;

  Rows(const VolumeView<Out>& out, const LinearVoxel<In, Out>& voxel)
      : in_count_(voxel.in.size.x),
        out_count_(out.size.x),
        x_taps_(x_taps_of(voxel.taps.x, out.size.x)),
        map_(voxel.map) {}

  void blend(const In* a, const In* b, float weight, float* row) const {
    blend_stored(a, b, weight, in_count_, row);
    const std::int64_t last = in_count_ - 1;
    row[in_count_] = naru::lerp(static_cast<float>(a[last]), static_cast<float>(b[last]), weight);
  }

  void write(const BlendedRows& rows, float* spare_row, Out* out) const {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      blend_floats(rows.near + r * rows.distance, rows.far + r * rows.distance, rows.weight, in_count_ + 1, spare_row);
      write_row(spare_row, out + r * out_count_);
    }
  }

 private:
  NARU_AVX2 void write_row(const float* row, Out* out) const {
    const Map map = broadcast(map_);
    const std::vector<TapGroup>& groups = x_taps_.groups;
    switch (x_taps_.reach) {
      case Reach::one_register: return resample_row<Reach::one_register>(row, groups, map, out_count_, out);
      case Reach::two_registers: return resample_row<Reach::two_registers>(row, groups, map, out_count_, out);
      case Reach::any: return resample_row<Reach::any>(row, groups, map, out_count_, out);
    }
  }

  std::int64_t in_count_, out_count_;
  XTaps x_taps_;
  IntensityMap map_;
};

}  // namespace

template <class In, class Out>
void resample_linear(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor) {
  const Rows<In, Out> rows(out, voxel);
  LinearBands<In, Out, Rows<In, Out>>(out, voxel, rows).run(executor);
}

template void resample_linear(VolumeView<float>, const LinearVoxel<std::int16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<std::uint16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::int16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru::avx2
