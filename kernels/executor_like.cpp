#include "kernels/executor_like.h"

#include "kernels/backend.h"
#include "kernels/executor_state.h"

namespace naru {

Executor executor_like(Executor& one) {
  if constexpr (kWithCuda) {
    if (one.is_cuda()) {
      const cuda::Stream& stream = *one.state().stream;
      Executor made = Executor::cuda(stream.device_index, one.thread_count());
      made.state().stream->pinned = stream.pinned;
      return made;
    }
  }
  return Executor::cpu(one.thread_count());
}

}  // namespace naru
