/// Secrets at rest, sealed under the master key (libsodium's secretbox).
///
/// Each purpose has a subkey of its own, HMAC-SHA-256 of the purpose under the master key: what was sealed for one
/// purpose does not open for another, and what is handed out as `derived` opens nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace naru::server {

class Transaction;

class KeyStore {
 public:
  /// The master key in `file`: 64 hexadecimal digits; mode 0600. Made on first use where `create`, and then on the disk
  /// before this returns.
  /// @throws Error{key_invalid} missing, malformed, open to others, of another owner, a link
  KeyStore(const std::filesystem::path& file, bool create);
  ~KeyStore();  ///< wipes it from memory
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  std::string seal(std::string_view purpose, std::string_view secret) const;  ///< base64
  /// @throws Error{key_invalid} where it was not sealed by this key for this purpose
  std::string unseal(std::string_view purpose, std::string_view sealed) const;

  /// The secret called `name` from the table sealed_keys; empty where there is none.
  /// @throws Error{key_invalid} where it was sealed by another master key
  std::optional<std::string> kept(Transaction& transaction, std::string_view name) const;

  /// The same, made by `random` bytes on first use. @throws as kept; RetryTransaction
  std::string secret(Transaction& transaction, std::string_view name, std::size_t size_bytes,
                     std::int64_t now_ms) const;

  /// A key of 32 bytes for `purpose` that follows from the master key: for signed links.
  std::string derived(std::string_view purpose) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::server
