#include "pipeline/outputs/nifti.h"

#include <fmt/format.h>
#include <nifti1_io.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>

#include "pipeline/outputs/gzip.h"
#include "pipeline/version.h"

namespace naru {

static_assert(std::endian::native == std::endian::little, "voxels are written as they lie in memory");

namespace {

static_assert(sizeof(nifti_1_header) + 4 == kNiftiHeaderBytes);  // four bytes say "no extension"

struct TypeCode {
  DType dtype;
  short code, bits;
};
constexpr std::array kTypes = {TypeCode{DType::int16, DT_INT16, 16}, TypeCode{DType::uint16, DT_UINT16, 16},
                               TypeCode{DType::float32, DT_FLOAT32, 32}};

/// Where axes lean only as positions and directions are rounded, or less, a rotation stands for them.
bool is_sheared(const Grid& grid) {
  const Affine& affine = grid.patient_from_voxel;
  double lean = 0;
  for (const auto& [a, b] : {std::pair{0, 1}, {1, 2}, {2, 0}}) {
    const Vec3 one = affine.column(a), other = affine.column(b);
    lean = std::max(lean, std::abs(dot(one, other)) / (norm(one) * norm(other)));
  }
  return lean > std::sin(kMaxLeanDegrees * std::numbers::pi / 180) && shear_mm(grid) > kMaxShearMm;
}

void fill_transforms(nifti_1_header& header, const Grid& grid) {
  const Affine ras = affine_ras(grid.patient_from_voxel);
  mat44 matrix{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 4; ++c) matrix.m[r][c] = static_cast<float>(ras.rows[r][c]);
  }
  std::memcpy(header.srow_x, matrix.m[0], sizeof(header.srow_x));
  std::memcpy(header.srow_y, matrix.m[1], sizeof(header.srow_y));
  std::memcpy(header.srow_z, matrix.m[2], sizeof(header.srow_z));
  header.sform_code = NIFTI_XFORM_SCANNER_ANAT;
  header.qform_code = is_sheared(grid) ? NIFTI_XFORM_UNKNOWN : NIFTI_XFORM_SCANNER_ANAT;
  // pixdim[0] is "qfac": -1 where the axes are left-handed.
  nifti_mat44_to_quatern(matrix, &header.quatern_b, &header.quatern_c, &header.quatern_d, &header.qoffset_x,
                         &header.qoffset_y, &header.qoffset_z, nullptr, nullptr, nullptr, &header.pixdim[0]);
}

/// True where all else that the header says, as scale and qform, follows from the image. @pre `bytes` begin with it
bool is_as_written(std::span<const std::byte> bytes, const NiftiImage& image) {
  nifti_1_header header, expected;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EncodedVolume shape{{}, {image.size, affine_ras(image.affine_ras)}, image.dtype, image.volume_count};
  shape.time_step = static_cast<double>(header.pixdim[4]);
  const auto written = nifti_header(shape);
  std::memcpy(&expected, written.data(), sizeof(expected));
  for (int a = 1; a <= 3; ++a) {  // the spacing of the exact affine, which the sform holds in f32
    if (!(std::abs(header.pixdim[a] - expected.pixdim[a]) <= 1e-5F * expected.pixdim[a])) return false;
    expected.pixdim[a] = header.pixdim[a];
  }
  expected.qform_code = header.qform_code;
  if (std::string_view(header.descrip, 5) != "naru ") return false;
  std::memcpy(expected.descrip, header.descrip, sizeof(header.descrip));  // another version's
  return std::memcmp(&header, &expected, sizeof(header)) == 0 &&
         std::equal(bytes.begin() + sizeof(header), bytes.begin() + kNiftiHeaderBytes,
                    written.begin() + sizeof(header));
}

NiftiResult problem(std::string text) { return {std::nullopt, std::move(text)}; }

NiftiResult parse(std::vector<std::byte> bytes) {
  nifti_1_header header;
  if (bytes.size() < kNiftiHeaderBytes) return problem("is shorter than a NIfTI header");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.sizeof_hdr != sizeof(header) || std::memcmp(header.magic, "n+1", 4) != 0 ||
      (header.dim[0] != 3 && header.dim[0] != 4)) {
    return problem("is no 3-D or 4-D NIfTI-1 file");
  }
  NiftiImage image;
  image.size = {header.dim[1], header.dim[2], header.dim[3]};
  const auto* type = std::find_if(kTypes.begin(), kTypes.end(), [&](auto& t) { return t.code == header.datatype; });
  if (type == kTypes.end()) return problem("has a voxel type that Naru does not write");
  image.dtype = type->dtype;
  const std::array<const float*, 3> rows = {header.srow_x, header.srow_y, header.srow_z};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 4; ++c) image.affine_ras.rows[r][c] = static_cast<double>(rows[r][c]);
  }
  image.volume_count = header.dim[0] == 4 ? header.dim[4] : 1;
  if (header.dim[1] < 1 || header.dim[2] < 1 || header.dim[3] < 1 || image.volume_count < 1) {
    return problem("has an empty axis");
  }
  const std::size_t expected = static_cast<std::size_t>(image.size.voxel_count()) *
                               static_cast<std::size_t>(image.volume_count) * size_bytes(image.dtype);
  if (bytes.size() != kNiftiHeaderBytes + expected) return problem("does not hold as many voxels as its header says");
  if (!is_as_written(bytes, image)) return problem("has a header that Naru does not write");
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kNiftiHeaderBytes));
  image.voxels = std::move(bytes);
  return {std::move(image), ""};
}

}  // namespace

double time_step_of(const dicom::StackSequence& sequence) {
  constexpr double kEvenStepPart = 0.01;  // times in headers are rounded; a step that is off by more is another
  const auto& values = sequence.values;
  const double seconds = sequence.unit == "s" ? 1 : sequence.unit == "ms" ? 1e-3 : 0;
  if (seconds == 0 || values.size() < 2) return 0;
  const double step = (values.back() - values.front()) / static_cast<double>(values.size() - 1);
  for (std::size_t n = 1; n < values.size(); ++n) {
    if (std::abs(values[n] - values[n - 1] - step) > kEvenStepPart * step) return 0;
  }
  return step * seconds;
}

std::array<std::byte, kNiftiHeaderBytes> nifti_header(const EncodedVolume& shape) {
  nifti_1_header header{};
  header.sizeof_hdr = sizeof(nifti_1_header);
  const Vec3 spacing = shape.grid.spacing_mm();
  header.dim[0] = 3;
  for (int a = 0; a < 3; ++a) {
    assert(shape.grid.size[a] <= kMaxNiftiSize);
    header.dim[a + 1] = static_cast<short>(shape.grid.size[a]);
    header.pixdim[a + 1] = static_cast<float>(spacing[a]);
  }
  for (int d = 4; d < 8; ++d) header.dim[d] = 1;
  if (shape.volume_count > 1) {
    header.dim[0] = 4;
    header.dim[4] = static_cast<short>(shape.volume_count);
    header.pixdim[4] = static_cast<float>(shape.time_step);
  }
  for (const TypeCode& type : kTypes) {
    if (type.dtype != shape.dtype) continue;
    header.datatype = type.code;
    header.bitpix = type.bits;
  }
  header.vox_offset = static_cast<float>(kNiftiHeaderBytes);
  header.scl_slope = 1;
  header.xyzt_units = shape.time_step > 0 ? NIFTI_UNITS_MM | NIFTI_UNITS_SEC : NIFTI_UNITS_MM;
  fmt::format_to_n(header.descrip, sizeof(header.descrip) - 1, "naru {}", kVersion);
  std::memcpy(header.magic, "n+1", 4);
  fill_transforms(header, shape.grid);
  std::array<std::byte, kNiftiHeaderBytes> bytes{};
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

GzipEffort effort_of(Compression compression) {
  assert(compression != Compression::none);
  return compression == Compression::gzip ? GzipEffort::fast : GzipEffort::small;
}

FileFacts write_nifti(const std::filesystem::path& path, const EncodedVolume& volume, Compression compression,
                      Executor& executor) {
  FileWriter file(path);
  const auto header = nifti_header(volume);
  if (compression == Compression::none) {
    file.append(header);
    file.append(volume.voxels);
    return file.finish();
  }
  GzipWriter gzip(file, executor, effort_of(compression));
  gzip.append(header);
  gzip.end_member();
  gzip.append(volume.voxels);
  gzip.finish();
  return file.finish();
}

NiftiResult read_nifti(const std::filesystem::path& path, std::size_t limit_bytes) {
  const auto file = read_file(path, limit_bytes);
  if (!file) return problem("cannot be read, or is larger than --memory allows");
  const auto bytes = std::as_bytes(std::span(*file));
  if (path.extension() != ".gz") return parse({bytes.begin(), bytes.end()});
  auto plain = gunzip(bytes, limit_bytes);
  if (!plain) return problem("is no sound gzip file, or is larger than --memory allows");
  return parse(std::move(*plain));
}

}  // namespace naru
