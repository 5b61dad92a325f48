/// Asks the servers of other hospitals to cosign our checkpoints: the client's side of C2SP tlog-witness.
///
/// Each witness is asked on its own, at most every `every_s` and, while it does not answer, ever more seldom. Nothing
/// waits for them. A cosignature counts only where the key of the configuration made it.
/// Source: https://c2sp.org/tlog-witness
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/audit/note.h"

namespace naru::server {

class Clock;
class Database;
class HttpsClient;
class Ledger;
struct WitnessConfig;

/// What came of asking a witness.
enum class WitnessOutcome : std::uint8_t {
  cosigned,
  unreachable,   ///< no answer, or one of a server in trouble
  not_known,     ///< it does not know our log, or not this key: its operator has to add it
  bad_answer,    ///< nothing that its key signed, or nothing that the specification knows
  rolled_back,   ///< it saw more leaves than our log has: the log was set back
  another_tree,  ///< what it saw is no beginning of our log: the log was changed
};
std::string_view name(WitnessOutcome outcome);

/// How it stands with one witness.
struct WitnessState {
  std::string name;
  std::uint64_t cosigned_size = 0;  ///< leaves of the last checkpoint that it cosigned
  std::optional<std::int64_t> cosigned_ms, asked_ms;
  std::optional<std::string> outcome;  ///< of the last time that it was asked
};

/// Of all that were ever asked, by name.
std::vector<WitnessState> witness_states(Database& database);

class Cosigners {
 public:
  using Count = std::function<void(const std::string& witness, WitnessOutcome outcome)>;

  /// @param count told of each answer
  /// @throws Error{config_invalid} a key that is no witness's
  Cosigners(Ledger& ledger, Database& database, const Clock& clock, HttpsClient& client,
            const std::vector<WitnessConfig>& witnesses, std::chrono::seconds every, Count count);
  ~Cosigners();  ///< waits for the answer that is awaited: 10 s at most
  Cosigners(const Cosigners&) = delete;

  void start();  ///< from now on asks by itself, on a thread of its own

  /// Asks every witness whose time has come, where there is something new to cosign. Not beside `start`.
  void ask_due(std::chrono::steady_clock::time_point now);

 private:
  struct Witness {
    std::string name, url;
    VerifierKey key;
    std::chrono::steady_clock::time_point due{};
    std::chrono::seconds pause{};
    WitnessOutcome last = WitnessOutcome::cosigned;
  };
  void loop();
  bool has_news(const Witness& witness);
  WitnessOutcome ask(const Witness& witness);
  WitnessOutcome ask_from(const Witness& witness, std::uint64_t old_size, bool may_retry);
  void keep(const Witness& witness, WitnessOutcome outcome);

  Ledger& ledger_;
  Database& database_;
  const Clock& clock_;
  HttpsClient& client_;
  const std::chrono::seconds every_;
  Count count_;
  std::vector<Witness> witnesses_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace naru::server
