// Made by make_masks.py with scipy 1.10.1 and numpy 1.24.2; not edited by hand.
// clang-format off
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace naru::test::golden {

inline constexpr std::array<std::int64_t, 3> kMaskSize = {37, 33, 21};
inline constexpr std::array<double, 3> kMaskSpacingMm = {0.7, 0.8, 1.25};
inline constexpr double kBallRadiusMm = 2.3;
/// scipy.ndimage.label, numbered by the first voxel. share: percent of voxels in the mask; seed: neighbours
struct Labelled { int neighbours, share; std::size_t count; std::int64_t largest, weighted; };
inline constexpr std::array kLabelled = std::to_array<Labelled>({
    {6, 25, 2029, 62, 25714822325},
    {18, 12, 738, 75, 4165740627},
    {26, 8, 561, 146, 2078801276},
});
/// distance_transform_edt, binary_dilation and binary_erosion; 2 percent (seed 1) grow, 98 (seed 2) shrink
struct Morphed { std::string_view element, operation; std::int64_t count, weighted; };
inline constexpr std::array kMorphed = std::to_array<Morphed>({
    {"ball", "dilate", 18787, 75356244},
    {"ball", "erode", 6332, 23281466},
    {"ball", "open", 23641, 92556973},
    {"ball", "close", 1945, 7701813},
    {"box", "dilate", 22453, 89504780},
    {"box", "erode", 15162, 57969633},
    {"cross", "dilate", 17719, 70854346},
    {"cross", "erode", 15699, 60575452},
});
/// binary_fill_holes of 78 percent, seed 3
inline constexpr std::int64_t kFilledCount = 23715, kFilledWeighted = 94454416;
/// numpy.percentile of what is above the mean, the mean scale of three cases, and the third case mapped
inline constexpr std::array<double, 11> kNyulThird = {531.0, 623.0, 724.0, 824.0, 926.0, 1027.0, 1123.0, 1216.6, 1319.0, 1405.0, 1491.0};
inline constexpr std::array<double, 11> kNyulStandard = {0.0, 9.413345151303758, 19.760345425781576, 29.918804051068932, 40.17512004007394, 50.42512672612995, 60.47310938180163, 70.60872329839536, 81.15423583408513, 90.75996181754648, 100.0};
inline constexpr std::array<double, 8> kNyulValues = {-50.0, 0.0, 137.5, 400.0, 777.0, 1100.0, 1600.0, 5000.0};
inline constexpr std::array<double, 8> kNyulMapped = {-59.447321009863956, -54.33137255806843, -40.26251431563075, -13.403784943704265, 25.144328497183874, 58.06578020388029, 111.71121118473759, 477.0150463049929};
/// size, mean, median, std, min, max, percentiles 0.5 and 99.5 of masked values
inline constexpr std::array<double, 8> kFingerprint = {2463.0, 482.46488022736503, 448.0, 870.9391444796721, -1000.0, 2000.0, -991.69, 1991.0};

}  // namespace naru::test::golden
