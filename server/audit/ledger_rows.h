/// The rows of the ledger: what ledger.cpp, ledger_check.cpp and ledger_export.cpp read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "server/audit/checkpoint.h"
#include "server/store/database.h"

namespace naru::server {

std::uint64_t ledger_size(Transaction& transaction);

/// The stored hashes. @throws Error{ledger_invalid} where one is missing or malformed
HashSource stored_hashes(Transaction& transaction);
/// Hashes [first, first + count) of a level of the tree. @throws Error{ledger_invalid} where one is missing
std::vector<Hash> stored_hashes(Transaction& transaction, int level, std::uint64_t first, std::uint64_t count);

/// Leaves [first, first + count), fewer at the end of the log. @throws Error{ledger_invalid} where one is missing
std::vector<std::string> stored_leaves(Transaction& transaction, std::uint64_t first, std::uint64_t count);

/// The checkpoint of the largest size. @throws Error{ledger_invalid} where it is malformed
std::optional<SignedCheckpoint> last_checkpoint(Transaction& transaction);
/// The one of more than `size` leaves that most witnesses cosigned, of those the largest.
std::optional<SignedCheckpoint> best_checkpoint(Transaction& transaction, std::uint64_t size);
/// The largest one that a witness cosigned.
std::optional<SignedCheckpoint> cosigned_checkpoint(Transaction& transaction);
/// The checkpoint of this size.
std::optional<SignedCheckpoint> checkpoint_of(Transaction& transaction, std::uint64_t size);

/// Error{ledger_invalid} with what differs, and what to do.
Error ledger_error(std::string_view problem);

}  // namespace naru::server
