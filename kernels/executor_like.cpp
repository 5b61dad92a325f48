#include "kernels/executor_like.h"

#include "kernels/executor_state.h"

namespace naru {

Executor executor_like(Executor& one) {
  if (!one.is_cuda()) return Executor::cpu(one.thread_count());
  return Executor::cuda(one.state().stream->device_index, one.thread_count());
}

}  // namespace naru
