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

#include "benchmarks/kernels/requests.h"
#include "kernels/affine.h"
#include "kernels/buffer.h"
#include "kernels/components.h"
#include "kernels/labels.h"
#include "kernels/resample.h"
#include "kernels/statistics.h"

namespace naru::bench {

namespace {

Executor executor_of(const std::string& place) {
  if (place == "cuda") return Executor::cuda(0, 0);
  if (place.rfind("cpu:", 0) != 0) throw std::runtime_error("PLACE is cpu:THREADS or cuda");
  return Executor::cpu(std::stoi(place.substr(4)));
}

/// Sets what to interpolate with. "lanczos_unscaled" has weights that do not add up to 1, as ITK's.
void set_interpolator(ResampleOptions& options, const std::string& name, const std::string& boundary) {
  static const std::map<std::string, Interpolator> rows = {{"nearest", Interpolator::nearest},
                                                           {"linear", Interpolator::linear},
                                                           {"bspline", Interpolator::bspline},
                                                           {"lanczos", Interpolator::lanczos},
                                                           {"lanczos_unscaled", Interpolator::lanczos}};
  const auto found = rows.find(name);
  if (found == rows.end()) throw std::runtime_error("no interpolator " + name);
  if (boundary != "nearest" && boundary != "mirror") throw std::runtime_error("no boundary " + boundary);
  options.interpolator = found->second;
  options.boundary = boundary == "mirror" ? Boundary::mirror : Boundary::nearest;
  options.sinc.is_normalized = name != "lanczos_unscaled";
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
        {"components", &Session::components},
        {"copy", &Session::copy},
        {"resample", &Session::resample},
        {"turned", &Session::turned},
        {"labels", &Session::labels},
        {"histogram", &Session::histogram},
        {"percentiles", &Session::percentiles},
        {"statistics", &Session::statistics},
        {"otsu", &Session::otsu},
    };
    std::string name;
    words >> name;
    const auto found = rows.find(name);
    if (found == rows.end()) throw std::runtime_error("no operation " + name);
    return (this->*found->second)(words);
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

  /// Two blocks of 256 MiB: what memory can do.
  std::string copy(std::istream&) {
    constexpr std::int64_t kSizeBytes = std::int64_t{256} << 20, kPieceBytes = std::int64_t{1} << 20;
    if (copies_.empty()) {
      for (int i = 0; i < 2; ++i) copies_.push_back(blank<std::byte>(kSizeBytes));
    }
    return answer_of(seconds([&] {
      if (executor_.is_cuda()) {
        detail::copy_bytes(copies_[1].data(), copies_[0].data(), kSizeBytes, executor_);
        return;
      }
      executor_.parallel_for(kSizeBytes, kPieceBytes, [&](std::int64_t begin, std::int64_t end) {
        std::memcpy(copies_[1].data() + begin, copies_[0].data() + begin, static_cast<std::size_t>(end - begin));
      });
    }));
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
    const Size3 size = size_of(axes);
    make_room(out_float32_, size);
    const double taken = seconds([&] {
      resample_affine(in(), VolumeView<float>{out_float32_.data(), size}, affine, executor_);
    });
    write(out_float32_, words);
    return answer_of(taken);
  }

  /// labels AXES [FILE]: five labels in blocks of 16 voxels, as uint8, by the rule of nnU-Net.
  std::string labels(std::istream& words) {
    const auto axes = read_axes(words);
    const Size3 size = size_of(axes);
    if (labels_in_.size() == 0) labels_in_ = blocks();
    make_room(labels_out_, size);
    const double taken = seconds([&] {
      resample_labels(VolumeView<const std::uint8_t>{labels_in_.data(), size_},
                      VolumeView<std::uint8_t>{labels_out_.data(), size}, axes, LabelRule::half, executor_);
    });
    write(labels_out_, words);
    return answer_of(taken);
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
    const Size3 size = size_of(options.axes);
    make_room(out, size);
    const double taken = seconds([&] {
      if (in_range) {
        const Statistics range = naru::statistics(naru::histogram(in(), executor_));
        options.intensity.clip_low = static_cast<float>(range.min);
        options.intensity.clip_high = static_cast<float>(range.max);
      }
      naru::resample(in(), VolumeView<Out>{out.data(), size}, options, executor_);
    });
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
      const Histogram counts = naru::histogram(in(), executor_);
      low = percentile(counts, 0.5), high = percentile(counts, 99.5);
    });
    return answer_of(taken, {low, high});
  }

  std::string statistics(std::istream&) {
    Statistics found;
    const double taken = seconds([&] { found = naru::statistics(naru::histogram(in(), executor_)); });
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
  Buffer<std::uint8_t> labels_in_, labels_out_;
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
