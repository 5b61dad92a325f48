#include "kernels/executor_like.h"

#include "kernels/backend.h"
#include "kernels/executor_state.h"

namespace naru {

Executor executor_like(Executor& one) {
  if (!one.is_cuda()) return Executor::cpu(one.thread_count());
  if constexpr (kWithCuda) {
    Executor made = Executor::cuda(one.state().stream->device_index, one.thread_count());
    made.state().stream->pinned = one.state().stream->pinned;
    return made;
  }
}

}  // namespace naru
