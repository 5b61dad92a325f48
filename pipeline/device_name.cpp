#include "pipeline/device_name.h"

#include <charconv>

namespace naru {

std::optional<DeviceName> parse_device_name(std::string_view text) {
  using Kind = DeviceName::Kind;
  if (text == "cpu") return DeviceName{Kind::cpu};
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (kind != "auto" && kind != "cuda") return std::nullopt;
  DeviceName device{kind == "auto" ? Kind::automatic : Kind::cuda};
  if (colon == std::string_view::npos) return device;
  const char* const end = text.data() + text.size();
  int index = 0;
  const auto parsed = std::from_chars(text.data() + colon + 1, end, index);
  if (parsed.ec != std::errc{} || parsed.ptr != end || index < 0) return std::nullopt;
  device.index = index;
  return device;
}

}  // namespace naru
