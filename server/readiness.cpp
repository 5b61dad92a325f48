#include "server/readiness.h"

#include <utility>

#include "server/config.h"
#include "server/disk_room.h"
#include "server/ingest/content_store.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

void require_able(const Services& services) {
  in_transaction(services.database, Access::read,
                 [](Transaction& transaction) { transaction.query("SELECT size FROM ledger_head WHERE id = 1"); });
  require_writable(services.config.data);
  require_writable(services.content.incoming());
  require_last_room(services.config.data);
}

Readiness::Readiness(std::function<void()> look, std::chrono::milliseconds period, std::chrono::milliseconds patience)
    : look_(std::move(look)),
      period_(period),
      patience_(patience),
      trouble_(Error(ErrorCode::store_unavailable, "the server starts: ask again in a moment")),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

Readiness::~Readiness() = default;

void Readiness::require() const {
  const std::lock_guard lock(mutex_);
  if (began_ && Clock::now() - *began_ > patience_) {
    throw Error(ErrorCode::store_unavailable, "the database, or the disk of the data, does not answer in time");
  }
  if (trouble_) throw *trouble_;
}

void Readiness::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    began_ = Clock::now();
    lock.unlock();
    std::optional<Error> trouble;
    try {
      look_();
    } catch (const Error& error) {
      trouble = error;
    } catch (const std::exception&) {
      trouble = Error(ErrorCode::internal, "whether the server can do its work cannot be found out");
    }
    lock.lock();
    trouble_ = std::move(trouble);
    began_.reset();
    changed_.wait_for(lock, stop, period_, [] { return false; });
  }
}

}  // namespace naru::server
