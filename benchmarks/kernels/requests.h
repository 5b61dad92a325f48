/// Programs that stay alive and are asked for one operation at a time, so that ours and a peer's take turns on the same
/// volume (benchmarks/speed/operations.py).
///
/// Each line of standard input is a request: words, the first of which names the operation. Each line of standard
/// output is its answer: seconds, then what was found; or "unsupported" and a reason.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "core/geometry.h"

namespace naru::bench {

/// Of the volume, as benchmarks/speed/grids.py has it.
inline constexpr Vec3 kSpacingMm{0.7, 0.7, 1.25};

/// Answers requests until standard input ends. `answer` reads the words of one; what it throws becomes "unsupported".
void serve(const std::function<std::string(std::istream&)>& answer);

/// The int16 voxels of a file without header. @throws std::runtime_error where it is not of that size
std::vector<std::int16_t> read_volume(const std::string& path, Size3 size);

/// Three times "count step first": the target's axes in voxels of the source, as in `AxisSteps`.
std::array<AxisSteps, 3> read_axes(std::istream& words);
Size3 size_of(const std::array<AxisSteps, 3>& axes);

/// source_from_target of these axes, after a turn of so many degrees about z and the centre of a source of `size`.
Affine turned(const std::array<AxisSteps, 3>& axes, Size3 size, double degrees);

/// source_from_target of a stack whose slice k lies `step` * (k - z / 2) voxels along y from where it should.
Affine sheared(Size3 size, double step);

/// Every so many-th voxel along each axis, and 1 where it is above a value.
struct SmallVolume {
  Size3 size;
  std::vector<float> voxels;
  std::vector<std::uint8_t> mask;
};

/// Of a volume of `size`. @param words "STRIDE ABOVE"
SmallVolume small_volume(std::istream& words, std::span<const std::int16_t> voxels, Size3 size);

/// Writes `size_bytes` from `data` to the file that the next word names. Does nothing where there is none.
void write_if_asked(std::istream& words, const void* data, std::size_t size_bytes);

/// The seconds that `call` takes.
double seconds_of(const std::function<void()>& call);

/// An answer. Values in full precision.
std::string answer_of(double seconds, const std::vector<double>& values = {});

}  // namespace naru::bench
