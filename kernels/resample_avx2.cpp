#include "kernels/resample_avx2.h"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/avx2.h"

// How a row of the target comes about:
//   1. two source planes are blended along y, straight from the stored type, for a band of target rows;
//   2. the two are blended along z into one row of floats, which is padded with its last value;
//   3. eight targets at a time take their two neighbours from that row by permutes inside registers.
// Step 1 depends on the source plane alone, so a band marches along z and keeps the rows of the two latest planes.

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

constexpr std::int64_t kPadding = 2 * kLanes + 1;  // what step 3 may load behind the last value
constexpr std::int64_t kBandBytes = 128 * 1024;    // rows of a band that are kept: part of a core's L2
constexpr std::int64_t kMaxBandRows = 16;
constexpr std::int64_t kPlanesPerPiece = 64;  // a piece blends its first plane anew: cheap beside 64

std::int64_t padded_row(std::int64_t count) { return (count + kPadding + kLanes - 1) / kLanes * kLanes; }

std::int64_t band_rows_for(std::int64_t row_values) {
  const std::int64_t rows = kBandBytes / (2 * row_values * static_cast<std::int64_t>(sizeof(float)));
  return std::clamp<std::int64_t>(rows, 1, kMaxBandRows);
}

template <class In>
NARU_AVX2 void blend_stored(const In* a, const In* b, float weight, std::int64_t count, float* to) {
  const __m256 weights = _mm256_set1_ps(weight);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) _mm256_store_ps(to + i, lerp(load(a + i), load(b + i), weights));
  for (; i < count; ++i) to[i] = naru::lerp(static_cast<float>(a[i]), static_cast<float>(b[i]), weight);
}

/// Asks for a row that is needed soon to come into L2.
template <class T>
void prefetch_row(const T* row, std::int64_t count) {
  constexpr std::int64_t kLineValues = 64 / sizeof(T);
  for (std::int64_t i = 0; i < count; i += kLineValues)
    _mm_prefetch(reinterpret_cast<const char*>(row + i), _MM_HINT_T1);
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

/// The y-blended rows of two neighbouring source planes, and the row that is being made.
class Band {
 public:
  Band(std::int64_t rows, std::int64_t row_values)
      : row_values_(row_values), values_((2 * rows + 1) * row_values + kLanes) {
    const auto misaligned = reinterpret_cast<std::uintptr_t>(values_.data()) % (kLanes * sizeof(float));
    first_ = values_.data() + (misaligned == 0 ? 0 : kLanes - misaligned / sizeof(float));
    rows_ = rows;
  }

  void forget() { planes_ = {-1, -1}; }

  float* made_row() { return first_ + 2 * rows_ * row_values_; }

  /// Row `r` of plane `k`. Neighbouring planes differ in their last bit, so two places are enough.
  float* row(std::int64_t k, std::int64_t r) { return first_ + ((k & 1) * rows_ + r) * row_values_; }

  /// True where plane `k` has to be blended first.
  bool take_place(std::int64_t k) {
    if (planes_[k & 1] == k) return false;
    planes_[k & 1] = k;
    return true;
  }

 private:
  std::int64_t row_values_, rows_ = 0;
  std::vector<float> values_;
  float* first_ = nullptr;
  std::array<std::int64_t, 2> planes_{-1, -1};
};

struct Range {
  std::int64_t begin, end;
};

template <class In, class Out>
class LinearPass {
 public:
  LinearPass(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel)
      : out_(out), voxel_(voxel), in_(voxel.in), x_taps_(x_taps_of(voxel.taps.x, out.size.x)) {}

  void run(Executor& executor) {
    const std::int64_t row_values = padded_row(in_.size.x), band_rows = band_rows_for(row_values);
    const std::int64_t bands = (out_.size.y + band_rows - 1) / band_rows;
    const std::int64_t slabs = (out_.size.z + kPlanesPerPiece - 1) / kPlanesPerPiece;
    tbb::enumerable_thread_specific<Band> band_of_thread([=] { return Band(band_rows, row_values); });
    executor.parallel_for(bands * slabs, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t piece = begin; piece < end; ++piece) {
        const std::int64_t y = piece % bands * band_rows, z = piece / bands * kPlanesPerPiece;
        march(band_of_thread.local(), {y, std::min(y + band_rows, out_.size.y)},
              {z, std::min(z + kPlanesPerPiece, out_.size.z)});
      }
    });
  }

 private:
  void march(Band& band, Range rows, Range planes) const {
    band.forget();
    for (std::int64_t z = planes.begin; z < planes.end; ++z) {
      const AxisTap tap = voxel_.taps.z[z];
      const std::int64_t next = std::min<std::int64_t>(tap.index + 1, in_.size.z - 1);
      blend_plane(band, tap.index, rows);
      blend_plane(band, next, rows);
      for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        make_row(band.row(tap.index, y - rows.begin), band.row(next, y - rows.begin), tap.weight, band.made_row());
        write_row(band.made_row(), out_.data + out_.index(0, y, z));
      }
    }
  }

  void blend_plane(Band& band, std::int64_t k, Range rows) const {
    if (!band.take_place(k)) return;
    // The hardware foresees the next row but not the jump to the next plane, where this band goes afterwards.
    const bool has_next_plane = k + 1 < in_.size.z;
    for (std::int64_t y = rows.begin; y < rows.end; ++y) {
      const AxisTap tap = voxel_.taps.y[y];
      const std::int64_t next = std::min<std::int64_t>(tap.index + 1, in_.size.y - 1);
      blend_stored(in_.data + in_.index(0, tap.index, k), in_.data + in_.index(0, next, k), tap.weight, in_.size.x,
                   band.row(k, y - rows.begin));
      if (!has_next_plane) continue;
      prefetch_row(in_.data + in_.index(0, tap.index, k + 1), in_.size.x);
      prefetch_row(in_.data + in_.index(0, next, k + 1), in_.size.x);
    }
  }

  void make_row(const float* near, const float* far, float weight, float* row) const {
    blend_floats(near, far, weight, in_.size.x, row);
    row[in_.size.x] = row[in_.size.x - 1];
  }

  NARU_AVX2 void write_row(const float* row, Out* out) const {
    const Map map = broadcast(voxel_.map);
    const std::vector<TapGroup>& groups = x_taps_.groups;
    switch (x_taps_.reach) {
      case Reach::one_register: return resample_row<Reach::one_register>(row, groups, map, out_.size.x, out);
      case Reach::two_registers: return resample_row<Reach::two_registers>(row, groups, map, out_.size.x, out);
      case Reach::any: return resample_row<Reach::any>(row, groups, map, out_.size.x, out);
    }
  }

  VolumeView<Out> out_;
  LinearVoxel<In, Out> voxel_;
  VolumeView<const In> in_;
  XTaps x_taps_;
};

}  // namespace

template <class In, class Out>
void resample_linear(VolumeView<Out> out, const LinearVoxel<In, Out>& voxel, Executor& executor) {
  LinearPass<In, Out>(out, voxel).run(executor);
}

template void resample_linear(VolumeView<float>, const LinearVoxel<std::int16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<std::uint16_t, float>&, Executor&);
template void resample_linear(VolumeView<float>, const LinearVoxel<float, float>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::int16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<std::uint16_t, std::int16_t>&, Executor&);
template void resample_linear(VolumeView<std::int16_t>, const LinearVoxel<float, std::int16_t>&, Executor&);

}  // namespace naru::avx2
