#include "tests/dicom/loaded_series.h"

#include <algorithm>
#include <fstream>

#include "core/digest.h"

namespace naru::test {

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

dicom::HeaderResult read_header(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return dicom::read_instance(std::span(bytes).first(std::min(bytes.size(), dicom::kHeaderPrefixBytes)), bytes.size());
}

std::optional<std::vector<int>> read_values(const std::filesystem::path& path, const dicom::Instance& instance) {
  const dicom::PixelFormat& format = instance.pixels;
  std::vector<std::uint16_t> stored(static_cast<std::size_t>(format.rows * format.columns));
  if (dicom::read_pixels(path, instance, stored)) return std::nullopt;
  const bool is_unsigned = dicom::is_uint16(format);
  std::vector<int> values;
  for (const std::uint16_t value : stored) values.push_back(is_unsigned ? value : static_cast<std::int16_t>(value));
  return values;
}

LoadedSeries::LoadedSeries(std::span<const std::filesystem::path> files) {
  std::vector<std::optional<std::vector<int>>> values;
  for (const auto& path : files) {
    const dicom::HeaderResult header = read_header(path);
    if (header.planes.empty()) {
      ++unusable[header.reason.value_or(Code::unreadable)];
      continue;
    }
    values.push_back(header.reason ? std::nullopt : read_values(path, header.planes[0]));
    const auto broken = header.reason || values.back() ? header.reason : std::optional(Code::corrupt);
    candidates.push_back({header.planes[0], broken, sha256_hex(read_file(path))});
    paths.push_back(path);
  }
  sorted = dicom::build_stacks(candidates, [&](std::size_t a, std::size_t b) { return values[a] == values[b]; });
}

}  // namespace naru::test
