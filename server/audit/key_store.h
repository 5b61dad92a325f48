/// Secrets at rest, sealed under the master key (libsodium's secretbox).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace naru::server {

class Transaction;

class KeyStore {
 public:
  /// The master key in `file`: 64 hexadecimal digits; mode 0600. Made on first use where `create`.
  /// @throws Error{key_invalid} missing, malformed, open to others
  KeyStore(const std::filesystem::path& file, bool create);
  ~KeyStore();
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  std::string seal(std::string_view purpose, std::string_view secret) const;  ///< base64
  /// @throws Error{key_invalid} where it was not sealed by this key for this purpose
  std::string unseal(std::string_view purpose, std::string_view sealed) const;

  /// The secret called `name`, made by `random` bytes on first use, from the table sealed_keys.
  std::string secret(Transaction& transaction, std::string_view name, std::size_t size_bytes,
                     std::int64_t now_ms) const;

  /// A key for `purpose` that follows from the master key: for signed links.
  std::string derived(std::string_view purpose) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::server
