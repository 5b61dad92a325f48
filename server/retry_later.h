/// An error that passes by itself, with the time that it takes.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace naru::server {

class RetryLater : public Error {
 public:
  /// `after_s`: seconds until the same may work, which clients are told by Retry-After.
  RetryLater(ErrorCode code, const std::string& message, std::int64_t after_s)
      : Error(code, message), after_s_(after_s) {}
  std::int64_t after_s() const { return after_s_; }

 private:
  std::int64_t after_s_;
};

}  // namespace naru::server
