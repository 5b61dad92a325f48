/// A generated head as a series of DICOM slices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/dicom/slice_bytes.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/generated_head.h"

namespace naru::test {

/// Axial slices of 3 mm voxels, stored as signed 16 bits: HU + 1024 for CT, as it is for MR.
class HeadSeries {
 public:
  explicit HeadSeries(const GeneratedHead& head, const PatientGrid& grid = head_grid(3))
      : head_(head), grid_(grid), values_(values_of(head, grid_)) {}

  const PatientGrid& grid() const { return grid_; }
  std::int64_t slice_count() const { return grid_.size.z; }
  bool is_ct() const { return head_.is_ct; }

  int stored(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const float value = values_[static_cast<std::size_t>(x + grid_.size.x * (y + grid_.size.y * z))];
    return static_cast<int>(value) + (head_.is_ct ? 1024 : 0);
  }
  int stored_air() const { return head_.is_ct ? 24 : 4; }
  GeneratedHead::Tissue tissue(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return head_.at(grid_.center(x, y, z));
  }

  SliceBytes slice(const std::string& patient, std::int64_t z) const {
    SliceBytes slice = slice_of(patient, static_cast<int>(z) + 1);
    slice.number(0x00280010, static_cast<std::uint16_t>(grid_.size.y));
    slice.number(0x00280011, static_cast<std::uint16_t>(grid_.size.x));
    slice.text(0x00280030, "DS", "3\\3").text(0x00180050, "DS", "3");
    const Vec3 place = grid_.center(0, 0, z);
    slice.text(0x00200032, "DS",
               std::to_string(place[0]) + "\\" + std::to_string(place[1]) + "\\" + std::to_string(place[2]));
    std::string pixels;
    for (std::int64_t y = 0; y < grid_.size.y; ++y) {
      for (std::int64_t x = 0; x < grid_.size.x; ++x) {
        const auto value = static_cast<std::uint16_t>(stored(x, y, z));
        pixels += static_cast<char>(value & 0xFF);
        pixels += static_cast<char>(value >> 8);
      }
    }
    slice.raw(0x7FE00010, "OW", pixels);
    if (head_.is_ct) return slice;
    slice.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.4").text(0x00080060, "CS", "MR");
    return slice.remove(0x00281052).remove(0x00281053);
  }

 private:
  GeneratedHead head_;
  PatientGrid grid_;
  std::vector<float> values_;
};

/// The value at byte `at`.
inline int stored_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::int16_t>(static_cast<unsigned char>(bytes[at]) | static_cast<unsigned char>(bytes[at + 1])
                                                                               << 8);
}

}  // namespace naru::test
