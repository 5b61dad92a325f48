#include "server/audit/cosigners.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"
#include "core/log.h"
#include "server/audit/checkpoint.h"
#include "server/audit/ledger.h"
#include "server/auth/https_client.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::chrono::seconds kLook{1}, kLongestPause{3600};
constexpr std::array<std::string_view, 6> kNames = {"cosigned",   "unreachable", "not_known",
                                                    "bad_answer", "rolled_back", "another_tree"};

/// "N\n", as a witness says how many leaves it saw.
std::optional<std::uint64_t> size_in(std::string_view body) {
  std::uint64_t size = 0;
  if (!body.ends_with('\n')) return std::nullopt;
  body.remove_suffix(1);
  const auto [end, failure] = std::from_chars(body.data(), body.data() + body.size(), size);
  const bool is_number = failure == std::errc{} && end == body.data() + body.size() && size >> 62 == 0;
  return is_number ? std::optional(size) : std::nullopt;
}

std::uint64_t cosigned_size(Transaction& transaction, const std::string& name) {
  const Rows rows = transaction.query("SELECT cosigned_size FROM witnesses WHERE name = $1", {name});
  return rows.empty() ? 0 : static_cast<std::uint64_t>(rows.front().integer(0));
}

void tell(const std::string& name, WitnessOutcome outcome, WitnessOutcome before) {
  if (outcome == before) return;  // once
  switch (outcome) {
    case WitnessOutcome::cosigned: return log::info("witness {}: it cosigns again", Public{name});
    case WitnessOutcome::rolled_back:
    case WitnessOutcome::another_tree:
      return log::warning(
          "witness {}: {}: what it saw of this ledger is not what the ledger is now; keep the data as "
          "evidence, see docs/how-to/check-the-ledger.md",
          Public{name}, Public{server::name(outcome)});
    default: return log::warning("witness {}: {}", Public{name}, Public{server::name(outcome)});
  }
}

}  // namespace

std::string_view name(WitnessOutcome outcome) { return kNames.at(static_cast<std::size_t>(outcome)); }

std::vector<WitnessState> witness_states(Database& database) {
  std::vector<WitnessState> states;
  for (const Row& row : in_transaction(database, Access::read, [](Transaction& transaction) {
         return transaction.query(
             "SELECT name, cosigned_size, cosigned_ms, asked_ms, outcome FROM witnesses ORDER BY name");
       })) {
    states.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.integer_if(2), row.integer_if(3),
                      row.text_if(4)});
  }
  return states;
}

Cosigners::Cosigners(Ledger& ledger, Database& database, const Clock& clock, HttpsClient& client,
                     const std::vector<WitnessConfig>& witnesses, std::chrono::seconds every, Count count)
    : ledger_(ledger), database_(database), clock_(clock), client_(client), every_(every), count_(std::move(count)) {
  for (const WitnessConfig& config : witnesses) {
    auto key = parse_verifier_key(config.key);
    if (!key || key->type != KeyType::witness) {
      throw Error(
          ErrorCode::config_invalid,
          fmt::format("ledger.witnesses: the key of {} is no verifier key of a witness (NAME+ID+BASE64)", config.name));
    }
    witnesses_.push_back({config.name, config.url, *std::move(key)});
  }
}

Cosigners::~Cosigners() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Cosigners::start() {
  if (!witnesses_.empty()) thread_ = std::thread([this] { loop(); });
}

void Cosigners::loop() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLook, [this] { return is_ending_.load(); })) {
    lock.unlock();
    try {
      ask_due(std::chrono::steady_clock::now());
    } catch (const std::exception&) {
      log::detail("the witnesses could not be asked now");  // the database is away: others say so
    }
    lock.lock();
  }
}

void Cosigners::ask_due(std::chrono::steady_clock::time_point now) {
  for (Witness& witness : witnesses_) {
    if (is_ending_) return;
    if (now < witness.due || !has_news(witness)) continue;
    const WitnessOutcome outcome = ask(witness);
    const bool is_good = outcome == WitnessOutcome::cosigned;
    witness.pause = is_good || witness.pause < every_ ? every_ : std::min(2 * witness.pause, kLongestPause);
    witness.due = now + witness.pause;
    keep(witness, outcome);
    tell(witness.name, outcome, witness.last);
    witness.last = outcome;
  }
}

bool Cosigners::has_news(const Witness& witness) {
  const auto published = parse_signed_checkpoint(ledger_.published_checkpoint());
  return published && in_transaction(database_, Access::read, [&](Transaction& transaction) {
           return cosigned_size(transaction, witness.name) != published->checkpoint.tree.size;
         });
}

WitnessOutcome Cosigners::ask(const Witness& witness) {
  const std::uint64_t old_size = in_transaction(
      database_, Access::read, [&](Transaction& transaction) { return cosigned_size(transaction, witness.name); });
  try {
    return ask_from(witness, old_size, true);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::request_invalid)
      return WitnessOutcome::rolled_back;  // witness_request: it is longer
    return WitnessOutcome::unreachable;
  }
}

/// @param may_retry with the size that the witness says, which its last answer may not have told us
WitnessOutcome Cosigners::ask_from(const Witness& witness, std::uint64_t old_size, bool may_retry) {
  const std::string body = ledger_.witness_request(old_size);
  const std::uint64_t size = parse_witness_request(body).value().checkpoint.checkpoint.tree.size;
  OutgoingRequest request;
  request.url = witness.url + "/add-checkpoint";
  request.text = body;
  const OutgoingReply reply = client_.send(request);
  if (reply.status == 200) {
    if (ledger_.add_cosignatures(size, reply.body, std::span(&witness.key, 1)) == 0) return WitnessOutcome::bad_answer;
    in_transaction(database_, Access::write, [&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO witnesses (name, cosigned_size, cosigned_ms) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE "
          "SET cosigned_size = excluded.cosigned_size, cosigned_ms = excluded.cosigned_ms",
          {witness.name, value_of(size), clock_.now_ms()});
    });
    return WitnessOutcome::cosigned;
  }
  if (reply.status == 409) {
    const auto seen = size_in(reply.body);
    if (!seen) return WitnessOutcome::bad_answer;
    if (*seen > size) return WitnessOutcome::rolled_back;
    if (*seen == old_size) return WitnessOutcome::another_tree;
    return may_retry ? ask_from(witness, *seen, false) : WitnessOutcome::unreachable;  // another asks as well
  }
  if (reply.status == 422) return WitnessOutcome::another_tree;
  if (reply.status == 403 || reply.status == 404) return WitnessOutcome::not_known;
  return reply.status == 429 || reply.status >= 500 ? WitnessOutcome::unreachable : WitnessOutcome::bad_answer;
}

void Cosigners::keep(const Witness& witness, WitnessOutcome outcome) {
  count_(witness.name, outcome);
  in_transaction(database_, Access::write, [&](Transaction& transaction) {
    transaction.execute(
        "INSERT INTO witnesses (name, cosigned_size, asked_ms, outcome) VALUES ($1, 0, $2, $3) ON CONFLICT (name) DO "
        "UPDATE SET asked_ms = excluded.asked_ms, outcome = excluded.outcome",
        {witness.name, clock_.now_ms(), std::string(name(outcome))});
  });
}

}  // namespace naru::server
