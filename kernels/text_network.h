/// The detector of burned-in text: a fully convolutional network over one slice.
///
///   windows W x H x 3  ->  probability W x H that a pixel belongs to text
///
/// The layers are those of python/training/network.py, which also trains it: unshuffle 2, three levels of 24, 48 and 80
/// channels, 3 x 3 convolutions (dilations 1, 2 and 4 at the bottom), two sums on the way up, shuffle 2, logistic.
/// Outside of the image every layer sees 0.
///
/// Shapes: column (x) fastest, then row (y), then channel (z). W and H are multiples of kTextGrain. Values are f32;
/// weights are stored as f16. The paths of the CPU and the GPU differ by rounding alone: by less than 1e-4 in the
/// probability.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/volume.h"
#include "kernels/buffer.h"
#include "kernels/executor.h"

namespace naru {

/// One convolution: out(o, y, x) = bias(o) + sum over i, v, u of
/// weight(o, i, v, u) * in(i, stride * y + dilation * (v - size / 2), stride * x + dilation * (u - size / 2)).
struct TextLayer {
  int inputs = 0, outputs = 0, size = 0, stride = 1, dilation = 1;
  std::vector<float> bias;     ///< by output
  std::vector<float> weights;  ///< output, input, row, column; column fastest
  /// The same as the CPU reads them: block of outputs, input, row, column, output within it; of 3 x 3 without stride
  /// those of each sum (text_network_strips.h) in that order.
  std::vector<float> blocked;
};

enum class TextLayerName : std::uint8_t {
  stem,
  down1,
  mid,
  down2,
  deep1,
  deep2,
  deep3,
  deep4,
  up2,
  merge2,
  up1,
  merge1,
  head,
  count
};

class TextNetwork {
 public:
  /// Reads a file of weights (form: `write_weights` in python/training/network.py).
  /// @throws Error{internal} where the bytes are no weights of this network: the program itself carries them
  static TextNetwork from_bytes(std::span<const std::byte> file);

  const TextLayer& layer(TextLayerName name) const { return layers_[static_cast<std::size_t>(name)]; }

  /// Bias and weights of all layers, one after the other, as they are copied to a device; and where a layer's begin.
  std::span<const float> values() const { return values_; }
  std::size_t place(TextLayerName name) const { return places_[static_cast<std::size_t>(name)]; }

 private:
  TextNetwork() = default;
  std::array<TextLayer, static_cast<std::size_t>(TextLayerName::count)> layers_;
  std::array<std::size_t, static_cast<std::size_t>(TextLayerName::count)> places_{};
  std::vector<float> values_;
};

/// A network where kernels on one executor read it: itself on a CPU, a copy of its weights on a GPU. The copy is made
/// once, and belongs to the stream that reads it: nobody else waits for it, and it is freed after the last layer.
class ReachableTextNetwork {
 public:
  /// @param network outlives this. Asynchronous on CUDA. @throws Error{memory_exceeded, device_unavailable}
  ReachableTextNetwork(const TextNetwork& network, Executor& executor);

  const TextNetwork& network() const { return *network_; }
  /// A layer's bias, which its weights follow. @pre the executor is a GPU
  const float* on_device(TextLayerName name) const { return values_.data() + network_->place(name); }

 private:
  const TextNetwork* network_;
  Buffer<float> values_;  ///< empty on a CPU
};

/// What W and H are multiples of, and how many windows there are.
inline constexpr std::int64_t kTextGrain = 8;
inline constexpr std::int64_t kTextWindows = 3;

/// @param windows column, row, window; each value in [0, 1], none NaN
/// @param probability one plane of the same width and height
/// Both in memory that `executor`, for which `network` was made, reaches; they must not overlap. Asynchronous on CUDA.
void detect_text(const ReachableTextNetwork& network, VolumeView<const float> windows, VolumeView<float> probability,
                 Executor& executor);

}  // namespace naru
