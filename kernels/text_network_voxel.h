/// Private to kernels/: what ONE value of each step of the text detector holds (rules: kernels/text_network.h), for the
/// host and for the device. Maps are volumes: column, row, channel.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/volume.h"
#include "kernels/backend.h"

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

/// One value of a TextLayer, added in the order bias, input, row, column.
struct TextConvolutionVoxel {
  TextMap in;
  int size, stride, dilation;
  const float* bias;
  const float* weights;
  TextEnd end;

  NARU_HOST_DEVICE float operator()(std::int64_t x, std::int64_t y, std::int64_t channel) const {
    const int half = size / 2;
    const float* weight = weights + channel * in.size.z * size * size;
    float sum = bias[channel];
    for (std::int64_t i = 0; i < in.size.z; ++i) {
      for (int v = 0; v < size; ++v) {
        for (int u = 0; u < size; ++u, ++weight) {
          const std::int64_t at_x = stride * x + dilation * (u - half), at_y = stride * y + dilation * (v - half);
          const bool is_inside = at_x >= 0 && at_y >= 0 && at_x < in.size.x && at_y < in.size.y;
          if (is_inside) sum = std::fma(in.data[in.index(at_x, at_y, i)], *weight, sum);
        }
      }
    }
    if (end == TextEnd::none) return sum;
    sum = sum > 0 ? sum : 0;
    return end == TextEnd::relu ? sum : sum + in.data[in.index(x, y, channel)];
  }
};

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
