/// Private to kernels/: tables that the host makes and kernels read.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/backend.h"
#include "kernels/buffer.h"
#include "kernels/cuda/runtime.h"

namespace naru {

/// A copy of `values` where kernels on `executor` read it. `values` may be reused at once; asynchronous on CUDA.
/// @throws Error{memory_exceeded, device_unavailable}
template <class T>
Buffer<T> table_on(const std::vector<T>& values, Executor& executor) {
  Buffer<T> table(values.size(), executor);
  if constexpr (kWithCuda) {
    if (executor.is_cuda()) {
      cuda::copy_table(table.data(), values.data(), values.size() * sizeof(T), executor);
      return table;
    }
  }
  std::ranges::copy(values, table.data());
  return table;
}

}  // namespace naru
