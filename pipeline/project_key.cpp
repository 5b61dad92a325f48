#include "pipeline/project_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/files.h"

namespace naru {

namespace {

constexpr std::size_t kMaxKeyFileBytes = 256;
constexpr std::string_view kSealMagic = "naru.sealed/1\n";

void require_sodium() {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium could not be started");
}

Error key_error(const std::filesystem::path& file, std::string_view problem) {
  return Error(ErrorCode::key_invalid, fmt::format("key file {}: {}", file.string(), problem));
}

std::filesystem::path state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "naru";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    throw Error(ErrorCode::key_invalid, "no home folder to keep the project key in: set HOME or give --key-file");
  }
  return std::filesystem::path(home) / ".local/state/naru";
}

/// Makes `file` with 64 random hexadecimal digits; false where it exists already (another run may have just made it).
bool create_key_file(const std::filesystem::path& file) {
  std::error_code failure;
  std::filesystem::create_directories(file.parent_path(), failure);
  std::array<unsigned char, ProjectKey::kSizeBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  const std::string text = to_hex(std::as_bytes(std::span(bytes))) + "\n";
  // Written under another name and linked into place: a key file is whole or absent.
  const std::filesystem::path temporary = file.string() + fmt::format(".{}.tmp", ::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) throw key_error(file, "cannot be created; check the folder's permissions or give --key-file");
  const bool whole =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  const bool linked = whole && ::link(temporary.c_str(), file.c_str()) == 0;
  const bool exists = errno == EEXIST;
  ::unlink(temporary.c_str());
  if (!linked && !(whole && exists)) throw key_error(file, "cannot be created; check free space and permissions");
  return linked;
}

}  // namespace

void check_project_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (name.empty() || name.size() > 64 || name.front() == '.' ||
      name.find_first_not_of(kLetters) != std::string_view::npos) {
    throw Error(ErrorCode::key_invalid,
                "--project must have 1 to 64 letters, digits, '-', '_' or '.', and not begin with '.'");
  }
}

ProjectKey::ProjectKey(const Bytes& bytes) : bytes_(bytes) { require_sodium(); }

ProjectKey ProjectKey::load(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw key_error(file, "does not exist or may not be read");
  if ((status.st_mode & 077) != 0) throw key_error(file, "is open to others; run chmod 600 on it");
  const auto text = read_file(file, kMaxKeyFileBytes);
  Bytes bytes{};
  std::size_t length = 0;
  const char* end = nullptr;
  if (!text || sodium_hex2bin(bytes.data(), bytes.size(), text->data(), text->size(), "\r\n \t", &length, &end) != 0 ||
      length != bytes.size() || end != text->data() + text->size()) {
    throw key_error(file, "must hold 64 hexadecimal digits");
  }
  return ProjectKey(bytes);
}

std::filesystem::path ProjectKey::file_of_project(std::string_view name) {
  check_project_name(name);
  return state_folder() / "keys" / (std::string(name) + ".key");
}

ProjectKey ProjectKey::of_project(std::string_view name, bool* created) {
  require_sodium();
  const auto file = file_of_project(name);
  const bool made = !std::filesystem::exists(file) && create_key_file(file);
  if (created != nullptr) *created = made;
  return load(file);
}

ProjectKey::Bytes ProjectKey::derived(std::string_view purpose) const {
  Bytes result{};
  crypto_auth_hmacsha256(result.data(), reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                         bytes_.data());
  return result;
}

ProjectKey::Bytes ProjectKey::tag(std::string_view purpose, std::string_view kind, std::string_view identifier) const {
  const Bytes subkey = derived(purpose);
  std::string message(kind);
  message += '\0';
  message += identifier;
  Bytes result{};
  crypto_auth_hmacsha256(result.data(), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         subkey.data());
  return result;
}

std::string ProjectKey::pseudonym(std::string_view kind, std::string_view identifier) const {
  const Bytes value = tag("naru.pseudonym/1", kind, identifier);
  return fmt::format("{}-{}", kind, to_hex(std::as_bytes(std::span(value).first(8))));
}

double ProjectKey::fraction(std::string_view kind, std::string_view identifier) const {
  const Bytes value = tag("naru.fraction/1", kind, identifier);
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | value[static_cast<std::size_t>(i)];
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

std::string ProjectKey::id() const {
  const Bytes value = derived("naru.key-id/1");
  return to_hex(std::as_bytes(std::span(value).first(8)));
}

std::vector<std::byte> ProjectKey::seal(std::string_view text) const {
  const Bytes subkey = derived("naru.seal/1");
  static_assert(crypto_secretbox_KEYBYTES == kSizeBytes);
  std::vector<std::byte> sealed(kSealMagic.size() + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES +
                                text.size());
  std::memcpy(sealed.data(), kSealMagic.data(), kSealMagic.size());
  auto* nonce = reinterpret_cast<unsigned char*>(sealed.data()) + kSealMagic.size();
  randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, reinterpret_cast<const unsigned char*>(text.data()),
                        text.size(), nonce, subkey.data());
  return sealed;
}

std::string ProjectKey::unseal(std::span<const std::byte> sealed) const {
  const std::size_t header = kSealMagic.size() + crypto_secretbox_NONCEBYTES;
  const Error failure(ErrorCode::key_invalid, "the sealed file was not made with this project's key, or was changed");
  if (sealed.size() < header + crypto_secretbox_MACBYTES ||
      std::memcmp(sealed.data(), kSealMagic.data(), kSealMagic.size()) != 0) {
    throw failure;
  }
  const Bytes subkey = derived("naru.seal/1");
  const auto* nonce = reinterpret_cast<const unsigned char*>(sealed.data()) + kSealMagic.size();
  std::string text(sealed.size() - header - crypto_secretbox_MACBYTES, '\0');
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()), nonce + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - header, nonce, subkey.data()) != 0) {
    throw failure;
  }
  return text;
}

}  // namespace naru
