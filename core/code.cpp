#include "core/code.h"

#include <algorithm>
#include <array>

namespace naru {

namespace {

constexpr std::array kCodes = {
    CodeInfo{Code::not_dicom, "not_dicom", "The file is not DICOM.",
             "Leave it out of the export, or ignore this line."},
    CodeInfo{Code::truncated, "truncated", "The file ends before its data do.", "Export it from the PACS again."},
    CodeInfo{Code::corrupt, "corrupt", "The file contradicts itself or its pixels cannot be decoded.",
             "Export it from the PACS again, or ask the vendor."},
    CodeInfo{Code::unsupported_transfer_syntax, "unsupported_transfer_syntax",
             "The pixels are compressed in a way that this version does not read.",
             "Ask the PACS to export uncompressed or JPEG-LS."},
    CodeInfo{Code::unsupported_sop_class, "unsupported_sop_class",
             "Its SOP class or its kind of pixels is not handled: prepare takes CT, MR and PET images with grey values "
             "of 8 or "
             "16 bits, deidentify all standard classes of patients but sounds.",
             "Nothing, if it is not wanted; of a private class, export it as a standard one."},
    CodeInfo{Code::no_pixels, "no_pixels", "The object holds no pixel data.", "Export it with its pixel data."},
    CodeInfo{Code::not_selected, "not_selected", "The recipe does not select it.", "Change [select] in the recipe."},
    CodeInfo{Code::localizer, "localizer", "It is a localiser (scout), not part of a volume.", "Nothing."},
    CodeInfo{Code::duplicate_instance, "duplicate_instance", "The same instance was given more than once.", "Nothing."},
    CodeInfo{Code::duplicate_identifier_different_pixels, "duplicate_identifier_different_pixels",
             "Two files share a SOP Instance UID but differ.", "Find out which one is right and give only that one."},
    CodeInfo{Code::missing_geometry, "missing_geometry",
             "Position, orientation, spacing or size is missing or impossible.",
             "Export the original series, not a derived one."},
    CodeInfo{Code::encrypted, "encrypted", "The file or archive member is encrypted.", "Decrypt it first."},
    CodeInfo{Code::too_large, "too_large", "A size stated in the file exceeds the limits.",
             "Check the file; raise --memory if it is right."},
    CodeInfo{Code::charset_undecodable, "charset_undecodable", "A text value cannot be decoded.",
             "Correct Specific Character Set (0008,0005)."},
    CodeInfo{Code::deid_incomplete, "deid_incomplete", "De-identification could not be proven.",
             "It is never delivered as it is. deid.jsonl names the stage: correct or re-export the file, add a rule to "
             "[deidentify] attributes, or leave it out."},
    CodeInfo{Code::text_suspected, "text_suspected", "The pixels may hold burned-in text.",
             "Decide about it with naru review."},
    CodeInfo{Code::face_present, "face_present", "The volume shows a face.", "Decide about it with naru review."},
    CodeInfo{Code::unreadable, "unreadable", "The file could not be opened or read.",
             "Check its permissions and the disk."},
    CodeInfo{Code::gap, "gap", "Slices are missing between the first and the last.",
             "Export the whole series from the PACS again, or say in the recipe how to go on ([geometry] gap)."},
    CodeInfo{Code::variable_spacing, "variable_spacing", "The distance between slices changes within the stack.",
             "Export the parts of constant spacing as series of their own."},
    CodeInfo{Code::gantry_tilt, "gantry_tilt", "The slices are sheared: the gantry was tilted.",
             "Nothing where it was straightened or kept; else export the original series."},
    CodeInfo{Code::overlapping, "overlapping", "Slices are thicker than their distance.", "Nothing."},
    CodeInfo{Code::duplicate_slices, "duplicate_slices", "Slices at one position hold the same pixels.", "Nothing."},
    CodeInfo{Code::mixed_orientation, "mixed_orientation", "The series holds several orientations.", "Nothing."},
    CodeInfo{
        Code::mixed_phase, "mixed_phase", "Several different images share one position (phases, times, b-values).",
        "Nothing where they became a 4-D case or cases of their own; else export each phase as a series of its own."},
    CodeInfo{Code::mixed_echo, "mixed_echo", "The series holds several echoes.", "Nothing."},
    CodeInfo{Code::single_slice, "single_slice", "The stack has one slice only.",
             "Nothing where it became a case; else export it with Slice Thickness (0018,0050)."},
    CodeInfo{Code::slice_order_from_position, "slice_order_from_position",
             "Instance numbers disagree with positions; positions decide.", "Nothing."},
    CodeInfo{Code::per_slice_rescale, "per_slice_rescale",
             "Rescale slope or intercept changes between slices, or makes no value in some.",
             "Nothing where it was repaired; else export the series as the scanner wrote it."},
    CodeInfo{Code::mosaic, "mosaic", "A mosaic: many slices in one image.",
             "Nothing where it was cut into slices; else export it with its private (CSA) header and Spacing Between "
             "Slices (0018,0088), or as enhanced or classic slices."},
    CodeInfo{
        Code::enhanced_multiframe, "enhanced_multiframe", "An enhanced multi-frame object.",
        "Nothing where it was read; else export it with its functional groups, or as classic single-frame slices."},
    CodeInfo{Code::mixed_patient, "mixed_patient", "One study or series holds several patients.",
             "Have the PACS team put the images under the right patient; nothing of it leaves."},
    CodeInfo{Code::mixed_frame_of_reference, "mixed_frame_of_reference",
             "The series holds several frames of reference: the patient was set up anew, or each image was given one.",
             "Nothing."},
    CodeInfo{Code::mixed_acquisition, "mixed_acquisition", "The series holds several acquisitions or stacks.",
             "Nothing where each became a stack; else export each as a series of its own."},
    CodeInfo{Code::mixed_kernel, "mixed_kernel", "The series holds several reconstruction kernels.", "Nothing."},
    CodeInfo{Code::units_unknown, "units_unknown", "The header of the CT does not say that its values are HU.",
             "Look whether they are; else leave the series out, or export it as the scanner wrote it."},
    CodeInfo{Code::units_not_hu, "units_not_hu", "The header of the CT says that its values are no HU.",
             "Take a recipe without clip, such as original-grid, or export the series in HU."},
    CodeInfo{Code::philips_scale_missing, "philips_scale_missing",
             "The recipe asks for Philips' precise values, and the headers lack the private scale for them.",
             "Export the series with its private attributes, or take philips_scale = \"display\"."},
    CodeInfo{Code::unused_bits_set, "unused_bits_set",
             "Pixels have bits above Bits Stored that neither their sign nor an overlay accounts for.",
             "Export the series as the scanner wrote it, or have Bits Stored (0028,0101) and High Bit (0028,0102) "
             "corrected: read as stated, large values would be small ones."},
};
static_assert(kCodes.size() == static_cast<std::size_t>(Code::unused_bits_set) + 1);

constexpr std::array kNotes = {
    NoteInfo{Note::no_preamble, "no_preamble", "The file starts without preamble."},
    NoteInfo{Note::no_meta_header, "no_meta_header", "There is no File Meta Information; the encoding was inferred."},
    NoteInfo{Note::wrong_transfer_syntax, "wrong_transfer_syntax",
             "The data set is encoded otherwise than its File Meta Information says."},
    NoteInfo{Note::wrong_vr, "wrong_vr", "An attribute has a wrong value representation."},
    NoteInfo{Note::odd_length, "odd_length", "A value has an odd length."},
    NoteInfo{Note::trailing_bytes, "trailing_bytes", "There are bytes after the pixels that belong to no element."},
    NoteInfo{Note::overlay_in_pixels, "overlay_in_pixels",
             "The header places an overlay in unused bits of the pixels; it was masked."},
    NoteInfo{Note::missing_delimiter, "missing_delimiter", "A sequence, item or pixel data lacks its end mark."},
};
static_assert(kNotes.size() == static_cast<std::size_t>(Note::missing_delimiter) + 1);

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo& info(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

std::string_view name(Code code) { return info(code).name; }

std::optional<Code> code_from_name(std::string_view name) {
  const auto found = std::ranges::find(kCodes, name, &CodeInfo::name);
  if (found == kCodes.end()) return std::nullopt;
  return found->code;
}

std::span<const NoteInfo> all_notes() { return kNotes; }

std::string_view name(Note note) { return kNotes[static_cast<std::size_t>(note)].name; }

std::string_view name(Disposition disposition) {
  constexpr std::array kNames = {"used", "excluded", "quarantined", "rejected"};
  return kNames[static_cast<std::size_t>(disposition)];
}

std::string_view name(Verdict verdict) {
  constexpr std::array kNames = {"accept", "repair", "reject"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace naru
