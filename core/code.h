/// Reason and finding codes: what Naru says of one input file or of one stack of slices.
///
/// The same words stand in `inputs.jsonl` (reason), `series.jsonl` and `manifest.jsonl` (findings). A code is added to
/// the table in code.cpp first; docs/conventions.md lists the same table and a test compares the two.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru {

enum class Code {
  // One input file.
  not_dicom,
  truncated,
  corrupt,
  unsupported_transfer_syntax,
  unsupported_sop_class,
  no_pixels,
  not_selected,
  localizer,
  duplicate_instance,
  duplicate_identifier_different_pixels,
  missing_geometry,
  encrypted,
  too_large,
  charset_undecodable,
  deid_incomplete,
  text_suspected,
  face_present,
  unreadable,
  // One stack of slices.
  gap,
  variable_spacing,
  gantry_tilt,
  overlapping,
  duplicate_slices,
  mixed_orientation,
  mixed_phase,
  mixed_echo,
  single_slice,
  slice_order_from_position,
  per_slice_rescale,
  mosaic,
  enhanced_multiframe,
  mixed_patient,
  mixed_frame_of_reference,
  mixed_acquisition,
  mixed_kernel,
  units_unknown,
  units_not_hu,
  philips_scale_missing,
  unused_bits_set,
};

/// One row of the table of codes.
struct CodeInfo {
  Code code;
  std::string_view name;     ///< as written in JSON
  std::string_view meaning;  ///< one sentence for a person
  std::string_view remedy;   ///< what that person can do
};

/// All codes in the order of the enumeration.
std::span<const CodeInfo> all_codes();
const CodeInfo& info(Code code);
std::string_view name(Code code);
std::optional<Code> code_from_name(std::string_view name);

/// What a reader had to forgive in one file: it was read all the same, and `inputs.jsonl` says so.
enum class Note {
  no_preamble,            ///< the file starts without preamble and "DICM"
  no_meta_header,         ///< no File Meta Information: the transfer syntax was inferred
  wrong_transfer_syntax,  ///< the data set is encoded otherwise than the File Meta Information says
  wrong_vr,               ///< an attribute has another VR than PS3.6 gives it, or one that does not exist
  odd_length,             ///< a value of odd length
  trailing_bytes,         ///< bytes after the last element, or pixel data longer than the image
  overlay_in_pixels,      ///< bits outside Bits Stored are used (an overlay of old): they are masked off
  missing_delimiter,      ///< a sequence, item or pixel data without its end mark
};

/// One row of the table of notes.
struct NoteInfo {
  Note note;
  std::string_view name, meaning;
};
std::span<const NoteInfo> all_notes();
std::string_view name(Note note);

/// What became of one input file.
enum class Disposition { used, excluded, quarantined, rejected };
std::string_view name(Disposition disposition);

/// What became of one stack: taken as it is, taken after a named repair, or not taken.
enum class Verdict { accept, repair, reject };
std::string_view name(Verdict verdict);

/// One observation about a stack. `detail` holds numbers only (counts, indices, mm, degrees), so that a finding can
/// never carry patient data.
struct Finding {
  Code code;
  std::vector<std::pair<std::string, double>> detail;
  std::string_view action;  ///< what Naru did: a literal, e.g. "ordered by position", "rejected"
};

}  // namespace naru
