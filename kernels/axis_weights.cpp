#include "kernels/axis_weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "kernels/folding.h"
#include "kernels/separable.h"

namespace naru {

namespace {

constexpr double kLeastWeight = 0x1p-26;  // a share of 16-bit values that f32 does not show
constexpr double kGaussianReach = 4;      // in sigmas: what lies beyond is 6e-5 of it

/// Weights of neighbouring places of a signal without ends, from `begin` on.
struct Response {
  std::int64_t begin = 0;
  std::vector<double> values;

  std::int64_t end() const { return begin + static_cast<std::int64_t>(values.size()); }
};

Response convolved(const Response& a, const Response& b) {
  Response result{a.begin + b.begin, std::vector<double>(a.values.size() + b.values.size() - 1)};
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    for (std::size_t j = 0; j < b.values.size(); ++j) result.values[i + j] += a.values[i] * b.values[j];
  }
  return result;
}

/// The values of `value(offset from x)` at the whole places within `reach` of x.
template <class Value>
Response sampled(double x, std::int64_t reach, const Value& value) {
  const auto base = static_cast<std::int64_t>(std::floor(x));
  if (x == std::floor(x)) return {base, {1}};
  Response result{base - reach + 1, {}};
  for (std::int64_t j = result.begin; j <= base + reach; ++j) {
    result.values.push_back(value(x - static_cast<double>(j)));
  }
  return result;
}

double cubic_bspline(double x) {
  x = std::abs(x);
  if (x >= 2) return 0;
  return x < 1 ? (4 - 6 * x * x + 3 * x * x * x) / 6 : (2 - x) * (2 - x) * (2 - x) / 6;
}

/// From values to the coefficients of the spline through them.
const Response& bspline_prefilter() {
  static const Response response = [] {
    const double pole = std::numbers::sqrt3 - 2;
    const auto reach = static_cast<std::int64_t>(std::log(kLeastWeight) / std::log(-pole)) + 3;
    Response result{-reach, {}};
    for (std::int64_t m = -reach; m <= reach; ++m) {
      result.values.push_back(std::numbers::sqrt3 * std::pow(pole, static_cast<double>(std::abs(m))));
    }
    return result;
  }();
  return response;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

/// @param x in [-1, 1]: the whole reach of the window
double window_value(SincWindow window, double x) {
  const double angle = std::numbers::pi * x;
  switch (window) {
    case SincWindow::lanczos: return sinc(x);
    case SincWindow::hamming: return 0.54 + 0.46 * std::cos(angle);
    case SincWindow::cosine: return std::cos(angle / 2);
    case SincWindow::welch: return 1 - x * x;
    case SincWindow::blackman: return 0.42 + 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle);
  }
  return 0;
}

Response gaussian(double sigma) {
  const auto reach = static_cast<std::int64_t>(kGaussianReach * sigma + 0.5);
  Response result{-reach, {}};
  double total = 0;
  for (std::int64_t m = -reach; m <= reach; ++m) {
    const double z = static_cast<double>(m) / sigma;
    total += result.values.emplace_back(std::exp(-0.5 * z * z));
  }
  for (double& value : result.values) value /= total;
  return result;
}

Response interpolated_at(double x, double step, const AxisFilter& filter) {
  switch (filter.interpolator) {
    case Interpolator::nearest: return {static_cast<std::int64_t>(nearest_index(x, step, filter.half_tolerance)), {1}};
    case Interpolator::linear: return sampled(x, 1, [](double d) { return 1 - std::abs(d); });
    case Interpolator::bspline: {
      const Response cubic = sampled(x, 2, cubic_bspline);
      return cubic.values.size() == 1 ? cubic : convolved(cubic, bspline_prefilter());
    }
    case Interpolator::lanczos: {
      const int radius = filter.sinc.radius;
      return sampled(x, radius, [&](double d) { return sinc(d) * window_value(filter.sinc.window, d / radius); });
    }
  }
  return {};
}

Response prefiltered_at(double x) {
  Response response = bspline_prefilter();
  response.begin += static_cast<std::int64_t>(x);
  return response;
}

std::int64_t folded(std::int64_t place, std::int64_t count, Boundary boundary) {
  return boundary == Boundary::nearest ? held(place, count) : mirrored(place, count);
}

/// Weights of values that exist: [begin, begin + weights.size()) of `total`.
struct Row {
  std::int64_t begin = 0, anchor = 0;
  std::vector<double> weights;
  double sum = 0;
};

Row row_at(double x, double step, std::int64_t count, const AxisFilter& filter) {
  Response response = filter.is_prefilter ? prefiltered_at(x) : interpolated_at(x, step, filter);
  if (filter.sigma > 0) response = convolved(response, gaussian(filter.sigma));
  Row row{count, 0, {}, 0};
  std::int64_t end = 0;
  for (std::int64_t place = response.begin; place < response.end(); ++place) {
    if (std::abs(response.values[static_cast<std::size_t>(place - response.begin)]) < kLeastWeight) continue;
    const std::int64_t there = folded(place, count, filter.boundary);
    row.begin = std::min(row.begin, there);
    end = std::max(end, there + 1);
  }
  row.weights.resize(static_cast<std::size_t>(end - row.begin));
  for (std::int64_t place = response.begin; place < response.end(); ++place) {
    const std::int64_t there = std::clamp(folded(place, count, filter.boundary), row.begin, end - 1);
    const double weight = response.values[static_cast<std::size_t>(place - response.begin)];
    row.weights[static_cast<std::size_t>(there - row.begin)] += weight;
    row.sum += weight;
  }
  row.anchor = std::clamp(static_cast<std::int64_t>(std::floor(x + 0.5)), row.begin, end - 1);
  return row;
}

std::vector<Row> rows_of(const AxisSteps& axis, std::int64_t total, const AxisFilter& filter) {
  std::vector<Row> rows;
  for (std::int64_t t = 0; t < axis.target_count; ++t) {
    const double x = axis.place(t);
    // Far outside, a signal without ends is the same everywhere or repeats; what matters is that nothing overflows.
    const double reach = 4 * static_cast<double>(total) + 64;
    rows.push_back(row_at(std::clamp(x, -reach, reach), axis.step, total, filter));
  }
  return rows;
}

bool keeps_sum(const AxisFilter& filter) {
  return filter.interpolator == Interpolator::lanczos && !filter.sinc.is_normalized;
}

std::int64_t total_count(const AxisSteps& axis, std::int64_t source_count) {
  return axis.source_total > 0 ? axis.source_total : source_count;
}

}  // namespace

double nearest_index(double source, double step, double half_tolerance) {
  const double half = 0.5 + half_tolerance;
  return step < 0 ? std::ceil(source - half) : std::floor(source + half);
}

double antialias_sigma(double step) {
  const double k = std::abs(step);
  return k > 1 ? std::sqrt((k * k - 1) / (8 * std::numbers::ln2)) : 0;
}

AxisFilter filter_along(int axis, const ResampleOptions& options) {
  AxisFilter filter{options.interpolator, options.boundary, options.sinc, options.sigma[static_cast<std::size_t>(axis)],
                    options.half_tolerance};
  if (options.separate_axis == axis) filter.interpolator = Interpolator::nearest;
  return filter;
}

bool AxisWeights::is_identity(std::int64_t source_count) const {
  if (taps != 1 || static_cast<std::int64_t>(first.size()) != source_count) return false;
  for (std::size_t t = 0; t < first.size(); ++t) {
    if (first[t] != static_cast<std::int32_t>(t) || total[t] != 1) return false;
  }
  return true;
}

AxisWeights axis_weights(const AxisSteps& axis, std::int64_t source_count, const AxisFilter& filter) {
  const std::vector<Row> rows = rows_of(axis, total_count(axis, source_count), filter);
  AxisWeights result;
  for (const Row& row : rows) result.taps = std::max(result.taps, static_cast<std::int64_t>(row.weights.size()));
  for (const Row& row : rows) {
    const std::int64_t begin = row.begin - axis.source_begin;
    // Checked in every build: the voxels beside a volume are other memory.
    if (begin < 0 || begin + static_cast<std::int64_t>(row.weights.size()) > source_count) {
      throw Error(ErrorCode::internal, "a slab lacks source slices that its voxels are made of");
    }
    const std::int64_t first = std::min(begin, source_count - result.taps);  // zeros before, where none fit behind
    const double scale = keeps_sum(filter) ? 1 : 1 / row.sum;
    result.first.push_back(static_cast<std::int32_t>(first));
    result.anchor.push_back(static_cast<std::int32_t>(row.anchor - axis.source_begin - first));
    result.total.push_back(keeps_sum(filter) ? static_cast<float>(row.sum) : 1);
    const auto at = result.weights.size() + static_cast<std::size_t>(begin - first);
    result.weights.resize(result.weights.size() + static_cast<std::size_t>(result.taps));
    for (std::size_t i = 0; i < row.weights.size(); ++i) {
      result.weights[at + i] = static_cast<float>(scale * row.weights[i]);
    }
  }
  return result;
}

namespace {

/// Of nearest and linear: both neighbours of every place, whatever their weights.
std::pair<std::int64_t, std::int64_t> plain_range(const AxisSteps& axis, std::int64_t total) {
  const double a = axis.place(0), b = axis.place(axis.target_count - 1);
  const double last = static_cast<double>(total - 1);
  return {static_cast<std::int64_t>(std::clamp(std::floor(std::min(a, b)), 0.0, last)),
          static_cast<std::int64_t>(std::clamp(std::floor(std::max(a, b)) + 1, 0.0, last)) + 1};
}

}  // namespace

std::pair<std::int64_t, std::int64_t> source_range(const ResampleOptions& options, int axis,
                                                   std::int64_t source_count) {
  const AxisSteps& steps = options.axes[static_cast<std::size_t>(axis)];
  const std::int64_t total = total_count(steps, source_count);
  if (!is_separable(options)) return plain_range(steps, total);
  std::int64_t begin = total, end = 0;
  for (const Row& row : rows_of(steps, total, filter_along(axis, options))) {
    begin = std::min(begin, row.begin);
    end = std::max(end, row.begin + static_cast<std::int64_t>(row.weights.size()));
  }
  return {begin, end};
}

}  // namespace naru
