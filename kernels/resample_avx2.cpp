#include "kernels/resample_avx2.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/avx2.h"
#include "kernels/intensity_finish.h"
#include "kernels/resample_bands.h"

// How a row of the target comes about, eight targets at a time: the blended source values that they lie between are
// blended along z in one or two registers, from which each target takes its two neighbours by permutes. Targets farther
// apart gather them from a row that is blended along z as a whole.

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
  if (widest + 1 >= kLanes) result.reach = widest + 1 < 2 * kLanes ? Reach::two_registers : Reach::any;
  return result;
}

template <class In>
NARU_AVX2 void blend_stored(const In* a, const In* b, std::int64_t ahead, float weight, std::int64_t count, float* to) {
  constexpr std::int64_t kLineInputs = kLineBytes / sizeof(In);
  const __m256 weights = _mm256_set1_ps(weight);
  std::int64_t i = 0;
  while (i + kLineInputs <= count) {
    ask_for(a + i + ahead);
    ask_for(b + i + ahead);
    for (const std::int64_t end = i + kLineInputs; i < end; i += kLanes) {
      _mm256_store_ps(to + i, lerp(load(a + i), load(b + i), weights));
    }
  }
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

/// Eight neighbours in memory, of both planes.
NARU_AVX2_INLINE __m256 between(const float* near, const float* far, __m256 weights) {
  __m256 values = load(near);
  asm("" : "+x"(values));  // it is used twice: GCC would load it twice, and loads are what takes time
  return lerp(values, load(far), weights);
}

/// Those of two registers' values that `offsets` names.
NARU_AVX2_INLINE __m256 picked(__m256 first, __m256 second, __m256i offsets) {
  const __m256 is_second = _mm256_castsi256_ps(_mm256_slli_epi32(offsets, 28));  // bit 3 becomes the sign
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(first, offsets), _mm256_permutevar8x32_ps(second, offsets),
                          is_second);
}

/// Left and right neighbours of a group's eight targets, interpolated. Reach::any: `near` is blended along z already.
template <Reach kReach>
NARU_AVX2_INLINE __m256 interpolated(const float* near, const float* far, __m256 z_weights, const TapGroup& group) {
  near += group.base;
  far += group.base;
  const __m256i left = _mm256_load_si256(reinterpret_cast<const __m256i*>(group.offsets.data()));
  const __m256i right = _mm256_add_epi32(left, _mm256_set1_epi32(1));
  const __m256 weights = _mm256_load_ps(group.weights.data());
  if constexpr (kReach == Reach::any) {
    return lerp(_mm256_i32gather_ps(near, left, 4), _mm256_i32gather_ps(near, right, 4), weights);
  }
  const __m256 first = between(near, far, z_weights);
  if constexpr (kReach == Reach::one_register) {
    return lerp(_mm256_permutevar8x32_ps(first, left), _mm256_permutevar8x32_ps(first, right), weights);
  }
  const __m256 second = between(near + kLanes, far + kLanes, z_weights);
  return lerp(picked(first, second, left), picked(first, second, right), weights);
}

template <Finish kFinish>
NARU_AVX2_INLINE void finish(float* to, __m256 values, const Map& map) {
  store(to, kFinish == Finish::cast ? values : mapped(values, map));
}
template <Finish kFinish>
NARU_AVX2_INLINE void finish(std::int16_t* to, __m256 values, const Map& map) {
  if constexpr (kFinish != Finish::cast) values = mapped(values, map);
  kFinish == Finish::any ? store(to, values) : store_rounded(to, values);
}

template <Reach kReach, Finish kFinish, class Out>
NARU_AVX2 void resample_row(const float* near, const float* far, float weight, const std::vector<TapGroup>& groups,
                            const IntensityMap& intensity, std::int64_t count, Out* out) {
  const __m256 z_weights = _mm256_set1_ps(weight);
  const Map map = broadcast(intensity);
  const TapGroup* group = groups.data();
  for (; count >= kLanes; count -= kLanes, out += kLanes) {
    finish<kFinish>(out, interpolated<kReach>(near, far, z_weights, *group++), map);
  }
  if (count == 0) return;
  Out last[kLanes];
  finish<kFinish>(last, interpolated<kReach>(near, far, z_weights, *group), map);
  std::copy_n(last, count, out);
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
        map_(voxel.map),
        finish_(finish_of<In>(voxel.map)) {}

  void blend(const In* a, const In* b, std::int64_t ahead, float weight, float* row) const {
    blend_stored(a, b, ahead, weight, in_count_, row);
    const std::int64_t last = in_count_ - 1;
    row[in_count_] = naru::lerp(static_cast<float>(a[last]), static_cast<float>(b[last]), weight);
  }

  void write(const BlendedRows& rows, float* spare_row, Out* out) const {
    for (std::int64_t r = 0; r < rows.count; ++r, out += out_count_) {
      const float *const near = rows.near + r * rows.distance, *const far = rows.far + r * rows.distance;
      switch (x_taps_.reach) {
        case Reach::one_register: write_row<Reach::one_register>(near, far, rows.weight, out); break;
        case Reach::two_registers: write_row<Reach::two_registers>(near, far, rows.weight, out); break;
        case Reach::any:
          blend_floats(near, far, rows.weight, in_count_ + 1, spare_row);
          write_row<Reach::any>(spare_row, spare_row, 0, out);
      }
    }
  }

 private:
  template <Reach kReach>
  void write_row(const float* near, const float* far, float weight, Out* out) const {
    const auto run = finish_ == Finish::cast      ? resample_row<kReach, Finish::cast, Out>
                     : finish_ == Finish::bounded ? resample_row<kReach, Finish::bounded, Out>
                                                  : resample_row<kReach, Finish::any, Out>;
    run(near, far, weight, x_taps_.groups, map_, out_count_, out);
  }

  std::int64_t in_count_, out_count_;
  XTaps x_taps_;
  IntensityMap map_;
  Finish finish_;
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
