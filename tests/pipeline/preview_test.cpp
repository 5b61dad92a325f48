#include "pipeline/preview.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace naru {
namespace {

TEST(PreviewMaker, DrawsTheSameOfSlabsAsOfTheWhole) {
  const Size3 size{9, 7, 11};
  std::vector<std::int16_t> voxels(static_cast<std::size_t>(size.voxel_count()));
  for (std::size_t n = 0; n < voxels.size(); ++n) voxels[n] = static_cast<std::int16_t>(n * n % 1009);
  EncodedVolume volume{std::as_bytes(std::span(voxels)), {}, DType::int16};
  volume.grid.size = size;
  volume.grid.patient_from_voxel.rows = {{{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 3, 0}}};
  const auto whole = to_json(make_preview(volume, 0, 1008));
  for (const std::int64_t step : {1, 2, 4, 10}) {
    PreviewMaker maker(volume);
    for (std::int64_t begin = 0; begin < size.z; begin += step) {
      const auto slice_bytes = static_cast<std::size_t>(size.x * size.y) * sizeof(std::int16_t);
      const auto count = static_cast<std::size_t>(std::min(step, size.z - begin));
      maker.add(begin, volume.voxels.subspan(static_cast<std::size_t>(begin) * slice_bytes, count * slice_bytes));
    }
    maker.draw();
    EXPECT_EQ(to_json(maker.finish(0, 1008)), whole) << step;
  }
}

TEST(PreviewMaker, ShowsThePatientTheSameWayWhateverTheAxes) {
  std::optional<std::array<std::string, 3>> first;
  for (const std::string axes : {"RAS", "LPS", "SRA", "ASR", "IPL", "PIR"}) {
    const Grid ras{{8, 8, 8}, affine_ras(Affine{{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}})};
    const Grid grid = reoriented(ras, axis_map(ras.patient_from_voxel, axes));
    std::vector<std::int16_t> voxels(512);
    for (std::int64_t n = 0; n < 512; ++n) {
      const Vec3 at = grid.patient_from_voxel(
          {static_cast<double>(n % 8), static_cast<double>(n / 8 % 8), static_cast<double>(n / 64)});
      voxels[static_cast<std::size_t>(n)] = static_cast<std::int16_t>(at[2] * 49 - at[1] * 7 - at[0]);
    }
    const EncodedVolume volume{std::as_bytes(std::span(voxels)), grid, DType::int16};
    const auto planes = make_preview(volume, 0, 399).planes_png_base64;
    if (!first) first = planes;
    EXPECT_EQ(planes, *first) << axes;
    PreviewMaker by_slices(volume);
    for (std::int64_t k = 0; k < 8; ++k) {
      by_slices.add(k, volume.voxels.subspan(static_cast<std::size_t>(k) * 128, 128));
    }
    by_slices.draw();
    EXPECT_EQ(by_slices.finish(0, 399).planes_png_base64, planes) << axes;
  }
}

TEST(PreviewMaker, CountsEveryVoxelOfASmallVolumeOnce) {
  const std::vector<std::int16_t> voxels = {0, 0, 0, 5, 5, 10, 10, 10};
  EncodedVolume volume{std::as_bytes(std::span(voxels)), {}, DType::int16};
  volume.grid.size = {2, 2, 2};
  volume.grid.patient_from_voxel.rows = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  const auto histogram = make_preview(volume, 0, 10).histogram;
  EXPECT_EQ(histogram.front(), 3u);
  EXPECT_EQ(histogram[histogram.size() / 2], 2u);
  EXPECT_EQ(histogram.back(), 3u);
}

}  // namespace
}  // namespace naru
