#include "server/audit/witness.h"

#include <fmt/format.h>

#include <algorithm>

namespace naru::server {

WitnessAdmission admit(std::string_view request_text, std::span<const VerifierKey> logs) {
  const auto refused = [](int status, std::string body) {
    return WitnessAdmission{WitnessAnswer{status, "text/plain; charset=utf-8", std::move(body)}, {}};
  };
  if (request_text.size() > kMaxWitnessRequestBytes) return refused(400, "the request is too long\n");
  auto request = parse_witness_request(request_text);
  if (!request) return refused(400, "the request is malformed\n");
  const auto& [checkpoint, note] = request->checkpoint;
  const auto is_of_log = [&](const VerifierKey& key) { return key.name == checkpoint.origin; };
  if (std::none_of(logs.begin(), logs.end(), is_of_log)) return refused(404, "this log is not known here\n");
  const auto has_signed = [&](const VerifierKey& key) { return is_of_log(key) && is_signed_by(note, key); };
  if (std::none_of(logs.begin(), logs.end(), has_signed)) return refused(403, "not signed by a key of this log\n");
  if (request->old_size > checkpoint.tree.size) return refused(400, "the old size is above the new one\n");
  return {std::nullopt, *std::move(request)};
}

std::optional<WitnessAnswer> refusal_of(const WitnessRequest& request, const TreeHead& seen) {
  const TreeHead& tree = request.checkpoint.checkpoint.tree;
  const bool is_other_tree = tree.size == seen.size && tree.root != seen.root;
  if (request.old_size != seen.size || is_other_tree) {
    return WitnessAnswer{409, "text/x.tlog.size", fmt::format("{}\n", seen.size)};
  }
  if (verify_consistency(seen, tree, request.proof)) return std::nullopt;
  return WitnessAnswer{422, "text/plain; charset=utf-8", "the consistency proof does not hold\n"};
}

std::vector<NoteSignature> cosignatures(const Note& note, std::string_view lines, std::span<const VerifierKey> keys) {
  std::vector<NoteSignature> found;
  if (lines.size() > kMaxNoteBytes) return found;
  for (std::size_t end = 0; (end = lines.find('\n')) != std::string_view::npos; lines.remove_prefix(end + 1)) {
    const auto signature = parse_signature_line(lines.substr(0, end));
    if (!signature) continue;
    const auto is_right_one = [&](const VerifierKey& key) {
      return key.type == KeyType::witness && is_right(*signature, key, note.text);
    };
    const auto is_same = [&](const NoteSignature& other) {
      return other.name == signature->name && other.key_id == signature->key_id;
    };
    const bool is_new = std::none_of(note.signatures.begin(), note.signatures.end(), is_same) &&
                        std::none_of(found.begin(), found.end(), is_same);
    if (is_new && std::any_of(keys.begin(), keys.end(), is_right_one)) found.push_back(*signature);
  }
  return found;
}

}  // namespace naru::server
