#include "server/audit/key_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/project_key.h"
#include "server/audit/base64.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

namespace fs = std::filesystem;

Error key_error(const fs::path& file, std::string_view problem) {
  return Error(ErrorCode::key_invalid, fmt::format("master key {}: {}", file.string(), problem));
}

/// A file that is whole or absent, also after a crash; one that another process made meanwhile stays.
void create_key(const fs::path& file) {
  const fs::path temporary = fmt::format("{}.{}.tmp", file.string(), ::getpid());
  ::unlink(temporary.c_str());  // of a run that was cut off
  ProjectKey::random().save(temporary);
  const bool is_named = ::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST;
  ::unlink(temporary.c_str());
  const FileDescriptor folder(
      ::open(file.parent_path().empty() ? "." : file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some network file systems do not know how to sync a folder, and need not.
  const bool is_synced = folder.is_open() && (::fsync(folder.number()) == 0 || errno == EINVAL);
  if (!is_named || !is_synced) throw key_error(file, "cannot be created; check the folder's permissions");
}

ProjectKey load_master(const fs::path& file, bool create) {
  std::error_code absent;
  const fs::file_status status = fs::symlink_status(file, absent);
  if (create && status.type() == fs::file_type::not_found) create_key(file);
  if (status.type() == fs::file_type::symlink) throw key_error(file, "is a link; name the file itself");
  return ProjectKey::load(file);
}

unsigned char* unsigned_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// A subkey that is wiped when it goes.
class Subkey {
 public:
  Subkey(const ProjectKey& master, const std::string& purpose) : bytes_(master.derived(purpose)) {}
  ~Subkey() { sodium_memzero(bytes_.data(), bytes_.size()); }
  Subkey(const Subkey&) = delete;
  Subkey& operator=(const Subkey&) = delete;
  const unsigned char* data() const { return bytes_.data(); }
  std::string text() const { return {bytes_.begin(), bytes_.end()}; }

 private:
  ProjectKey::Bytes bytes_;
};

// The purposes are apart from each other and from those of project keys.
std::string seal_purpose(std::string_view purpose) { return fmt::format("naru.server.seal/1:{}", purpose); }
std::string purpose_of(std::string_view secret_name) { return fmt::format("sealed_keys:{}", secret_name); }
std::string derive_purpose(std::string_view purpose) { return fmt::format("naru.server.derive/1:{}", purpose); }

}  // namespace

struct KeyStore::State {
  ProjectKey master;
};

KeyStore::KeyStore(const fs::path& file, bool create)
    : state_(std::make_unique<State>(State{load_master(file, create)})) {}

KeyStore::~KeyStore() = default;

std::string KeyStore::seal(std::string_view purpose, std::string_view secret) const {
  const Subkey key(state_->master, seal_purpose(purpose));
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + secret.size(), '\0');
  unsigned char* const nonce = unsigned_bytes(sealed);
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, unsigned_bytes(secret), secret.size(), nonce, key.data());
  return to_base64(sealed);
}

std::string KeyStore::unseal(std::string_view purpose, std::string_view sealed) const {
  const Subkey key(state_->master, seal_purpose(purpose));
  const auto bytes = from_base64(sealed);
  constexpr std::size_t kHeader = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (bytes && bytes->size() >= kHeader) {
    const unsigned char* const nonce = unsigned_bytes(std::string_view(*bytes));
    std::string secret(bytes->size() - kHeader, '\0');
    if (crypto_secretbox_open_easy(unsigned_bytes(secret), nonce + crypto_secretbox_NONCEBYTES,
                                   bytes->size() - crypto_secretbox_NONCEBYTES, nonce, key.data()) == 0) {
      return secret;
    }
  }
  throw Error(ErrorCode::key_invalid,
              "a sealed secret does not open: it was sealed under another master key, for another purpose, or changed");
}

std::optional<std::string> KeyStore::kept(Transaction& transaction, std::string_view name) const {
  const Rows rows = transaction.query("SELECT sealed FROM sealed_keys WHERE name = $1", {std::string(name)});
  if (rows.empty()) return std::nullopt;
  return unseal(purpose_of(name), rows[0].text(0));
}

std::string KeyStore::secret(Transaction& transaction, std::string_view name, std::size_t size_bytes,
                             std::int64_t now_ms) const {
  if (auto known = kept(transaction, name)) return *std::move(known);
  std::string secret(size_bytes, '\0');
  randombytes_buf(secret.data(), secret.size());
  try {
    transaction.execute("INSERT INTO sealed_keys (name, sealed, created_ms) VALUES ($1, $2, $3)",
                        {std::string(name), seal(purpose_of(name), secret), now_ms});
  } catch (const UniqueViolation&) {
    throw RetryTransaction();  // another process made it meanwhile: that one counts
  }
  return secret;
}

std::string KeyStore::derived(std::string_view purpose) const {
  return Subkey(state_->master, derive_purpose(purpose)).text();
}

}  // namespace naru::server
