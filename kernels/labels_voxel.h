/// Private to kernels/: the label of ONE voxel (rules: kernels/labels.h).
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/column_walk.h"
#include "kernels/labels.h"
#include "kernels/resample_voxel.h"

namespace naru {

template <class Label>
struct LabelsVoxel {
  using In = Label;
  using Out = Label;
  VolumeView<const Label> in;
  AxisTaps taps;
  LabelRule rule;

  NARU_HOST_DEVICE Label operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const AxisTap at[3] = {taps.x[x], taps.y[y], taps.z[z]};
    const std::int64_t right = at[0].index + 1 < in.size.x ? 1 : 0;
    const std::int64_t below = at[1].index + 1 < in.size.y ? in.size.x : 0;
    const std::int64_t behind = at[2].index + 1 < in.size.z ? in.size.x * in.size.y : 0;
    const Label* const corner = in.data + in.index(at[0].index, at[1].index, at[2].index);
    return between(part_at(corner, right, below), part_at(corner + behind, right, below), at[0], at[1], at[2]);
  }

  /// For kernels/column_walk.h: the four labels in one source plane.
  struct Part {
    Label corners[4];
  };

  NARU_HOST_DEVICE static Part part_at(const Label* corner, std::int64_t right, std::int64_t below) {
    return {{corner[0], corner[right], corner[below], corner[below + right]}};
  }

  NARU_HOST_DEVICE Part part(const Label (&corners)[4], AxisTap) const {
    return {{corners[0], corners[1], corners[2], corners[3]}};
  }

  NARU_HOST_DEVICE Label between(const Part& near, const Part& far, AxisTap x, AxisTap y, AxisTap z) const {
    Label labels[8];
    bool is_one = true;
    for (int corner = 0; corner < 8; ++corner) {
      labels[corner] = corner < 4 ? near.corners[corner] : far.corners[corner - 4];
      is_one = is_one && labels[corner] == labels[0];
    }
    if (is_one) return labels[0];
    float weights[8];
    for (int corner = 0; corner < 8; ++corner) {
      weights[corner] = (corner & 1 ? x.weight : 1 - x.weight) * (corner & 2 ? y.weight : 1 - y.weight) *
                        (corner & 4 ? z.weight : 1 - z.weight);
    }
    return chosen(labels, weights);
  }

 private:
  /// The best of those that were weighed.
  struct Choice {
    Label label = 0;
    float weight = 0;
  };

  NARU_HOST_DEVICE void weigh(Label label, float weight, Choice& best) const {
    const bool is_better = rule == LabelRule::half
                               ? weight >= 0.5f && (best.weight == 0 || label > best.label)
                               : weight > best.weight || (weight == best.weight && label < best.label);
    if (is_better) best = {label, weight};
  }

  NARU_HOST_DEVICE Label chosen(const Label (&labels)[8], const float (&weights)[8]) const {
    const Label first = labels[0];
    Label other = first;
    for (int i = 7; i > 0; --i) other = labels[i] != first ? labels[i] : other;
    float first_weight = 0, other_weight = 0;
    bool are_two = true;  // as nearly everywhere at a border
    for (int i = 0; i < 8; ++i) {
      first_weight += labels[i] == first ? weights[i] : 0;
      other_weight += labels[i] == other ? weights[i] : 0;
      are_two = are_two && (labels[i] == first || labels[i] == other);
    }
    Choice best;
    weigh(first, first_weight, best);
    weigh(other, other_weight, best);
    if (are_two) return best.label;
    for (int i = 1; i < 8; ++i) {
      float weight = 0;
      for (int j = 0; j < 8; ++j) weight += labels[j] == labels[i] ? weights[j] : 0;
      weigh(labels[i], weight, best);
    }
    return best.label;
  }
};

/// One row and one plane: more would not fit the registers.
template <class Label>
using LabelsColumns = Columns<LabelsVoxel<Label>, 1, 1, 6>;

}  // namespace naru
