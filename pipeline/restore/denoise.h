/// Denoising of a volume by ITK.
#pragma once

#include <span>

#include "core/geometry.h"

namespace naru {

/// Memory in bytes that `denoise_curvature` takes for each voxel, beside the voxels.
inline constexpr std::uint64_t kDenoiseBytesPerVoxel = 12;

/// Smooths within tissues and keeps their edges: anisotropic diffusion by the modified curvature equation, 5
/// iterations, conductance 3 (relative to the mean gradient of the volume), in mm. Chosen before others of ITK because
/// noise falls while edges stay where they are, its cost is a few passes, and nothing in it is random or depends on the
/// number of threads. It needs a whole volume: conductance is relative to all of its gradients.
/// @param voxels of a whole volume in units, in place; x fastest, then y, then z
/// Source: Whitaker and Xue, ICIP 2001; Perona and Malik, IEEE Trans. PAMI 12:629, 1990.
void denoise_curvature(std::span<float> voxels, const Size3& size, const Vec3& spacing_mm);

}  // namespace naru
