// Our side of benchmarks/speed/operations.py: one operation at a time on one volume, as requests.h says.
//   operations_benchmark PLACE VOLUME X Y Z [COPIES]
// PLACE is cpu:THREADS or cuda. VOLUME holds X x Y x Z int16 voxels; COPIES of it lie one behind the other along z.
// What is timed begins and ends in memory that the place reaches, with the output there already.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <stdexcept>

#include "benchmarks/kernels/large_copy.h"
#include "benchmarks/kernels/requests.h"
#include "kernels/affine.h"
#include "kernels/axis_weights.h"
#include "kernels/buffer.h"
#include "kernels/components.h"
#include "kernels/diffusion.h"
#include "kernels/float16.h"
#include "kernels/foreground_box.h"
#include "kernels/intensity.h"
#include "kernels/labels.h"
#include "kernels/morphology.h"
#include "kernels/nyul.h"
#include "kernels/orient.h"
#include "kernels/piecewise.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"
#include "kernels/straighten.h"
#ifdef NARU_BENCH_PIPELINE
#include "pipeline/restore/n4.h"
#endif

namespace naru::bench {

namespace {

Executor executor_of(const std::string& place) {
  if (place == "cuda") return Executor::cuda(0, 0);
  if (place.rfind("cpu:", 0) != 0) throw std::runtime_error("PLACE is cpu:THREADS or cuda");
  return Executor::cpu(std::stoi(place.substr(4)));
}

/// A row of a table. @throws std::runtime_error where there is none
template <class Value>
const Value& row_of(const std::map<std::string, Value>& rows, const std::string& name) {
  const auto found = rows.find(name);
  if (found == rows.end()) throw std::runtime_error("no " + name);
  return found->second;
}

/// Sets what to interpolate with. "lanczos_unscaled" and "hamming_unscaled" have weights that do not add up to 1, as
/// ITK's; "antialiased" is linear after a Gaussian.
void set_interpolator(ResampleOptions& options, const std::string& name, const std::string& boundary) {
  static const std::map<std::string, Interpolator> rows = {
      {"nearest", Interpolator::nearest},         {"linear", Interpolator::linear},
      {"antialiased", Interpolator::linear},      {"bspline", Interpolator::bspline},
      {"lanczos", Interpolator::lanczos},         {"lanczos_unscaled", Interpolator::lanczos},
      {"hamming_unscaled", Interpolator::lanczos}};
  static const std::map<std::string, Boundary> boundaries = {{"nearest", Boundary::nearest},
                                                             {"mirror", Boundary::mirror}};
  options.interpolator = row_of(rows, name);
  options.boundary = row_of(boundaries, boundary);
  options.sinc.is_normalized = !name.ends_with("_unscaled");
  if (name.starts_with("hamming")) options.sinc.window = SincWindow::hamming;
  if (name != "antialiased") return;
  for (std::size_t a = 0; a < 3; ++a) options.sigma[a] = antialias_sigma(options.axes[a].step);
}

MorphologyElement ball(double radius_mm) { return ball_element(radius_mm, kSpacingMm); }

MorphologyElement cube(double reach) {
  const auto voxels = static_cast<std::int64_t>(reach);
  return box_element({voxels, voxels, voxels});
}

class Session {
 public:
  Session(const std::string& place, const std::string& path, Size3 size, std::int64_t copies)
      : executor_(executor_of(place)), size_{size.x, size.y, size.z * copies} {
    const std::vector<std::int16_t> voxels = read_volume(path, size);
    in_ = Buffer<std::int16_t>(static_cast<std::size_t>(size_.voxel_count()), executor_);
    for (std::int64_t copy = 0; copy < copies; ++copy) {
      detail::copy_bytes(in_.data() + copy * size.voxel_count(), voxels.data(), voxels.size() * sizeof(std::int16_t),
                         executor_);
    }
    executor_.wait();
  }

  std::string answer(std::istream& words) {
    static const std::map<std::string, std::string (Session::*)(std::istream&)> rows = {
        {"box", &Session::box},
        {"components", &Session::components},
        {"copy", &Session::copy},
        {"diffusion", &Session::diffusion},
        {"float16", &Session::float16},
        {"foreground_zscore", &Session::foreground_zscore},
        {"histogram", &Session::histogram},
        {"int16", &Session::int16},
        {"labels", &Session::labels},
        {"landmarks", &Session::landmarks},
        {"masked_zscore", &Session::masked_zscore},
        {"minmax", &Session::minmax},
        {"morphology", &Session::morphology},
#ifdef NARU_BENCH_PIPELINE
        {"n4", &Session::n4},
#endif
        {"nnunet_ct", &Session::nnunet_ct},
        {"orient", &Session::orient},
        {"otsu", &Session::otsu},
        {"percentile_window", &Session::percentile_window},
        {"percentiles", &Session::percentiles},
        {"piecewise", &Session::piecewise},
        {"resample", &Session::resample},
        {"rescale_slices", &Session::rescale_slices},
        {"statistics", &Session::statistics},
        {"straighten", &Session::straighten},
        {"turned", &Session::turned},
        {"window", &Session::window},
        {"zscore", &Session::zscore},
    };
    std::string name;
    words >> name;
    return (this->*row_of(rows, name))(words);
  }

 private:
  VolumeView<const std::int16_t> in() const { return {in_.data(), size_}; }

  /// Seconds of one call. On a device: of one of several given before one wait, as a run of many volumes pays for it.
  double seconds(const std::function<void()>& call) {
    const int calls = executor_.is_cuda() ? 16 : 1;
    return seconds_of([&] {
             for (int i = 0; i < calls; ++i) call();
             executor_.wait();
           }) /
           calls;
  }

  std::string copy(std::istream&) {
    if (copies_.empty()) {
      for (int i = 0; i < 2; ++i) copies_.push_back(blank<std::byte>(kLargeCopyBytes));
    }
    return answer_of(seconds([&] { copy_large(copies_[0].data(), copies_[1].data(), executor_); }));
  }

  /// resample INTERPOLATOR BOUNDARY TYPE AXES [FILE]; TYPE is int16, float32, or float32_in_range: cut off at the least
  /// and the greatest value of the input, which are looked for within the time.
  std::string resample(std::istream& words) {
    std::string interpolator, boundary, type;
    words >> interpolator >> boundary >> type;
    ResampleOptions options;
    options.axes = read_axes(words);
    set_interpolator(options, interpolator, boundary);
    if (type == "int16") return resample_to(out_int16_, options, false, words);
    return resample_to(out_float32_, options, type == "float32_in_range", words);
  }

  /// turned INTERPOLATOR DEGREES AXES [FILE], to float32.
  std::string turned(std::istream& words) {
    std::string interpolator;
    double degrees = 0;
    words >> interpolator >> degrees;
    const auto axes = read_axes(words);
    ResampleOptions options;
    set_interpolator(options, interpolator, "mirror");
    const AffineOptions affine{bench::turned(axes, size_, degrees), options.interpolator, {}};
    return filled(out_float32_, size_of(axes), words,
                  [&](VolumeView<float> out) { resample_affine(in(), out, affine, executor_); });
  }

  /// labels AXES [FILE]: five labels in blocks of 16 voxels, as uint8, by the rule of nnU-Net.
  std::string labels(std::istream& words) {
    const auto axes = read_axes(words);
    if (labels_in_.size() == 0) labels_in_ = blocks();
    const VolumeView<const std::uint8_t> blocks{labels_in_.data(), size_};
    return filled(out_uint8_, size_of(axes), words, [&](VolumeView<std::uint8_t> out) {
      resample_labels(blocks, out, axes, LabelRule::half, executor_);
    });
  }

  Buffer<std::uint8_t> blocks() {
    auto host = Buffer<std::uint8_t>::on_host(in_.size(), executor_);
    for (std::int64_t i = 0; i < size_.voxel_count(); ++i) {
      const std::int64_t x = i % size_.x, y = i / size_.x % size_.y, z = i / (size_.x * size_.y);
      host.data()[i] = static_cast<std::uint8_t>((x / 16 + 7 * (y / 16) + 3 * (z / 16)) % 5);
    }
    return to_executor(std::move(host), executor_);
  }

  template <class Out>
  std::string resample_to(Buffer<Out>& out, ResampleOptions& options, bool in_range, std::istream& words) {
    return filled(out, size_of(options.axes), words, [&](VolumeView<Out> view) {
      if (in_range) {
        const Statistics range = statistics_of_input();
        options.intensity.clip_low = static_cast<float>(range.min);
        options.intensity.clip_high = static_cast<float>(range.max);
      }
      naru::resample(in(), view, options, executor_);
    });
  }

  /// Times a call that fills `size` voxels of `out`, and writes them where a file is asked for.
  template <class Out, class Call>
  std::string filled(Buffer<Out>& out, Size3 size, std::istream& words, const Call& call) {
    make_room(out, size);
    const double taken = seconds([&] { call(VolumeView<Out>{out.data(), size}); });
    write(out, words);
    return answer_of(taken);
  }

  /// Where a file is asked for.
  template <class Out>
  void write(const Buffer<Out>& out, std::istream& words) {
    if (!(words >> std::ws) || words.eof()) return;
    auto host = Buffer<Out>::on_host(out.size(), executor_);
    detail::copy_bytes(host.data(), out.data(), out.size() * sizeof(Out), executor_);
    executor_.wait();
    write_if_asked(words, host.data(), host.size() * sizeof(Out));
  }

  /// window SLOPE INTERCEPT LOW HIGH [FILE]: rescaled, clipped, and brought to 0 ... 1 as float32.
  std::string window(std::istream& words) {
    IntensityMap map;
    double low = 0, high = 1;
    words >> map.slope >> map.intercept >> low >> high;
    return mapped(words, [&] { return windowed(map, low, high); });
  }

  /// zscore [FILE] and minmax [FILE]: what the map needs is looked for within the time.
  std::string zscore(std::istream& words) {
    return mapped(words, [&] {
      const Statistics found = statistics_of_input();
      return zscored({}, found.mean, found.deviation);
    });
  }

  std::string minmax(std::istream& words) {
    return mapped(words, [&] {
      const Statistics found = statistics_of_input();
      return windowed({}, found.min, found.max);
    });
  }

  /// foreground_zscore [FILE]: by the mean and deviation of the values above the mean.
  std::string foreground_zscore(std::istream& words) {
    return mapped(words, [&] {
      const Histogram counts = naru::histogram(in(), executor_);
      const Statistics foreground = naru::statistics(counts, naru::statistics(counts).mean);
      return zscored({}, foreground.mean, foreground.deviation);
    });
  }

  /// masked_zscore ABOVE [FILE]: by the mean and deviation of the voxels under a mask, which is of those above a value.
  std::string masked_zscore(std::istream& words) {
    int above = 0;
    words >> above;
    const Buffer<std::uint8_t> mask = mask_above(above);
    return mapped(words, [&] {
      const Statistics masked = naru::statistics(in(), VolumeView<const std::uint8_t>{mask.data(), size_}, executor_);
      return zscored({}, masked.mean, masked.deviation);
    });
  }

  /// percentile_window [FILE]: the 0.5th and the 99.5th percentile to 0 and 1, clipped.
  std::string percentile_window(std::istream& words) {
    return mapped(words, [&] {
      const Histogram counts = naru::histogram_around(in(), 0.5, 99.5, executor_);
      return windowed({}, percentile(counts, 0.5), percentile(counts, 99.5));
    });
  }

  /// nnunet_ct ABOVE [FILE]: as nnU-Net does to CT, by what the voxels above a value say.
  std::string nnunet_ct(std::istream& words) {
    int above = 0;
    words >> above;
    const Buffer<std::uint8_t> mask = mask_above(above);
    const VolumeView<const std::uint8_t> foreground{mask.data(), size_};
    return mapped(words,
                  [&] { return ct_normalized({}, fingerprint(naru::histogram(in(), foreground, executor_), 1, 0)); });
  }

  /// rescale_slices [FILE]: slice k has slope 1 + k / 1000 and intercept -k.
  std::string rescale_slices(std::istream& words) {
    const Size3 slice{size_.x, size_.y, 1};
    return filled(out_float32_, size_, words, [&](VolumeView<float> out) {
      for (std::int64_t k = 0; k < size_.z; ++k) {
        const auto index = static_cast<float>(k);
        const IntensityMap map{.slope = 1 + index / 1000, .intercept = -index};
        apply_intensity(VolumeView<const std::int16_t>{in_.data() + in().index(0, 0, k), slice},
                        VolumeView<float>{out.data + out.index(0, 0, k), slice}, map, executor_);
      }
    });
  }

  /// int16 [FILE]: of a tenth of the input, so that something is to be rounded.
  std::string int16(std::istream& words) {
    const Buffer<float> tenth = scaled_input(0.1F);
    return filled(out_int16_, size_, words, [&](VolumeView<std::int16_t> out) {
      apply_intensity(VolumeView<const float>{tenth.data(), size_}, out, {}, executor_);
    });
  }

  std::string mapped(std::istream& words, const std::function<IntensityMap()>& map) {
    return filled(out_float32_, size_, words,
                  [&](VolumeView<float> out) { apply_intensity(in(), out, map(), executor_); });
  }

  /// piecewise [FILE]: a tenth of the input, through eleven knots.
  std::string piecewise(std::istream& words) {
    NyulLandmarks from{}, to{};
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto knot = static_cast<double>(i);
      from[i] = 40 * knot - 200, to[i] = knot * knot;
    }
    const PiecewiseMap map = nyul_map(from, to);
    const Buffer<float> tenth = scaled_input(0.1F);
    return filled(out_float32_, size_, words, [&](VolumeView<float> out) {
      apply_piecewise(VolumeView<const float>{tenth.data(), size_}, out, map, executor_);
    });
  }

  /// float16 [FILE]: of a tenth of the input, so that something is to be rounded.
  std::string float16(std::istream& words) {
    const Buffer<float> tenth = scaled_input(0.1F);
    return filled(out_float16_, size_, words, [&](VolumeView<Float16> out) {
      cast_float16(VolumeView<const float>{tenth.data(), size_}, out, executor_);
    });
  }

  Buffer<float> scaled_input(float factor) {
    auto scaled = blank<float>(in_.size());
    apply_intensity(in(), VolumeView<float>{scaled.data(), size_}, {.slope = factor}, executor_);
    executor_.wait();
    return scaled;
  }

  /// diffusion [FILE]: one iteration, of voxels of 1 mm.
  std::string diffusion(std::istream& words) {
    Buffer<float> voxels = scaled_input(1);
    return filled(out_float32_, size_, words, [&](VolumeView<float> out) {
      diffuse_curvature({voxels.data(), size_}, out, {1, 1, 1}, {.iterations = 1}, executor_);
    });
  }

#ifdef NARU_BENCH_PIPELINE
  /// n4 STRIDE ABOVE: the control points of the field of every so many-th voxel, under those above a value.
  std::string n4(std::istream& words) {
    const SmallVolume small = small_volume(words, in_.host(), size_);
    SplineLattice field;
    const double taken = seconds([&] { field = n4_log_field(small.voxels, small.mask, small.size, executor_); });
    return answer_of(taken, field.points);
  }
#endif

  /// orient CODES [FILE]: of an input whose axes are LPS.
  std::string orient(std::istream& words) {
    std::string codes;
    words >> codes;
    const AxisMap map = axis_map({}, codes);
    const Size3 size{size_[map.source_axis[0]], size_[map.source_axis[1]], size_[map.source_axis[2]]};
    return filled(out_int16_, size, words,
                  [&](VolumeView<std::int16_t> out) { naru::orient(in(), out, map, executor_); });
  }

  /// straighten STEP [FILE]: slice k moves by STEP * (k - Z / 2) voxels along y; 0 where nothing comes from.
  std::string straighten(std::istream& words) {
    double step = 0;
    words >> step;
    std::vector<SliceShift> shifts;
    for (std::int64_t k = 0; k < size_.z; ++k) shifts.push_back({0, step * static_cast<double>(k - size_.z / 2)});
    return filled(out_float32_, size_, words,
                  [&](VolumeView<float> out) { naru::straighten(in(), out, shifts, 0, executor_); });
  }

  /// morphology OPERATION ELEMENT REACH ABOVE [FILE]: of the voxels above a value, by a ball of REACH mm or a box of so
  /// many voxels to either side.
  std::string morphology(std::istream& words) {
    static const std::map<std::string, Morphology> operations = {
        {"dilate", Morphology::dilate}, {"erode", Morphology::erode}, {"close", Morphology::close}};
    static const std::map<std::string, MorphologyElement (*)(double)> elements = {{"ball", ball}, {"box", cube}};
    std::string operation, element;
    double reach = 0;
    int above = 0;
    words >> operation >> element >> reach >> above;
    const Morphology chosen = row_of(operations, operation);
    const MorphologyElement around = row_of(elements, element)(reach);
    const Buffer<std::uint8_t> mask = mask_above(above);
    return filled(out_uint8_, size_, words, [&](VolumeView<std::uint8_t> out) {
      apply_morphology(VolumeView<const std::uint8_t>{mask.data(), size_}, out, chosen, around, executor_);
    });
  }

  /// box ABOVE: the first and the last voxel along x, y and z above a value.
  std::string box(std::istream& words) {
    ForegroundRule rule;
    words >> rule.at;
    VoxelBox found;
    const double taken = seconds([&] { found = foreground_box(in(), rule, executor_).value_or(VoxelBox{}); });
    std::vector<double> numbers(found.first.begin(), found.first.end());
    numbers.insert(numbers.end(), found.last.begin(), found.last.end());
    return answer_of(taken, numbers);
  }

  /// components ABOVE: of the voxels above a value, joined through their faces.
  std::string components(std::istream& words) {
    int above = 0;
    words >> above;
    const Buffer<std::uint8_t> mask = mask_above(above);
    if (labels_.size() == 0) labels_ = blank<std::int32_t>(in_.size());
    std::size_t count = 0;
    const double taken = seconds([&] {
      count = label_components(VolumeView<const std::uint8_t>{mask.data(), size_},
                               VolumeView<std::int32_t>{labels_.data(), size_}, Neighbours::faces, executor_)
                  .size();
    });
    return answer_of(taken, {static_cast<double>(count)});
  }

  Buffer<std::uint8_t> mask_above(int above) {
    auto values = Buffer<std::int16_t>::on_host(in_.size(), executor_);
    detail::copy_bytes(values.data(), in_.data(), in_.size() * sizeof(std::int16_t), executor_);
    executor_.wait();
    auto mask = Buffer<std::uint8_t>::on_host(in_.size(), executor_);
    std::ranges::transform(values.host(), mask.data(),
                           [&](std::int16_t value) { return static_cast<std::uint8_t>(value > above); });
    return to_executor(std::move(mask), executor_);
  }

  std::string histogram(std::istream&) {
    Histogram counts;
    const double taken = seconds([&] { counts = naru::histogram(in(), executor_); });
    const auto distinct = counts.counts.size() - static_cast<std::size_t>(std::ranges::count(counts.counts, 0U));
    const std::uint64_t zeros = counts.counts[static_cast<std::size_t>(-counts.first_value)];
    return answer_of(taken, {static_cast<double>(distinct), static_cast<double>(zeros)});
  }

  std::string percentiles(std::istream&) {
    double low = 0, high = 0;
    const double taken = seconds([&] {
      const Histogram counts = naru::histogram_around(in(), 0.5, 99.5, executor_);
      low = percentile(counts, 0.5), high = percentile(counts, 99.5);
    });
    return answer_of(taken, {low, high});
  }

  /// landmarks: Nyul's, of the values above the mean.
  std::string landmarks(std::istream&) {
    NyulLandmarks found{};
    const double taken = seconds([&] {
      const Histogram counts = naru::histogram(in(), executor_);
      found = nyul_landmarks(values_above(counts, naru::statistics(counts).mean), 1, 0);
    });
    return answer_of(taken, {found.begin(), found.end()});
  }

  Statistics statistics_of_input() { return naru::statistics(in(), executor_); }

  std::string statistics(std::istream&) {
    Statistics found;
    const double taken = seconds([&] { found = statistics_of_input(); });
    return answer_of(taken, {found.mean, found.deviation});
  }

  std::string otsu(std::istream&) {
    double threshold = 0;
    const double taken = seconds([&] { threshold = otsu_threshold(naru::histogram(in(), executor_)); });
    return answer_of(taken, {threshold});
  }

  template <class Out>
  void make_room(Buffer<Out>& out, Size3 size) {
    const auto count = static_cast<std::size_t>(size.voxel_count());
    if (out.size() != count) out = blank<Out>(count);
  }

  /// Memory whose first touch is not timed.
  template <class T>
  Buffer<T> blank(std::size_t count) {
    Buffer<T> buffer(count, executor_);
    if (!executor_.is_cuda()) std::memset(static_cast<void*>(buffer.data()), 0, count * sizeof(T));
    return buffer;
  }

  Executor executor_;
  Size3 size_;
  Buffer<std::int16_t> in_, out_int16_;
  Buffer<float> out_float32_;
  Buffer<Float16> out_float16_;
  Buffer<std::uint8_t> labels_in_, out_uint8_;
  Buffer<std::int32_t> labels_;
  std::vector<Buffer<std::byte>> copies_;
};

}  // namespace

}  // namespace naru::bench

int main(int argc, char** argv) {
  using namespace naru;
  if (argc < 6) {
    std::cerr << "operations_benchmark PLACE VOLUME X Y Z [COPIES]\n";
    return 2;
  }
  try {
    const Size3 size{std::atoll(argv[3]), std::atoll(argv[4]), std::atoll(argv[5])};
    bench::Session session(argv[1], argv[2], size, argc > 6 ? std::atoll(argv[6]) : 1);
    bench::serve([&](std::istream& words) { return session.answer(words); });
  } catch (const std::exception& error) {
    std::cerr << "operations_benchmark: " << error.what() << "\n";
    return 1;
  }
}
