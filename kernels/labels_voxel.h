/// Private to kernels/: the label of ONE voxel (rules: kernels/labels.h).
#pragma once

#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/labels.h"
#include "kernels/resample_voxel.h"

namespace naru {

template <class Label>
struct LabelsVoxel {
  VolumeView<const Label> in;
  AxisTaps taps;
  LabelRule rule;

  NARU_HOST_DEVICE Label operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const AxisTap at[3] = {taps.x[x], taps.y[y], taps.z[z]};
    Label labels[8];
    float weights[8];
    bool is_one = true;
    for (int corner = 0; corner < 8; ++corner) {
      std::int64_t place[3];
      float weight = 1;
      for (int a = 0; a < 3; ++a) {
        const bool is_upper = (corner >> a & 1) != 0;
        place[a] = at[a].index + (is_upper && at[a].index + 1 < in.size[a] ? 1 : 0);
        weight *= is_upper ? at[a].weight : 1 - at[a].weight;
      }
      labels[corner] = in.data[in.index(place[0], place[1], place[2])];
      weights[corner] = weight;
      is_one = is_one && labels[corner] == labels[0];
    }
    return is_one ? labels[0] : chosen(labels, weights);
  }

 private:
  NARU_HOST_DEVICE Label chosen(const Label (&labels)[8], const float (&weights)[8]) const {
    Label best = 0;
    float best_weight = 0;
    for (int i = 0; i < 8; ++i) {
      float weight = 0;
      for (int j = 0; j < 8; ++j) weight += labels[j] == labels[i] ? weights[j] : 0;
      const bool is_better = rule == LabelRule::half
                                 ? weight >= 0.5f && (best_weight == 0 || labels[i] > best)
                                 : weight > best_weight || (weight == best_weight && labels[i] < best);
      if (!is_better) continue;
      best = labels[i];
      best_weight = weight;
    }
    return best;
  }
};

}  // namespace naru
