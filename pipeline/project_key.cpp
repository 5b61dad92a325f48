#include "pipeline/project_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <cstring>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/key_store.h"

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

/// Why a key file that was opened cannot be trusted; empty where it can.
std::string_view problem_of(const FileDescriptor& opened) {
  struct stat status {};
  if (!opened.is_open() || ::fstat(opened.number(), &status) != 0) return "does not exist or may not be read";
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  // Root hands keys to the system's services by an access list, whose mask shows as the right of a group to read.
  const bool is_of_system = status.st_uid == 0 && status.st_gid == 0 && (status.st_mode & 0777) == 0440;
  if ((status.st_mode & 077) != 0 && !is_of_system) return "is open to others; run chmod 600 on it";
  // Whoever owns it knows it and can change it.
  return status.st_uid == ::geteuid() || status.st_uid == 0 ? "" : "belongs to another user";
}

}  // namespace

bool is_project_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.size() <= 64 && name.front() != '.' && rotated_key_id(name).empty() &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

void check_project_name(std::string_view name) {
  if (is_project_name(name)) return;
  throw Error(ErrorCode::usage,
              "--project must have 1 to 64 letters, digits, '-', '_' or '.', not begin with '.', and not end with '.' "
              "and 16 hexadecimal digits");
}

std::string_view rotated_key_id(std::string_view name) {
  constexpr std::size_t kIdDigits = 16;
  if (name.size() <= kIdDigits || name[name.size() - kIdDigits - 1] != '.') return {};
  const std::string_view id = name.substr(name.size() - kIdDigits);
  return id.find_first_not_of("0123456789abcdef") == std::string_view::npos ? id : std::string_view{};
}

ProjectKey::ProjectKey(const Bytes& bytes) : bytes_(bytes) { require_sodium(); }

ProjectKey::~ProjectKey() { sodium_memzero(bytes_.data(), bytes_.size()); }

ProjectKey ProjectKey::random() {
  ProjectKey key(Bytes{});
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

ProjectKey ProjectKey::load(const std::filesystem::path& file) {
  ProjectKey key(Bytes{});
  const std::string_view problem = key.read(file);
  if (!problem.empty()) throw key_error(file, problem);
  return key;
}

ProjectKey ProjectKey::from_hex(std::string_view digits) {
  ProjectKey key(Bytes{});
  std::size_t length = 0;
  const char* end = nullptr;
  const bool is_key =
      digits.size() == 2 * kSizeBytes &&
      sodium_hex2bin(key.bytes_.data(), key.bytes_.size(), digits.data(), digits.size(), nullptr, &length, &end) == 0 &&
      length == kSizeBytes;
  if (!is_key) throw Error(ErrorCode::key_invalid, "a key must be 64 hexadecimal digits");
  return key;
}

std::optional<ProjectKey> ProjectKey::load_if_sound(const std::filesystem::path& file) {
  ProjectKey key(Bytes{});
  return key.read(file).empty() ? std::optional(key) : std::nullopt;
}

std::string_view ProjectKey::read(const std::filesystem::path& file) {
  // Not blocking: it might be a pipe.
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const std::string_view problem = problem_of(opened);
  if (!problem.empty()) return problem;
  std::array<char, kMaxKeyFileBytes + 1> text;
  const ssize_t count = ::read(opened.number(), text.data(), text.size());
  const std::size_t text_length = count < 0 ? 0 : static_cast<std::size_t>(count);
  std::size_t length = 0;
  const char* end = nullptr;
  const bool is_key =
      text_length < text.size() &&
      sodium_hex2bin(bytes_.data(), bytes_.size(), text.data(), text_length, "\r\n \t", &length, &end) == 0 &&
      length == bytes_.size() && end == text.data() + text_length;
  sodium_memzero(text.data(), text.size());
  return is_key ? "" : "must hold 64 hexadecimal digits";
}

void ProjectKey::save(const std::filesystem::path& file) const {
  const FileDescriptor opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!opened.is_open()) throw key_error(file, "cannot be created; check the folder's permissions");
  std::array<char, 2 * kSizeBytes + 1> text;
  sodium_bin2hex(text.data(), text.size(), bytes_.data(), bytes_.size());
  text.back() = '\n';
  const bool is_whole = opened.write_all({text.data(), text.size()}) && ::fsync(opened.number()) == 0;
  sodium_memzero(text.data(), text.size());
  if (is_whole) return;
  ::unlink(file.c_str());
  throw key_error(file, "cannot be written; check free space");
}

std::filesystem::path ProjectKey::file_of_project(std::string_view name) {
  check_project_name(name);
  return state_folder() / "keys" / (std::string(name) + ".key");
}

ProjectKey ProjectKey::of_project(std::string_view name, bool* created) {
  const auto file = file_of_project(name);
  std::error_code unreadable;
  const bool made = !std::filesystem::exists(file, unreadable) && create_key(name);
  if (created != nullptr) *created = made;
  return load(file);
}

ProjectKey::Bytes ProjectKey::derived(std::string_view purpose) const {
  Bytes result{};
  crypto_auth_hmacsha256(result.data(), reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                         bytes_.data());
  return result;
}

PseudonymKey ProjectKey::pseudonym_key() const {
  return PseudonymKey(std::bit_cast<PseudonymKey::Bytes>(derived("naru.pseudonym/1")));
}

std::string ProjectKey::pseudonym(std::string_view kind, std::string_view identifier) const {
  return pseudonym_key().pseudonym(kind, identifier);
}

double ProjectKey::fraction(std::string_view kind, std::string_view identifier) const {
  const PseudonymKey subkey(std::bit_cast<PseudonymKey::Bytes>(derived("naru.fraction/1")));
  const PseudonymKey::Bytes value = subkey.tag(kind, identifier);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | std::to_integer<std::uint64_t>(value[i]);
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
  auto text = unseal_if_ours(sealed);
  if (text) return *std::move(text);
  throw Error(ErrorCode::key_invalid, "the sealed file was not made with this project's key, or was changed");
}

std::optional<std::string> ProjectKey::unseal_if_ours(std::span<const std::byte> sealed) const {
  const std::size_t header = kSealMagic.size() + crypto_secretbox_NONCEBYTES;
  if (sealed.size() < header + crypto_secretbox_MACBYTES ||
      std::memcmp(sealed.data(), kSealMagic.data(), kSealMagic.size()) != 0) {
    return std::nullopt;
  }
  const Bytes subkey = derived("naru.seal/1");
  const auto* nonce = reinterpret_cast<const unsigned char*>(sealed.data()) + kSealMagic.size();
  std::string text(sealed.size() - header - crypto_secretbox_MACBYTES, '\0');
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()), nonce + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - header, nonce, subkey.data()) != 0) {
    return std::nullopt;
  }
  return text;
}

}  // namespace naru
