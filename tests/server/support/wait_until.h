/// For what another thread or process will have done soon.
#pragma once

#include <chrono>
#include <thread>

namespace naru::server::test {

/// Waits until `condition` holds. @return false where it does not within two minutes
template <class Condition>
bool wait_until(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace naru::server::test
