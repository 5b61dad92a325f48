#include "server/audit/ledger.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/log.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger_leaf.h"
#include "server/audit/ledger_rows.h"
#include "server/clock.h"

namespace naru::server {

namespace {

std::int64_t signed_number(std::uint64_t number) { return static_cast<std::int64_t>(number); }

/// Cosignatures are of a time; one before 1970 is a clock that is wrong.
std::uint64_t seconds(std::int64_t now_ms) { return now_ms < 0 ? 0 : static_cast<std::uint64_t>(now_ms) / 1000; }

std::unique_ptr<const SigningKey> signing_key(const KeyStore& keys, Transaction& transaction, std::string_view secret,
                                              const std::string& name, KeyType type, std::int64_t now_ms) {
  std::string seed = keys.secret(transaction, secret, SigningKey::kSeedBytes, now_ms);
  auto key = std::make_unique<const SigningKey>(name, type, seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

std::vector<VerifierKey> parsed_keys(std::span<const std::string> texts) {
  std::vector<VerifierKey> keys;
  for (const std::string& text : texts) {
    auto key = parse_verifier_key(text);
    if (!key || key->type != KeyType::log) {
      throw Error(
          ErrorCode::config_invalid,
          fmt::format("ledger.witness_keys: entry {} is no verifier key of a log (NAME+ID+BASE64)", keys.size() + 1));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

/// What the witness saw of a log last.
TreeHead seen_of(Transaction& transaction, const std::string& origin) {
  const Rows rows = transaction.query(
      fmt::format("SELECT size, root FROM witnessed WHERE origin = $1{}", transaction.for_update()), {origin});
  if (rows.empty()) return {0, root_hash(0, {})};
  const auto root = hash_from_hex(rows[0].text(1));
  if (!root) throw ledger_error("a witnessed root is malformed");
  return {static_cast<std::uint64_t>(rows[0].integer(0)), *root};
}

void remember(Transaction& transaction, const Checkpoint& checkpoint, std::int64_t now_ms) {
  transaction.execute(
      "INSERT INTO witnessed (origin, size, root, created_ms) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, created_ms = excluded.created_ms",
      {checkpoint.origin, signed_number(checkpoint.tree.size), to_hex(checkpoint.tree.root), now_ms});
}

}  // namespace

Ledger::Ledger(Database& database, KeyStore& keys, const Clock& clock, std::string origin,
               std::span<const std::string> witnessed)
    : database_(database), clock_(clock), origin_(std::move(origin)), witnessed_(parsed_keys(witnessed)) {
  if (!origin_.empty() && !is_key_name(origin_)) {
    throw Error(ErrorCode::config_invalid,
                "ledger.origin must be a name without spaces and '+', such as hospital.example/naru");
  }
  in_transaction(database_, Access::write, [&](Transaction& transaction) {
    const std::int64_t now_ms = clock_.now_ms();
    constexpr std::size_t kOriginBytes = 8;
    if (origin_.empty()) {
      const std::string random = keys.secret(transaction, "ledger.origin", kOriginBytes, now_ms);
      origin_ = "naru.local/" + naru::to_hex(std::as_bytes(std::span(random)));
    }
    key_ = signing_key(keys, transaction, "ledger.signing", origin_, KeyType::log, now_ms);
    // A key of its own: one that signs as a log must never sign as a witness.
    witness_ = signing_key(keys, transaction, "ledger.witness", origin_ + "/witness", KeyType::witness, now_ms);
    if (ledger_size(transaction) > 0) return;
    // From the first leaf on there is a checkpoint: leaves without any mean that somebody removed them all.
    transaction.execute("DELETE FROM ledger_checkpoints WHERE size = 0");  // the origin may be another one now
    sign_checkpoint(transaction);
  });
}

Ledger::~Ledger() = default;

std::string Ledger::verifier_key() const { return to_text(key_->verifier()); }
std::string Ledger::witness_key() const { return to_text(witness_->verifier()); }

std::uint64_t Ledger::append(Transaction& transaction, const LedgerEvent& event) {
  leaf_text(0, 0, event);  // refused before anything is locked
  // The changed row is locked until the transaction ends: nobody else takes a number meanwhile.
  const Rows rows = transaction.query("UPDATE ledger_head SET size = size + 1 WHERE id = 1 RETURNING size");
  if (rows.empty() || rows[0].integer(0) < 1) throw ledger_error("its size is missing");
  const auto number = static_cast<std::uint64_t>(rows[0].integer(0)) - 1;
  const std::string leaf = leaf_text(number, clock_.now_ms(), event);
  transaction.execute("INSERT INTO ledger_leaves (number, leaf) VALUES ($1, $2)", {signed_number(number), leaf});
  const HashSource source = stored_hashes(transaction);
  Hash hash = leaf_hash(leaf);
  int level = 0;
  for (std::uint64_t n = number;; n >>= 1, ++level) {
    transaction.execute("INSERT INTO ledger_hashes (level, number, sha256) VALUES ($1, $2, $3)",
                        {level, signed_number(n), to_hex(hash)});
    if ((n & 1) == 0) return number;
    hash = node_hash(source(level, n - 1), hash);
  }
}

std::string Ledger::checkpoint() {
  // Mostly nothing is new: seen without the lock of a writer.
  const auto current =
      in_transaction(database_, Access::read, [](Transaction& transaction) -> std::optional<std::string> {
        const auto last = last_checkpoint(transaction);
        if (!last || last->checkpoint.tree.size != ledger_size(transaction)) return std::nullopt;
        return to_text(last->note);
      });
  if (current) return *current;
  return in_transaction(database_, Access::write,
                        [&](Transaction& transaction) { return sign_checkpoint(transaction); });
}

std::string Ledger::sign_checkpoint(Transaction& transaction) {
  const HashSource source = stored_hashes(transaction);
  const auto last = last_checkpoint(transaction);
  const std::uint64_t size = ledger_size(transaction);
  if (last && last->checkpoint.tree.size == size) return to_text(last->note);
  if (last && last->checkpoint.tree.size > size) throw ledger_error("it is shorter than its last checkpoint");
  if (last && last->checkpoint.tree.root != root_hash(last->checkpoint.tree.size, source)) {
    throw ledger_error(
        fmt::format("its first {} leaves are not those of its last checkpoint", last->checkpoint.tree.size));
  }
  const std::string text = to_text(Checkpoint{origin_, {size, root_hash(size, source)}, {}});
  const std::string note = to_text(Note{text, {key_->sign(text)}});
  try {
    transaction.execute("INSERT INTO ledger_checkpoints (size, note, created_ms) VALUES ($1, $2, $3)",
                        {signed_number(size), note, clock_.now_ms()});
  } catch (const UniqueViolation&) {
    throw RetryTransaction();  // made by another meanwhile
  }
  return note;
}

std::string Ledger::published_checkpoint() {
  const auto last = in_transaction(database_, Access::read, last_checkpoint);
  return last && last->checkpoint.tree.size > 0 ? to_text(last->note) : checkpoint();
}

std::string Ledger::receipt(std::uint64_t number) {
  const auto published = parse_signed_checkpoint(published_checkpoint());
  if (published && published->checkpoint.tree.size <= number) checkpoint();
  return in_transaction(database_, Access::read, [&](Transaction& transaction) {
    auto best = best_checkpoint(transaction, number);
    if (!best) throw Error(ErrorCode::not_found, "the ledger has no such leaf");
    auto leaf = stored_leaves(transaction, number, 1);
    auto proof = inclusion_proof(number, best->checkpoint.tree.size, stored_hashes(transaction));
    return to_text(Receipt{std::move(leaf.at(0)), number, std::move(proof), *std::move(best)});
  });
}

std::vector<std::string> Ledger::leaves(std::uint64_t first, std::uint64_t limit) {
  return in_transaction(database_, Access::read,
                        [&](Transaction& transaction) { return stored_leaves(transaction, first, limit); });
}

std::optional<std::string> Ledger::tile(const Tile& tile) {
  return in_transaction(database_, Access::read, [&](Transaction& transaction) -> std::optional<std::string> {
    const auto last = last_checkpoint(transaction);
    if (!last || !is_within(tile, last->checkpoint.tree.size)) return std::nullopt;
    if (tile.is_entries) return to_bundle(stored_leaves(transaction, tile.first(), tile.width));
    return to_bytes(stored_hashes(transaction, tile.level * kTileHeight, tile.first(), tile.width));
  });
}

WitnessAnswer Ledger::add_checkpoint(std::string_view request) {
  const WitnessAdmission admission = admit(request, witnessed_);
  if (admission.refusal) return *admission.refusal;
  const auto& [checkpoint, note] = admission.request.checkpoint;
  const auto refusal =
      in_transaction(database_, Access::write, [&](Transaction& transaction) -> std::optional<WitnessAnswer> {
        const TreeHead seen = seen_of(transaction, checkpoint.origin);
        if (seen.size == checkpoint.tree.size && seen.root != checkpoint.tree.root) {
          log::warning("witness: the log {} shows two trees of {} leaves", Public{checkpoint.origin}, seen.size);
        }
        auto refused = refusal_of(admission.request, seen);
        if (!refused) remember(transaction, checkpoint, clock_.now_ms());
        return refused;
      });
  if (refusal) return *refusal;
  return {200, "text/plain; charset=utf-8", to_text(witness_->sign(note.text, seconds(clock_.now_ms())))};
}

std::string Ledger::witness_request(std::uint64_t old_size) {
  published_checkpoint();  // so that there is one
  return in_transaction(database_, Access::read, [&](Transaction& transaction) {
    auto last = last_checkpoint(transaction).value();
    const std::uint64_t size = last.checkpoint.tree.size;
    if (old_size > size) throw Error(ErrorCode::request_invalid, "the witness saw more leaves than this log has");
    return to_text(
        WitnessRequest{old_size, consistency_proof(old_size, size, stored_hashes(transaction)), std::move(last)});
  });
}

std::size_t Ledger::add_cosignatures(std::uint64_t size, std::string_view lines,
                                     std::span<const VerifierKey> witnesses) {
  return in_transaction(database_, Access::write, [&](Transaction& transaction) -> std::size_t {
    auto checkpoint = checkpoint_of(transaction, size);
    if (!checkpoint) return 0;
    Note& note = checkpoint->note;
    const auto added = cosignatures(note, lines, witnesses);
    note.signatures.insert(note.signatures.end(), added.begin(), added.end());
    if (note.signatures.size() > kMaxNoteSignatures) return 0;
    transaction.execute(
        "UPDATE ledger_checkpoints SET note = $1, cosignature_count = cosignature_count + $2 WHERE size = $3",
        {to_text(note), value_of(added.size()), signed_number(size)});
    return added.size();
  });
}

}  // namespace naru::server
