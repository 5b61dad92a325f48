/// Creations that may be asked for again: the same Idempotency-Key gives the same thing, never a second one.
///
/// The answer is written in the transaction that creates, so there is no instant at which one is there without the
/// other: a server that is killed leaves either nothing, and the key is as good as new, or both. Within that
/// transaction the row comes first, "in_flight", which nobody else ever sees; a second transaction with the same key
/// waits there for the first one (PostgreSQL) or for the one lock (SQLite), and then finds the answer.
#pragma once

#include <exception>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "server/crash_point.h"
#include "server/http/message.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

/// The key was used before: the transaction is rolled back.
class KeyIsTaken : public std::exception {
 public:
  const char* what() const noexcept override { return "the Idempotency-Key was used before"; }
};

/// Sets `request.idempotency` from the header, if there is one. What is compared of the request is an HMAC, not a plain
/// hash, since a request may hold a password. @throws Error{request_invalid} not 1 to 128 printable characters
void read_idempotency_key(const Services& services, Request& request);

/// Takes the request's key, in the transaction that creates. Nothing where the request has none. @throws KeyIsTaken
void take_key(Transaction& transaction, const Services& services, const Request& request);
/// Keeps the answer under the key, at the end of that transaction. The body must be text.
void keep_answer(Transaction& transaction, Request& request, const Response& response);
/// The answer that was kept. @throws Error{idempotency_mismatch} for another request
Response kept_answer(const Services& services, Request& request);

/// Runs `create` (a function of a Transaction that returns the Response) in one write transaction with the key. It may
/// run more than once, and counts once.
template <class Create>
Response create_once(Services& services, Request& request, Create&& create) {
  try {
    Response made = in_transaction(services.database, Access::write, [&](Transaction& transaction) {
      take_key(transaction, services, request);
      Response response = create(transaction);
      keep_answer(transaction, request, response);
      return response;
    });
    crash_point("create.after_commit");
    return made;
  } catch (const KeyIsTaken&) {
    return kept_answer(services, request);
  }
}

/// The keys that this process is working on. Safe to use from any thread.
class KeysInFlight {
 public:
  /// Holds the request's key while it lives. @throws Error{idempotency_in_flight}
  class Hold {
   public:
    Hold(KeysInFlight& keys, const Request& request);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    KeysInFlight& keys_;
    std::pair<std::string, std::string> key_;
  };

 private:
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> held_;
};

}  // namespace naru::server
