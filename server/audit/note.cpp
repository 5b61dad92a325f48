#include "server/audit/note.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <charconv>

#include "core/text.h"
#include "server/audit/base64.h"

namespace naru::server {

namespace {

constexpr std::string_view kSignatureStart = "\xe2\x80\x94 ";  // an em dash and a space
constexpr std::size_t kIdBytes = 4, kTimeBytes = 8;
constexpr std::uint64_t kMaxTime = (std::uint64_t{1} << 63) - 1;

std::string big_endian(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string key_material(const VerifierKey& key) {
  std::string bytes(1, static_cast<char>(key.type));
  bytes.append(key.public_key.begin(), key.public_key.end());
  return bytes;
}

std::uint32_t id_of(const VerifierKey& key) {
  const std::string hashed = key.name + "\n" + key_material(key);
  std::array<char, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()), unsigned_bytes(hashed), hashed.size());
  return static_cast<std::uint32_t>(from_big_endian({hash.data(), kIdBytes}));
}

/// What is signed in place of the text.
std::string cosigned_message(std::string_view text, std::uint64_t time_s) {
  return fmt::format("cosignature/v1\ntime {}\n{}", time_s, text);
}

/// Controls other than newline, and bytes that are no UTF-8.
bool is_clean(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  return std::none_of(text.begin(), text.end(), is_control) && valid_utf8(text) == text;
}

}  // namespace

bool is_key_name(std::string_view name) {
  // The spaces of Unicode above U+007F: property White_Space.
  constexpr std::string_view kSpaces[] = {" ",
                                          "\xc2\x85",
                                          "\xc2\xa0",
                                          "\xe1\x9a\x80",
                                          "\xe2\x80\x80",
                                          "\xe2\x80\x81",
                                          "\xe2\x80\x82",
                                          "\xe2\x80\x83",
                                          "\xe2\x80\x84",
                                          "\xe2\x80\x85",
                                          "\xe2\x80\x86",
                                          "\xe2\x80\x87",
                                          "\xe2\x80\x88",
                                          "\xe2\x80\x89",
                                          "\xe2\x80\x8a",
                                          "\xe2\x80\xa8",
                                          "\xe2\x80\xa9",
                                          "\xe2\x80\xaf",
                                          "\xe2\x81\x9f",
                                          "\xe3\x80\x80"};
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  return !name.empty() && name.size() <= 255 && is_clean(name) && !has("\n") && !has("+") &&
         std::none_of(std::begin(kSpaces), std::end(kSpaces), has);
}

std::string to_text(const VerifierKey& key) {
  return fmt::format("{}+{:08x}+{}", key.name, key.id, to_base64(key_material(key)));
}

std::optional<VerifierKey> parse_verifier_key(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos || second - first != 9) return std::nullopt;
  VerifierKey key;
  key.name = text.substr(0, first);
  const auto material = from_base64(text.substr(second + 1));
  if (!is_key_name(key.name) || !material || material->size() != 1 + key.public_key.size()) return std::nullopt;
  const auto type = static_cast<KeyType>(material->front());
  if (type != KeyType::log && type != KeyType::witness) return std::nullopt;
  key.type = type;
  std::copy(material->begin() + 1, material->end(), key.public_key.begin());
  key.id = id_of(key);
  // Compared as text, so that one key has one text.
  return to_text(key) == text ? std::optional(std::move(key)) : std::nullopt;
}

std::string to_text(const NoteSignature& signature) {
  return fmt::format("{}{} {}\n", kSignatureStart, signature.name,
                     to_base64(big_endian(signature.key_id, kIdBytes) + signature.bytes));
}

std::string to_text(const Note& note) {
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) text += to_text(signature);
  return text;
}

std::optional<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return std::nullopt;
  line.remove_prefix(kSignatureStart.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdBytes) return std::nullopt;
  return NoteSignature{std::string(line.substr(0, space)),
                       static_cast<std::uint32_t>(from_big_endian(std::string_view(*bytes).substr(0, kIdBytes))),
                       bytes->substr(kIdBytes)};
}

std::optional<Note> parse_note(std::string_view text) {
  if (text.size() > kMaxNoteBytes || !is_clean(text)) return std::nullopt;
  const std::size_t gap = text.rfind("\n\n");
  if (gap == std::string_view::npos || text.back() != '\n') return std::nullopt;
  Note note;
  note.text = text.substr(0, gap + 1);
  std::string_view rest = text.substr(gap + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    auto signature = parse_signature_line(rest.substr(0, end));
    if (!signature || note.signatures.size() == kMaxNoteSignatures) return std::nullopt;
    note.signatures.push_back(*std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note.signatures.empty() ? std::nullopt : std::optional(std::move(note));
}

bool claims(const NoteSignature& signature, const VerifierKey& key) {
  return signature.name == key.name && signature.key_id == key.id;
}

bool is_right(const NoteSignature& signature, const VerifierKey& key, std::string_view text) {
  const std::size_t header = key.type == KeyType::witness ? kTimeBytes : 0;
  if (!claims(signature, key) || signature.bytes.size() != header + crypto_sign_BYTES) return false;
  const std::uint64_t time_s = from_big_endian(std::string_view(signature.bytes).substr(0, header));
  if (time_s > kMaxTime) return false;
  const std::string message = header == 0 ? std::string(text) : cosigned_message(text, time_s);
  return crypto_sign_verify_detached(unsigned_bytes(signature.bytes) + header, unsigned_bytes(message), message.size(),
                                     key.public_key.data()) == 0;
}

bool is_signed_by(const Note& note, const VerifierKey& key) {
  bool is_signed = false;
  for (const NoteSignature& signature : note.signatures) {
    if (!claims(signature, key)) continue;
    if (!is_right(signature, key, note.text)) return false;
    is_signed = true;
  }
  return is_signed;
}

SigningKey::SigningKey(std::string name, KeyType type, std::string_view seed) {
  assert(is_key_name(name) && seed.size() == kSeedBytes);
  verifier_.name = std::move(name);
  verifier_.type = type;
  static_assert(crypto_sign_SEEDBYTES == kSeedBytes && crypto_sign_SECRETKEYBYTES == 64);
  crypto_sign_seed_keypair(verifier_.public_key.data(), secret_.data(), unsigned_bytes(seed));
  verifier_.id = id_of(verifier_);
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

NoteSignature SigningKey::sign(std::string_view text, std::uint64_t time_s) const {
  const bool is_witness = verifier_.type == KeyType::witness;
  const std::string message = is_witness ? cosigned_message(text, time_s) : std::string(text);
  std::array<unsigned char, crypto_sign_BYTES> signature;
  crypto_sign_detached(signature.data(), nullptr, unsigned_bytes(message), message.size(), secret_.data());
  std::string bytes = is_witness ? big_endian(time_s, kTimeBytes) : "";
  bytes.append(signature.begin(), signature.end());
  return {verifier_.name, verifier_.id, std::move(bytes)};
}

}  // namespace naru::server
