#include "pipeline/preview.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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
