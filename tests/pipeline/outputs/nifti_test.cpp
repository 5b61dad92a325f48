#include "pipeline/outputs/nifti.h"

#include <gmock/gmock.h>
#include <itkImage.h>
#include <itkImageFileReader.h>
#include <itkNiftiImageIO.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "tests/support/temp_folder.h"

namespace naru {
namespace {

/// Oblique axes of 0.7, 0.9 and 2.5 mm, right-handed, far from the origin.
Grid oblique_grid() {
  Grid grid;
  grid.size = {5, 4, 3};
  const double a = 0.3, b = -0.2;
  const Vec3 i = {std::cos(a), std::sin(a), 0};
  const Vec3 j = {-std::sin(a) * std::cos(b), std::cos(a) * std::cos(b), std::sin(b)};
  grid.patient_from_voxel.set_column(0, 0.7 * i);
  grid.patient_from_voxel.set_column(1, 0.9 * j);
  grid.patient_from_voxel.set_column(2, 2.5 * cross(i, j));
  grid.patient_from_voxel.set_column(3, {-123.25, 87.5, -412.125});
  return grid;
}

/// ITK's own reader, told to read NIfTI, opens the file and answers in the patient frame (LPS) that DICOM uses.
template <class T>
void expect_itk_agrees(const std::filesystem::path& file, const Grid& grid, const std::vector<T>& voxels,
                       double tolerance_mm = 1e-3) {
  using Image = itk::Image<T, 3>;
  auto reader = itk::ImageFileReader<Image>::New();
  reader->SetImageIO(itk::NiftiImageIO::New());
  reader->SetFileName(file.string());
  reader->Update();
  const auto image = reader->GetOutput();
  const auto size = image->GetLargestPossibleRegion().GetSize();
  for (unsigned a = 0; a < 3; ++a) EXPECT_EQ(static_cast<std::int64_t>(size[a]), grid.size[static_cast<int>(a)]);
  for (const auto& [i, j, k] : {std::array<int, 3>{0, 0, 0}, {4, 0, 0}, {0, 3, 0}, {0, 0, 2}, {4, 3, 2}}) {
    typename Image::PointType point;
    image->TransformIndexToPhysicalPoint({{i, j, k}}, point);
    const Vec3 expected = grid.patient_from_voxel({double(i), double(j), double(k)});
    for (unsigned a = 0; a < 3; ++a) EXPECT_NEAR(point[a], expected[a], tolerance_mm) << file;
    EXPECT_EQ(image->GetPixel({{i, j, k}}), voxels[static_cast<std::size_t>(i + 5 * (j + 4 * k))]);
  }
}

template <class T>
void check_round_trip(DType dtype, const char* name, Compression compression) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(2);
  const Grid grid = oblique_grid();
  std::vector<T> voxels(60);
  std::iota(voxels.begin(), voxels.end(), T(-7));
  const FileFacts facts =
      write_nifti(folder / name, {std::as_bytes(std::span(voxels)), grid, dtype}, compression, executor);
  EXPECT_EQ(facts.size_bytes, std::filesystem::file_size(folder / name));
  const auto read = read_nifti(folder / name, 1 << 20);
  ASSERT_TRUE(read.image) << read.problem;
  EXPECT_EQ(read.image->size, grid.size);
  EXPECT_EQ(read.image->dtype, dtype);
  EXPECT_EQ(std::memcmp(read.image->voxels.data(), voxels.data(), read.image->voxels.size()), 0);
  expect_itk_agrees<T>(folder / name, grid, voxels);
}

TEST(Nifti, IsReadByItkAtTheSamePlaces) {
  check_round_trip<std::int16_t>(DType::int16, "a.nii", Compression::none);
  check_round_trip<std::int16_t>(DType::int16, "a.nii.gz", Compression::gzip);
  check_round_trip<float>(DType::float32, "b.nii", Compression::none);
  check_round_trip<float>(DType::float32, "b.nii.gz", Compression::gzip);
}

TEST(Nifti, LeftHandedGridsAreReadByItkAtTheSamePlaces) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(1);
  Grid grid = oblique_grid();
  grid.patient_from_voxel.set_column(2, -1 * grid.patient_from_voxel.column(2));
  std::vector<std::int16_t> voxels(60, 3);
  write_nifti(folder / "a.nii", {std::as_bytes(std::span(voxels)), grid, DType::int16}, Compression::none, executor);
  expect_itk_agrees<std::int16_t>(folder / "a.nii", grid, voxels);
}

TEST(Nifti, GivesOnlyTheSformWhereTheStackIsSheared) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(1);
  std::vector<std::int16_t> voxels(60, 3);
  Grid grid = oblique_grid();
  const auto codes = [&](const Grid& g) {
    write_nifti(folder / "a.nii", {std::as_bytes(std::span(voxels)), g, DType::int16}, Compression::none, executor);
    const std::string header = test::slurp(folder / "a.nii");
    std::array<short, 2> values{};
    std::memcpy(values.data(), header.data() + 252, 4);  // qform_code, sform_code
    return values;
  };
  EXPECT_EQ(codes(grid), (std::array<short, 2>{1, 1}));
  grid.patient_from_voxel.set_column(2, grid.patient_from_voxel.column(2) + Vec3{0, 0.3, 0});
  EXPECT_EQ(codes(grid), (std::array<short, 2>{0, 1}));
}

TEST(Nifti, AStackThatLeansAsRoundedPositionsDoIsReadByItk) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(1);
  const std::vector<std::int16_t> voxels(60, 3);
  Grid grid = oblique_grid();
  grid.patient_from_voxel.set_column(
      2, grid.patient_from_voxel.column(2) + 0.0015 / 0.7 * grid.patient_from_voxel.column(0));
  const double drift_mm = 2 * 0.0015;
  write_nifti(folder / "a.nii", {std::as_bytes(std::span(voxels)), grid, DType::int16}, Compression::none, executor);
  expect_itk_agrees<std::int16_t>(folder / "a.nii", grid, voxels, drift_mm);
  const auto read = read_nifti(folder / "a.nii", 1 << 20);
  ASSERT_TRUE(read.image) << read.problem;
  const Vec3 along_k = affine_ras(read.image->affine_ras).column(2);
  EXPECT_LT(norm(along_k - grid.patient_from_voxel.column(2)), 1e-6);  // the sform is exact
}

TEST(ReadNifti, SaysWhatIsWrongWithAFile) {
  const test::TempFolder folder;
  test::spill(folder / "short.nii", "n+1");
  EXPECT_FALSE(read_nifti(folder / "short.nii", 100).image);
  test::spill(folder / "zero.nii", std::string(1000, '\0'));
  EXPECT_THAT(read_nifti(folder / "zero.nii", 2000).problem, ::testing::HasSubstr("no 3-D or 4-D NIfTI-1"));
  EXPECT_THAT(read_nifti(folder / "zero.nii", 10).problem, ::testing::HasSubstr("larger than --memory"));
  test::spill(folder / "bad.nii.gz", "not gzip");
  EXPECT_THAT(read_nifti(folder / "bad.nii.gz", 2000).problem, ::testing::HasSubstr("gzip"));
}

TEST(ReadNifti, TakesNoHeaderThatContradictsWhatWasWritten) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(1);
  const std::vector<std::int16_t> voxels(60, 3);
  write_nifti(folder / "a.nii", {std::as_bytes(std::span(voxels)), oblique_grid(), DType::int16}, Compression::none,
              executor);
  const std::string written = test::slurp(folder / "a.nii");
  const auto is_read_with = [&](std::size_t at, const auto& value) {
    std::string file = written;
    std::memcpy(file.data() + at, &value, sizeof(value));
    test::spill(folder / "a.nii", file);
    return read_nifti(folder / "a.nii", 1 << 20).image.has_value();
  };
  EXPECT_TRUE(is_read_with(40, short{3}));    // as it was
  EXPECT_FALSE(is_read_with(80, 3.0F));       // pixdim[1]
  EXPECT_FALSE(is_read_with(108, 368.0F));    // vox_offset
  EXPECT_FALSE(is_read_with(112, 2.0F));      // scl_slope
  EXPECT_FALSE(is_read_with(116, 5.0F));      // scl_inter
  EXPECT_FALSE(is_read_with(148, 'J'));       // descrip
  EXPECT_FALSE(is_read_with(254, short{0}));  // sform_code
  EXPECT_FALSE(is_read_with(256, 0.3F));      // quatern_b
  EXPECT_FALSE(is_read_with(348, '\1'));      // extensions
}

}  // namespace
}  // namespace naru
