/// The ledger: every change of state is a leaf of a Merkle tree, written in the transaction that makes the change.
///
/// Leaves (ledger_leaf.h) are numbered from 0 without gaps. The hashes of all complete subtrees (merkle.h) are stored
/// with them, so an append touches O(log n) rows and a proof reads as many. A checkpoint is the root of the tree at
/// some size, signed with the ledger's Ed25519 key (note.h): whoever keeps one can find out later whether anything
/// before it was changed. What is signed is never contradicted: a checkpoint is refused where the tree does not begin
/// with the one of the last checkpoint.
///
/// Safe to use from any thread, and from several processes on one database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/audit/checkpoint.h"
#include "server/audit/tiles.h"
#include "server/audit/witness.h"

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

class Ledger {
 public:
  /// Makes the ledger's keys on first use. The origin names the log in its checkpoints; where it is empty, a random one
  /// is made on first use and kept. `witnessed` are the verifier keys of the logs that this server cosigns.
  /// @throws Error{config_invalid} an origin or a key that is none; Error{key_invalid, store_unavailable}
  Ledger(Database& database, KeyStore& keys, const Clock& clock, std::string origin,
         std::span<const std::string> witnessed = {});
  ~Ledger();

  const std::string& origin() const { return origin_; }
  std::string verifier_key() const;  ///< what checks the checkpoints
  std::string witness_key() const;   ///< what checks the cosignatures of this server

  /// Adds a leaf within `transaction`. Appends of several transactions wait for each other from here to their end, so
  /// that numbers have no gaps: append late. @return its number, counted from 0
  /// @throws Error{request_invalid} where a field is no plain word: see ledger_leaf.h; RetryTransaction
  std::uint64_t append(Transaction& transaction, const LedgerEvent& event);

  /// The signed checkpoint of the whole tree; made where the tree has grown since the last one, else as it was.
  /// @throws Error{ledger_invalid} where the tree does not begin with that of the last checkpoint
  std::string checkpoint();
  /// The last checkpoint that was made; the first time, it is made.
  std::string published_checkpoint();

  /// That leaf `number` is in the log, with the leaf itself: C2SP tlog-proof text, to be checked offline.
  /// @throws Error{not_found}; as checkpoint
  std::string receipt(std::uint64_t number);

  /// The texts of up to `limit` leaves from number `first`.
  std::vector<std::string> leaves(std::uint64_t first, std::uint64_t limit);
  /// The bytes of a tile of the published tree; empty where it has none such.
  std::optional<std::string> tile(const Tile& tile);

  /// Recomputes every hash from the leaves and compares with what is stored and with every checkpoint; the signature of
  /// the last one is checked. So is the checkpoint in the folder `exported` of an earlier export_tiles, where there is
  /// one. @throws Error{ledger_invalid} saying what differs and where
  void check_at_start(const std::filesystem::path& exported);

  /// Writes what is new since the last export to `folder`: tiles, then the checkpoint by rename once they are on disk.
  /// @throws Error{ledger_invalid} where `folder` holds a checkpoint that this log never made; Error{disk_full,
  /// output_unwritable}; as checkpoint
  void export_tiles(const std::filesystem::path& folder);

  /// Answers a log that wants its checkpoint cosigned: see witness.h. What was seen is durable before the answer.
  WitnessAnswer add_checkpoint(std::string_view request);

  /// What to send to a witness that saw `old_size` leaves of this log last, for the published checkpoint.
  /// @throws Error{request_invalid} where the published checkpoint is smaller
  std::string witness_request(std::uint64_t old_size);
  /// Adds the cosignatures of `witnesses` in the lines that one answered to the checkpoint of `size` leaves.
  /// @return how many were new and right
  std::size_t add_cosignatures(std::uint64_t size, std::string_view lines, std::span<const VerifierKey> witnesses);

 private:
  std::string sign_checkpoint(Transaction& transaction);
  /// That the tree begins with the one exported to `folder`. @return the size of that. @throws Error{ledger_invalid}
  std::uint64_t require_exported(Transaction& transaction, const std::filesystem::path& folder) const;

  Database& database_;
  const Clock& clock_;
  std::string origin_;
  std::unique_ptr<const SigningKey> key_, witness_;
  std::vector<VerifierKey> witnessed_;
};

}  // namespace naru::server
