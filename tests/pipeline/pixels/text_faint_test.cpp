#include "pipeline/pixels/text_faint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace naru {
namespace {

constexpr std::int64_t kSize = 128;

/// A bright square on a background of -5.
std::vector<float> frame() {
  std::vector<float> values(kSize * kSize, -5);
  for (std::int64_t y = 64; y < 100; ++y) {
    for (std::int64_t x = 64; x < 100; ++x) values[static_cast<std::size_t>(y * kSize + x)] = 995;
  }
  return values;
}

std::vector<float> faint(const std::vector<float>& values) {
  return faint_on_constant({values.data(), {kSize, kSize, 1}});
}

/// Strokes of three pixels by ten, in rows.
std::vector<float> with_strokes(std::vector<float> values, float ink) {
  for (std::size_t n = 0; n < 5; ++n) {
    for (std::size_t y = 0; y < 3; ++y) std::fill_n(values.begin() + (10 + 6 * n + y) * kSize + 10, 10, ink);
  }
  return values;
}

TEST(TextFaint, KeepsNothingButWhatIsWrittenInOneValueAmidTheBackground) {
  EXPECT_TRUE(faint(frame()).empty());
  std::vector<float> values = with_strokes(frame(), -4);
  std::vector<float> expected = values;
  std::ranges::replace(expected, 995.0F, -5.0F);
  EXPECT_EQ(faint(values), expected);
  for (std::size_t n = 0; n < 50; ++n) values[60 * kSize + 10 + n] = static_cast<float>(n % 20) - 3;  // an edge
  EXPECT_EQ(faint(values), expected);
  EXPECT_TRUE(faint(with_strokes(frame(), 200)).empty());  // not faint
}

TEST(TextFaint, LeavesNoiseAndSpecksAlone) {
  std::vector<float> specks = frame();
  for (std::size_t n = 0; n < 60; ++n) specks[(10 + n / 10 * 3) * kSize + 10 + n % 10 * 3] = -4;
  EXPECT_TRUE(faint(specks).empty());
  std::vector<float> noise = frame();
  for (std::size_t n = 0; n < noise.size(); ++n) noise[n] += static_cast<float>(n * 2654435761U % 97) / 97;
  EXPECT_TRUE(faint(noise).empty());
  std::vector<float> edges = with_strokes(frame(), -4);
  for (std::size_t n = 0; n < 400; ++n) edges[(60 + n / 50) * kSize + 10 + n % 50] = static_cast<float>(n % 20) - 3;
  EXPECT_TRUE(faint(edges).empty());
}

}  // namespace
}  // namespace naru
