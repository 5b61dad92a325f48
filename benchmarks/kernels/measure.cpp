#include "benchmarks/kernels/measure.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "benchmarks/kernels/large_copy.h"

namespace naru::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The best of several: what memory can do at most.
double measured_copy_bytes_per_second(Executor& executor) {
  Buffer<std::byte> from(kLargeCopyBytes, executor), to(kLargeCopyBytes, executor);
  double best = 0;
  for (int trial = 0; trial < 8; ++trial) {
    const auto start = Clock::now();
    copy_large(from.data(), to.data(), executor);
    executor.wait();
    best = std::max(best, 2 * static_cast<double>(kLargeCopyBytes) / seconds_since(start));
  }
  return best;
}

Place place_of(const std::string& name, Executor executor) {
  auto shared = std::make_shared<Executor>(std::move(executor));
  const double rate = measured_copy_bytes_per_second(*shared);
  return {name, std::move(shared), rate};
}

/// Random values made once, shifted from buffer to buffer.
template <class T>
Ring<T> ring_of(std::int64_t count, Executor& executor) {
  Ring<T> ring(count, executor);
  auto values = Buffer<T>::on_host(static_cast<std::size_t>(count), executor);
  std::mt19937 random(1);
  for (T& value : values.host()) value = static_cast<T>(static_cast<int>(random() % 4096) - 1024);
  for (Buffer<T>& buffer : ring.buffers()) {
    detail::copy_bytes(buffer.data(), values.data(), values.size() * sizeof(T), executor);
  }
  executor.wait();
  return ring;
}

}  // namespace

const std::vector<Place>& places() {
  static const std::vector<Place> all = [] {
    std::vector<Place> made;
    made.push_back(place_of("cpu:1", Executor::cpu(1)));
    const int threads = Executor::cpu(0).thread_count();
    if (threads > 1) made.push_back(place_of("cpu:" + std::to_string(threads), Executor::cpu(threads)));
    if (!cuda_status().devices.empty()) made.push_back(place_of("cuda", Executor::cuda(0, 0)));
    return made;
  }();
  return all;
}

const std::vector<Size3>& sizes() {
  static const std::vector<Size3> all = {{512, 512, 300}, {256, 256, 180}, {128, 128, 64}};
  return all;
}

std::string name_of(Size3 size) {
  return std::to_string(size.x) + "x" + std::to_string(size.y) + "x" + std::to_string(size.z);
}

Ring<std::int16_t> ct_ring(std::int64_t count, Executor& executor) { return ring_of<std::int16_t>(count, executor); }
Ring<float> float_ring(std::int64_t count, Executor& executor) { return ring_of<float>(count, executor); }

void measure(benchmark::State& state, const Place& place, const Load& load, const std::function<void()>& call) {
  const int calls = place.executor->is_cuda() ? 16 : 1;
  double seconds = 0;
  std::int64_t call_count = 0;
  call();  // the first one pays for pages and code that later ones find ready
  place.executor->wait();
  for (auto _ : state) {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    place.executor->wait();
    const double elapsed = seconds_since(start);
    state.SetIterationTime(elapsed / calls);
    seconds += elapsed;
    call_count += calls;
  }
  const double calls_per_second = static_cast<double>(call_count) / seconds;
  state.counters["voxels_per_second"] = calls_per_second * static_cast<double>(load.voxel_count);
  state.counters["copy_percent"] =
      100 * calls_per_second * static_cast<double>(load.size_bytes) / place.copy_bytes_per_second;
  state.counters["copy_bytes_per_second"] = place.copy_bytes_per_second;
}

void add_cases(const std::string& op, Where where, const Case& run, const std::vector<Size3>& of_sizes) {
  for (const Place& place : places()) {
    if (where == Where::devices && !place.executor->is_cuda()) continue;
    for (const Size3 size : of_sizes) {
      const std::string name = op + "/" + place.name + "/" + name_of(size);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [&place, size, run](benchmark::State& state) { run(state, place, size); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace naru::bench
