/// Private to kernels/: what an executor owns.
#pragma once

#include <oneapi/tbb/task_arena.h>

#include <memory>

#include "kernels/cuda/runtime.h"
#include "kernels/executor.h"

namespace naru {

struct Executor::State {
  explicit State(int threads) : thread_count(threads), arena(threads) {}

  int thread_count;
  tbb::task_arena arena;
  std::shared_ptr<cuda::Stream> stream;  ///< null for a CPU executor
};

}  // namespace naru
