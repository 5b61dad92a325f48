#include "kernels/resample_avx512.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/avx512.h"
#include "kernels/intensity_finish.h"
#include "kernels/resample_avx2.h"
#include "kernels/resample_bands.h"

// How rows of the target come about, sixteen targets at a time, twice: the blended source values that they lie between
// are blended along z in registers, from which each target takes its two neighbours by permutes. Rows of a band are
// made beside each other, so that offsets and weights are loaded once for all.

namespace naru::avx512 {

namespace {

/// How many registers hold the sources of a pair of groups.
enum class Reach {
  one_each,
  three,  ///< the second group begins a register behind the first: they share one
  two_each,
  any
};

/// Two groups of sixteen targets along x. Sources lie in row[base + offset] and the value after it.
struct alignas(64) TapPair {
  std::array<std::array<std::int32_t, kLanes>, 2> offsets;
  std::array<std::array<float, kLanes>, 2> weights;
  std::array<std::int32_t, 2> bases;
  Reach reach;
};

/// Targets from `begin` on. What is beyond the last one is that one again.
TapPair pair_of(const AxisTap* taps, std::int64_t begin, std::int64_t count) {
  const auto tap = [&](std::int64_t group, std::int64_t lane) {
    return taps[std::min(begin + group * kLanes + lane, count - 1)];
  };
  const auto ends_of = [&](std::int64_t group) {
    const std::int32_t first = tap(group, 0).index, last = tap(group, kLanes - 1).index;
    return std::minmax({first, last});  // indices rise or fall throughout
  };
  constexpr std::int32_t kOne = kLanes - 2, kTwo = 2 * kLanes - 2;  // the farthest offsets in as many registers
  const auto [first_low, first_high] = ends_of(0);
  const auto [second_low, second_high] = ends_of(1);
  const std::int32_t shared_base = first_low + kLanes;
  const bool is_narrow = first_high - first_low <= kOne && second_high - second_low <= kOne;
  const bool is_wide = first_high - first_low > kTwo || second_high - second_low > kTwo;
  const bool is_shared = second_low >= shared_base && second_high - shared_base <= kTwo;
  TapPair pair{};
  pair.bases = {first_low, is_shared && !is_narrow ? shared_base : second_low};
  pair.reach = is_narrow ? Reach::one_each : is_wide ? Reach::any : is_shared ? Reach::three : Reach::two_each;
  for (std::size_t group = 0; group < 2; ++group) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const AxisTap at = tap(static_cast<std::int64_t>(group), static_cast<std::int64_t>(lane));
      pair.offsets[group][lane] = at.index - pair.bases[group];
      pair.weights[group][lane] = at.weight;
    }
  }
  return pair;
}

std::vector<TapPair> pairs_of(const AxisTap* taps, std::int64_t count) {
  std::vector<TapPair> pairs;
  for (std::int64_t begin = 0; begin < count; begin += 2 * kLanes) pairs.push_back(pair_of(taps, begin, count));
  return pairs;
}

struct Two {
  __m512 values[2];
};

/// What the rows of a pair have in common.
struct PairLanes {
  __m512i left[2], right[2];
  __m512 weights[2];
};

NARU_AVX512_INLINE PairLanes lanes_of(const TapPair& pair) {
  PairLanes lanes;
  for (std::size_t group = 0; group < 2; ++group) {
    lanes.left[group] = _mm512_load_si512(pair.offsets[group].data());
    lanes.right[group] = _mm512_add_epi32(lanes.left[group], _mm512_set1_epi32(1));
    lanes.weights[group] = _mm512_load_ps(pair.weights[group].data());
  }
  return lanes;
}

/// Sixteen neighbours in memory, of both planes.
NARU_AVX512_INLINE __m512 between(const float* near, const float* far, std::int64_t i, __m512 weights) {
  __m512 values = load(near + i);
  asm("" : "+v"(values));  // it is used twice: GCC would load it twice, and loads are what takes time
  return lerp(values, load(far + i), weights);
}

/// A pair's targets in one row.
template <Reach kReach>
NARU_AVX512_INLINE Two interpolated(const float* near, const float* far, __m512 z_weights,
                                    const std::array<std::int32_t, 2>& bases, const PairLanes& lanes) {
  Two made;
  __m512 first = between(near, far, bases[0], z_weights), second;
  for (std::int64_t group = 0; group < 2; ++group) {
    const std::int64_t base = bases[group];
    if (group == 1) first = kReach == Reach::three ? second : between(near, far, base, z_weights);
    if constexpr (kReach == Reach::one_each) {
      made.values[group] = lerp(_mm512_permutexvar_ps(lanes.left[group], first),
                                _mm512_permutexvar_ps(lanes.right[group], first), lanes.weights[group]);
    } else {
      second = between(near, far, base + kLanes, z_weights);
      made.values[group] = lerp(_mm512_permutex2var_ps(first, lanes.left[group], second),
                                _mm512_permutex2var_ps(first, lanes.right[group], second), lanes.weights[group]);
    }
  }
  return made;
}

/// The first `count` of a pair's targets, mapped and cast.
template <Finish kFinish>
NARU_AVX512_INLINE void store(float* to, const Two& made, const Map& map, std::int64_t count) {
  for (std::int64_t group = 0; group < 2; ++group, to += kLanes, count -= kLanes) {
    const __m512 values = kFinish == Finish::cast ? made.values[group] : mapped(made.values[group], map);
    count >= kLanes ? _mm512_storeu_ps(to, values)
                    : _mm512_mask_storeu_ps(to, first_lanes(std::max<std::int64_t>(count, 0)), values);
  }
}
template <Finish kFinish>
NARU_AVX512_INLINE void store(std::int16_t* to, const Two& made, const Map& map, std::int64_t count) {
  __m512i whole[2];
  for (int group = 0; group < 2; ++group) {
    const __m512 values = kFinish == Finish::cast ? made.values[group] : mapped(made.values[group], map);
    whole[group] = kFinish == Finish::any ? rounded(values) : _mm512_cvtps_epi32(values);
  }
  const __m512i values = packed(whole[0], whole[1]);
  if (count == 2 * kLanes) return _mm512_storeu_si512(to, values);
  _mm512_mask_storeu_epi16(to, static_cast<__mmask32>((std::uint64_t{1} << count) - 1), values);
}

/// Rows of LinearBands. @pre no pair's reach is `any`
template <class In, class Out>
class Rows {
 public:
  static constexpr std::int64_t kPadding = 3 * kLanes;

  Rows(const VolumeView<Out>& out, const LinearVoxel<In, Out>& voxel, const std::vector<TapPair>& pairs)
      : in_count_(voxel.in.size.x),
        out_count_(out.size.x),
        pairs_(pairs),
        map_(voxel.map),
        finish_(finish_of<In>(map_)) {}

  NARU_AVX512 void blend(const In* a, const In* b, std::int64_t ahead, float weight, float* row) const {
    constexpr std::int64_t kLineInputs = kLineBytes / sizeof(In);
    const __m512 weights = _mm512_set1_ps(weight);
    const std::int64_t count = in_count_;
    std::int64_t i = 0;
    while (i + kLineInputs <= count) {
      ask_for(a + i + ahead);
      ask_for(b + i + ahead);
      for (const std::int64_t end = i + kLineInputs; i < end; i += kLanes) {
        _mm512_store_ps(row + i, lerp(load(a + i), load(b + i), weights));
      }
    }
    for (; i + kLanes <= count; i += kLanes) _mm512_store_ps(row + i, lerp(load(a + i), load(b + i), weights));
    if (i < count) {
      const __mmask16 lanes = first_lanes(count - i);
      _mm512_store_ps(row + i, lerp(load(a + i, lanes), load(b + i, lanes), weights));
    }
    row[count] = naru::lerp(static_cast<float>(a[count - 1]), static_cast<float>(b[count - 1]), weight);
  }

  void write(const BlendedRows& rows, float*, Out* out) const {
    switch (finish_) {
      case Finish::cast: return write_rows<Finish::cast>(rows, out);
      case Finish::bounded: return write_rows<Finish::bounded>(rows, out);
      case Finish::any: return write_rows<Finish::any>(rows, out);
    }
  }

 private:
  template <Finish kFinish>
  NARU_AVX512 void write_rows(const BlendedRows& rows, Out* out) const {
    const Map map = broadcast(map_);
    std::int64_t left = out_count_;
    for (const TapPair& pair : pairs_) {
      const Target target{out, out_count_, std::min(left, 2 * kLanes)};
      switch (pair.reach) {
        case Reach::one_each: write_pair<Reach::one_each, kFinish>(rows, pair, map, target); break;
        case Reach::three: write_pair<Reach::three, kFinish>(rows, pair, map, target); break;
        default: write_pair<Reach::two_each, kFinish>(rows, pair, map, target);
      }
      left -= target.count;
      out += target.count;
    }
  }

  struct Target {
    Out* first;
    std::int64_t distance, count;  ///< from a row to the next, of targets in each
  };

  /// By value: nothing that is written can change what is passed.
  template <Reach kReach, Finish kFinish>
  NARU_AVX512_INLINE static void write_pair(BlendedRows rows, const TapPair& pair, Map map, Target target) {
    const PairLanes lanes = lanes_of(pair);
    const std::array<std::int32_t, 2> bases = pair.bases;
    const __m512 z_weights = _mm512_set1_ps(rows.weight);
    for (; rows.count > 0; --rows.count) {
      store<kFinish>(target.first, interpolated<kReach>(rows.near, rows.far, z_weights, bases, lanes), map,
                     target.count);
      rows.near += rows.distance;
      rows.far += rows.distance;
      target.first += target.distance;
    }
  }

  std::int64_t in_count_, out_count_;
  const std::vector<TapPair>& pairs_;
  IntensityMap map_;
  Finish finish_;
};

}  // namespace

template <class In, class Out>
void resample_linear(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor) {
  const std::vector<TapPair> pairs = pairs_of(voxel.taps.x, out.size.x);
  const auto is_far = [](const TapPair& pair) { return pair.reach == Reach::any; };
  if (std::ranges::any_of(pairs, is_far)) return avx2::resample_linear(out, voxel, executor);
  const Rows<In, Out> rows(out, voxel, pairs);
  LinearBands<In, Out, Rows<In, Out>>(out, voxel, rows).run(executor);
}

template void resample_linear(VolumeView<float>, const LinearVoxel<std::int16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<std::uint16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::int16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru::avx512
