/// The device that --device, a work order or the server's configuration names.
#pragma once

#include <optional>
#include <string_view>

namespace naru {

struct DeviceName {
  enum class Kind { automatic, cpu, cuda } kind = Kind::automatic;
  std::optional<int> index = {};  ///< of cuda:N, and of auto:N, which is auto from GPU N on
  bool operator==(const DeviceName&) const = default;
};

/// "auto", "auto:N", "cpu", "cuda" or "cuda:N" with N from 0; empty for all else.
std::optional<DeviceName> parse_device_name(std::string_view text);

}  // namespace naru
