#include "kernels/separable_avx2.h"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <vector>

#include "kernels/avx2.h"
#include "kernels/stream.h"

// How the target comes about, for a band of 32 rows at a time:
//   1. the band of a source plane is summed along y, 32 columns at a time, then along x, all 32 rows at a time: for
//   that
//      it is turned, since a sum over neighbours in memory would need another permute for every weight;
//   2. planes that are done wait in a ring, which stays in the cache of the core;
//   3. the ring is summed along z, 32 columns at a time, mapped and cast.
// Each plane of a band is made once, and the memory does not grow with the number of slices.

namespace naru::avx2 {

namespace {

constexpr std::int64_t kStrip = 32;        // values of four registers: with their anchors half of all
constexpr std::int64_t kAheadPlanes = 12;  // made at a time beside those that the sum along z reaches over
constexpr std::int64_t kMostTargets = 32;  // planes of the target that are made at a time

std::int64_t rounded_up(std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit * unit; }

struct FreeAligned {
  void operator()(float* values) const { ::operator delete (values, std::align_val_t{64}); }
};
using Floats = std::unique_ptr<float, FreeAligned>;

Floats floats(std::int64_t count) {
  const auto size_bytes = static_cast<std::size_t>(count) * sizeof(float);
  return Floats(static_cast<float*>(::operator new (size_bytes, std::align_val_t{64})));
}

/// What a thread works in, in values.
struct BandSizes {
  std::int64_t row_values;     ///< of a row in the ring: whole strips
  std::int64_t plane_stride;   ///< an odd number of cache lines, so that planes do not share sets of the cache
  std::int64_t planes;         ///< of the ring
  std::int64_t line_values;    ///< the strip of a source plane
  std::int64_t turned_values;  ///< the turned strip, before and after the sum along x
  std::int64_t made_values;    ///< a row of the target planes that are made at a time

  BandSizes(const Size3& in, const Size3& out, std::int64_t z_taps)
      : row_values(rounded_up(out.x, kStrip)),
        plane_stride(kStrip * row_values + 16),
        planes(std::min(in.z, z_taps + kAheadPlanes)),
        line_values(rounded_up(std::max(in.y, kStrip), kLanes) * kStrip),
        turned_values(rounded_up(std::max(in.x, out.x), kStrip) * kStrip),
        made_values(kMostTargets * (row_values + 16)) {}  // a cache line more each

  std::int64_t total() const {
    return planes * plane_stride + line_values + kStrip * kStrip + 2 * turned_values + made_values;
  }
};

struct FourRegisters {
  __m256 at[4];
};

NARU_AVX2_INLINE FourRegisters load_four(const float* values) {
  return {{load(values), load(values + 8), load(values + 16), load(values + 24)}};
}

/// sum + weight * (value - anchor), written such that the load is part of the subtraction.
NARU_AVX2_INLINE void add_weighted(FourRegisters& sum, float weight, const float* values, const FourRegisters& anchor) {
  const __m256 weights = _mm256_set1_ps(weight);
  for (int r = 0; r < 4; ++r) {
    sum.at[r] = _mm256_fnmadd_ps(weights, _mm256_sub_ps(anchor.at[r], load(values + kLanes * r)), sum.at[r]);
  }
}

/// Four registers' worth of one target: `at(i)` gives the values of tap i.
template <class At>
NARU_AVX2_INLINE FourRegisters weighted_strip(const AxisPass& pass, std::int64_t t, const At& at) {
  const float* const weights = pass.weights + t * pass.taps;
  const FourRegisters anchor = load_four(at(pass.anchor[t]));
  const __m256 zero = _mm256_setzero_ps();
  FourRegisters even = {{zero, zero, zero, zero}}, odd = even;  // written out: GCC would zero them in memory
  std::int64_t i = 0;
  for (; i + 2 <= pass.taps; i += 2) {
    add_weighted(even, weights[i], at(i), anchor);
    add_weighted(odd, weights[i + 1], at(i + 1), anchor);
  }
  if (i < pass.taps) add_weighted(even, weights[i], at(i), anchor);
  const __m256 total = _mm256_set1_ps(pass.total[t]);
  for (int r = 0; r < 4; ++r) {
    even.at[r] = _mm256_fmadd_ps(total, anchor.at[r], _mm256_add_ps(even.at[r], odd.at[r]));
  }
  return even;
}

/// Targets [begin, end) of lines of kStrip values, the first of which is source line `low`.
NARU_AVX2 void pass_strip(const float* lines, std::int64_t low, const AxisPass& pass, std::int64_t begin,
                          std::int64_t end, float* to) {
  for (std::int64_t t = begin; t < end; ++t, to += kStrip) {
    const float* const from = lines + (pass.first[t] - low) * kStrip;
    const FourRegisters sums = weighted_strip(pass, t, [from](std::int64_t i) { return from + i * kStrip; });
    for (int r = 0; r < 4; ++r) _mm256_store_ps(to + kLanes * r, sums.at[r]);
  }
}

/// Eight rows of eight, turned. Distances in values.
NARU_AVX2 void turn_eight(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride) {
  __m256 r[8], s[8];
  for (std::size_t i = 0; i < 8; ++i) r[i] = load(from + static_cast<std::int64_t>(i) * from_stride);
  for (std::size_t i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (std::size_t i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    store(to + row * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    store(to + (row + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

template <class In>
NARU_AVX2 void load_strip_line(const In* from, std::int64_t count, float* to) {
  if (count >= kStrip) {
    for (std::int64_t i = 0; i < kStrip; i += kLanes) _mm256_store_ps(to + i, load(from + i));
    return;
  }
  for (std::int64_t i = 0; i < kStrip; ++i) to[i] = i < count ? static_cast<float>(from[i]) : 0;
}

struct Range {
  std::int64_t begin, end;
};

/// The source indices of targets [begin, end).
Range sources_of(const AxisPass& pass, Range targets) {
  Range sources{pass.first[targets.begin], 0};
  for (std::int64_t t = targets.begin; t < targets.end; ++t) {
    sources.begin = std::min<std::int64_t>(sources.begin, pass.first[t]);
    sources.end = std::max<std::int64_t>(sources.end, pass.first[t] + pass.taps);
  }
  return sources;
}

/// A band of rows of the target from one plane to the next.
template <class In, class Out>
class BandRun {
 public:
  BandRun(VolumeView<const In> in, VolumeView<Out> out, const SeparableTask<In>& task)
      : in_(in),
        out_(out),
        task_(task),
        sizes_(in.size, out.size, task.z.taps),
        memory_(floats(sizes_.total())),
        ring_(memory_.get()),
        lines_(ring_ + sizes_.planes * sizes_.plane_stride),
        sums_(lines_ + sizes_.line_values),
        turned_(sums_ + kStrip * kStrip),
        turned_sums_(turned_ + sizes_.turned_values),
        made_rows_(reinterpret_cast<Out*>(turned_sums_ + sizes_.turned_values)),
        made_(static_cast<std::size_t>(sizes_.planes)) {}

  void run(Range rows, Range targets) {
    rows_ = rows;
    source_rows_ = sources_of(task_.y, rows);
    std::ranges::fill(made_, -1);
    while (targets.begin < targets.end) {
      const Range part = that_fit(targets), planes = sources_of(task_.z, part);
      for (std::int64_t k = planes.begin; k < planes.end; ++k) {
        std::int64_t& made = made_[static_cast<std::size_t>(k % sizes_.planes)];
        if (made != k) make_plane(k);
        made = k;
      }
      sum_along_z(part, planes);
      targets.begin = part.end;
    }
  }

 private:
  /// As many targets as the ring has planes for.
  Range that_fit(Range targets) const {
    Range part{targets.begin, targets.begin + 1};
    while (part.end < std::min(targets.end, targets.begin + kMostTargets)) {
      const Range planes = sources_of(task_.z, {part.begin, part.end + 1});
      if (planes.end - planes.begin > sizes_.planes) break;
      ++part.end;
    }
    return part;
  }

  float* plane(std::int64_t k) const { return ring_ + k % sizes_.planes * sizes_.plane_stride; }
  std::int64_t row_count() const { return rows_.end - rows_.begin; }

  void make_plane(std::int64_t k) {
    for (std::int64_t x = 0; x < in_.size.x; x += kStrip) {
      load_strip(x, k);
      const float* strip = lines_ + (rows_.begin - source_rows_.begin) * kStrip;
      if (!task_.keeps_y) {
        pass_strip(lines_, source_rows_.begin, task_.y, rows_.begin, rows_.end, sums_);
        strip = sums_;
      }
      task_.keeps_x ? place_columns(strip, x, plane(k)) : turn_columns(strip, turned_ + x * kStrip);
    }
    if (!task_.keeps_x) sum_along_x(plane(k));
  }

  /// Asks for the same strip of the next plane too, which the hardware does not foresee.
  void load_strip(std::int64_t x, std::int64_t k) {
    const std::int64_t ahead = k + 1 < in_.size.z ? in_.size.x * in_.size.y : 0;
    float* to = lines_;
    for (std::int64_t y = source_rows_.begin; y < source_rows_.end; ++y, to += kStrip) {
      const In* const from = in_.data + in_.index(x, y, k);
      load_strip_line(from, in_.size.x - x, to);
      _mm_prefetch(reinterpret_cast<const char*>(from + ahead), _MM_HINT_T1);
    }
  }

  /// Where no sum along x follows.
  void place_columns(const float* strip, std::int64_t x, float* plane) const {
    for (std::int64_t r = 0; r < row_count(); ++r) {
      std::copy_n(strip + r * kStrip, kStrip, plane + r * sizes_.row_values + x);
    }
  }

  /// A strip of 32 columns as 32 lines. Rows beyond the band hold what was there before; nobody uses what becomes of
  /// them.
  static void turn_columns(const float* strip, float* turned) {
    for (std::int64_t r = 0; r < kStrip; r += kLanes) {
      for (std::int64_t x = 0; x < kStrip; x += kLanes) {
        turn_eight(strip + r * kStrip + x, kStrip, turned + x * kStrip + r, kStrip);
      }
    }
  }

  void sum_along_x(float* plane) const {
    pass_strip(turned_, 0, task_.x, 0, out_.size.x, turned_sums_);
    for (std::int64_t r = 0; r < kStrip; r += kLanes) {
      for (std::int64_t x = 0; x < out_.size.x; x += kLanes) {
        turn_eight(turned_sums_ + x * kStrip + r, kStrip, plane + r * sizes_.row_values + x, sizes_.row_values);
      }
    }
  }

  /// Where a row of the target is made: in cache lines it lies as there.
  Out* made_row(std::int64_t n, const Out* to) const {
    const auto beyond = reinterpret_cast<std::uintptr_t>(to) % kLineBytes / sizeof(Out);
    return made_rows_ + n * (sizes_.row_values + kLineBytes / static_cast<std::int64_t>(sizeof(Out))) + beyond;
  }

  /// Row by row for all targets: what they share stays in the nearest cache, and rows are written whole.
  void sum_along_z(Range part, Range planes) {
    const std::int64_t taps = task_.z.taps;
    const bool is_streamed = is_worth_streaming(out_);
    taken_.clear();
    for (std::int64_t z = part.begin; z < part.end; ++z) {
      for (std::int64_t i = 0; i < taps; ++i) taken_.push_back(plane(task_.z.first[z] + i));
    }
    for (std::int64_t r = 0; r < row_count(); ++r) {
      const auto row_of = [&](std::int64_t z) { return out_.data + out_.index(0, rows_.begin + r, z); };
      for (std::int64_t z = part.begin; z < part.end && is_streamed; ++z) ask_for_ends(row_of(z), out_.size.x);
      for (std::int64_t x = 0; x < out_.size.x; x += kStrip) {
        const std::int64_t at = r * sizes_.row_values + x;
        prefetch_strip(planes, at + kStrip);
        for (std::int64_t z = part.begin; z < part.end; ++z) {
          sum_strip({x, rows_.begin + r, z}, taken_.data() + (z - part.begin) * taps, at,
                    made_row(z - part.begin, row_of(z)) + x);
        }
      }
      for (std::int64_t z = part.begin; z < part.end; ++z) {
        const Out* const made = made_row(z - part.begin, row_of(z));
        is_streamed ? stream(made, row_of(z), out_.size.x)
                    : static_cast<void>(std::copy_n(made, out_.size.x, row_of(z)));
      }
    }
    _mm_sfence();
  }

  /// Strips of so many planes are more streams than the hardware foresees.
  void prefetch_strip(Range planes, std::int64_t at) const {
    for (std::int64_t k = planes.begin; k < planes.end; ++k) {
      _mm_prefetch(reinterpret_cast<const char*>(plane(k) + at), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(plane(k) + at + kStrip / 2), _MM_HINT_T0);
    }
  }

  /// @param planes those of the taps of the target, of which the values at `at` are taken
  NARU_AVX2 void sum_strip(const Size3& target, const float* const* planes, std::int64_t at, Out* to) const {
    const FourRegisters sums = weighted_strip(task_.z, target.z, [&](std::int64_t i) { return planes[i] + at; });
    const Map map = broadcast(task_.map);
    for (int r = 0; r < 4; ++r) {
      store(to + kLanes * r, mapped(limited(sums.at[r], {target.x + kLanes * r, target.y, target.z}), map));
    }
  }

  NARU_AVX2_INLINE __m256 limited(__m256 values, const Size3& target) const {
    if (task_.limits.slices == nullptr) return values;
    alignas(32) float low[kLanes], high[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const std::int64_t place =
          task_.limits.axis == 0 ? std::min(target.x + lane, out_.size.x - 1) : target[task_.limits.axis];
      const Limits<In> limits = task_.limits.slices[task_.limits.slice_of_target[place]];
      low[lane] = static_cast<float>(limits.low);
      high[lane] = static_cast<float>(limits.high);
    }
    return _mm256_min_ps(_mm256_load_ps(high), _mm256_max_ps(_mm256_load_ps(low), values));
  }

  VolumeView<const In> in_;
  VolumeView<Out> out_;
  SeparableTask<In> task_;
  BandSizes sizes_;
  Floats memory_;
  float *ring_, *lines_, *sums_, *turned_, *turned_sums_;
  Out* made_rows_;
  Range rows_{}, source_rows_{};
  std::vector<std::int64_t> made_;   ///< which plane lies in each place of the ring
  std::vector<const float*> taken_;  ///< planes of the taps of the targets that are made
};

}  // namespace

template <class In, class Out>
void resample_separable(VolumeView<const In> in, VolumeView<Out> out, const SeparableTask<In>& task,
                        Executor& executor) {
  const std::int64_t bands = (out.size.y + kStrip - 1) / kStrip;
  // Parts along z make the planes at their ends twice: no more of them than threads need.
  const std::int64_t parts = std::clamp<std::int64_t>((2 * executor.thread_count() + bands - 1) / bands, 1, out.size.z);
  tbb::enumerable_thread_specific<BandRun<In, Out>> run_of_thread([&] { return BandRun<In, Out>(in, out, task); });
  executor.parallel_for(bands * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) {
      const std::int64_t y = piece % bands * kStrip, part = piece / bands;
      run_of_thread.local().run({y, std::min(y + kStrip, out.size.y)},
                                {out.size.z * part / parts, out.size.z * (part + 1) / parts});
    }
  });
}

std::uint64_t separable_working_bytes(const Size3& in, const Size3& out, std::int64_t z_taps, int thread_count) {
  return sizeof(float) * static_cast<std::uint64_t>(thread_count * BandSizes(in, out, z_taps).total());
}

#define NARU_INSTANTIATE(In)                                                                                      \
  template void resample_separable(VolumeView<const In>, VolumeView<float>, const SeparableTask<In>&, Executor&); \
  template void resample_separable(VolumeView<const In>, VolumeView<std::int16_t>, const SeparableTask<In>&, Executor&);
NARU_INSTANTIATE(std::int16_t)
NARU_INSTANTIATE(std::uint16_t)
NARU_INSTANTIATE(float)
#undef NARU_INSTANTIATE

}  // namespace naru::avx2
