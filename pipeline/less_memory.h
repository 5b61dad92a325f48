/// What is done where a device has less memory than a case wants.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/error.h"

namespace naru {

/// One way to make a case.
struct Attempt {
  std::int64_t slab_slices = 0;
  bool on_cpu = false;
};

/// Returns what `make(attempt)` returns, the first time that it does not end with Error{memory_exceeded}: with slabs of
/// `slab_slices` on the device, then with a quarter of them and so on down to single slices, in the end with
/// `slab_slices` on the CPU, and at once there where the case cannot be made in slabs. Before each further attempt
/// `on_retry(attempt)` is called.
/// @pre slab_slices > 0; an attempt that failed has left nothing behind
/// @throws what the attempt on the CPU throws, and at once everything but memory_exceeded
template <class Make, class OnRetry>
auto with_less_memory(std::int64_t slab_slices, bool can_be_slabbed, const Make& make, const OnRetry& on_retry) {
  constexpr std::int64_t kShrink = 4;  // each attempt reads the case again: few of them
  for (Attempt attempt{slab_slices, false};;) {
    try {
      return make(attempt);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::memory_exceeded || attempt.on_cpu) throw;
    }
    const bool is_least = attempt.slab_slices == 1 || !can_be_slabbed;
    attempt = is_least ? Attempt{slab_slices, true} : Attempt{std::max<std::int64_t>(1, attempt.slab_slices / kShrink)};
    on_retry(attempt);
  }
}

}  // namespace naru
