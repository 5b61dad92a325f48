/// What is done where a device cannot make a case: it has less memory than that wants, or it fails.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/error.h"

namespace naru {

/// One way to make a case.
struct Attempt {
  std::int64_t slab_slices = 0;
  bool is_together = false;  ///< the device holds several volumes at a time
  bool on_cpu = false;
};

/// Returns what `make(attempt)` returns, the first time that it does not end with Error{memory_exceeded,
/// device_unavailable}: as `planned` on the device; while that lacks memory volume by volume, with a quarter of the
/// slices and so on down to single ones, in the end as planned on the CPU; at once there where the device fails, or the
/// case cannot be made in slabs. Before each further attempt `on_retry(attempt, reason)` is called.
/// @pre slab_slices > 0; an attempt that failed has left nothing behind
/// @throws what the attempt on the CPU throws, and at once everything else
template <class Make, class OnRetry>
auto with_fallback(const Attempt& planned, bool can_be_slabbed, const Make& make, const OnRetry& on_retry) {
  constexpr std::int64_t kShrink = 4;  // each attempt reads the case again: few of them
  for (Attempt attempt = planned;;) {
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
    if (!has_failed && attempt.is_together) {
      attempt.is_together = false;
    } else if (has_failed || is_least) {
      attempt = {planned.slab_slices, planned.is_together, true};
    } else {
      attempt.slab_slices = std::max<std::int64_t>(1, attempt.slab_slices / kShrink);
    }
    on_retry(attempt, reason);
  }
}

}  // namespace naru
