#include "kernels/diffusion_avx2.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/avx2.h"
#include "kernels/dispatch.h"

namespace naru::avx2 {

namespace {

NARU_AVX2_INLINE __m256 all(float value) { return _mm256_set1_ps(value); }

NARU_AVX2_INLINE __m256 exp_of_negative(__m256 exponent) {
  using namespace exponential;
  const __m256 at = _mm256_max_ps(exponent, all(kLeast));  // the second of both where one is NaN
  const __m256 shifted = _mm256_fmadd_ps(at, all(kLog2E), all(kToWhole));
  const __m256 whole = _mm256_sub_ps(shifted, all(kToWhole));
  const __m256 rest = _mm256_fmadd_ps(whole, all(-kLn2Low), _mm256_fmadd_ps(whole, all(-kLn2High), at));
  __m256 sum = _mm256_fmadd_ps(all(kSeventh), rest, all(kSixth));
  for (const float next : {kFifth, kFourth, kThird, kSecond}) sum = _mm256_fmadd_ps(sum, rest, all(next));
  const __m256 fraction = _mm256_add_ps(_mm256_fmadd_ps(sum, _mm256_mul_ps(rest, rest), rest), all(1));
  const __m256i biased = _mm256_add_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(kBias));
  return _mm256_mul_ps(fraction, _mm256_castsi256_ps(_mm256_slli_epi32(biased, kFractionBits)));
}

/// DiffusionStep with each number in all lanes.
struct Step {
  __m256 scale[3], half_scale[3];
  __m256 exponent, time_step;
};

NARU_AVX2_INLINE Step broadcast(const DiffusionStep& step) {
  return {{all(step.scale[0]), all(step.scale[1]), all(step.scale[2])},
          {all(step.half_scale[0]), all(step.half_scale[1]), all(step.half_scale[2])},
          all(step.exponent),
          all(step.time_step)};
}

NARU_AVX2_INLINE __m256 flux(const Step& step, __m256 difference, __m256 along_a, __m256 along_b) {
  const __m256 across = _mm256_fmadd_ps(along_b, along_b, _mm256_mul_ps(along_a, along_a));
  const __m256 square = _mm256_fmadd_ps(difference, difference, _mm256_mul_ps(all(0.25F), across));
  const __m256 gradient = _mm256_sqrt_ps(_mm256_add_ps(square, all(DiffusionStep::kLeastSquare)));
  return _mm256_mul_ps(_mm256_div_ps(difference, gradient), exp_of_negative(_mm256_mul_ps(square, step.exponent)));
}

NARU_AVX2_INLINE __m256 moved(const Step& step, __m256 value, __m256 speed, const __m256 (&forward)[3],
                              const __m256 (&backward)[3]) {
  const __m256 zero = _mm256_setzero_ps();
  const __m256 sign = _mm256_blendv_ps(all(-1), all(1), _mm256_cmp_ps(speed, zero, _CMP_GT_OQ));
  __m256 squares[3];
  for (std::size_t a = 0; a < 3; ++a) {
    const __m256 down = _mm256_min_ps(_mm256_mul_ps(sign, backward[a]), zero);
    const __m256 up = _mm256_max_ps(_mm256_mul_ps(sign, forward[a]), zero);
    squares[a] = _mm256_fmadd_ps(up, up, _mm256_mul_ps(down, down));
  }
  const __m256 square = _mm256_add_ps(_mm256_add_ps(squares[0], squares[1]), squares[2]);
  return _mm256_fmadd_ps(_mm256_mul_ps(_mm256_sqrt_ps(square), step.time_step), speed, value);
}

/// A row and those around it: by y, then z, each from one before to one behind.
struct Rows {
  std::array<const float*, 9> rows;

  NARU_AVX2_INLINE __m256 at(std::size_t j, std::size_t k, std::int64_t x) const { return load(rows[j * 3 + k] + x); }
};

constexpr std::size_t kBefore = 0, kHere = 1, kNext = 2;

/// Derivatives over two voxels, in the row that lies j, k beside this one.
NARU_AVX2_INLINE __m256 along_x(const Rows& rows, const Step& step, std::size_t j, std::size_t k, std::int64_t x) {
  return _mm256_mul_ps(_mm256_sub_ps(rows.at(j, k, x + 1), rows.at(j, k, x - 1)), step.half_scale[0]);
}
NARU_AVX2_INLINE __m256 along_y(const Rows& rows, const Step& step, std::size_t k, std::int64_t x) {
  return _mm256_mul_ps(_mm256_sub_ps(rows.at(kNext, k, x), rows.at(kBefore, k, x)), step.half_scale[1]);
}
NARU_AVX2_INLINE __m256 along_z(const Rows& rows, const Step& step, std::size_t j, std::int64_t x) {
  return _mm256_mul_ps(_mm256_sub_ps(rows.at(j, kNext, x), rows.at(j, kBefore, x)), step.half_scale[2]);
}

/// Through the face to the next voxel along each axis.
NARU_AVX2_INLINE __m256 flux_x(const Rows& rows, const Step& step, std::int64_t x) {
  const __m256 difference = _mm256_sub_ps(rows.at(kHere, kHere, x + 1), rows.at(kHere, kHere, x));
  return flux(step, _mm256_mul_ps(difference, step.scale[0]),
              _mm256_add_ps(along_y(rows, step, kHere, x), along_y(rows, step, kHere, x + 1)),
              _mm256_add_ps(along_z(rows, step, kHere, x), along_z(rows, step, kHere, x + 1)));
}
NARU_AVX2_INLINE __m256 flux_y(const Rows& rows, const Step& step, std::int64_t x) {
  const __m256 difference = _mm256_sub_ps(rows.at(kNext, kHere, x), rows.at(kHere, kHere, x));
  return flux(step, _mm256_mul_ps(difference, step.scale[1]),
              _mm256_add_ps(along_x(rows, step, kHere, kHere, x), along_x(rows, step, kNext, kHere, x)),
              _mm256_add_ps(along_z(rows, step, kHere, x), along_z(rows, step, kNext, x)));
}
NARU_AVX2_INLINE __m256 flux_z(const Rows& rows, const Step& step, std::int64_t x) {
  const __m256 difference = _mm256_sub_ps(rows.at(kHere, kNext, x), rows.at(kHere, kHere, x));
  return flux(step, _mm256_mul_ps(difference, step.scale[2]),
              _mm256_add_ps(along_x(rows, step, kHere, kHere, x), along_x(rows, step, kHere, kNext, x)),
              _mm256_add_ps(along_y(rows, step, kHere, x), along_y(rows, step, kNext, x)));
}

/// What a piece needs of three slices that follow each other: its rows, and one more on each side. The outer values of
/// a row go on at both ends, so that every value is in a register with its neighbours.
class Lines {
 public:
  static constexpr std::int64_t kEnd = kLanes;  // what lies on each side of a row

  static std::int64_t stride_of(std::int64_t width) { return 2 * kEnd + (width + kLanes - 1) / kLanes * kLanes; }
  static std::int64_t count_of(std::int64_t width, std::int64_t rows) { return 3 * (rows + 2) * stride_of(width); }

  Lines(VolumeView<const float> in, const DiffusionPiece& piece, float* room)
      : in_(in),
        first_(piece.row_begin - 1),
        rows_(piece.row_end - piece.row_begin + 2),
        stride_(stride_of(in.size.x)),
        room_(room) {}

  /// Slices take turns in three places.
  void take(std::int64_t z) {
    const std::int64_t width = in_.size.x;
    for (std::int64_t y = first_; y < first_ + rows_; ++y) {
      const float* const from = in_.data + in_.index(0, std::clamp<std::int64_t>(y, 0, in_.size.y - 1),
                                                     std::clamp<std::int64_t>(z, 0, in_.size.z - 1));
      float* const to = line(y, z);
      std::fill(to - kEnd, to, from[0]);
      std::copy_n(from, width, to);
      std::fill(to + width, to - kEnd + stride_, from[width - 1]);
    }
  }

  /// @pre the rows beside it are of this piece or one more
  Rows around(std::int64_t y, std::int64_t z) const {
    return {{line(y - 1, z - 1), line(y - 1, z), line(y - 1, z + 1), line(y, z - 1), line(y, z), line(y, z + 1),
             line(y + 1, z - 1), line(y + 1, z), line(y + 1, z + 1)}};
  }

 private:
  /// @pre z >= -2
  float* line(std::int64_t y, std::int64_t z) const {
    return room_ + ((z + 3) % 3 * rows_ + std::clamp<std::int64_t>(y - first_, 0, rows_ - 1)) * stride_ + kEnd;
  }

  VolumeView<const float> in_;
  std::int64_t first_, rows_, stride_;
  float* room_;
};

/// Fluxes by x: those through the faces of the row before, and of the same row in the slice before.
struct Fluxes {
  float *x, *y_before, *y, *z_before, *z;
};

NARU_AVX2 void flux_row(const Rows& rows, const DiffusionStep& of_all, std::int64_t count, bool is_along_z, float* to) {
  const Step step = broadcast(of_all);
  for (std::int64_t x = 0; x < count; x += kLanes) {
    store(to + x, is_along_z ? flux_z(rows, step, x) : flux_y(rows, step, x));
  }
}

NARU_AVX2 void diffuse_row(const Rows& rows, const DiffusionStep& of_all, std::int64_t count, const Fluxes& fluxes,
                           float* to) {
  const Step step = broadcast(of_all);
  fluxes.x[-1] = 0;  // there is no face before the first
  for (std::int64_t x = 0; x < count; x += kLanes) store(fluxes.x + x, flux_x(rows, step, x));
  for (std::int64_t x = 0; x < count; x += kLanes) {
    const __m256 to_y = flux_y(rows, step, x), to_z = flux_z(rows, step, x);
    store(fluxes.y + x, to_y);
    store(fluxes.z + x, to_z);
    const __m256 out_x = _mm256_sub_ps(load(fluxes.x + x), load(fluxes.x + x - 1));
    const __m256 out_y = _mm256_sub_ps(to_y, load(fluxes.y_before + x));
    const __m256 out_z = _mm256_sub_ps(to_z, load(fluxes.z_before + x));
    const __m256 value = rows.at(kHere, kHere, x);
    const auto scaled = [&](__m256 next, __m256 before, std::size_t axis)
                            NARU_AVX2 { return _mm256_mul_ps(_mm256_sub_ps(next, before), step.scale[axis]); };
    const __m256 forward[]{scaled(rows.at(kHere, kHere, x + 1), value, 0), scaled(rows.at(kNext, kHere, x), value, 1),
                           scaled(rows.at(kHere, kNext, x), value, 2)};
    const __m256 backward[]{scaled(value, rows.at(kHere, kHere, x - 1), 0),
                            scaled(value, rows.at(kBefore, kHere, x), 1), scaled(value, rows.at(kHere, kBefore, x), 2)};
    const __m256 result = moved(step, value, _mm256_add_ps(_mm256_add_ps(out_x, out_y), out_z), forward, backward);
    if (x + kLanes <= count) {
      store(to + x, result);
    } else {
      std::array<float, kLanes> last;
      store(last.data(), result);
      std::copy_n(last.data(), count - x, to + x);
    }
  }
}

}  // namespace

void diffuse(VolumeView<float> out, const DiffusedVoxel& voxel, const DiffusionPiece& piece, std::vector<float>& room) {
  const std::int64_t width = voxel.in.size.x, row_count = piece.row_end - piece.row_begin;
  const std::int64_t stride = Lines::stride_of(width), lines_count = Lines::count_of(width, row_count);
  room.resize(static_cast<std::size_t>(lines_count + (3 + 2 * row_count) * stride));
  Lines lines(voxel.in, piece, room.data());
  float* const x_fluxes = room.data() + lines_count + Lines::kEnd;
  float *y_before = x_fluxes + stride, *y_now = y_before + stride;
  float *z_before = y_now + stride, *z_now = z_before + row_count * stride;
  for (const std::int64_t beside : {-1, 0}) lines.take(piece.slice_begin + beside);
  for (std::int64_t r = 0; r < row_count; ++r) {
    flux_row(lines.around(piece.row_begin + r, piece.slice_begin - 1), voxel.step, width, true, z_before + r * stride);
  }
  for (std::int64_t z = piece.slice_begin; z < piece.slice_end; ++z) {
    lines.take(z + 1);
    flux_row(lines.around(piece.row_begin - 1, z), voxel.step, width, false, y_before);
    for (std::int64_t r = 0; r < row_count; ++r) {
      const std::int64_t y = piece.row_begin + r;
      diffuse_row(lines.around(y, z), voxel.step, width,
                  {x_fluxes, y_before, y_now, z_before + r * stride, z_now + r * stride},
                  out.data + out.index(0, y, z));
      std::swap(y_before, y_now);
    }
    std::swap(z_before, z_now);
  }
}

NARU_AVX2_FLAT double gradient_of_slice(const GradientLane& lane, std::int64_t z) {
  static_assert(kGradientLanes == kLanes);
  const GradientLane one = lane;
  const Step step = broadcast(one.step);
  const std::int64_t width = one.in.size.x;
  double sum = 0;
  for (std::int64_t y = 0; y < one.in.size.y; ++y) {
    const auto row = [&](std::int64_t j, std::int64_t k) {
      return one.in.data + one.in.index(0, std::clamp<std::int64_t>(j, 0, one.in.size.y - 1),
                                        std::clamp<std::int64_t>(k, 0, one.in.size.z - 1));
    };
    const float* const here = row(y, z);
    const Rows rows{{here, row(y - 1, z), here, row(y, z - 1), here, row(y, z + 1), here, row(y + 1, z), here}};
    std::array<double, kLanes> lanes{};
    std::int64_t x = 0;
    for (; x < std::min(width, kLanes); ++x) lanes[static_cast<std::size_t>(x)] = one.square_at(x, y, z);
    __m256d low = _mm256_loadu_pd(lanes.data()), high = _mm256_loadu_pd(lanes.data() + kLanes / 2);
    for (; x + kLanes < width; x += kLanes) {
      const __m256 dx = along_x(rows, step, kHere, kHere, x), dy = along_y(rows, step, kHere, x),
                   dz = along_z(rows, step, kHere, x);
      const __m256 square = _mm256_fmadd_ps(dx, dx, _mm256_fmadd_ps(dy, dy, _mm256_mul_ps(dz, dz)));
      low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(square)));
      high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(square, 1)));
    }
    _mm256_storeu_pd(lanes.data(), low);
    _mm256_storeu_pd(lanes.data() + kLanes / 2, high);
    for (; x < width; ++x) lanes[static_cast<std::size_t>(x % kLanes)] += one.square_at(x, y, z);
    for (const double of_lane : lanes) sum += of_lane;
  }
  return sum;
}

}  // namespace naru::avx2
