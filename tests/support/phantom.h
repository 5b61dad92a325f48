/// Synthetic CT and MR series, written as DICOM files whose truth is known: an analytic function of patient position.
///
/// Nothing here comes from a patient. UIDs lie under 2.999, the arc for examples; the same options give the same files.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"

namespace naru::test {

/// What is wrong with the series, by the names that `naru_phantom --fault` takes.
enum class Fault {
  none,
  missing_slices,          ///< the slices at a quarter and at half of the stack
  duplicate_slice,         ///< the middle slice a second time, under another SOP Instance UID
  localizer,               ///< a coronal scout in the same series
  two_phases,              ///< every position twice, with other pixels
  truncated,               ///< the middle file ends within its pixels
  short_pixel_data,        ///< Pixel Data of the middle slice holds half of its rows
  zero_rows,               ///< in the middle slice
  absurd_rows,             ///< in the middle slice: 65535
  absurd_frames,           ///< in the middle slice: a thousand million
  variable_spacing,        ///< twice the distance in the second half
  gantry_tilt,             ///< 15 degrees
  wrong_instance_numbers,  ///< in no order of space
  per_slice_rescale,       ///< the middle slice has another intercept
};
struct FaultName {
  Fault fault;
  std::string_view name;
};
std::span<const FaultName> all_faults();

/// Transfer syntaxes that the generator writes, by the names that `naru_phantom --transfer-syntax` takes. In the lossy
/// JPEG ones the encoder stretches the stored values linearly over the range, so that HU are lost.
struct SyntaxName {
  std::string_view name;
  std::string_view uid;
  bool is_lossless;
};
std::span<const SyntaxName> all_syntaxes();

/// A whole file in another transfer syntax, with the encoders and parameters of `write_series`.
std::string recoded(const std::string& file, std::string_view transfer_syntax_uid);

struct Rescale {
  double slope = 1;
  double intercept = -1024;
};

struct PhantomOptions {
  std::string modality = "CT";  ///< CT or MR
  Size3 size{64, 64, 20};
  Vec3 spacing_mm{0.8, 0.8, 1.25};
  Vec3 row_direction{1, 0, 0}, column_direction{0, 1, 0};  ///< unit vectors, LPS
  Vec3 origin_mm{-25, -25, -10};                           ///< centre of voxel (0, 0, 0)
  Vec3 extra_step_mm{};                                    ///< added to the step between slices: what shears the stack
  std::string transfer_syntax_uid = "1.2.840.10008.1.2.1";
  int bits_allocated = 16;
  int bits_stored = 16;
  bool is_signed = true;
  std::optional<Rescale> rescale = Rescale{};     ///< for MR, give {}
  std::optional<double> slice_thickness_mm = {};  ///< the spacing where not given; no element where not positive
  std::optional<double> spacing_between_slices_mm = {};
  bool falling_instance_numbers = false;
  std::string image_type = "ORIGINAL\\PRIMARY\\AXIAL";
  int echo_number = 1;
  double echo_time_ms = 10;
  std::string patient_id = "PHANTOM-1";
  std::string study_uid = "2.999.1.1";
  std::string series_uid = "2.999.1.1.1";  ///< SOP Instance UIDs are this and a number
  std::string file_prefix = "IM";
  std::string token;  ///< planted in every text element, in private elements and in nested sequences
  unsigned seed = 0;  ///< moves the ellipsoids
  double noise = 0;  ///< standard deviation of normal noise, in units, added to every voxel; the same for the same seed
  Fault fault = Fault::none;
};

/// What was written, in the order of k; extra files of a fault (copies, phases, scouts) come last.
struct WrittenSeries {
  std::vector<std::filesystem::path> files;
  Grid grid;  ///< of the whole series without its fault
};

/// Writes the series into `folder`, which is created. @throws std::runtime_error where a file cannot be written
WrittenSeries write_series(const PhantomOptions& options, const std::filesystem::path& folder);

/// The grid that the options describe.
Grid phantom_grid(const PhantomOptions& options);

/// The true value (HU for CT) at a point of the patient: a ramp, a body and two ellipsoids within it.
/// A voxel holds it rounded to the nearest stored value.
class PhantomField {
 public:
  explicit PhantomField(const PhantomOptions& options);
  double operator()(const Vec3& p_in_patient) const;

 private:
  bool is_ct_;
  double seed_shift_;
  Vec3 center_mm_, half_mm_;
};

}  // namespace naru::test
