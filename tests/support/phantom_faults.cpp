#include <dcmtk/dcmdata/dcdeftag.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tests/support/phantom_slice.h"

namespace naru::test {

namespace {

using Slices = std::vector<PhantomSlice>;

Vec3 normal_of(const PhantomSlice& slice) { return cross(slice.row_direction, slice.column_direction); }

PhantomSlice& middle(Slices& slices) { return slices[slices.size() / 2]; }

/// Appends a copy of `slice` under an identifier of its own.
PhantomSlice& append_copy(Slices& slices, PhantomSlice slice) {
  slice.identifier = static_cast<int>(slices.size()) + 1;
  slice.instance_number = slice.identifier;
  return slices.emplace_back(std::move(slice));
}

void miss_slices(const PhantomOptions&, Slices& slices) {
  slices.erase(slices.begin() + static_cast<std::ptrdiff_t>(slices.size() / 2));
  slices.erase(slices.begin() + static_cast<std::ptrdiff_t>(slices.size() / 4));
}

void repeat_slice(const PhantomOptions&, Slices& slices) { append_copy(slices, middle(slices)); }

void add_localizer(const PhantomOptions&, Slices& slices) {
  PhantomSlice& scout = append_copy(slices, middle(slices));
  scout.image_type = "ORIGINAL\\PRIMARY\\LOCALIZER";
  scout.column_direction = -1 * normal_of(scout);
}

void add_phase(const PhantomOptions&, Slices& slices) {
  const std::size_t count = slices.size();
  for (std::size_t k = 0; k < count; ++k) append_copy(slices, slices[k]).added_value = 50;
}

void truncate_file(const PhantomOptions&, Slices& slices) { middle(slices).is_cut = true; }

void shorten_pixels(const PhantomOptions& options, Slices& slices) {
  const auto byte_count = static_cast<unsigned long>(options.size.x * (options.size.y / 2) * 2);
  middle(slices).damage = [byte_count](DcmDataset& data_set) {
    const std::vector<Uint16> half(byte_count / 2);
    data_set.putAndInsertUint16Array(DCM_PixelData, half.data(), byte_count / 2);
  };
}

void put_rows(Slices& slices, Uint16 rows) {
  middle(slices).damage = [rows](DcmDataset& data_set) { data_set.putAndInsertUint16(DCM_Rows, rows); };
}

void put_zero_rows(const PhantomOptions&, Slices& slices) { put_rows(slices, 0); }
void put_absurd_rows(const PhantomOptions&, Slices& slices) { put_rows(slices, 65535); }

void put_absurd_frames(const PhantomOptions&, Slices& slices) {
  middle(slices).damage = [](DcmDataset& data_set) { data_set.putAndInsertString(DCM_NumberOfFrames, "1000000000"); };
}

void widen_second_half(const PhantomOptions& options, Slices& slices) {
  const std::size_t half = slices.size() / 2;
  for (std::size_t k = half + 1; k < slices.size(); ++k) {
    const double extra_mm = static_cast<double>(k - half) * options.spacing_mm[2];
    slices[k].position_mm = slices[k].position_mm + extra_mm * normal_of(slices[k]);
  }
}

void tilt_gantry(const PhantomOptions& options, Slices& slices) {
  constexpr double kTiltDegrees = 15;
  const double drift_mm = options.spacing_mm[2] * std::tan(kTiltDegrees * std::numbers::pi / 180);
  for (std::size_t k = 0; k < slices.size(); ++k) {
    slices[k].position_mm = slices[k].position_mm + static_cast<double>(k) * drift_mm * slices[k].column_direction;
  }
}

void scramble_numbers(const PhantomOptions&, Slices& slices) {
  for (std::size_t k = 0; k + 1 < slices.size(); k += 2) {
    std::swap(slices[k].instance_number, slices[k + 1].instance_number);
  }
}

void change_rescale(const PhantomOptions&, Slices& slices) {
  Rescale other = middle(slices).rescale.value_or(Rescale{1, 0});
  other.intercept -= 1;
  middle(slices).rescale = other;
}

struct FaultRow {
  FaultName name;
  void (*apply)(const PhantomOptions&, Slices&);
};
constexpr std::array kFaults = {
    FaultRow{{Fault::none, "none"}, [](const PhantomOptions&, Slices&) {}},
    FaultRow{{Fault::missing_slices, "missing_slices"}, miss_slices},
    FaultRow{{Fault::duplicate_slice, "duplicate_slice"}, repeat_slice},
    FaultRow{{Fault::localizer, "localizer"}, add_localizer},
    FaultRow{{Fault::two_phases, "two_phases"}, add_phase},
    FaultRow{{Fault::truncated, "truncated"}, truncate_file},
    FaultRow{{Fault::short_pixel_data, "short_pixel_data"}, shorten_pixels},
    FaultRow{{Fault::zero_rows, "zero_rows"}, put_zero_rows},
    FaultRow{{Fault::absurd_rows, "absurd_rows"}, put_absurd_rows},
    FaultRow{{Fault::absurd_frames, "absurd_frames"}, put_absurd_frames},
    FaultRow{{Fault::variable_spacing, "variable_spacing"}, widen_second_half},
    FaultRow{{Fault::gantry_tilt, "gantry_tilt"}, tilt_gantry},
    FaultRow{{Fault::wrong_instance_numbers, "wrong_instance_numbers"}, scramble_numbers},
    FaultRow{{Fault::per_slice_rescale, "per_slice_rescale"}, change_rescale},
};

constexpr auto kFaultNames = [] {
  std::array<FaultName, kFaults.size()> names{};
  std::ranges::transform(kFaults, names.begin(), &FaultRow::name);
  return names;
}();

}  // namespace

std::span<const FaultName> all_faults() { return kFaultNames; }

void apply_fault(const PhantomOptions& options, std::vector<PhantomSlice>& slices) {
  const auto row = std::ranges::find(kFaults, options.fault, [](const FaultRow& r) { return r.name.fault; });
  row->apply(options, slices);
}

}  // namespace naru::test
