#include "server/store/turnstile.h"

namespace naru::server {

bool Turnstile::enter(int places, std::chrono::milliseconds patience) {
  if (places == 0) return true;
  std::unique_lock lock(mutex_);
  if (free_ >= places && (waiters_.empty() || passing_ < kMaxPassing)) {
    free_ -= places;
    if (!waiters_.empty()) ++passing_;
    return true;
  }
  const auto self = waiters_.emplace(waiters_.end());
  self->places = places;
  const bool is_in = self->changed.wait_for(lock, patience, [&] {
    self->is_woken = false;
    return self == waiters_.begin() && free_ >= places;
  });
  waiters_.erase(self);
  if (is_in) {
    free_ -= places;
    passing_ = 0;
  }
  wake_first();  // who stood behind may fit as well, or where this one did not
  return is_in;
}

void Turnstile::leave(int places) {
  const std::lock_guard lock(mutex_);
  free_ += places;
  wake_first();
}

/// One that does not fit yet holds up those behind it, or it would never fit.
void Turnstile::wake_first() {
  if (waiters_.empty() || waiters_.front().is_woken || waiters_.front().places > free_) return;
  waiters_.front().is_woken = true;
  waiters_.front().changed.notify_one();
}

}  // namespace naru::server
