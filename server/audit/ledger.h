/// The ledger: every change of state is a leaf of a Merkle tree, written in the transaction that makes the change.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace naru::server {

class Clock;
class Database;
class KeyStore;
class Transaction;

/// What happened. No field may hold patient data: ids, states, counts and codes only.
struct LedgerEvent {
  std::string_view kind;        ///< "job.created", "grant.revoked", ...: OBJECT.PAST_PARTICIPLE
  std::string organisation_id;  ///< whose thing it is
  std::string actor;            ///< user id, or "server"
  std::string object_id;
  nlohmann::ordered_json detail = nlohmann::ordered_json::object();
};

/// What proves to somebody outside that a leaf is in the ledger.
struct Receipt {
  std::string leaf;   ///< the leaf itself, canonical JSON
  std::string proof;  ///< C2SP tlog-proof
};

class Ledger {
 public:
  Ledger(Database& database, KeyStore& keys, const Clock& clock, std::string origin);

  /// Adds a leaf within `transaction`. @return its number, counted from 0
  std::uint64_t append(Transaction& transaction, const LedgerEvent& event);

  /// @throws Error{not_found}
  Receipt receipt(std::uint64_t number);

 private:
  Database& database_;
  KeyStore& keys_;
  const Clock& clock_;
  std::string origin_;
};

}  // namespace naru::server
