/// The texts that travel between a log, its readers and its witnesses: checkpoints, proofs, requests for a cosignature.
///
/// checkpoint (the text of a signed note):  ORIGIN \n SIZE \n BASE64(root) \n [extension lines]
/// receipt:  c2sp.org/tlog-proof@v1 \n [extra BASE64 \n] index N \n [BASE64(hash) \n]... \n CHECKPOINT
/// request:  old N \n [BASE64(hash) \n]... \n CHECKPOINT
/// Numbers are decimal without leading zeros. What is parsed here came from outside: every count is bounded.
/// Source: https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-proof, https://c2sp.org/tlog-witness
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/audit/merkle.h"
#include "server/audit/note.h"

namespace naru::server {

struct Checkpoint {
  std::string origin;
  TreeHead tree;
  std::vector<std::string> extensions;
};
std::string to_text(const Checkpoint& checkpoint);
std::optional<Checkpoint> parse_checkpoint(std::string_view text);  ///< the text of the note, without signatures

/// A checkpoint with its signatures.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
};
std::optional<SignedCheckpoint> parse_signed_checkpoint(std::string_view text);

/// That a leaf is in the log.
struct Receipt {
  std::string extra;  ///< here always the leaf itself, so that the receipt needs nothing beside it
  std::uint64_t index = 0;
  std::vector<Hash> proof;
  SignedCheckpoint checkpoint;
};
std::string to_text(const Receipt& receipt);
std::optional<Receipt> parse_receipt(std::string_view text);

/// What a log sends to a witness.
struct WitnessRequest {
  std::uint64_t old_size = 0;
  std::vector<Hash> proof;
  SignedCheckpoint checkpoint;
};
std::string to_text(const WitnessRequest& request);
std::optional<WitnessRequest> parse_witness_request(std::string_view text);

}  // namespace naru::server
