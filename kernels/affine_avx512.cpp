#include "kernels/affine_avx512.h"

#include <algorithm>
#include <limits>

#include "kernels/avx512.h"

// Sixteen targets along x at a time: their places in f64 in two registers for each axis, as AffineVoxel reckons them,
// then their eight values. Of 16-bit values a gather brings two neighbours at once.

namespace naru::avx512 {

namespace {

/// Along one axis.
struct Places {
  __m512i index;
  __m512 fraction;
  __mmask16 within;
};

/// Eight places: index, fraction, and which lie within.
struct HalfPlaces {
  __m256i index;
  __m256 fraction;
  __mmask8 within;
};

NARU_AVX512_INLINE HalfPlaces half_places(const double (&row)[4], __m512d x, __m512d along_y, __m512d along_z,
                                          double end) {
  __m512d p = _mm512_add_pd(_mm512_mul_pd(_mm512_set1_pd(row[0]), x), along_y);
  p = _mm512_add_pd(_mm512_add_pd(p, along_z), _mm512_set1_pd(row[3]));
  const __m512d floor = _mm512_roundscale_pd(p, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  const __mmask8 within = _mm512_cmp_pd_mask(p, _mm512_set1_pd(-0.5), _CMP_GE_OQ);
  return {_mm512_cvttpd_epi32(floor), _mm512_cvtpd_ps(_mm512_sub_pd(p, floor)),
          _mm512_mask_cmp_pd_mask(within, p, _mm512_set1_pd(end), _CMP_LT_OQ)};
}

NARU_AVX512_INLINE Places places(const double (&row)[4], __m512d first_x, double y, double z, std::int64_t count) {
  const __m512d along_y = _mm512_set1_pd(row[1] * y), along_z = _mm512_set1_pd(row[2] * z);
  const double end = static_cast<double>(count) - 0.5;
  const __m512d second_x = _mm512_add_pd(first_x, _mm512_set1_pd(8));
  const HalfPlaces first = half_places(row, first_x, along_y, along_z, end);
  const HalfPlaces second = half_places(row, second_x, along_y, along_z, end);
  const __m512 low = _mm512_castps256_ps512(first.fraction);
  return {_mm512_inserti64x4(_mm512_castsi256_si512(first.index), second.index, 1),
          _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castps_pd(low), _mm256_castps_pd(second.fraction), 1)),
          static_cast<__mmask16>(first.within | second.within << 8)};
}

/// The offset of the value before each place along an axis, and of the one after it.
struct Steps {
  __m512i first, second;
};

NARU_AVX512_INLINE Steps steps(const Places& at, std::int64_t count, std::int64_t stride) {
  const __m512i last = _mm512_set1_epi32(static_cast<int>(count - 1)), one = _mm512_set1_epi32(1);
  const __m512i strides = _mm512_set1_epi32(static_cast<int>(stride));
  const __m512i first = _mm512_max_epi32(at.index, _mm512_setzero_si512());
  const __m512i second = _mm512_min_epi32(_mm512_add_epi32(at.index, one), last);
  return {_mm512_mullo_epi32(first, strides), _mm512_mullo_epi32(second, strides)};
}

/// Neighbours along x of sixteen places: the pair that lies within the row, and where only one of it counts.
struct Pairs {
  __m512i offset;  ///< of the pair's first value
  __mmask16 lanes, only_first, only_second;
  __m512 fraction;
};

NARU_AVX512_INLINE Pairs pairs(const Places& at, std::int64_t count, __mmask16 lanes) {
  const __m512i last_pair = _mm512_set1_epi32(static_cast<int>(count - 2)), zero = _mm512_setzero_si512();
  return {_mm512_min_epi32(_mm512_max_epi32(at.index, zero), last_pair), lanes, _mm512_cmplt_epi32_mask(at.index, zero),
          _mm512_cmpgt_epi32_mask(at.index, last_pair), at.fraction};
}

struct Neighbours {
  __m512 left, right;
};

NARU_AVX512_INLINE Neighbours gathered(const float* values, __m512i offsets, __mmask16 lanes) {
  const __m512 none = _mm512_setzero_ps();
  return {_mm512_mask_i32gather_ps(none, lanes, offsets, values, 4),
          _mm512_mask_i32gather_ps(none, lanes, offsets, values + 1, 4)};
}
NARU_AVX512_INLINE Neighbours gathered(const std::int16_t* values, __m512i offsets, __mmask16 lanes) {
  const __m512i both = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), lanes, offsets, values, 2);
  return {_mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(both, 16), 16)),
          _mm512_cvtepi32_ps(_mm512_srai_epi32(both, 16))};
}
NARU_AVX512_INLINE Neighbours gathered(const std::uint16_t* values, __m512i offsets, __mmask16 lanes) {
  const __m512i both = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), lanes, offsets, values, 2);
  return {_mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(0xffff))),
          _mm512_cvtepi32_ps(_mm512_srli_epi32(both, 16))};
}

/// Sixteen rows, blended along x.
template <class In>
NARU_AVX512_INLINE __m512 row(const In* values, const Pairs& x, __m512i y, __m512i z) {
  const __m512i offsets = _mm512_add_epi32(x.offset, _mm512_add_epi32(y, z));
  const Neighbours both = gathered(values, offsets, x.lanes);
  return lerp(_mm512_mask_blend_ps(x.only_second, both.left, both.right),
              _mm512_mask_blend_ps(x.only_first, both.right, both.left), x.fraction);
}

NARU_AVX512_INLINE void store(float* to, __m512 values, __mmask16 lanes) { _mm512_mask_storeu_ps(to, lanes, values); }
NARU_AVX512_INLINE void store(std::int16_t* to, __m512 values, __mmask16 lanes) {
  _mm256_mask_storeu_epi16(to, lanes, _mm512_cvtsepi32_epi16(rounded(values)));
}

template <class In, class Out>
class AffineRows {
 public:
  AffineRows(VolumeView<Out> out, const AffineVoxel<LinearSample<In>, Out>& voxel)
      : out_(out), in_(voxel.sample.in), voxel_(voxel) {}

  NARU_AVX512 void fill(std::int64_t y, std::int64_t z) const {
    const Map map = broadcast(voxel_.map);
    const __m512 outside = _mm512_set1_ps(static_cast<float>(voxel_.outside));
    const __m512d eight = _mm512_set_pd(7, 6, 5, 4, 3, 2, 1, 0);
    Out* const to = out_.data + out_.index(0, y, z);
    for (std::int64_t x = 0; x < out_.size.x; x += kLanes) {
      const __mmask16 targets = first_lanes(std::min(out_.size.x - x, kLanes));
      const __m512d first_x = _mm512_add_pd(_mm512_set1_pd(static_cast<double>(x)), eight);
      __m512 values = outside;
      const __mmask16 within = sampled(first_x, y, z, targets, map, values);
      store(to + x, _mm512_mask_blend_ps(within, outside, values), targets);
    }
  }

 private:
  /// Sets `values` where the places lie within, and says where.
  NARU_AVX512_INLINE __mmask16 sampled(__m512d first_x, std::int64_t y_index, std::int64_t z_index, __mmask16 targets,
                                       const Map& map, __m512& values) const {
    const Size3 size = in_.size;
    const auto y_target = static_cast<double>(y_index), z_target = static_cast<double>(z_index);
    const auto& rows = voxel_.source_from_target.m;
    const Places x = places(rows[0], first_x, y_target, z_target, size.x);
    const Places y = places(rows[1], first_x, y_target, z_target, size.y);
    const Places z = places(rows[2], first_x, y_target, z_target, size.z);
    const auto within = static_cast<__mmask16>(targets & x.within & y.within & z.within);
    if (within == 0) return within;
    const Pairs along_x = pairs(x, size.x, within);
    const Steps along_y = steps(y, size.y, size.x), along_z = steps(z, size.z, size.x * size.y);
    const __m512 near = lerp(row(in_.data, along_x, along_y.first, along_z.first),
                             row(in_.data, along_x, along_y.second, along_z.first), y.fraction);
    const __m512 far = lerp(row(in_.data, along_x, along_y.first, along_z.second),
                            row(in_.data, along_x, along_y.second, along_z.second), y.fraction);
    values = mapped(lerp(near, far, z.fraction), map);
    return within;
  }

  VolumeView<Out> out_;
  VolumeView<const In> in_;
  AffineVoxel<LinearSample<In>, Out> voxel_;
};

}  // namespace

bool can_gather(const Size3& in) { return in.x >= 2 && in.voxel_count() <= std::numeric_limits<std::int32_t>::max(); }

template <class In, class Out>
void resample_affine(VolumeView<Out> out, const AffineVoxel<LinearSample<In>, Out>& voxel, Executor& executor) {
  constexpr std::int64_t kRowsPerPiece = 64;
  const AffineRows<In, Out> rows(out, voxel);
  executor.parallel_for(out.size.y * out.size.z, kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) rows.fill(r % out.size.y, r / out.size.y);
  });
}

#define NARU_INSTANTIATE(In, Out) \
  template void resample_affine(VolumeView<Out>, const AffineVoxel<LinearSample<In>, Out>&, Executor&);
NARU_INSTANTIATE(std::int16_t, float)
NARU_INSTANTIATE(std::uint16_t, float)
NARU_INSTANTIATE(float, float)
NARU_INSTANTIATE(std::int16_t, std::int16_t)
NARU_INSTANTIATE(std::uint16_t, std::int16_t)
NARU_INSTANTIATE(float, std::int16_t)
#undef NARU_INSTANTIATE

}  // namespace naru::avx512
