/// Curvature anisotropic diffusion: smooths within tissues and keeps their edges where they are.
///
/// One iteration moves every voxel by time_step * |grad v| * div(c(|grad v|) grad v / |grad v|), with the conductance
/// c(g) = exp(-g^2 / (2 K)), K = conductance^2 * mean of |grad v|^2 over the volume, as
/// itk::CurvatureAnisotropicDiffusionImageFilter has it (ITK 5.2): fluxes through the faces between voxels, |grad v| in
/// front of the divergence upwind, derivatives in mm, outer values that extend outwards, and K anew in each iteration.
/// Whitaker and Xue, ICIP 2001; Perona and Malik, IEEE Trans. PAMI 12:629, 1990.
///
/// Shapes: x fastest. Arithmetic in f32, in an order that is the same on every backend (kernels/diffusion_voxel.h), the
/// mean in f64 over pieces that are added in order: CPU and GPU agree to the bit, and so do any numbers of threads.
/// Against ITK, which calculates in f64 and stores f32: within 5e-3 HU of a head in HU after five iterations. A
/// constant volume stays what it is. Values are taken to be finite.
#pragma once

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

struct CurvatureDiffusion {
  int iterations = 5;
  double conductance = 3;
  double time_step = 1.0 / 16;  ///< in three dimensions stable up to 1/16 of the least spacing
};

/// @param voxels the volume; overwritten
/// @param spare  room of the same size; must not overlap `voxels`
/// Both in memory that `executor` reaches. Waits. @pre spacing_mm > 0
/// @return what became of the volume: one of the two; the other one's values mean nothing
VolumeView<float> diffuse_curvature(VolumeView<float> voxels, VolumeView<float> spare, const Vec3& spacing_mm,
                                    const CurvatureDiffusion& diffusion, Executor& executor);

}  // namespace naru
