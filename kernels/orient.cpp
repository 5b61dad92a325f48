#include "kernels/orient.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "kernels/cuda/orient.h"
#include "kernels/fill.h"
#include "kernels/orient_voxel.h"
#include "kernels/stream.h"

namespace naru {

namespace {

template <class T>
OrientVoxel<T> source_of(VolumeView<const T> in, const AxisMap& map) {
  const std::array<std::int64_t, 3> source_strides = {1, in.size.x, in.size.x * in.size.y};
  OrientVoxel<T> voxel{in.data, {}};
  for (int a = 0; a < 3; ++a) {
    const int source = map.source_axis[a];
    voxel.strides[a] = map.flip[a] ? -source_strides[source] : source_strides[source];
    if (map.flip[a]) voxel.first += source_strides[source] * (in.size[source] - 1);
  }
  return voxel;
}

/// For maps that leave x along x.
template <class T>
void orient_rows(const OrientVoxel<T>& voxel, VolumeView<T> out, Executor& executor) {
  each_piece_of_rows(out.size, executor, [&](std::int64_t begin, std::int64_t end) {
    write_rows(out, begin, end, [&](std::int64_t y, std::int64_t z, T* line) {
      const T* const from = voxel.first + y * voxel.strides[1] + z * voxel.strides[2];
      if (voxel.strides[0] > 0) {
        std::copy_n(from, out.size.x, line);
      } else {
        for (std::int64_t x = 0; x < out.size.x; ++x) line[x] = from[-x];
      }
    });
  });
}

/// A square of values turned over its diagonal within registers: value j of row i of the source is to[j][i]. Of int16
/// and uint16.
template <class T>
struct Square {
  static constexpr std::int64_t kSide = 8;

  static void transpose(const T* from, std::int64_t stride, T* const* to, std::int64_t at) {
    __m128i rows[kSide], turned[kSide];
    for (int i = 0; i < kSide; ++i) rows[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * stride));
    // Each round puts values side by side that lay kSide / 2 rows apart; three bring every value to its place.
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < kSide / 2; ++i) {
        turned[2 * i] = _mm_unpacklo_epi16(rows[i], rows[i + kSide / 2]);
        turned[2 * i + 1] = _mm_unpackhi_epi16(rows[i], rows[i + kSide / 2]);
      }
      std::copy_n(turned, kSide, rows);
    }
    for (int j = 0; j < kSide; ++j) _mm_storeu_si128(reinterpret_cast<__m128i*>(to[j] + at), rows[j]);
  }
};

template <>
struct Square<float> {
  static constexpr std::int64_t kSide = 4;

  static void transpose(const float* from, std::int64_t stride, float* const* to, std::int64_t at) {
    __m128 rows[kSide];
    for (int i = 0; i < kSide; ++i) rows[i] = _mm_loadu_ps(from + i * stride);
    _MM_TRANSPOSE4_PS(rows[0], rows[1], rows[2], rows[3]);
    for (int j = 0; j < kSide; ++j) _mm_storeu_ps(to[j] + at, rows[j]);
  }
};

/// What a band holds: small beside the second cache, and long runs of the source in each row.
constexpr std::int64_t kBandBytes = std::int64_t{80} << 10;

/// For maps that move x: target axis `row_axis` runs along the source's x. Some rows of the target at a time, so that
/// both sides are touched whole cache lines at a time.
template <class T>
void orient_in_bands(const OrientVoxel<T>& voxel, VolumeView<T> out, int row_axis, Executor& executor) {
  constexpr std::int64_t kLine = kLineBytes / sizeof(T), kSide = Square<T>::kSide;
  const std::array<std::int64_t, 3> out_strides = {1, out.size.x, out.size.x * out.size.y};
  const int outer_axis = 3 - row_axis;
  const std::int64_t width = out.size.x, stride = voxel.strides[0];
  const std::int64_t band = std::max(kLine, kBandBytes / LineBuffer<T>::stride_bytes(width) / kLine * kLine);
  const std::int64_t rows = out.size[row_axis], bands = (rows + band - 1) / band;
  const bool is_streamed = is_worth_streaming(out), is_turned = voxel.strides[row_axis] < 0;
  executor.parallel_for(bands * out.size[outer_axis], 1, [&](std::int64_t begin, std::int64_t end) {
    LineBuffer<T> buffer(is_streamed ? band : 0, width);
    std::vector<T*> to(static_cast<std::size_t>(band)), lines(static_cast<std::size_t>(band));
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t first = piece % bands * band, count = std::min(band, rows - first), outer = piece / bands;
      const T* const from = voxel.first + outer * voxel.strides[outer_axis] +
                            (is_turned ? (rows - 1) * voxel.strides[row_axis] : 0) + first;
      const auto row_of = [&](std::int64_t j) { return is_turned ? rows - 1 - first - j : first + j; };
      for (std::int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<std::size_t>(j);
        to[at] = out.data + row_of(j) * out_strides[row_axis] + outer * out_strides[outer_axis];
        lines[at] = is_streamed ? buffer.like(to[at], j) : to[at];
      }
      const std::int64_t whole_width = width - width % kSide, whole_count = count - count % kSide;
      for (std::int64_t x = 0; x < whole_width; x += kSide) {
        // Rows of the source lie too far from each other for the processor to foresee them.
        for (std::int64_t j = 0; j < whole_count; j += kLine) {
          for (std::int64_t i = x + kSide; i < std::min(x + 2 * kSide, width); ++i) {
            __builtin_prefetch(from + i * stride + j);
          }
        }
        for (std::int64_t j = 0; j < whole_count; j += kSide) {
          Square<T>::transpose(from + x * stride + j, stride, lines.data() + j, x);
        }
      }
      for (std::int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<std::size_t>(j);
        std::array<std::int64_t, 3> target{};
        target[static_cast<std::size_t>(row_axis)] = row_of(j);
        target[static_cast<std::size_t>(outer_axis)] = outer;
        for (std::int64_t x = j < whole_count ? whole_width : 0; x < width; ++x) {
          lines[at][x] = voxel(x, target[1], target[2]);
        }
        if (is_streamed) stream(lines[at], to[at], width);
      }
    }
    if (is_streamed) _mm_sfence();
  });
}

}  // namespace

template <class T>
void orient(VolumeView<const T> in, VolumeView<T> out, const AxisMap& map, Executor& executor) {
  for (int a = 0; a < 3; ++a) assert(out.size[a] == in.size[map.source_axis[a]]);
  if (out.size.voxel_count() == 0) return;
  const OrientVoxel<T> voxel = source_of(in, map);
  const int row_axis = map.source_axis[0] == 0 ? 0 : map.source_axis[1] == 0 ? 1 : 2;
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) return cuda::orient(voxel, out, row_axis, executor);
  }
  if (row_axis == 0) return orient_rows(voxel, out, executor);
  orient_in_bands(voxel, out, row_axis, executor);
}

template void orient(VolumeView<const std::int16_t>, VolumeView<std::int16_t>, const AxisMap&, Executor&);
template void orient(VolumeView<const std::uint16_t>, VolumeView<std::uint16_t>, const AxisMap&, Executor&);
template void orient(VolumeView<const float>, VolumeView<float>, const AxisMap&, Executor&);

}  // namespace naru
