#include "pipeline/restore/n4.h"

#include <vnl/algo/vnl_fft_1d.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>

namespace naru {

namespace {

constexpr std::int64_t kOrder = 3, kWeights = kOrder + 1;
constexpr int kLevels = 4, kMostIterations = 50;
constexpr double kThreshold = 0.001;
constexpr std::size_t kBins = 200, kPaddedBins = 512;                        // twice the power of two above
constexpr double kLeastCount = 0.1 * std::numeric_limits<float>::epsilon();  // of a control point that is fitted
constexpr double kFullWidth = 0.15, kWienerNoise = 0.01;

using Complex = std::complex<double>;
using Spectrum = std::vector<Complex>;

/// Where voxels lie among the control points of an axis.
struct Place : SplinePlace {
  std::array<double, kWeights> fitted{}, squares{};  ///< w^3 / sum of w^2; w^2
};

std::vector<Place> places_of(std::int64_t count, std::int64_t control_points) {
  std::vector<Place> places;
  const std::int64_t spans = control_points - kOrder;
  for (std::int64_t v = 0; v < count; ++v) {
    const double at = static_cast<double>(v * spans) / static_cast<double>(count - 1);
    Place place{spline_place(at, spans)};
    double sum = 0;
    for (std::size_t n = 0; n < kWeights; ++n) sum += place.squares[n] = place.weights[n] * place.weights[n];
    for (std::size_t n = 0; n < kWeights; ++n) place.fitted[n] = place.squares[n] * place.weights[n] / sum;
    places.push_back(place);
  }
  return places;
}

/// The same spline with twice as many spans.
SplineLattice refined(const SplineLattice& lattice) {
  SplineLattice result = lattice;
  for (int axis = 0; axis < 3; ++axis) {
    const SplineLattice from = std::move(result);
    const std::int64_t count = from.size[axis], finer = 2 * count - kOrder;
    result.size = from.size;
    (axis == 0 ? result.size.x : axis == 1 ? result.size.y : result.size.z) = finer;
    result.points.resize(static_cast<std::size_t>(result.size.voxel_count()));
    const std::int64_t stride = axis == 0 ? 1 : axis == 1 ? from.size.x : from.size.x * from.size.y;
    const auto lines = from.size.voxel_count() / count;
    for (std::int64_t line = 0; line < lines; ++line) {
      const double* const in = from.points.data() + line % stride + line / stride * stride * count;
      double* const out = result.points.data() + line % stride + line / stride * stride * finer;
      for (std::int64_t n = 0; n < finer; ++n) {
        const double* const at = in + n / 2 * stride;
        out[n * stride] = n % 2 == 0 ? (at[0] + at[stride]) / 2 : (at[0] + 6 * at[stride] + at[2 * stride]) / 8;
      }
    }
  }
  return result;
}

/// Deviation over mean, of parts that are joined in order (Chan, Golub and LeVeque, 1979).
struct Spread {
  double count = 0, mean = 0, squares = 0;

  void add(double value) {
    const double before = value - mean;
    mean += before / ++count;
    squares += before * (value - mean);
  }
  void add(const Spread& other) {
    if (other.count == 0) return;
    const double all = count + other.count, apart = other.mean - mean;
    squares += other.squares + apart * apart * count * other.count / all;
    mean += apart * other.count / all;
    count = all;
  }
  double relative() const { return std::sqrt(squares / (count - 1)) / mean; }
};

struct Range {
  double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();

  void add(double value) { least = std::min(least, value), most = std::max(most, value); }
  void add(const Range& other) { least = std::min(least, other.least), most = std::max(most, other.most); }
  double step() const { return (most - least) / static_cast<double>(kBins - 1); }
};

using Bins = std::array<double, kBins>;

/// The bins of a value, and the share of the second one.
struct Bin {
  std::size_t first;
  double share;
};
Bin bin_of(double value, const Range& range) {
  const double at = (value - range.least) / range.step();
  const std::size_t first = std::min(static_cast<std::size_t>(std::max(at, 0.0)), kBins - 2);
  return {first, at - static_cast<double>(first)};
}

/// For each value of the logarithm what it is without a blur: the histogram is taken for one blurred by a Gaussian, and
/// E(sharp | seen) follows from the two.
Bins sharpened(const Bins& histogram, const Range& range) {
  vnl_fft_1d<double> transform(kPaddedBins);
  const auto forward = [&](Spectrum& values) { transform.fwd_transform(values); };
  const auto backward = [&](Spectrum& values) { transform.bwd_transform(values); };
  constexpr std::size_t kOffset = (kPaddedBins - kBins) / 2;
  Spectrum seen(kPaddedBins);
  std::ranges::copy(histogram, seen.begin() + kOffset);
  forward(seen);
  const double width = kFullWidth / range.step();
  const double steepness = 4 * std::numbers::ln2 / (width * width);
  const double height = 2 * std::sqrt(std::numbers::ln2 / std::numbers::pi) / width;
  Spectrum blur(kPaddedBins);
  for (std::size_t n = 0; n < kPaddedBins; ++n) {
    const auto distance = static_cast<double>(std::min(n, kPaddedBins - n));
    blur[n] = height * std::exp(-distance * distance * steepness);
  }
  forward(blur);
  Spectrum sharp(kPaddedBins);
  for (std::size_t n = 0; n < kPaddedBins; ++n) {
    const Complex back = std::conj(blur[n]);
    sharp[n] = seen[n] * (back / (back * blur[n] + kWienerNoise)).real();
  }
  backward(sharp);
  for (Complex& value : sharp) value = std::max(value.real(), 0.0);
  Spectrum weighted(kPaddedBins), plain = sharp;
  for (std::size_t n = 0; n < kPaddedBins; ++n) {
    const double place = static_cast<double>(n) - static_cast<double>(kOffset);
    weighted[n] = (range.least + place * range.step()) * sharp[n].real();
  }
  for (Spectrum* const values : {&weighted, &plain}) {
    forward(*values);
    for (std::size_t n = 0; n < kPaddedBins; ++n) (*values)[n] *= blur[n];
    backward(*values);
  }
  Bins result{};
  for (std::size_t n = 0; n < kBins; ++n) {
    const double share = plain[n + kOffset].real();
    result[n] = share != 0 ? weighted[n + kOffset].real() / share : 0;
  }
  return result;
}

/// Sums over voxels are taken slice by slice, and slices are added in order: the same for any number of threads.
class Fit {
 public:
  Fit(std::span<const float> voxels, std::span<const std::uint8_t> mask, const Size3& size, Executor& executor)
      : mask_(mask),
        size_(size),
        executor_(executor),
        logs_(voxels.size()),
        uncorrected_(voxels.size()),
        field_(voxels.size()) {
    for (std::size_t v = 0; v < voxels.size(); ++v) {
      logs_[v] = uncorrected_[v] = mask[v] != 0 ? std::log(static_cast<double>(voxels[v])) : 0;
    }
    lattice_ = {{kWeights, kWeights, kWeights}, std::vector<double>(kWeights * kWeights * kWeights)};
  }

  SplineLattice run() {
    for (int level = 0; level < kLevels; ++level) {
      if (level > 0) lattice_ = refined(lattice_);
      for (int a = 0; a < 3; ++a) places_[static_cast<std::size_t>(a)] = places_of(size_[a], lattice_.size[a]);
      counts_ = gathered(&Place::squares, [&](std::int64_t) { return 1.0; });
      double change = std::numeric_limits<double>::max();
      for (int n = 0; n < kMostIterations && change > kThreshold; ++n) {
        if (!add_residual()) return std::move(lattice_);
        change = update_field();
      }
    }
    return std::move(lattice_);
  }

 private:
  /// Calls `use(z)` for each slice, on the executor's threads.
  void each_slice(const std::function<void(std::int64_t)>& use) {
    executor_.parallel_for(size_.z, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t z = begin; z < end; ++z) use(z);
    });
  }

  /// Calls `use(voxel, x, y)` under the mask.
  template <class Use>
  void each_voxel(std::int64_t z, const Use& use) const {
    for (std::int64_t y = 0; y < size_.y; ++y) {
      const std::int64_t row = size_.x * (y + size_.y * z);
      for (std::int64_t x = 0; x < size_.x; ++x) {
        if (mask_[static_cast<std::size_t>(row + x)] != 0) use(static_cast<std::size_t>(row + x), x, y);
      }
    }
  }

  /// What each slice makes, in order.
  template <class Part, class Make>
  std::vector<Part> of_slices(const Make& make) {
    std::vector<Part> parts(static_cast<std::size_t>(size_.z));
    each_slice([&](std::int64_t z) { make(z, parts[static_cast<std::size_t>(z)]); });
    return parts;
  }

  /// For each control point the sum of `value(voxel)` times its weights along the three axes.
  template <class Value>
  std::vector<double> gathered(std::array<double, kWeights> Place::*weights, const Value& value) {
    const std::int64_t width = lattice_.size.x, plane = width * lattice_.size.y;
    const auto planes = of_slices<std::vector<double>>([&](std::int64_t z, std::vector<double>& sums) {
      sums.resize(static_cast<std::size_t>(plane));
      std::vector<double> line(static_cast<std::size_t>(width));
      for (std::int64_t y = 0; y < size_.y; ++y) {
        std::ranges::fill(line, 0.0);
        const std::int64_t row = size_.x * (y + size_.y * z);
        for (std::int64_t x = 0; x < size_.x; ++x) {
          if (mask_[static_cast<std::size_t>(row + x)] == 0) continue;
          const double one = value(row + x);
          const Place& place = places_[0][static_cast<std::size_t>(x)];
          double* const at = line.data() + place.first;
          for (std::size_t n = 0; n < kWeights; ++n) at[n] += (place.*weights)[n] * one;
        }
        const Place& place = places_[1][static_cast<std::size_t>(y)];
        for (std::size_t n = 0; n < kWeights; ++n) {
          double* const at = sums.data() + (place.first + static_cast<std::int64_t>(n)) * width;
          for (std::int64_t x = 0; x < width; ++x) at[x] += (place.*weights)[n] * line[static_cast<std::size_t>(x)];
        }
      }
    });
    std::vector<double> all(lattice_.points.size());
    for (std::int64_t z = 0; z < size_.z; ++z) {
      const Place& place = places_[2][static_cast<std::size_t>(z)];
      const std::vector<double>& sums = planes[static_cast<std::size_t>(z)];
      for (std::size_t n = 0; n < kWeights; ++n) {
        double* const at = all.data() + (place.first + static_cast<std::int64_t>(n)) * plane;
        for (std::int64_t p = 0; p < plane; ++p) at[p] += (place.*weights)[n] * sums[static_cast<std::size_t>(p)];
      }
    }
    return all;
  }

  /// Adds to the lattice the smooth part of what sharpening takes out. False where there is one value only.
  bool add_residual() {
    Range range;
    for (const Range& part : of_slices<Range>([&](std::int64_t z, Range&of_slice) {
           each_voxel(z, [&](std::size_t v, std::int64_t, std::int64_t) { of_slice.add(uncorrected_[v]); });
         })) {
      range.add(part);
    }
    if (!(range.step() > 0)) return false;
    Bins histogram{};
    for (const Bins& part : of_slices<Bins>([&](std::int64_t z, Bins&of_slice) {
           each_voxel(z, [&](std::size_t v, std::int64_t, std::int64_t) {
             const Bin bin = bin_of(uncorrected_[v], range);
             of_slice[bin.first] += 1 - bin.share;
             of_slice[bin.first + 1] += bin.share;
           });
         })) {
      std::ranges::transform(histogram, part, histogram.begin(), std::plus<>());
    }
    const Bins sharp = sharpened(histogram, range);
    const std::vector<double> sums = gathered(&Place::fitted, [&](std::int64_t v) {
      const double seen = uncorrected_[static_cast<std::size_t>(v)];
      const Bin bin = bin_of(seen, range);
      return seen - (sharp[bin.first] + (sharp[bin.first + 1] - sharp[bin.first]) * bin.share);
    });
    for (std::size_t n = 0; n < sums.size(); ++n) {
      if (counts_[n] > kLeastCount) lattice_.points[n] += sums[n] / counts_[n];
    }
    return true;
  }

  /// Evaluates the lattice. @return by how much the field changed: deviation over mean of the quotient
  double update_field() {
    const std::int64_t width = lattice_.size.x, plane = width * lattice_.size.y;
    Spread all;
    for (const Spread& part : of_slices<Spread>([&](std::int64_t z, Spread&of_slice) {
           std::vector<double> sheet(static_cast<std::size_t>(plane)), line(static_cast<std::size_t>(width));
           const Place& in_z = places_[2][static_cast<std::size_t>(z)];
           for (std::size_t n = 0; n < kWeights; ++n) {
             const double* const from = lattice_.points.data() + (in_z.first + static_cast<std::int64_t>(n)) * plane;
             for (std::int64_t p = 0; p < plane; ++p) sheet[static_cast<std::size_t>(p)] += in_z.weights[n] * from[p];
           }
           std::int64_t line_y = -1;
           each_voxel(z, [&](std::size_t v, std::int64_t x, std::int64_t y) {
             if (y != line_y) {
               std::ranges::fill(line, 0.0);
               const Place& in_y = places_[1][static_cast<std::size_t>(y)];
               for (std::size_t n = 0; n < kWeights; ++n) {
                 const double* const from = sheet.data() + (in_y.first + static_cast<std::int64_t>(n)) * width;
                 for (std::int64_t i = 0; i < width; ++i)
                   line[static_cast<std::size_t>(i)] += in_y.weights[n] * from[i];
               }
               line_y = y;
             }
             const Place& in_x = places_[0][static_cast<std::size_t>(x)];
             const double* const from = line.data() + in_x.first;
             double field = 0;
             for (std::size_t n = 0; n < kWeights; ++n) field += in_x.weights[n] * from[n];
             of_slice.add(std::exp(field_[v] - field));
             field_[v] = field;
             uncorrected_[v] = logs_[v] - field;
           });
         })) {
      all.add(part);
    }
    return all.relative();
  }

  std::span<const std::uint8_t> mask_;
  Size3 size_;
  Executor& executor_;
  std::vector<double> logs_, uncorrected_, field_;
  SplineLattice lattice_;
  std::array<std::vector<Place>, 3> places_;
  std::vector<double> counts_;  ///< of a level: how much of the mask each control point has
};

}  // namespace

SplinePlace spline_place(double at, std::int64_t spans) {
  const std::int64_t first = std::min(static_cast<std::int64_t>(at), spans - 1);
  const double t = at - static_cast<double>(first), u = 1 - t;
  return {first,
          {u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * u * u * u - 6 * u * u + 4) / 6, t * t * t / 6}};
}

SplineLattice n4_log_field(std::span<const float> voxels, std::span<const std::uint8_t> mask, const Size3& size,
                           Executor& executor) {
  return Fit(voxels, mask, size, executor).run();
}

}  // namespace naru
