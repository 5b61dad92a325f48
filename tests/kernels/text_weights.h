/// Files of weights for tests: the form of `write_weights` in python/training/network.py.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace naru::test {

struct TextLayerShape {
  std::uint32_t inputs, outputs, size, stride, dilation;
};
inline constexpr std::array<TextLayerShape, 13> kTextLayers = {{{12, 24, 3, 1, 1},
                                                                {24, 48, 3, 2, 1},
                                                                {48, 48, 3, 1, 1},
                                                                {48, 80, 3, 2, 1},
                                                                {80, 80, 3, 1, 1},
                                                                {80, 80, 3, 1, 2},
                                                                {80, 80, 3, 1, 4},
                                                                {80, 80, 3, 1, 2},
                                                                {80, 48, 1, 1, 1},
                                                                {48, 48, 3, 1, 1},
                                                                {48, 24, 1, 1, 1},
                                                                {24, 24, 3, 1, 1},
                                                                {24, 4, 3, 1, 1}}};

template <class T>
void append_bytes(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Weights of either sign whose sums stay of one size from layer to layer; each a power of two, so that f16 holds it.
inline std::string random_text_weights(unsigned seed) {
  std::mt19937 random(seed);
  std::string file("NARUTXT\0", 8);
  append_bytes(file, std::uint32_t{1});
  append_bytes(file, static_cast<std::uint32_t>(kTextLayers.size()));
  for (const TextLayerShape& shape : kTextLayers) {
    append_bytes(file, shape);
    for (std::uint32_t o = 0; o < shape.outputs; ++o)
      append_bytes(file, static_cast<float>(random() % 200) / 1000 - 0.1F);
    const std::uint32_t terms = shape.inputs * shape.size * shape.size;
    const int exponent = std::ilogb(1 / std::sqrt(static_cast<double>(terms)));
    for (std::uint32_t w = 0; w < shape.outputs * terms; ++w) {
      const unsigned bits = random();
      append_bytes(file, static_cast<std::uint16_t>((bits & 1U) << 15 |
                                                    static_cast<unsigned>(exponent + 15 + (bits >> 1 & 1U)) << 10));
    }
  }
  return file;
}

}  // namespace naru::test
