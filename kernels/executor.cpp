#include "kernels/executor.h"

#include <oneapi/tbb/parallel_for.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <future>

#include "kernels/backend.h"
#include "kernels/executor_state.h"

namespace naru {

namespace {

int usable_thread_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

/// More threads than the process may use only take memory.
int granted_thread_count(int asked) {
  assert(asked >= 0);
  return asked == 0 ? usable_thread_count() : std::min(asked, usable_thread_count());
}

}  // namespace

Executor Executor::cpu(int thread_count) {
  return Executor(std::make_unique<State>(granted_thread_count(thread_count)));
}

Executor Executor::cuda(int device_index, int thread_count) {
  if constexpr (kWithCuda) {
    auto state = std::make_unique<State>(granted_thread_count(thread_count));
    state->stream = cuda::make_stream(device_index);
    return Executor(std::move(state));
  } else {
    throw Error(ErrorCode::device_unavailable, "CUDA device " + std::to_string(device_index) +
                                                   " was asked for, but this program was built without CUDA");
  }
}

Executor::Executor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;
Executor::~Executor() = default;

namespace {

// Packaged TBB is not compiled with the thread sanitizer, which then does not see how TBB orders its tasks and reports
// races that are none. Under it plain threads take the pieces, so that it judges our own code.
#ifdef __SANITIZE_THREAD__
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

void run_on_plain_threads(int thread_count, std::int64_t piece_count,
                          const std::function<void(std::int64_t)>& run_piece) {
  std::atomic<std::int64_t> next{0};
  std::vector<std::future<void>> threads;
  threads.reserve(static_cast<std::size_t>(thread_count));
  for (int t = 0; t < thread_count; ++t) {
    threads.push_back(std::async(std::launch::async, [&] {
      for (std::int64_t piece = next++; piece < piece_count; piece = next++) run_piece(piece);
    }));
  }
  for (auto& thread : threads) thread.wait();
  for (auto& thread : threads) thread.get();  // passes an exception on
}

}  // namespace

bool Executor::is_cuda() const { return state_->stream != nullptr; }

int Executor::thread_count() const { return state_->thread_count; }

std::string Executor::description() const { return is_cuda() ? "cuda:" + state_->stream->device_name : "cpu"; }

void Executor::wait() {
  if constexpr (kWithCuda) {
    if (is_cuda()) cuda::wait(*state_->stream);
  }
}

void Executor::keep_host_memory(std::uint64_t most_bytes) {
  if constexpr (kWithCuda) {
    if (is_cuda()) state_->stream->pinned->keep_at_most(most_bytes);
  }
}

std::uint64_t Executor::kept_host_memory() const {
  if constexpr (kWithCuda) {
    if (is_cuda()) return state_->stream->pinned->kept_bytes();
  }
  return 0;
}

void Executor::parallel_for(std::int64_t count, std::int64_t grain,
                            const std::function<void(std::int64_t, std::int64_t)>& body) {
  assert(grain > 0);
  const std::int64_t piece_count = (count + grain - 1) / grain;
  const auto run_piece = [&](std::int64_t piece) { body(piece * grain, std::min(count, (piece + 1) * grain)); };
  if (state_->thread_count == 1 || piece_count <= 1) {
    for (std::int64_t piece = 0; piece < piece_count; ++piece) run_piece(piece);
    return;
  }
  if constexpr (kThreadSanitizer) {
    run_on_plain_threads(state_->thread_count, piece_count, run_piece);
  } else {
    state_->arena.execute([&] { tbb::parallel_for<std::int64_t>(0, piece_count, run_piece); });
  }
}

CudaStatus cuda_status() {
  if constexpr (kWithCuda) return cuda::status();
  return {};
}

}  // namespace naru
