/// One DICOM file, as facts: its image planes. These hold identifiers: they stay on the hospital's side, never in a log
/// line.
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
#include "dicom/image_class.h"
#include "dicom/palette.h"

namespace naru::dicom {

/// Limits on what a file may claim before anything is allocated for it.
inline constexpr std::int64_t kMaxRowsOrColumns = 16384;
inline constexpr std::int64_t kMaxFrames = 65536;
/// How much of a file `read_instance` needs to see: headers end well before it, also those of ten thousand frames.
inline constexpr std::size_t kHeaderPrefixBytes = std::size_t{64} << 20;

/// How the pixels of one frame are stored (PS3.3 C.7.6.3).
struct PixelFormat {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t frame_count = 1;
  int samples_per_pixel = 1;
  std::string photometric_interpretation;  ///< e.g. "MONOCHROME2"; may be empty, which is grey
  bool is_planar = false;                  ///< Planar Configuration 1: all of one colour, then the next
  int bits_allocated = 0;
  int bits_stored = 0;
  int high_bit = 0;
  bool is_signed = false;
  std::string transfer_syntax_uid;
  bool is_encapsulated = false;
  bool is_big_endian = false;
  bool is_bytes_in_words = false;             ///< 8-bit values in big-endian words (VR OW): exchanged in pairs
  std::optional<std::uint16_t> overlay_bits;  ///< that hold overlays, says the header: see dicom/overlay_bits.h
  std::uint16_t padding_word = 0;  ///< Pixel Padding Value where it goes beyond Bits Stored: see read_padding_word
  std::uint64_t offset_bytes = 0;  ///< of the value of Pixel Data within the file (within the inflated data set where
                                   ///< the file is deflated)
  std::uint64_t deflated_from_bytes = 0;  ///< where the deflated data set begins in the file; deflated only
  std::uint64_t length_bytes = 0;         ///< of that value as stated; uncompressed only
};

/// Philips' private scaling of MR values (2005,100E) and (2005,100D):
///   precise value = (stored - scale_intercept) / scale_slope, where display value = slope * stored + intercept.
struct PhilipsScale {
  double scale_slope = 1;
  std::optional<double> scale_intercept;  ///< empty where the header leaves it out: as good as 0
};

/// How a plane lies in its file.
enum class PlaneSource {
  single_frame,  ///< the file's only frame
  multi_frame,   ///< one frame of several, described by functional groups (PS3.3 C.7.6.16)
  mosaic,        ///< one tile of a frame that holds a whole volume (Siemens MOSAIC, UIH VFRAME)
};

/// What sets images of one position apart (diffusion, dynamic and cardiac series). Empty where the header is silent.
struct PlaneTiming {
  std::optional<std::int64_t> acquisition_number;  ///< (0020,0012)
  std::optional<std::int64_t> temporal_position;   ///< (0020,0100) or (0020,9128), 1-based
  std::optional<double> trigger_time_ms;           ///< (0018,1060) or (0020,9153)
  std::optional<double>
      acquisition_time_s;  ///< since 1970 where the date is known, else since midnight; or since the series began
  std::optional<double> content_time_s;     ///< (0008,0033)
  std::optional<double> inversion_time_ms;  ///< (0018,0082) or (0018,9079)
  std::optional<double> cardiac_phase_percent;  ///< Nominal Percentage of Cardiac Phase (0020,9241)
  std::optional<std::int64_t> asl_context;      ///< (0018,9257) or Philips': 0 M0, 1 control, 2 label
  /// Of a frame: its Dimension Index Values (0020,9157) but those of space. They count within one object or
  /// concatenation: between others they say nothing.
  std::vector<double> dimension_indices;
  std::optional<double> b_value_s_per_mm2;  ///< (0018,9087) or a vendor's
  std::optional<Vec3> gradient_direction;   ///< unit vector in the patient frame (LPS)
};

/// Of which concatenation a file is which part (PS3.3 C.7.6.16.2.2.4): one object in several files.
struct ConcatenationPart {
  std::string uid;
  std::int64_t number = 0, total = 0;  ///< number 1-based; each 0 where the header is silent
};

/// Two stored values, the smaller first, between which a grey image is shown: from black to white, or from white to
/// black where the slope is negative.
struct StoredWindow {
  double black = 0, white = 0;
};

/// One image plane: a single-frame file, one frame of a multi-frame file, or one tile of a mosaic.
struct Instance {
  // Identity. Planes of one file share their UIDs and differ in `plane`.
  std::string sop_class_uid, sop_instance_uid, study_uid, series_uid, frame_of_reference_uid;
  std::string patient_id, issuer_of_patient_id;  ///< may be empty
  std::size_t plane = 0;                         ///< 0-based within the file
  PlaneSource source = PlaneSource::single_frame;
  // What it is.
  std::string modality;                        ///< "CT", "MR" or "PT" for a usable instance
  std::string manufacturer, model, body_part;  ///< as found: free text, must pass an allow-list before it leaves
  std::vector<std::string> image_type;         ///< of a frame: Frame Type
  std::optional<std::int64_t> instance_number;
  bool is_localizer = false;
  bool burned_in_annotation = false;  ///< (0028,0301) is YES, or Image Type names a page of text; NO proves nothing
  ImageClass image_class = ImageClass::original;
  std::string echo;                   ///< Echo Number(s) and Echo Time joined: differs between echoes
  std::string complex_component;      ///< (0008,9208) or GE's: "MAGNITUDE", "PHASE", "REAL", "IMAGINARY"; may be empty
  std::string reconstruction_kernel;  ///< Convolution Kernel (0018,1210), values joined
  PlaneTiming timing;
  std::optional<ConcatenationPart> concatenation;  ///< enhanced multi-frame only
  std::string stack_id;                            ///< (0020,9056): which of several stacks of the series; may be empty
  // Where it is (patient frame, LPS, mm).
  Vec3 position_mm{};
  Vec3 row_direction{}, column_direction{};  ///< unit vectors; i runs along row_direction
  double spacing_i_mm = 0, spacing_j_mm = 0;
  std::optional<double> slice_thickness_mm, spacing_between_slices_mm;
  std::optional<double> slice_location_mm;    ///< (0020,1041): only shows that positions are wrong, never orders slices
  std::optional<double> gantry_tilt_degrees;  ///< (0018,1120) as stated; geometry comes from positions alone
  // What a stored value means: units = slope * stored + intercept (HU for CT).
  double rescale_slope = 1, rescale_intercept = 0;
  bool has_rescale = false;                           ///< the header states the slope, the intercept or both
  bool lacks_slope = false, lacks_intercept = false;  ///< states the other one alone
  std::string_view rescale_problem;                   ///< why its rescale serves nobody: a literal; empty where it does
  std::optional<PhilipsScale> philips_scale;          ///< Philips MR only
  std::string units;  ///< of the rescaled value: a term of units_term, or free text as found; may be empty
  std::optional<std::int64_t> padding_value;  ///< Pixel Padding Value (0028,0120), as stored
  std::optional<StoredWindow> window;         ///< the first Window Center and Window Width of the data set itself
  std::vector<StoredWindow> more_windows;     ///< see ShownValues
  // Where its pixels are: frame `frame` of Pixel Data; of it the part of columns x rows from (tile_i, tile_j) on.
  std::int64_t frame = 0, tile_i = 0, tile_j = 0;
  std::int64_t columns = 0, rows = 0;  ///< of the plane; for all but tiles the frame's
  PixelFormat pixels;                  ///< of a whole frame
};

/// How many windows of one image are looked at; nobody shows it in more.
inline constexpr std::size_t kMostWindows = 4;

/// How a header says that values are shown, in stored values.
struct ShownValues {
  std::optional<StoredWindow> window;  ///< the first Window Center and Window Width, through the rescale
  std::optional<std::int64_t> padding_value;
  bool is_rescaled_down = false;             ///< by a negative slope of the data set
  std::vector<StoredWindow> more_windows{};  ///< others in which it may be shown, kMostWindows at most
};

/// Outcome of reading one file's header. Usable: `reason` is empty. Not usable: `reason` says why, and `planes` are
/// present where the file is known to hold slices of a series nevertheless (then the series lacks those slices);
/// `sop_instance_uid` is filled whenever it could be read. `notes` lists what was read in spite of the standard.
struct HeaderResult {
  std::vector<Instance> planes;
  std::optional<Code> reason;
  std::string sop_instance_uid;
  std::vector<Note> notes;
  /// Of any object with pixels that can be located, slices or not (screenshots, ultrasound).
  std::optional<PixelFormat> pixels;
  std::optional<Palette> palette;  ///< of a PALETTE COLOR image
  ShownValues shown;               ///< of a grey one; of a multi-frame image what its data set itself says
  std::string sop_class_uid;
  /// The headers go on beyond `prefix`: ask again with more of the file, up to kHeaderPrefixBytes. All else is
  /// provisional then.
  bool needs_more = false;
};

/// Registers DCMTK's decoders and silences its logger. Call once, before anything else here; cheap to call again.
void initialize();

/// Reads the header of one file.
/// @param prefix the file's first bytes: as many as its headers take, which is said by `needs_more`, and no more than
/// kHeaderPrefixBytes. Fragments beyond it are not looked at: see check_fragments_of_file.
/// @param file_size_bytes the size of the whole file, against which Pixel Data's length is checked
/// Thread-safe after `initialize()`; never throws for bad content and allocates nothing that the content sizes.
/// Source: PS3.5 (encoding), PS3.10 (files), PS3.3 C.7.6.2 (image plane), C.7.6.3 (image pixel), C.11.1 (rescale).
HeaderResult read_instance(std::span<const std::byte> prefix, std::uint64_t file_size_bytes);

/// Modality as its SOP class says, where that is one of CT, MR or PET images; else `stated`, that of (0008,0060).
std::string_view modality_of(std::string_view sop_class_uid, std::string_view stated);

/// Names of the transfer syntaxes that `read_pixels` decodes, with their UIDs: for `naru doctor`.
struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
};
std::span<const TransferSyntax> decodable_transfer_syntaxes();

}  // namespace naru::dicom
