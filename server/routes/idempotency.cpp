#include "server/routes/idempotency.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "server/audit/key_store.h"
#include "server/auth/secrets.h"
#include "server/clock.h"

namespace naru::server {

namespace {

/// Lengths first, so that no two requests have the same text.
std::string text_of(const Request& request) {
  std::string text = fmt::format("{} {}\n", name(request.method), request.path);
  for (const auto& [key, value] : request.query) {
    text += fmt::format("{}:{}={}:{}\n", key.size(), key, value.size(), value);
  }
  return text + '\n' + request.body;
}

}  // namespace

void read_idempotency_key(const Services& services, Request& request) {
  const auto key = request.headers.find("Idempotency-Key");
  if (!key) return;
  const auto is_printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (key->empty() || key->size() > 128 || !std::ranges::all_of(*key, is_printable)) {
    throw Error(ErrorCode::request_invalid, "Idempotency-Key has 1 to 128 printable ASCII characters");
  }
  request.idempotency = IdempotencyKey{
      std::string(*key), hmac_sha256(services.keys.derived("naru.idempotency/1"), text_of(request)), false};
}

void take_key(Transaction& transaction, const Services& services, const Request& request) {
  if (!request.idempotency) return;
  try {
    transaction.execute(
        "INSERT INTO idempotency (organisation_id, key, payload_sha256, state, created_ms) "
        "VALUES ($1, $2, $3, 'in_flight', $4)",
        {request.caller.organisation_id, request.idempotency->key, request.idempotency->payload_hmac,
         services.clock.now_ms()});
  } catch (const UniqueViolation&) {
    throw KeyIsTaken();
  }
}

void keep_answer(Transaction& transaction, Request& request, const Response& response) {
  if (!request.idempotency) return;
  const auto location = response.headers.find("Location");
  transaction.execute(
      "UPDATE idempotency SET state = 'done', status = $1, location = $2, body = $3 "
      "WHERE organisation_id = $4 AND key = $5",
      {std::int64_t{response.status}, location ? Value(std::string(*location)) : Value(),
       std::get<std::string>(response.body), request.caller.organisation_id, request.idempotency->key});
  request.idempotency->is_kept = true;
}

Response kept_answer(const Services& services, Request& request) {
  IdempotencyKey& key = request.idempotency.value();
  return in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    const Rows rows = transaction.query(
        "SELECT payload_sha256, status, location, body FROM idempotency WHERE organisation_id = $1 AND key = $2",
        {request.caller.organisation_id, key.key});
    // It expired between the two transactions: as good as new, for the next try.
    if (rows.empty()) throw Error(ErrorCode::idempotency_in_flight, "the same request is being worked on; try again");
    const Row& row = rows.front();
    if (!is_same_secret(row.text(0), key.payload_hmac)) {
      throw Error(ErrorCode::idempotency_mismatch, "this Idempotency-Key was used for another request; take a new one");
    }
    Response response{.status = static_cast<int>(row.integer(1)), .headers = {}, .body = row.text(3)};
    response.headers.add("Content-Type", "application/json");
    key.is_kept = true;
    if (!row.is_null(2)) response.headers.add("Location", row.text(2));
    return response;
  });
}

KeysInFlight::Hold::Hold(KeysInFlight& keys, const Request& request) : keys_(keys) {
  if (!request.idempotency) return;
  key_ = {request.caller.organisation_id, request.idempotency->key};
  const std::lock_guard lock(keys_.mutex_);
  if (!keys_.held_.insert(key_).second) {
    throw Error(ErrorCode::idempotency_in_flight, "the same Idempotency-Key is being worked on; try again in a moment");
  }
}

KeysInFlight::Hold::~Hold() {
  const std::lock_guard lock(keys_.mutex_);
  keys_.held_.erase(key_);
}

}  // namespace naru::server
