#include "kernels/text_network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "kernels/dispatch.h"
#include "tests/kernels/run_on.h"
#include "tests/kernels/text_weights.h"
#include "tests/support/executors.h"

namespace naru::test {

namespace {

TextNetwork network_of(const std::string& file) { return TextNetwork::from_bytes(std::as_bytes(std::span(file))); }

/// Maps in f64, as the formulas say and no other way.
struct Plain {
  std::int64_t width, height, channels;
  std::vector<double> values = std::vector<double>(static_cast<std::size_t>(width * height * channels));

  double& at(std::int64_t x, std::int64_t y, std::int64_t c) {
    return values[static_cast<std::size_t>(x + width * (y + height * c))];
  }
  double or_zero(std::int64_t x, std::int64_t y, std::int64_t c) {
    return x < 0 || y < 0 || x >= width || y >= height ? 0 : at(x, y, c);
  }
};

template <class Value>
Plain filled(std::int64_t width, std::int64_t height, std::int64_t channels, const Value& value) {
  Plain plain{width, height, channels};
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) plain.at(x, y, c) = value(x, y, c);
    }
  }
  return plain;
}

Plain convolved(Plain& in, const TextLayer& layer, bool ends_in_relu = true) {
  return filled(in.width / layer.stride, in.height / layer.stride, layer.outputs, [&](auto x, auto y, auto o) {
    double sum = layer.bias[static_cast<std::size_t>(o)];
    for (int i = 0; i < layer.inputs; ++i) {
      for (int v = 0; v < layer.size; ++v) {
        for (int u = 0; u < layer.size; ++u) {
          const auto n = static_cast<std::size_t>(((o * layer.inputs + i) * layer.size + v) * layer.size + u);
          sum += layer.weights[n] * in.or_zero(layer.stride * x + layer.dilation * (u - layer.size / 2),
                                               layer.stride * y + layer.dilation * (v - layer.size / 2), i);
        }
      }
    }
    return ends_in_relu ? std::max(sum, 0.0) : sum;
  });
}

Plain doubled(Plain& low, Plain& skip) {
  return filled(skip.width, skip.height, skip.channels,
                [&](auto x, auto y, auto c) { return low.at(x / 2, y / 2, c) + skip.at(x, y, c); });
}

Plain reference(const TextNetwork& network, Plain windows) {
  using Name = TextLayerName;
  const auto layer = [&](Name name) -> const TextLayer& { return network.layer(name); };
  Plain open = filled(windows.width / 2, windows.height / 2, 12,
                      [&](auto x, auto y, auto c) { return windows.at(2 * x + c % 2, 2 * y + c / 2 % 2, c / 4); });
  Plain stem = convolved(open, layer(Name::stem));
  Plain down1 = convolved(stem, layer(Name::down1));
  Plain mid = convolved(down1, layer(Name::mid));
  Plain deep = convolved(mid, layer(Name::down2));
  for (const Name name : {Name::deep1, Name::deep2, Name::deep3, Name::deep4}) {
    const Plain more = convolved(deep, layer(name));
    for (std::size_t n = 0; n < deep.values.size(); ++n) deep.values[n] += more.values[n];
  }
  Plain up2 = convolved(deep, layer(Name::up2), false);
  Plain merged2 = doubled(up2, mid);
  merged2 = convolved(merged2, layer(Name::merge2));
  Plain up1 = convolved(merged2, layer(Name::up1), false);
  Plain merged1 = doubled(up1, stem);
  merged1 = convolved(merged1, layer(Name::merge1));
  Plain head = convolved(merged1, layer(Name::head), false);
  return filled(windows.width, windows.height, 1,
                [&](auto x, auto y, auto) { return 1 / (1 + std::exp(-head.at(x / 2, y / 2, 2 * (y % 2) + x % 2))); });
}

std::vector<float> random_windows(Size3 size) {
  std::vector<float> windows;
  for (const int value : random_values<int>(size.voxel_count(), 0, 1000, 3)) {
    windows.push_back(static_cast<float>(value) / 1000);
  }
  return windows;
}

class TextNetworkPath : public ::testing::TestWithParam<CpuPath> {};

TEST_P(TextNetworkPath, IsWhatTheFormulasSay) {
  if (GetParam() > cpu_path()) GTEST_SKIP() << "this CPU has not this path";
  const ForcedCpuPath forced(GetParam());
  const TextNetwork network = network_of(random_text_weights(1));
  // Narrower than a vector, no multiple of one, wider than two; higher than a strip of rows where the map is smallest.
  for (const Size3 size :
       {Size3{8, 8, 3}, Size3{24, 16, 3}, Size3{104, 8, 3}, Size3{152, 24, 3}, Size3{40, 152, 3}, Size3{8, 264, 3}}) {
    const std::vector<float> windows = random_windows(size);
    Plain in{size.x, size.y, size.z, {windows.begin(), windows.end()}};
    const Plain expected = reference(network, in);
    for (Executor& executor : executors_under_test()) {
      const ReachableTextNetwork reachable(network, executor);
      const auto found = run_on<float>(executor, windows, size, {size.x, size.y, 1},
                                       [&](auto from, auto to) { detect_text(reachable, from, to, executor); });
      for (std::size_t n = 0; n < found.size(); ++n) ASSERT_NEAR(found[n], expected.values[n], 1e-4) << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, TextNetworkPath, ::testing::Values(CpuPath::baseline, CpuPath::avx2, CpuPath::avx512));

TEST(TextNetwork, RefusesWhatIsNoFileOfItsWeights) {
  const std::string file = random_text_weights(1);
  EXPECT_NO_THROW(network_of(file));
  EXPECT_THROW(network_of(""), Error);
  EXPECT_THROW(network_of(file.substr(0, file.size() - 1)), Error);
  EXPECT_THROW(network_of(file + '\0'), Error);
  for (const std::size_t at : {0, 8, 12, 16, 20, 32}) {  // magic, version, layers, inputs, outputs, dilation
    std::string other = file;
    other[at] = static_cast<char>(other[at] + 1);
    EXPECT_THROW(network_of(other), Error) << at;
  }
  std::string infinite = file;
  infinite.replace(infinite.size() - 2, 2, "\x00\x7C", 2);
  EXPECT_THROW(network_of(infinite), Error);
}

}  // namespace

}  // namespace naru::test
