#include "server/store/turnstile.h"

namespace naru::server {

bool Turnstile::enter(int places, std::chrono::milliseconds patience) {
  if (places == 0) return true;
  std::unique_lock lock(mutex_);
  if (waiters_.empty() && free_ >= places) {
    free_ -= places;
    return true;
  }
  const auto self = waiters_.emplace(waiters_.end());
  self->places = places;
  admit();  // those before may have been let in already
  self->admitted.wait_for(lock, patience, [&] { return self->is_admitted; });
  const bool is_admitted = self->is_admitted;
  waiters_.erase(self);
  if (!is_admitted) admit();  // who stood behind may fit where this one did not
  return is_admitted;
}

void Turnstile::leave(int places) {
  const std::lock_guard lock(mutex_);
  free_ += places;
  admit();
}

/// In order; one that does not fit yet holds up those behind it, or it would never fit.
void Turnstile::admit() {
  for (Waiter& waiter : waiters_) {
    if (waiter.is_admitted) continue;
    if (waiter.places > free_) return;
    free_ -= waiter.places;
    waiter.is_admitted = true;
    waiter.admitted.notify_one();
  }
}

}  // namespace naru::server
