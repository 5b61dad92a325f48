#include "pipeline/unit_bins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace naru {
namespace {

TEST(UnitBins, TellPercentilesToHalfABin) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(500, 120);
  std::vector<float> values(100001);
  for (float& value : values) value = normal(random);
  values[17] = std::numeric_limits<float>::quiet_NaN();
  Executor executor = Executor::cpu(2);
  const VolumeView<const float> view{values.data(), {100001, 1, 1}};
  UnitBins bins;
  bins.widen(statistics(view, executor));
  bins.add(view, executor);
  values.erase(values.begin() + 17);
  std::ranges::sort(values);
  const dicom::Rescale units = bins.units_of_bins();
  const auto at = [&](double p) { return units.slope * percentile(bins.histogram(), p) + units.intercept; };
  EXPECT_EQ(at(0), static_cast<double>(values.front()));
  EXPECT_NEAR(at(100), static_cast<double>(values.back()), 1e-9);
  EXPECT_NEAR(at(50), (static_cast<double>(values[49999]) + static_cast<double>(values[50000])) / 2, units.slope);
  EXPECT_NEAR(at(0.5), static_cast<double>(values[500]), 2 * units.slope);
}

TEST(UnitBins, EndWhereTheNextBinBegins) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-3, 1700);
  std::vector<float> values(200000);  // about three in a bin
  for (float& value : values) value = uniform(random);
  Executor executor = Executor::cpu(2);
  const VolumeView<const float> view{values.data(), {200000, 1, 1}};
  UnitBins bins;
  bins.widen(statistics(view, executor));
  bins.add(view, executor);
  for (const int bin : {0, 1, 777, 40000, 65534, 65535}) {
    const double end = upper_end(bins.units_of_bins(), bin);
    const auto beyond = std::ranges::count_if(values, [&](float value) { return static_cast<double>(value) > end; });
    EXPECT_EQ(statistics(bins.histogram(), bin).count, static_cast<std::uint64_t>(beyond)) << bin;
  }
}

TEST(UnitBins, OfOneValueOrNoneHoldIt) {
  Executor executor = Executor::cpu(1);
  const std::vector<float> same(10, 3.5f);
  UnitBins bins;
  bins.widen(statistics(VolumeView<const float>{same.data(), {10, 1, 1}}, executor));
  bins.add({same.data(), {10, 1, 1}}, executor);
  EXPECT_EQ(bins.histogram().counts[0], 10u);
  EXPECT_EQ(bins.units_of_bins().intercept, 3.5);
}

}  // namespace
}  // namespace naru
