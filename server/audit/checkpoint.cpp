#include "server/audit/checkpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "core/receipt.h"
#include "server/audit/base64.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxProofHashes = 63, kMaxExtensions = 16;

/// A number below 2^63 (the database has no greater one), as to_text writes it.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool has_zeros = text.size() > 1 && text.front() == '0';
  if (failure != std::errc{} || end != text.data() + text.size() || has_zeros || number >> 63 != 0) return std::nullopt;
  return number;
}

std::optional<Hash> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  Hash hash;
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return hash;
}

/// Takes text line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// The next line without its newline; empty optional where no whole line is left.
  std::optional<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  /// What stands after `word` and a space in the next line, which is taken only where it begins so.
  std::optional<std::string_view> value_of(std::string_view word) {
    if (!rest_.starts_with(word) || rest_.substr(word.size()).substr(0, 1) != " ") return std::nullopt;
    const auto line = next();
    return line ? std::optional(line->substr(word.size() + 1)) : std::nullopt;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Hashes, one a line, up to an empty line.
std::optional<std::vector<Hash>> parse_hashes(Lines& lines) {
  std::vector<Hash> hashes;
  while (const auto line = lines.next()) {
    if (line->empty()) return hashes;
    const auto hash = parse_hash(*line);
    if (!hash || hashes.size() == kMaxProofHashes) return std::nullopt;
    hashes.push_back(*hash);
  }
  return std::nullopt;
}

std::string to_text(const std::vector<Hash>& hashes) {
  std::string text;
  for (const Hash& hash : hashes) text += to_base64(hash) + "\n";
  return text + "\n";
}

}  // namespace

std::string to_text(const Checkpoint& checkpoint) {
  std::string text =
      fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.tree.size, to_base64(checkpoint.tree.root));
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

std::optional<Checkpoint> parse_checkpoint(std::string_view text) {
  Lines lines(text);
  const auto origin = lines.next(), size_text = lines.next(), root_text = lines.next();
  if (!origin || origin->empty() || !size_text || !root_text) return std::nullopt;
  const auto size = parse_number(*size_text);
  const auto root = parse_hash(*root_text);
  if (!size || !root) return std::nullopt;
  Checkpoint checkpoint{std::string(*origin), {*size, *root}, {}};
  while (!lines.rest().empty()) {
    const auto line = lines.next();
    if (!line || line->empty() || checkpoint.extensions.size() == kMaxExtensions) return std::nullopt;
    checkpoint.extensions.emplace_back(*line);
  }
  return checkpoint;
}

std::optional<SignedCheckpoint> parse_signed_checkpoint(std::string_view text) {
  auto note = parse_note(text);
  auto checkpoint = note ? parse_checkpoint(note->text) : std::nullopt;
  if (!checkpoint) return std::nullopt;
  return SignedCheckpoint{*std::move(checkpoint), *std::move(note)};
}

std::string to_text(const Receipt& receipt) {
  std::string text = fmt::format("{}\n", kReceiptHeader);
  if (!receipt.extra.empty()) text += fmt::format("extra {}\n", to_base64(receipt.extra));
  text += fmt::format("index {}\n", receipt.index);
  return text + to_text(receipt.proof) + to_text(receipt.checkpoint.note);
}

std::optional<Receipt> parse_receipt(std::string_view text) {
  if (!is_receipt(text)) return std::nullopt;
  Lines lines(text.substr(kReceiptHeader.size() + 1));
  Receipt receipt;
  if (const auto encoded = lines.value_of("extra")) {
    auto extra = from_base64(*encoded);
    if (!extra) return std::nullopt;
    receipt.extra = *std::move(extra);
  }
  const auto index_text = lines.value_of("index");
  const auto index = index_text ? parse_number(*index_text) : std::nullopt;
  if (!index) return std::nullopt;
  auto proof = parse_hashes(lines);
  auto checkpoint = proof ? parse_signed_checkpoint(lines.rest()) : std::nullopt;
  if (!checkpoint) return std::nullopt;
  receipt.index = *index;
  receipt.proof = *std::move(proof);
  receipt.checkpoint = *std::move(checkpoint);
  return receipt;
}

std::string to_text(const WitnessRequest& request) {
  return fmt::format("old {}\n", request.old_size) + to_text(request.proof) + to_text(request.checkpoint.note);
}

std::optional<WitnessRequest> parse_witness_request(std::string_view text) {
  Lines lines(text);
  const auto old_text = lines.value_of("old");
  const auto old_size = old_text ? parse_number(*old_text) : std::nullopt;
  if (!old_size) return std::nullopt;
  auto proof = parse_hashes(lines);
  auto checkpoint = proof ? parse_signed_checkpoint(lines.rest()) : std::nullopt;
  if (!checkpoint) return std::nullopt;
  return WitnessRequest{*old_size, *std::move(proof), *std::move(checkpoint)};
}

}  // namespace naru::server
