/// `naru audit verify`: checks what a ledger gave out, offline, against keys that the caller trusts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel.h"

namespace naru::server {

struct AuditQuestion {
  /// Each an exported ledger (a folder), a receipt, or a checkpoint, told apart by what they are.
  std::vector<std::filesystem::path> inputs;
  std::string key;                                ///< the log's verifier key, or the name of a file that holds it
  std::vector<std::string> witnesses;             ///< likewise
  std::optional<std::size_t> witnesses_required;  ///< so many of them must have cosigned every checkpoint; none: each
  std::string sums_sha256;                        ///< of a dataset's SHA256SUMS; empty: no dataset
};

struct AuditedInput {
  std::string file;
  std::string kind;  ///< "ledger", "receipt" or "checkpoint"
  std::uint64_t size = 0, entry_count = 0;
  std::int64_t index = -1;  ///< of a receipt's leaf
  std::string leaf;         ///< a receipt's, as text
};

struct AuditResult {
  std::string origin;
  std::vector<AuditedInput> inputs;
  std::vector<std::string> differences;  ///< sentences that name file and promise; empty: all is as promised
};

/// Checks
/// - every checkpoint: signed by the log's key, of the key's origin, cosigned by as many of the witnesses given as are
/// required;
/// - of an exported ledger, where it has one, checkpoint.cosigned in place of the last checkpoint for the witnesses;
/// - an exported ledger: the root of its leaves is its checkpoint's, each leaf and each hash of each tile;
/// - a receipt: its leaf is in the tree of its checkpoint, and names the dataset where one is given;
/// - all checkpoints together: those of one size have one root, those of an exported ledger's beginnings its roots. A
///   checkpoint that no ledger was given for is a difference; a receipt holds by itself.
/// @throws Error{usage} a key that is none, or more witnesses required than given; Error{input_missing} an input that
/// is not there; Error{canceled}
AuditResult audit(const AuditQuestion& question, const CancelToken& cancel);

nlohmann::ordered_json to_json(const AuditResult& result);

}  // namespace naru::server
