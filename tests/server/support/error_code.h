/// Which error something throws.
#pragma once

#include <optional>
#include <stdexcept>

#include "core/error.h"

namespace naru::server::test {

/// The code of the Error that `act` throws. @throws std::logic_error where nothing is thrown
template <class Act>
ErrorCode code_of(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  throw std::logic_error("no error was thrown");
}

/// The same; empty where nothing is thrown.
template <class Act>
std::optional<ErrorCode> code_if_thrown(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace naru::server::test
