/// A witness looks at the checkpoints of other logs and signs those that only add to what it saw before: a log that
/// shows different trees to different readers needs a witness that lies as well. C2SP tlog-witness.
/// Source: https://c2sp.org/tlog-witness
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/audit/checkpoint.h"

namespace naru::server {

inline constexpr std::size_t kMaxWitnessRequestBytes = kMaxNoteBytes + 4096;

/// The answer to add-checkpoint.
struct WitnessAnswer {
  int status = 400;
  std::string content_type = "text/plain; charset=utf-8", body;
};

/// What a request comes to before anything is known of the log: either an answer, or a request of a log in `logs`,
/// whose checkpoint that log signed. 400 malformed, 404 unknown log, 403 no signature of the log's key.
struct WitnessAdmission {
  std::optional<WitnessAnswer> refusal;
  WitnessRequest request;
};
WitnessAdmission admit(std::string_view request_text, std::span<const VerifierKey> logs);

/// What the witness, which saw `seen` of this log last (the empty tree, where nothing), answers: nothing where it
/// should cosign, else 409 with the size it knows (another old size, or another root for the same size: the log shows
/// two trees) or 422 (the proof does not hold).
std::optional<WitnessAnswer> refusal_of(const WitnessRequest& request, const TreeHead& seen);

/// The new cosignatures of `keys` in the lines that a witness answered, all right ones for `note`. Others are dropped.
std::vector<NoteSignature> cosignatures(const Note& note, std::string_view lines, std::span<const VerifierKey> keys);

}  // namespace naru::server
