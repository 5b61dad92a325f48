/// Private to kernels/: what ONE cell, and one voxel, holds (rules: kernels/patient_grid.h).
#pragma once

#include <cmath>
#include <cstdint>

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/map_rows.h"

namespace naru {

NARU_HOST_DEVICE inline std::int64_t nearest(double place) {
  return static_cast<std::int64_t>(std::floor(place + 0.5));
}

template <class In>
struct PatientGridVoxel {
  VolumeView<const In> stored;
  MapRows voxel_from_cell;
  int samples;
  float slope, intercept;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t z) const {
    float sum = 0;
    int count = 0;
    for (int w = 0; w < samples; ++w) {
      for (int v = 0; v < samples; ++v) {
        for (int u = 0; u < samples; ++u) {
          const double px = place(x, u), py = place(y, v), pz = place(z, w);
          const std::int64_t i = nearest(voxel_from_cell.at(0, px, py, pz));
          const std::int64_t j = nearest(voxel_from_cell.at(1, px, py, pz));
          const std::int64_t k = nearest(voxel_from_cell.at(2, px, py, pz));
          const bool is_inside =
              i >= 0 && j >= 0 && k >= 0 && i < stored.size.x && j < stored.size.y && k < stored.size.z;
          if (!is_inside) continue;
          sum += static_cast<float>(stored.data[stored.index(i, j, k)]);
          ++count;
        }
      }
    }
    if (2 * count < samples * samples * samples) return NAN;
    return std::fma(slope, sum / static_cast<float>(count), intercept);
  }

  NARU_HOST_DEVICE double place(std::int64_t cell, int sample) const {
    return static_cast<double>(cell) + (sample + 0.5) / samples - 0.5;
  }
};

template <class T>
struct ReplaceInCellsVoxel {
  VolumeView<const T> voxels;
  MapRows cell_from_voxel;
  std::int64_t first_slice;
  VolumeView<const std::uint8_t> cells;
  T value;

  NARU_HOST_DEVICE T operator()(std::int64_t i, std::int64_t j, std::int64_t k) const {
    const auto pi = static_cast<double>(i), pj = static_cast<double>(j), pk = static_cast<double>(first_slice + k);
    const std::int64_t x = nearest(cell_from_voxel.at(0, pi, pj, pk));
    const std::int64_t y = nearest(cell_from_voxel.at(1, pi, pj, pk));
    const std::int64_t z = nearest(cell_from_voxel.at(2, pi, pj, pk));
    const bool is_inside = x >= 0 && y >= 0 && z >= 0 && x < cells.size.x && y < cells.size.y && z < cells.size.z;
    return is_inside && cells.data[cells.index(x, y, z)] != 0 ? value : voxels.data[voxels.index(i, j, k)];
  }
};

}  // namespace naru
