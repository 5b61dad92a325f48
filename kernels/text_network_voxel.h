/// Private to kernels/: what ONE value of each step of the text detector holds (rules: kernels/text_network.h), for the
/// host and for the device. Maps are volumes: column, row, channel.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"
#include "kernels/executor.h"

namespace naru {

using TextMap = VolumeView<const float>;

/// out(x, y, 4 c + 2 a + b) = in(2 x + b, 2 y + a, c)
struct TextUnshuffleVoxel {
  TextMap in;
  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t c) const {
    return in.data[in.index(2 * x + c % 2, 2 * y + c / 2 % 2, c / 4)];
  }
};

/// What is done with a sum: nothing; max(0, it); max(0, it) and the input at the same place added.
enum class TextEnd : std::uint8_t { none, relu, relu_plus_input };

/// One TextLayer on the device, and what it is done to. Values are added in the order bias, input, row, column.
struct TextConvolution {
  TextMap in;
  int size, stride, dilation;
  const float* bias;
  const float* weights;  ///< output, input, row, column
  TextEnd end;
};

namespace cuda {
/// Of a layer whose weights for kTextDeviceBlock outputs fit a block's shared memory: of 80 inputs and 9 taps at most.
inline constexpr int kTextDeviceBlock = 8, kTextDeviceTerms = 80 * 9;
void convolve_text(const TextConvolution& work, VolumeView<float> out, Executor& executor);
}  // namespace cuda

/// out(x, y, c) = low(x / 2, y / 2, c) + skip(x, y, c)
struct TextDoubleVoxel {
  TextMap low, skip;
  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t c) const {
    return low.data[low.index(x / 2, y / 2, c)] + skip.data[skip.index(x, y, c)];
  }
};

/// out(x, y) = 1 / (1 + exp(-in(x / 2, y / 2, 2 (y mod 2) + x mod 2)))
struct TextProbabilityVoxel {
  TextMap in;
  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t) const {
    return 1 / (1 + std::exp(-in.data[in.index(x / 2, y / 2, 2 * (y % 2) + x % 2)]));
  }
};

}  // namespace naru
