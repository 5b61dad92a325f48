/// Private to kernels/: a convolution of the text detector on the CPU, several outputs and columns in registers at a
/// time. One body for each instruction set: it is inlined into functions that carry the target.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/text_network_voxel.h"

namespace naru {

/// Outputs whose weights stand side by side; divides the outputs of every layer.
inline constexpr int kTextBlock = 4;
/// How far a pass may read behind the last pixel: the widest that any path takes at a time.
inline constexpr std::int64_t kTextOverrun = 32;

/// What is added up for one place: of every input the values at some places beside it, each times a weight.
struct TextTerms {
  static constexpr int kMostTaps = 9;
  std::int64_t channel_stride = 0;
  std::int64_t taps[kMostTaps] = {};  ///< where each weight's value stands beside the place
  int tap_count = 0, inputs = 0;
  const float* weights = nullptr;  ///< by block of outputs, input, tap, output within the block
};

/// Adds them up for Blocks x kTextBlock outputs, from `output` on, of Vectors x lanes places, from `at` of input 0 on.
template <class Vector, int Blocks, int Vectors>
__attribute__((always_inline)) inline void add_terms(const TextTerms& terms, const float* at, std::int64_t output,
                                                     Vector (&sums)[Blocks * kTextBlock][Vectors]) {
  constexpr int kLanes = sizeof(Vector) / sizeof(float);
  const std::int64_t block_weights = static_cast<std::int64_t>(kTextBlock) * terms.inputs * terms.tap_count;
  const float* weights = terms.weights + output / kTextBlock * block_weights;
  for (int i = 0; i < terms.inputs; ++i) {
    const float* const channel = at + i * terms.channel_stride;
    for (int t = 0; t < terms.tap_count; ++t, weights += kTextBlock) {
      Vector values[Vectors];
      for (int v = 0; v < Vectors; ++v) {
        std::memcpy(&values[v], channel + terms.taps[t] + v * kLanes, sizeof(Vector));
      }
      for (int n = 0; n < Blocks * kTextBlock; ++n) {
        const float weight = weights[n / kTextBlock * block_weights + n % kTextBlock];
        for (int v = 0; v < Vectors; ++v) sums[n][v] += values[v] * weight;
      }
    }
  }
}

/// A layer and its input made ready: planes with margins of zeros, weights in blocks.
struct TextRows {
  TextTerms terms;
  const float* in = nullptr;  ///< row 0, column 0 of input 0; a margin of zeros lies between rows
  std::int64_t row_stride = 0;
  const float* bias = nullptr;
  VolumeView<float> out;
  TextEnd end = TextEnd::none;
};

/// Does to finished sums, of one place or of as many as T has lanes, what `end` says. NaN stays.
template <class T>
__attribute__((always_inline)) inline void finish(T& sum, TextEnd end, const T& input) {
  if (end == TextEnd::none) return;
  sum = sum < T{} ? T{} : sum;
  if (end == TextEnd::relu_plus_input) sum += input;
}

/// Rows [begin, end) of all outputs. Lanes of Vector are columns; Blocks x kTextBlock outputs of Vectors x lanes
/// columns are summed at a time. Rows are gone through as one line, margins between them included: what is summed
/// there is thrown away, which costs less than the rest of a vector at the end of every row.
template <class Vector, int Blocks, int Vectors>
__attribute__((always_inline)) inline void convolve_rows(const TextRows& work, std::int64_t begin, std::int64_t end) {
  constexpr int kColumns = Vectors * sizeof(Vector) / sizeof(float);
  static_assert(kColumns <= kTextOverrun);
  const std::int64_t width = work.out.size.x, stop = (end - 1) * work.row_stride + width;
  for (std::int64_t at = begin * work.row_stride; at < stop; at += kColumns) {
    const float* const base = work.in + at;
    for (std::int64_t o = 0; o < work.out.size.z; o += Blocks * kTextBlock) {
      Vector sums[Blocks * kTextBlock][Vectors];
      for (int n = 0; n < Blocks * kTextBlock; ++n) {
        for (int v = 0; v < Vectors; ++v) sums[n][v] = Vector{} + work.bias[o + n];
      }
      add_terms<Vector, Blocks, Vectors>(work.terms, base, o, sums);
      for (int n = 0; n < Blocks * kTextBlock; ++n) {
        float line[kColumns];
        std::memcpy(line, sums[n], sizeof line);
        const float* const input =
            work.end == TextEnd::relu_plus_input ? base + (o + n) * work.terms.channel_stride : line;
        for (int c = 0; c < kColumns; ++c) finish(line[c], work.end, input[c]);
        // The parts of the line that are pixels.
        for (std::int64_t c = 0; c < kColumns && at + c < stop;) {
          const std::int64_t y = (at + c) / work.row_stride, x = (at + c) % work.row_stride;
          const std::int64_t count = std::min(kColumns - c, std::max(width - x, std::int64_t{0}));
          if (count > 0) {
            std::memcpy(work.out.data + work.out.index(x, y, o + n), line + c,
                        static_cast<std::size_t>(count) * sizeof(float));
          }
          c += std::max(count, std::min(kColumns - c, work.row_stride - x));
        }
      }
    }
  }
}

}  // namespace naru
