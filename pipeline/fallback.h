/// What is done where a device cannot make a case: it has less memory than that wants, or it fails.
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

/// Returns what `make(attempt)` returns, the first time that it does not end with Error{memory_exceeded,
/// device_unavailable}: with slabs of `slab_slices` on the device, while that lacks memory with a quarter of them and
/// so on down to single slices, in the end with `slab_slices` on the CPU; at once there where the device fails, or the
/// case cannot be made in slabs. Before each further attempt `on_retry(attempt, reason)` is called.
/// @pre slab_slices > 0; an attempt that failed has left nothing behind
/// @throws what the attempt on the CPU throws, and at once everything else
template <class Make, class OnRetry>
auto with_fallback(std::int64_t slab_slices, bool can_be_slabbed, const Make& make, const OnRetry& on_retry) {
  constexpr std::int64_t kShrink = 4;  // each attempt reads the case again: few of them
  for (Attempt attempt{slab_slices, false};;) {
    ErrorCode reason{};
    try {
      return make(attempt);
    } catch (const Error& error) {
      reason = error.code();
      const bool is_of_device = reason == ErrorCode::memory_exceeded || reason == ErrorCode::device_unavailable;
      if (!is_of_device || attempt.on_cpu) throw;
    }
    const bool has_failed = reason == ErrorCode::device_unavailable;
    const bool is_least = attempt.slab_slices == 1 || !can_be_slabbed;
    attempt = has_failed || is_least ? Attempt{slab_slices, true}
                                     : Attempt{std::max<std::int64_t>(1, attempt.slab_slices / kShrink)};
    on_retry(attempt, reason);
  }
}

}  // namespace naru
