#include "server/turns.h"

#include "core/error.h"
#include "server/client_address.h"

namespace naru::server {

bool Turns::is_free(const std::string& client) const {
  const auto own = running_of_.find(client);
  return running_ < limits_.at_once && (own == running_of_.end() || own->second < limits_.of_one_address);
}

Turns::Turn::Turn(Turns& turns, const std::string& address) : turns_(turns), client_(client_key(address)) {
  std::unique_lock lock(turns_.mutex_);
  bool is_free = turns_.is_free(client_);
  if (!is_free && turns_.waiting_ < turns_.limits_.waiting) {
    ++turns_.waiting_;
    is_free = turns_.ended_.wait_for(lock, turns_.limits_.patience, [&] { return turns_.is_free(client_); });
    --turns_.waiting_;
  }
  if (!is_free) throw Error(ErrorCode::rate_limited, "too many wait for the same; try again in some seconds");
  if (!client_.empty()) ++turns_.running_of_[client_];
  ++turns_.running_;
}

Turns::Turn::~Turn() {
  const std::lock_guard lock(turns_.mutex_);
  --turns_.running_;
  if (const auto own = turns_.running_of_.find(client_); own != turns_.running_of_.end() && --own->second == 0) {
    turns_.running_of_.erase(own);
  }
  turns_.ended_.notify_all();  // who waits longest may have too many turns of its own
}

}  // namespace naru::server
