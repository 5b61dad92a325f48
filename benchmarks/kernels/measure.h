/// How the kernels are measured: every case on every executor, cold cache, against the copy bandwidth of the same run.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/volume.h"
#include "kernels/buffer.h"

namespace naru::bench {

/// An executor with the name that results carry: "cpu:1", "cpu:2", "cuda".
struct Place {
  std::string name;
  std::shared_ptr<Executor> executor;
  double copy_bytes_per_second;  ///< read and written, measured when the place was made
};

/// CPU with one thread, CPU with all, and the first GPU where there is one.
const std::vector<Place>& places();

/// Sizes of a CT of the chest, of an MR, and of a small patch.
const std::vector<Size3>& sizes();
std::string name_of(Size3 size);

/// Buffers of one kind used in turn, so many that a round of them is larger than any cache.
template <class T>
class Ring {
 public:
  Ring(std::int64_t count, Executor& executor) {
    constexpr std::size_t kRoundBytes = std::size_t{256} << 20;
    const std::size_t size_bytes = static_cast<std::size_t>(count) * sizeof(T);
    for (std::size_t total = 0; total < kRoundBytes; total += size_bytes) {
      buffers_.emplace_back(static_cast<std::size_t>(count), executor);
      if (!executor.is_cuda()) std::memset(buffers_.back().data(), 0, size_bytes);  // the first touch is not timed
    }
  }
  T* next() { return buffers_[turn_++ % buffers_.size()].data(); }
  std::vector<Buffer<T>>& buffers() { return buffers_; }

 private:
  std::vector<Buffer<T>> buffers_;
  std::size_t turn_ = 0;
};

/// A ring of noisy values like a CT's: -1024 to 3071.
Ring<std::int16_t> ct_ring(std::int64_t count, Executor& executor);
Ring<float> float_ring(std::int64_t count, Executor& executor);

/// What one call of a kernel handles.
struct Load {
  std::int64_t voxel_count;  ///< of the output, or of the input where there is none
  std::int64_t size_bytes;   ///< read and written at the least
};

/// Times `call` and sets the counters voxels_per_second and copy_percent. On a device several calls are given before
/// one wait, so that the launch of one hides behind the one before it.
void measure(benchmark::State& state, const Place& place, const Load& load, const std::function<void()>& call);

/// Adds the benchmark "<op>/<place>/<size>" for each place, or each that is a device, and each size.
enum class Where { everywhere, devices };
using Case = std::function<void(benchmark::State&, const Place&, Size3)>;
void add_cases(const std::string& op, Where where, const Case& run, const std::vector<Size3>& of_sizes = sizes());

void add_resample();
void add_separable();
void add_affine();
void add_intensity();
void add_labels();
void add_components();
void add_diffusion();
void add_float16();
void add_foreground_box();
void add_morphology();
void add_piecewise();
void add_orient();
void add_patient_grid();
void add_straighten();
void add_statistics();
void add_text_network();
void add_text_pyramid();

}  // namespace naru::bench
