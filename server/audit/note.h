/// Signed notes: text that anybody can check with a verifier key of one line. C2SP signed-note and tlog-cosignature.
///
///   TEXT (ends in a newline)
///   (empty line)
///   — NAME BASE64(key id || signature)      one line or more
///
/// Two kinds of signature are known: the log's own (type 0x01, Ed25519 over the text) and a witness's (type 0x04,
/// Ed25519 over "cosignature/v1\ntime SECONDS\n" and the text). The key id is the first four bytes of
/// SHA-256(name || "\n" || type || public key).
/// Source: https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

enum class KeyType : std::uint8_t { log = 0x01, witness = 0x04 };

/// Longer notes are refused unread.
inline constexpr std::size_t kMaxNoteBytes = 64 * 1024;
inline constexpr std::size_t kMaxNoteSignatures = 64;

/// What checks signatures: "name+id+base64(type || public key)".
struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  KeyType type = KeyType::log;
  std::array<unsigned char, 32> public_key{};
};

/// True for names that keys may have: not empty, no spaces, no '+', no controls, valid UTF-8.
bool is_key_name(std::string_view name);

std::string to_text(const VerifierKey& key);
/// Empty where the text is malformed, of another type, or its id does not follow from the rest.
std::optional<VerifierKey> parse_verifier_key(std::string_view text);

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;  ///< what follows the key id
  bool operator==(const NoteSignature&) const = default;
};
std::string to_text(const NoteSignature& signature);  ///< its line, newline included

struct Note {
  std::string text;
  std::vector<NoteSignature> signatures;
};
std::string to_text(const Note& note);
/// Empty where the note is malformed. Says nothing of who signed it.
std::optional<Note> parse_note(std::string_view text);
/// The signature of one line without its newline; empty where it is none.
std::optional<NoteSignature> parse_signature_line(std::string_view line);

/// True where `signature` is of `key` by name and id, whether it is right or not.
bool claims(const NoteSignature& signature, const VerifierKey& key);
/// True where `signature` is a right one of `key` for `text`.
bool is_right(const NoteSignature& signature, const VerifierKey& key, std::string_view text);
/// True where `key` signed: one signature claims it, and all that claim it are right.
bool is_signed_by(const Note& note, const VerifierKey& key);

/// What signs. Its memory is wiped.
class SigningKey {
 public:
  static constexpr std::size_t kSeedBytes = 32;

  /// @pre is_key_name(name), seed.size() == kSeedBytes
  SigningKey(std::string name, KeyType type, std::string_view seed);
  ~SigningKey();
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;

  const VerifierKey& verifier() const { return verifier_; }

  /// @param time_s seconds since 1970 UTC: of a cosignature; not used by a log's key
  NoteSignature sign(std::string_view text, std::uint64_t time_s = 0) const;

 private:
  VerifierKey verifier_;
  std::array<unsigned char, 64> secret_;
};

}  // namespace naru::server
