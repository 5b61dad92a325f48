#include "server/auth/passwords.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "core/error.h"
#include "server/random_id.h"

namespace naru::server {

void check_password_rules(std::string_view password, std::string_view login) {
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes) {
    throw Error(ErrorCode::request_invalid,
                fmt::format("a password has {} to {} bytes", kMinPasswordBytes, kMaxPasswordBytes));
  }
  if (password == login) throw Error(ErrorCode::request_invalid, "a password may not be the login");
}

/// One of the hashes that run at once.
class Passwords::Turn {
 public:
  explicit Turn(Passwords& passwords) : passwords_(passwords) {
    std::unique_lock lock(passwords_.mutex_);
    if (passwords_.running_ == passwords_.max_at_once_ && passwords_.waiting_ == passwords_.max_waiting_) {
      throw Error(ErrorCode::rate_limited, "too many sign-ins at once; try again in some seconds");
    }
    ++passwords_.waiting_;
    passwords_.free_.wait(lock, [this] { return passwords_.running_ < passwords_.max_at_once_; });
    --passwords_.waiting_;
    ++passwords_.running_;
  }
  ~Turn() {
    const std::lock_guard lock(passwords_.mutex_);
    --passwords_.running_;
    passwords_.free_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Passwords& passwords_;
};

Passwords::Passwords(PasswordCost cost, int max_at_once, int max_waiting)
    : cost_(cost), max_at_once_(max_at_once), max_waiting_(max_waiting) {
  nobody_ = hash(random_secret());
}

std::string Passwords::hash(std::string_view password) {
  if (sodium_init() < 0) throw Error(ErrorCode::internal, "libsodium does not start");
  const Turn turn(*this);
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost_.passes, cost_.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw Error(ErrorCode::memory_exceeded, "no memory to hash a password; try again later");
  }
  return text.data();
}

bool Passwords::is_right(const std::string& hash, std::string_view password) {
  if (password.size() > kMaxPasswordBytes) return false;
  const Turn turn(*this);
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void Passwords::check_nobody(std::string_view password) { static_cast<void>(is_right(nobody_, password)); }

bool Passwords::is_outdated(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost_.passes, cost_.memory_bytes) != 0;
}

}  // namespace naru::server
