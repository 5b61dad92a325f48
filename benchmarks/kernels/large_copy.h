/// What memory can do: the copy that kernels are compared with.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/buffer.h"

namespace naru::bench {

inline constexpr std::int64_t kLargeCopyBytes = std::int64_t{256} << 20;

/// Of two blocks of kLargeCopyBytes. On a CPU a piece a thread: memcpy writes large ones past the caches.
inline void copy_large(const std::byte* from, std::byte* to, Executor& executor) {
  if (executor.is_cuda()) return detail::copy_bytes(to, from, kLargeCopyBytes, executor);
  executor.parallel_for(kLargeCopyBytes, kLargeCopyBytes / executor.thread_count() + 1,
                        [&](std::int64_t begin, std::int64_t end) {
                          std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
                        });
}

}  // namespace naru::bench
