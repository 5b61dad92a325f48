#include "benchmarks/kernels/requests.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <numbers>
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

Affine turned(const std::array<AxisSteps, 3>& axes, Size3 size, double degrees) {
  const double radians = degrees * std::numbers::pi / 180, c = std::cos(radians), s = std::sin(radians);
  const double x = static_cast<double>(size.x - 1) / 2, y = static_cast<double>(size.y - 1) / 2;
  const Affine turn{{{{c, -s, 0, x - c * x + s * y}, {s, c, 0, y - s * x - c * y}, {0, 0, 1, 0}}}};
  Affine scaled;
  for (int a = 0; a < 3; ++a) scaled.rows[a][a] = axes[a].step, scaled.rows[a][3] = axes[a].first;
  return turn * scaled;
}

Affine sheared(Size3 size, double step) {
  Affine shear;
  shear.rows[1][2] = step, shear.rows[1][3] = -step * static_cast<double>(size.z / 2);
  return shear;
}

SmallVolume small_volume(std::istream& words, std::span<const std::int16_t> voxels, Size3 size) {
  std::int64_t stride = 1, above = 0;
  words >> stride >> above;
  const auto count = [&](std::int64_t full) { return (full + stride - 1) / stride; };
  SmallVolume small{{count(size.x), count(size.y), count(size.z)}, {}, {}};
  for (std::int64_t z = 0; z < size.z; z += stride) {
    for (std::int64_t y = 0; y < size.y; y += stride) {
      for (std::int64_t x = 0; x < size.x; x += stride) {
        const std::int16_t value = voxels[static_cast<std::size_t>((z * size.y + y) * size.x + x)];
        small.voxels.push_back(value);
        small.mask.push_back(value > above ? 1 : 0);
      }
    }
  }
  return small;
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
