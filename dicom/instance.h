/// One DICOM file, as facts. These hold identifiers: they stay on the hospital's side, never in a log line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/code.h"
#include "core/geometry.h"

namespace naru::dicom {

/// Limits on what a file may claim before anything is allocated for it.
inline constexpr std::int64_t kMaxRowsOrColumns = 16384;
/// How much of a file `read_instance` needs to see: all headers end well before it.
inline constexpr std::size_t kHeaderPrefixBytes = std::size_t{16} << 20;

/// How the pixels are stored (PS3.3 C.7.6.3).
struct PixelFormat {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  int bits_allocated = 0;
  int bits_stored = 0;
  int high_bit = 0;
  bool is_signed = false;
  std::string transfer_syntax_uid;
  bool is_encapsulated = false;
  bool is_big_endian = false;
  std::uint64_t offset_bytes = 0;  ///< of the value of Pixel Data within the file (within the inflated data set where
                                   ///< the file is deflated)
  std::uint64_t deflated_from_bytes = 0;  ///< where the deflated data set begins in the file; deflated only
  std::uint64_t length_bytes = 0;         ///< of that value as stated; uncompressed only
};

struct Instance {
  // Identity.
  std::string sop_class_uid, sop_instance_uid, study_uid, series_uid;
  std::string patient_id, issuer_of_patient_id;  ///< may be empty
  // What it is.
  std::string modality;                 ///< "CT" or "MR" for a usable instance
  std::string manufacturer, body_part;  ///< as found: free text, must pass an allow-list before it leaves
  std::vector<std::string> image_type;
  std::optional<std::int64_t> instance_number;
  bool is_localizer = false;
  bool burned_in_annotation = false;  ///< (0028,0301) is YES; NO proves nothing
  std::string echo;                   ///< Echo Number(s) and Echo Time joined: differs between echoes
  // Where it is (patient frame, LPS, mm).
  Vec3 position_mm{};
  Vec3 row_direction{}, column_direction{};  ///< unit vectors; i runs along row_direction
  double spacing_i_mm = 0, spacing_j_mm = 0;
  std::optional<double> slice_thickness_mm, spacing_between_slices_mm;
  // What a stored value means: units = slope * stored + intercept (HU for CT).
  double rescale_slope = 1, rescale_intercept = 0;
  bool has_rescale = false;
  PixelFormat pixels;
};

/// Outcome of reading one file's header. Usable: `reason` is empty. Not usable: `reason` says why, and `instance` is
/// present where the file is known to be a slice of a series nevertheless (then the series lacks that slice);
/// `sop_instance_uid` is filled whenever it could be read.
struct HeaderResult {
  std::optional<Instance> instance;
  std::optional<Code> reason;
  std::string sop_instance_uid;
};

/// Registers DCMTK's decoders and silences its logger. Call once, before anything else here; cheap to call again.
void initialize();

/// Reads the header of one file.
/// @param prefix the file's first min(file_size, kHeaderPrefixBytes) bytes
/// @param file_size_bytes the size of the whole file, against which Pixel Data's length is checked
/// Thread-safe after `initialize()`; never throws for bad content and allocates nothing that the content sizes.
/// Source: PS3.5 (encoding), PS3.10 (files), PS3.3 C.7.6.2 (image plane), C.7.6.3 (image pixel), C.11.1 (rescale).
HeaderResult read_instance(std::span<const std::byte> prefix, std::uint64_t file_size_bytes);

/// Names of the transfer syntaxes that `read_pixels` decodes, with their UIDs: for `naru doctor`.
struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
};
std::span<const TransferSyntax> decodable_transfer_syntaxes();

}  // namespace naru::dicom
