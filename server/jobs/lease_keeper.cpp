#include "server/jobs/lease_keeper.h"

#include <utility>

namespace naru::server {

LeaseKeeper::LeaseKeeper(std::chrono::milliseconds interval, std::function<bool()> beat)
    : beat_(std::move(beat)), thread_([this, interval](const std::stop_token& stop) { loop(stop, interval); }) {}

void LeaseKeeper::loop(const std::stop_token& stop, std::chrono::milliseconds interval) {
  while (!stop.stop_requested()) {
    if (!beat_()) return cancel_.cancel();
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, interval, [] { return false; });
  }
}

}  // namespace naru::server
