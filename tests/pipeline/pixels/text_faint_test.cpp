#include "pipeline/pixels/text_faint.h"

#include <gtest/gtest.h>

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

TEST(TextFaint, KeepsNothingButWhatHardlyDiffersAmidTheBackground) {
  std::vector<float> values = frame();
  EXPECT_TRUE(faint(values).empty());
  for (std::size_t n = 0; n < 30; ++n) values[10 * kSize + 10 + n] = -4 + static_cast<float>(n % 2);
  const std::vector<float> found = faint(values);
  ASSERT_EQ(found.size(), values.size());
  for (std::size_t n = 0; n < values.size(); ++n) EXPECT_EQ(found[n], values[n] == 995 ? -5 : values[n]);
}

TEST(TextFaint, LeavesNoiseAndSpecksAlone) {
  std::vector<float> specks = frame();
  for (std::size_t n = 0; n < 10; ++n) specks[10 * kSize + 10 + n] = -4;
  EXPECT_TRUE(faint(specks).empty());
  std::vector<float> noise = frame();
  for (std::size_t n = 0; n < noise.size(); ++n) noise[n] += static_cast<float>(n * 2654435761U % 97) / 97;
  EXPECT_TRUE(faint(noise).empty());
}

}  // namespace
}  // namespace naru
