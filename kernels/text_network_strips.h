/// Private to kernels/: convolutions of 3 x 3 without stride on the CPU, with half the products. One body for each
/// instruction set, as in text_network_rows.h.
///
/// Four rows of an output, `dilation` apart, come of six rows of sums. Each sum has rows of its own, made of six rows
/// of the inputs, and its own three weights along x, made of those of three rows: 18 products for what takes 36
/// (Winograd's F(4, 3), here along y alone). Sums differ from those of nine taps by rounding: some 1e-6 of what is
/// added.
///
/// Source: Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, Fast Algorithms for Convolutional
/// Neural Networks, CVPR 2016.
#pragma once

#include <array>

#include "kernels/text_network_rows.h"

namespace naru {

inline constexpr int kTextSums = 6;
/// Of a strip: 16 rows, whatever the dilation is (1, 2 or 4), are four times four that belong together.
inline constexpr std::int64_t kTextStripRows = 16, kTextRowGroups = 4;

/// By sum, what each row of weights counts in it.
inline constexpr double kTextSumWeights[kTextSums][3] = {{1.0 / 4, 0, 0},
                                                         {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                         {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                         {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                         {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                         {0, 0, 1}};

/// A layer and its input.
struct TextStrips {
  TextMap in;
  int dilation = 1;
  const float* weights = nullptr;  ///< by sum, then as TextTerms has them
  const float* bias = nullptr;
  VolumeView<float> out;
  TextEnd end = TextEnd::none;

  /// Along a line: the four groups of a strip, a margin of zeros behind each.
  std::int64_t row_stride() const { return in.size.x + dilation; }
  std::int64_t line() const { return (kTextRowGroups * row_stride() + kTextOverrun - 1) / kTextOverrun * kTextOverrun; }
  /// The rows of one sum and one input: a line between two margins.
  std::int64_t rows_stride() const { return line() + 2 * dilation; }
  std::int64_t rows_count() const { return kTextSums * in.size.z * rows_stride(); }
  std::int64_t sums_count() const { return kTextSums * out.size.z * line(); }
  /// Floats that one strip needs.
  std::int64_t work_count() const { return rows_count() + sums_count() + 2 * in.size.x; }

  /// The first row of a group; the others lie `dilation` further each.
  std::int64_t first_row(std::int64_t strip, std::int64_t group) const {
    return strip * kTextStripRows + group / dilation * kTextRowGroups * dilation + group % dilation;
  }
};

template <class T>
using TextValues = std::array<T, kTextSums>;

/// Of one column, or of as many as T has lanes: what the six sums are made of. @param in one of each of six rows
template <class T>
__attribute__((always_inline)) inline TextValues<T> rows_of_sums(const TextValues<T>& in) {
  const T even = in[4] - 4 * in[2], odd = in[3] - 4 * in[1], far = in[4] - in[2], near = 2 * (in[3] - in[1]);
  return {4 * (in[0] - in[2]) + far,          even + odd, even - odd, far + near, far - near,
          4 * (in[1] - in[3]) + in[5] - in[3]};
}

/// What four rows of an output are made of.
template <class T>
__attribute__((always_inline)) inline std::array<T, kTextRowGroups> rows_of_output(const TextValues<T>& sums) {
  const T plus = sums[1] + sums[2], minus = sums[1] - sums[2], far_plus = sums[3] + sums[4],
          far_minus = sums[3] - sums[4];
  return {sums[0] + plus + far_plus, minus + 2 * far_minus, plus + 4 * far_plus, minus + 8 * far_minus + sums[5]};
}

/// Calls `step.template operator()<T>(x)` for all columns, with Vector where as many are left, else with float.
template <class Vector, class Step>
__attribute__((always_inline)) inline void for_each_column(std::int64_t width, const Step& step) {
  constexpr std::int64_t kLanes = sizeof(Vector) / sizeof(float);
  std::int64_t x = 0;
  for (; x + kLanes <= width; x += kLanes) step.template operator()<Vector>(x);
  for (; x < width; ++x) step.template operator()<float>(x);
}

/// The six rows of one group of one input.
struct TextMakeRows {
  TextValues<const float*> in;
  float* out = nullptr;
  std::int64_t stride = 0;

  template <class T>
  __attribute__((always_inline)) void operator()(std::int64_t x) const {
    TextValues<T> values;
    for (std::size_t n = 0; n < values.size(); ++n) std::memcpy(&values[n], in[n] + x, sizeof(T));
    values = rows_of_sums(values);
    for (std::size_t n = 0; n < values.size(); ++n) {
      std::memcpy(out + static_cast<std::int64_t>(n) * stride + x, &values[n], sizeof(T));
    }
  }
};

/// The four rows of one group of one output, and the rows that are added to them.
struct TextFinishRows {
  const float* sums = nullptr;
  std::int64_t stride = 0;
  float bias = 0;
  TextEnd end = TextEnd::none;
  std::array<float*, kTextRowGroups> out{};
  std::array<const float*, kTextRowGroups> input{};

  template <class T>
  __attribute__((always_inline)) void operator()(std::int64_t x) const {
    TextValues<T> values;
    for (std::size_t n = 0; n < values.size(); ++n) {
      std::memcpy(&values[n], sums + static_cast<std::int64_t>(n) * stride + x, sizeof(T));
    }
    std::array<T, kTextRowGroups> rows = rows_of_output(values);
    for (std::size_t n = 0; n < rows.size(); ++n) {
      T added;
      std::memcpy(&added, input[n] + x, sizeof(T));
      rows[n] += bias;
      finish(rows[n], end, added);
      std::memcpy(out[n] + x, &rows[n], sizeof(T));
    }
  }
};

/// The memory of one strip.
struct TextStripMemory {
  TextStripMemory(const TextStrips& work, float* memory)
      : rows(memory), sums(rows + work.rows_count()), zeros(sums + work.sums_count()), beyond(zeros + work.in.size.x) {
    std::fill_n(zeros, work.in.size.x, 0.0F);
  }
  float* rows;    ///< rows_stride x inputs x sums
  float* sums;    ///< line x outputs x sums
  float* zeros;   ///< a row above or below the map
  float* beyond;  ///< where rows below the map go
};

template <class Vector>
__attribute__((always_inline)) inline void make_rows(const TextStrips& work, std::int64_t strip,
                                                     const TextStripMemory& memory) {
  const Size3 in = work.in.size;
  const std::int64_t stride = in.z * work.rows_stride(), used = kTextRowGroups * work.row_stride();
  for (std::int64_t i = 0; i < in.z; ++i) {
    float* const line = memory.rows + i * work.rows_stride() + work.dilation;
    for (std::int64_t group = 0; group < kTextRowGroups; ++group) {
      TextMakeRows rows{{}, line + group * work.row_stride(), stride};
      for (std::size_t n = 0; n < rows.in.size(); ++n) {
        const std::int64_t y = work.first_row(strip, group) + (static_cast<std::int64_t>(n) - 1) * work.dilation;
        rows.in[n] = y >= 0 && y < in.y ? work.in.data + work.in.index(0, y, i) : memory.zeros;
      }
      for_each_column<Vector>(in.x, rows);
      for (int k = 0; k < kTextSums; ++k) std::fill_n(rows.out + k * stride + in.x, work.dilation, 0.0F);
    }
    for (int k = 0; k < kTextSums; ++k) {
      std::fill_n(line + k * stride - work.dilation, work.dilation, 0.0F);
      std::fill_n(line + k * stride + used, work.line() + work.dilation - used, 0.0F);
    }
  }
}

template <class Vector, int Blocks, int Vectors>
__attribute__((always_inline)) inline void add_sums(const TextStrips& work, const TextStripMemory& memory) {
  constexpr int kColumns = Vectors * sizeof(Vector) / sizeof(float), kTaps = 3;
  static_assert(kTextOverrun % kColumns == 0);
  const std::int64_t inputs = work.in.size.z, outputs = work.out.size.z;
  TextTerms terms{work.rows_stride(), {0, work.dilation, 2 * work.dilation}, kTaps, static_cast<int>(inputs), nullptr};
  for (int k = 0; k < kTextSums; ++k) {
    terms.weights = work.weights + k * outputs * inputs * kTaps;
    const float* const rows = memory.rows + k * inputs * work.rows_stride();
    for (std::int64_t at = 0; at < work.line(); at += kColumns) {
      for (std::int64_t o = 0; o < outputs; o += Blocks * kTextBlock) {
        Vector sums[Blocks * kTextBlock][Vectors] = {};
        add_terms<Vector, Blocks, Vectors>(terms, rows + at, o, sums);
        for (int n = 0; n < Blocks * kTextBlock; ++n) {
          std::memcpy(memory.sums + (k * outputs + o + n) * work.line() + at, sums[n], sizeof sums[n]);
        }
      }
    }
  }
}

template <class Vector>
__attribute__((always_inline)) inline void finish_rows(const TextStrips& work, std::int64_t strip,
                                                       const TextStripMemory& memory) {
  const Size3 out = work.out.size;
  for (std::int64_t o = 0; o < out.z; ++o) {
    for (std::int64_t group = 0; group < kTextRowGroups; ++group) {
      const float* const sums = memory.sums + o * work.line() + group * work.row_stride();
      TextFinishRows rows{sums, out.z * work.line(), work.bias[o], work.end, {}, {}};
      for (std::size_t n = 0; n < rows.out.size(); ++n) {
        const std::int64_t y = work.first_row(strip, group) + static_cast<std::int64_t>(n) * work.dilation;
        const bool is_inside = y < out.y, is_added = is_inside && work.end == TextEnd::relu_plus_input;
        rows.out[n] = is_inside ? work.out.data + work.out.index(0, y, o) : memory.beyond;
        rows.input[n] = is_added ? work.in.data + work.in.index(0, y, o) : memory.zeros;
      }
      for_each_column<Vector>(out.x, rows);
    }
  }
}

/// One strip. @param floats work_count() of them
template <class Vector, int Blocks, int Vectors>
__attribute__((always_inline)) inline void convolve_strip(const TextStrips& work, std::int64_t strip, float* floats) {
  const TextStripMemory memory(work, floats);
  make_rows<Vector>(work, strip, memory);
  add_sums<Vector, Blocks, Vectors>(work, memory);
  finish_rows<Vector>(work, strip, memory);
}

}  // namespace naru
