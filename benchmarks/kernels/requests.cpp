#include "benchmarks/kernels/requests.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace naru::bench {

void serve(const std::function<std::string(std::istream&)>& answer) {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    try {
      std::cout << answer(words) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "unsupported " << error.what() << std::endl;
    }
  }
}

std::vector<std::int16_t> read_volume(const std::string& path, Size3 size) {
  std::vector<std::int16_t> voxels(static_cast<std::size_t>(size.voxel_count()));
  const auto size_bytes = static_cast<std::streamsize>(voxels.size() * sizeof(std::int16_t));
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(voxels.data()), size_bytes) || file.peek() != EOF)
    throw std::runtime_error(fmt::format("{} does not hold {} bytes", path, size_bytes));
  return voxels;
}

std::array<AxisSteps, 3> read_axes(std::istream& words) {
  std::array<AxisSteps, 3> axes;
  for (AxisSteps& axis : axes) words >> axis.target_count >> axis.step >> axis.first;
  if (!words) throw std::runtime_error("nine numbers are wanted: count step first of each axis");
  return axes;
}

Size3 size_of(const std::array<AxisSteps, 3>& axes) {
  return {axes[0].target_count, axes[1].target_count, axes[2].target_count};
}

void write_if_asked(std::istream& words, const void* data, std::size_t size_bytes) {
  std::string path;
  if (!(words >> path)) return;
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(size_bytes));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

double seconds_of(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string answer_of(double seconds, const std::vector<double>& values) {
  return fmt::format("{} {}", seconds, fmt::join(values, " "));
}

}  // namespace naru::bench
