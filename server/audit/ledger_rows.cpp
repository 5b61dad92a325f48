#include "server/audit/ledger_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace naru::server {

namespace {

Hash hash_of(const std::string& text, int level, std::uint64_t number) {
  const auto hash = hash_from_hex(text);
  if (!hash) throw ledger_error(fmt::format("hash {} of level {} is malformed", number, level));
  return *hash;
}

std::optional<SignedCheckpoint> parsed(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  auto checkpoint = parse_signed_checkpoint(rows[0].text(0));
  if (!checkpoint) throw ledger_error("a stored checkpoint is malformed");
  return checkpoint;
}

}  // namespace

Error ledger_error(std::string_view problem) {
  return Error(
      ErrorCode::ledger_invalid,
      fmt::format("the ledger was changed: {}; restore the database from a backup and keep this one as evidence",
                  problem));
}

std::uint64_t ledger_size(Transaction& transaction) {
  const Rows rows = transaction.query("SELECT size FROM ledger_head WHERE id = 1");
  if (rows.empty() || rows[0].integer(0) < 0) throw ledger_error("its size is missing");
  return static_cast<std::uint64_t>(rows[0].integer(0));
}

HashSource stored_hashes(Transaction& transaction) {
  return
      [&transaction](int level, std::uint64_t number) { return stored_hashes(transaction, level, number, 1).front(); };
}

std::vector<Hash> stored_hashes(Transaction& transaction, int level, std::uint64_t first, std::uint64_t count) {
  const Rows rows = transaction.query(
      "SELECT number, sha256 FROM ledger_hashes WHERE level = $1 AND number >= $2 AND number < $3 ORDER BY number",
      {level, static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + count)});
  std::vector<Hash> hashes;
  for (const Row& row : rows) {
    if (static_cast<std::uint64_t>(row.integer(0)) != first + hashes.size()) break;
    hashes.push_back(hash_of(row.text(1), level, first + hashes.size()));
  }
  if (hashes.size() != count) {
    throw ledger_error(fmt::format("hash {} of level {} is missing", first + hashes.size(), level));
  }
  return hashes;
}

std::vector<std::string> stored_leaves(Transaction& transaction, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t size = ledger_size(transaction);
  if (first >= size) return {};
  count = std::min(count, size - first);
  const Rows rows =
      transaction.query("SELECT number, leaf FROM ledger_leaves WHERE number >= $1 AND number < $2 ORDER BY number",
                        {static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + count)});
  std::vector<std::string> leaves;
  for (const Row& row : rows) {
    if (static_cast<std::uint64_t>(row.integer(0)) != first + leaves.size()) break;
    leaves.push_back(row.text(1));
  }
  if (leaves.size() != count) throw ledger_error(fmt::format("leaf {} is missing", first + leaves.size()));
  return leaves;
}

std::optional<SignedCheckpoint> last_checkpoint(Transaction& transaction) {
  return parsed(transaction.query("SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"));
}

std::optional<SignedCheckpoint> best_checkpoint(Transaction& transaction, std::uint64_t size) {
  return parsed(transaction.query(
      "SELECT note FROM ledger_checkpoints WHERE size > $1 ORDER BY cosignature_count DESC, size DESC LIMIT 1",
      {static_cast<std::int64_t>(size)}));
}

std::optional<SignedCheckpoint> cosigned_checkpoint(Transaction& transaction) {
  return parsed(
      transaction.query("SELECT note FROM ledger_checkpoints WHERE cosignature_count > 0 ORDER BY size DESC LIMIT 1"));
}

std::optional<SignedCheckpoint> checkpoint_of(Transaction& transaction, std::uint64_t size) {
  return parsed(
      transaction.query("SELECT note FROM ledger_checkpoints WHERE size = $1", {static_cast<std::int64_t>(size)}));
}

}  // namespace naru::server
