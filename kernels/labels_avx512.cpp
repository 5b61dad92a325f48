#include "kernels/labels_avx512.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/avx512.h"

// Sixteen targets along x at a time. Of the four source rows around them 32 labels each lie in two registers, from
// which the targets take their two by permutes. Where all eight labels of all targets are one, that is all; else
// LabelsVoxel's sums are made of them, in the same order.

namespace naru::avx512 {

namespace {

/// Sixteen targets along x: their left and right labels lie at row[base + offset].
struct alignas(64) LabelGroup {
  std::array<std::int32_t, kLanes> left, right;
  std::array<float, kLanes> weights;
  std::int64_t base;
};

constexpr std::int64_t kHeld = 2 * kLanes;  // labels of a row

/// Empty where some group needs more of a row. What is beyond the last target is that one again.
std::vector<LabelGroup> groups_of(const AxisTap* taps, std::int64_t count, std::int64_t source_count) {
  std::vector<LabelGroup> groups;
  for (std::int64_t begin = 0; begin < count; begin += kLanes) {
    const auto tap = [&](std::int64_t lane) { return taps[std::min(begin + lane, count - 1)]; };
    LabelGroup group{};
    group.base = std::min(tap(0).index, tap(kLanes - 1).index);  // indices rise or fall throughout
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const std::int64_t right = std::min<std::int64_t>(tap(lane).index + 1, source_count - 1) - group.base;
      if (right >= kHeld) return {};
      const auto at = static_cast<std::size_t>(lane);
      group.left[at] = static_cast<std::int32_t>(tap(lane).index - group.base);
      group.right[at] = static_cast<std::int32_t>(right);
      group.weights[at] = tap(lane).weight;
    }
    groups.push_back(group);
  }
  return groups;
}

/// Sixteen labels in 32 bits each, or those of `lanes`.
NARU_AVX512_INLINE __m512i widened(const std::uint8_t* labels, __mmask16 lanes) {
  return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, labels));
}
NARU_AVX512_INLINE __m512i widened(const std::uint16_t* labels, __mmask16 lanes) {
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, labels));
}
NARU_AVX512_INLINE __m512i widened(const std::int16_t* labels, __mmask16 lanes) {
  return _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(lanes, labels));
}

NARU_AVX512_INLINE void store(std::uint8_t* to, __m512i labels, __mmask16 lanes) {
  _mm_mask_storeu_epi8(to, lanes, _mm512_cvtepi32_epi8(labels));
}
NARU_AVX512_INLINE void store(std::uint16_t* to, __m512i labels, __mmask16 lanes) {
  _mm256_mask_storeu_epi16(to, lanes, _mm512_cvtepi32_epi16(labels));
}
NARU_AVX512_INLINE void store(std::int16_t* to, __m512i labels, __mmask16 lanes) {
  _mm256_mask_storeu_epi16(to, lanes, _mm512_cvtepi32_epi16(labels));
}

/// As LabelsVoxel::Choice, of sixteen targets.
struct Choice {
  __m512i label;
  __m512 weight;
};

template <LabelRule kRule>
NARU_AVX512_INLINE void weigh(__m512i label, __m512 weight, Choice& best) {
  __mmask16 is_better;
  if constexpr (kRule == LabelRule::half) {
    is_better =
        _mm512_cmp_ps_mask(best.weight, _mm512_setzero_ps(), _CMP_EQ_OQ) | _mm512_cmpgt_epi32_mask(label, best.label);
    is_better &= _mm512_cmp_ps_mask(weight, _mm512_set1_ps(0.5f), _CMP_GE_OQ);
  } else {
    is_better = _mm512_cmp_ps_mask(weight, best.weight, _CMP_EQ_OQ) & _mm512_cmplt_epi32_mask(label, best.label);
    is_better |= _mm512_cmp_ps_mask(weight, best.weight, _CMP_GT_OQ);
  }
  best.label = _mm512_mask_mov_epi32(best.label, is_better, label);
  best.weight = _mm512_mask_mov_ps(best.weight, is_better, weight);
}

/// The weights of the labels that are `label`, added up.
NARU_AVX512_INLINE __m512 weight_of(__m512i label, const __m512i (&labels)[8], const __m512 (&weights)[8]) {
  __m512 sum = _mm512_setzero_ps();
  for (int i = 0; i < 8; ++i) sum = _mm512_mask_add_ps(sum, _mm512_cmpeq_epi32_mask(labels[i], label), sum, weights[i]);
  return sum;
}

template <LabelRule kRule>
NARU_AVX512_INLINE __m512i chosen(const __m512i (&labels)[8], const __m512 (&weights)[8]) {
  const __m512i first = labels[0];
  __m512i other = first;
  for (int i = 7; i > 0; --i) {
    other = _mm512_mask_mov_epi32(other, _mm512_cmpneq_epi32_mask(labels[i], first), labels[i]);
  }
  Choice best{_mm512_setzero_si512(), _mm512_setzero_ps()};
  weigh<kRule>(first, weight_of(first, labels, weights), best);
  weigh<kRule>(other, weight_of(other, labels, weights), best);
  __mmask16 are_more = 0;
  for (int i = 1; i < 8; ++i) {
    are_more |= _mm512_cmpneq_epi32_mask(labels[i], first) & _mm512_cmpneq_epi32_mask(labels[i], other);
  }
  // For those of two labels this changes nothing: neither is better than itself.
  for (int i = 1; i < 8 && are_more != 0; ++i) weigh<kRule>(labels[i], weight_of(labels[i], labels, weights), best);
  return best.label;
}

template <class Label>
class LabelRows {
 public:
  LabelRows(VolumeView<Label> out, const LabelsVoxel<Label>& voxel, const std::vector<LabelGroup>& groups)
      : out_(out), voxel_(voxel), groups_(groups) {}

  template <LabelRule kRule>
  NARU_AVX512 void fill(std::int64_t y_index, std::int64_t z_index) const {
    const AxisTap y = voxel_.taps.y[y_index], z = voxel_.taps.z[z_index];
    const Size3 size = voxel_.in.size;
    const std::int64_t below = y.index + 1 < size.y ? size.x : 0, behind = z.index + 1 < size.z ? size.x * size.y : 0;
    const Label* const near = voxel_.in.data + voxel_.in.index(0, y.index, z.index);
    const Label* const rows[4] = {near, near + below, near + behind, near + behind + below};
    Label* to = out_.data + out_.index(0, y_index, z_index);
    std::int64_t left = out_.size.x;
    for (const LabelGroup& group : groups_) {
      store(to, made<kRule>(rows, group, size.x, y.weight, z.weight), first_lanes(std::min(left, kLanes)));
      to += kLanes;
      left -= kLanes;
    }
  }

 private:
  template <LabelRule kRule>
  NARU_AVX512_INLINE static __m512i made(const Label* const (&rows)[4], const LabelGroup& group, std::int64_t row_count,
                                         float y_weight, float z_weight) {
    const __mmask16 first = first_lanes(std::min(row_count - group.base, kLanes));
    const __mmask16 second = first_lanes(std::clamp<std::int64_t>(row_count - group.base - kLanes, 0, kLanes));
    const __m512i left = _mm512_load_si512(group.left.data()), right = _mm512_load_si512(group.right.data());
    __m512i labels[8], unlike = _mm512_setzero_si512();
    for (int row = 0; row < 4; ++row) {
      const Label* const from = rows[row] + group.base;
      const __m512i low = widened(from, first), high = widened(from + kLanes, second);
      labels[2 * row] = _mm512_permutex2var_epi32(low, left, high);
      labels[2 * row + 1] = _mm512_permutex2var_epi32(low, right, high);
    }
    for (int i = 1; i < 8; ++i) unlike = _mm512_or_si512(unlike, _mm512_xor_si512(labels[i], labels[0]));
    if (_mm512_test_epi32_mask(unlike, unlike) == 0) return labels[0];
    const __m512 one = _mm512_set1_ps(1), x_weights = _mm512_load_ps(group.weights.data());
    const __m512 along_x[2] = {_mm512_sub_ps(one, x_weights), x_weights};
    const __m512 along_y[2] = {_mm512_set1_ps(1 - y_weight), _mm512_set1_ps(y_weight)};
    const __m512 along_z[2] = {_mm512_set1_ps(1 - z_weight), _mm512_set1_ps(z_weight)};
    __m512 weights[8];
    for (int i = 0; i < 8; ++i) {
      weights[i] = _mm512_mul_ps(_mm512_mul_ps(along_x[i & 1], along_y[i >> 1 & 1]), along_z[i >> 2]);
    }
    return chosen<kRule>(labels, weights);
  }

  VolumeView<Label> out_;
  LabelsVoxel<Label> voxel_;
  const std::vector<LabelGroup>& groups_;
};

}  // namespace

template <class Label>
bool resample_labels(VolumeView<Label> out, const LabelsVoxel<Label>& voxel, Executor& executor) {
  const std::vector<LabelGroup> groups = groups_of(voxel.taps.x, out.size.x, voxel.in.size.x);
  if (groups.empty()) return false;
  constexpr std::int64_t kRowsPerPiece = 64;
  const LabelRows<Label> rows(out, voxel, groups);
  executor.parallel_for(out.size.y * out.size.z, kRowsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t y = r % out.size.y, z = r / out.size.y;
      voxel.rule == LabelRule::half ? rows.template fill<LabelRule::half>(y, z)
                                    : rows.template fill<LabelRule::greatest>(y, z);
    }
  });
  return true;
}

template bool resample_labels(VolumeView<std::uint8_t>, const LabelsVoxel<std::uint8_t>&, Executor&);
template bool resample_labels(VolumeView<std::uint16_t>, const LabelsVoxel<std::uint16_t>&, Executor&);
template bool resample_labels(VolumeView<std::int16_t>, const LabelsVoxel<std::int16_t>&, Executor&);

}  // namespace naru::avx512
