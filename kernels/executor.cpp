#include "kernels/executor.h"

#include <oneapi/tbb/parallel_for.h>
#include <sched.h>

#include <algorithm>
#include <cassert>

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

}  // namespace

Executor Executor::cpu(int thread_count) {
  assert(thread_count >= 0);
  return Executor(std::make_unique<State>(thread_count > 0 ? thread_count : usable_thread_count()));
}

Executor Executor::cuda(int device_index) {
  if constexpr (kWithCuda) {
    auto state = std::make_unique<State>(usable_thread_count());
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

bool Executor::is_cuda() const { return state_->stream != nullptr; }

int Executor::thread_count() const { return state_->thread_count; }

std::string Executor::description() const { return is_cuda() ? "cuda:" + state_->stream->device_name : "cpu"; }

void Executor::wait() {
  if constexpr (kWithCuda) {
    if (is_cuda()) cuda::wait(*state_->stream);
  }
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
  state_->arena.execute([&] { tbb::parallel_for<std::int64_t>(0, piece_count, run_piece); });
}

CudaStatus cuda_status() {
  if constexpr (kWithCuda) return cuda::status();
  return {};
}

}  // namespace naru
