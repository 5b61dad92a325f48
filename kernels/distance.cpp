#include "kernels/distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/components.h"
#include "kernels/morphology.h"

namespace naru {

namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

/// One line: out[q] = min over p of (q - p)^2 + in[p].
class Envelope {
 public:
  explicit Envelope(std::size_t length) : places_(length), borders_(length + 1), values_(length) {}

  void run(float* line, std::int64_t length, std::int64_t stride) {
    std::int64_t last = -1;
    for (std::int64_t q = 0; q < length; ++q) {
      values_[static_cast<std::size_t>(q)] = line[q * stride];
      if (line[q * stride] == kFar) continue;
      while (last >= 0 && meets(place(last), q) <= borders_[static_cast<std::size_t>(last)]) --last;
      ++last;
      places_[static_cast<std::size_t>(last)] = q;
      borders_[static_cast<std::size_t>(last)] = last == 0 ? -kFar : meets(place(last - 1), q);
    }
    if (last < 0) return;
    std::int64_t n = 0;
    for (std::int64_t q = 0; q < length; ++q) {
      while (n < last && borders_[static_cast<std::size_t>(n) + 1] < static_cast<float>(q)) ++n;
      const auto away = static_cast<float>(q - place(n));
      line[q * stride] = away * away + values_[static_cast<std::size_t>(place(n))];
    }
  }

 private:
  std::int64_t place(std::int64_t n) const { return places_[static_cast<std::size_t>(n)]; }

  /// Where the parabola of q becomes the lower one of both.
  float meets(std::int64_t p, std::int64_t q) const {
    const auto fp = static_cast<float>(p), fq = static_cast<float>(q);
    return ((values_[static_cast<std::size_t>(q)] + fq * fq) - (values_[static_cast<std::size_t>(p)] + fp * fp)) /
           (2 * (fq - fp));
  }

  std::vector<std::int64_t> places_;
  std::vector<float> borders_, values_;
};

/// A mask is in host memory, wherever the executor works.
Mask changed(const Mask& mask, Morphology operation, double radius, Executor& executor) {
  constexpr double kTolerance = 1e-3;  // of the square: those of whole cells differ by 1 at least
  Executor host = Executor::cpu(executor.thread_count());
  Mask result(mask.size);
  apply_morphology(mask.view(), {result.cells.data(), mask.size}, operation,
                   ball_element(std::sqrt(radius * radius + kTolerance), {1, 1, 1}), host);
  return result;
}

}  // namespace

std::int64_t Mask::count() const {
  return std::accumulate(cells.begin(), cells.end(), std::int64_t{0},
                         [](std::int64_t sum, std::uint8_t cell) { return sum + (cell != 0 ? 1 : 0); });
}

std::vector<float> squared_distance(const Mask& mask, Executor& executor) {
  std::vector<float> squared(mask.cells.size());
  std::ranges::transform(mask.cells, squared.begin(), [](std::uint8_t cell) { return cell != 0 ? 0 : kFar; });
  const std::array<std::int64_t, 3> stride = {1, mask.size.x, mask.size.x * mask.size.y};
  constexpr std::int64_t kLinesPerPiece = 256;
  for (int axis = 0; axis < 3; ++axis) {
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;  // the other two
    const std::int64_t step = stride[static_cast<std::size_t>(axis)], length = mask.size[axis];
    executor.parallel_for(mask.size[a] * mask.size[b], kLinesPerPiece, [&](std::int64_t begin, std::int64_t end) {
      Envelope envelope(static_cast<std::size_t>(length));
      for (std::int64_t n = begin; n < end; ++n) {
        const std::int64_t first = n % mask.size[a] * stride[static_cast<std::size_t>(a)] +
                                   n / mask.size[a] * stride[static_cast<std::size_t>(b)];
        envelope.run(squared.data() + first, length, step);
      }
    });
  }
  return squared;
}

Mask complement(const Mask& mask) {
  Mask rest(mask.size);
  std::ranges::transform(mask.cells, rest.cells.begin(),
                         [](std::uint8_t cell) { return static_cast<std::uint8_t>(cell == 0); });
  return rest;
}

Mask dilated(const Mask& mask, double radius, Executor& executor) {
  return changed(mask, Morphology::dilate, radius, executor);
}

Mask eroded(const Mask& mask, double radius, Executor& executor) {
  return changed(mask, Morphology::erode, radius, executor);
}

namespace {

/// The cells of one component: the one that `label_of(components, labels)` chooses; 0 is none.
template <class LabelOf>
Mask component(const Mask& mask, Executor& executor, const LabelOf& label_of) {
  Executor host = Executor::cpu(executor.thread_count());
  std::vector<std::int32_t> labels(mask.cells.size());
  const auto components = label_components(mask.view(), {labels.data(), mask.size}, Neighbours::faces, host);
  const std::int32_t label = label_of(components, labels);
  Mask found(mask.size);
  std::ranges::transform(labels, found.cells.begin(), [&](std::int32_t one) {
    return static_cast<std::uint8_t>(label != 0 && one == label ? 1 : 0);
  });
  return found;
}

}  // namespace

Mask component_at(const Mask& mask, std::size_t seed, Executor& executor) {
  return component(mask, executor, [&](const auto&, const auto& labels) { return labels[seed]; });
}

Mask largest_component(const Mask& mask, Executor& executor) {
  return component(mask, executor, [](const auto& components, const auto&) { return largest_of(components); });
}

}  // namespace naru
