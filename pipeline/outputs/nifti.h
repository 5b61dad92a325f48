/// NIfTI-1 single files (.nii, .nii.gz), written with the exact affine and read back for `verify`.
///
/// sform and qform both have code 1 (scanner) and are equal where the axes are orthogonal. Where the stack is sheared
/// only the sform is given, since a quaternion cannot hold a shear; where it leans by no more than what counts as
/// upright (kMaxLeanDegrees, kMaxShearMm) the qform holds the nearest rotation, without which ITK refuses the file.
/// scl_slope is 1. Source: nifti1.h of the NIfTI reference library.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/volume.h"
#include "dicom/stack.h"
#include "kernels/executor.h"
#include "pipeline/files.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/recipe.h"

namespace naru {

inline constexpr double kMaxShearMm = 1e-2;           ///< of a corner; kPositionRoundingMm of dicom/
inline constexpr double kMaxLeanDegrees = 0.05;       ///< between axes, from 90; kTiltToleranceDegrees of dicom/
inline constexpr std::int64_t kMaxNiftiSize = 32767;  ///< dim is a 16-bit integer

/// A volume ready to be written: voxels as bytes, i fastest, in the machine's little-endian order.
struct EncodedVolume {
  std::span<const std::byte> voxels;
  Grid grid;
  DType dtype = DType::int16;
  std::int64_t volume_count = 1;  ///< more than one: a 4-D image, volume after volume
  double time_step = 0;           ///< pixdim[4]: between volumes; in seconds where the axis is a time, else 0
};

/// The even step between the volumes of a sequence in seconds; 0 where its axis is no time or its steps differ.
double time_step_of(const dicom::StackSequence& sequence);

/// What stands before the voxels in an uncompressed file; in a compressed one it is a gzip member of its own.
inline constexpr std::size_t kNiftiHeaderBytes = 352;

/// @param shape the whole image; its `voxels` are not looked at. @pre every size <= kMaxNiftiSize
std::array<std::byte, kNiftiHeaderBytes> nifti_header(const EncodedVolume& shape);

/// How much effort a compressed image is worth. @pre compression is not `none`
GzipEffort effort_of(Compression compression);

/// Writes `path` and returns its facts. @pre every size <= kMaxNiftiSize
FileFacts write_nifti(const std::filesystem::path& path, const EncodedVolume& volume, Compression compression,
                      Executor& executor);

/// What `verify` reads back, through the header's own sform.
struct NiftiImage {
  Size3 size;
  std::int64_t volume_count = 1;
  Affine affine_ras;
  DType dtype = DType::int16;
  std::vector<std::byte> voxels;
};

/// Reads a file that write_nifti wrote; `what` says what is wrong where it is none.
struct NiftiResult {
  std::optional<NiftiImage> image;
  std::string problem;
};
NiftiResult read_nifti(const std::filesystem::path& path, std::size_t limit_bytes);

}  // namespace naru
