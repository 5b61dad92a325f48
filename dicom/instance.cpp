#include "dicom/instance.h"

#include <algorithm>
#include <limits>

#include "dicom/element_values.h"
#include "dicom/file_layout.h"
#include "dicom/functional_groups.h"
#include "dicom/inflate.h"
#include "dicom/mosaic.h"
#include "dicom/overlay_bits.h"
#include "dicom/pixel_checks.h"
#include "dicom/plane_values.h"
#include "dicom/vendor_values.h"

namespace naru::dicom {

namespace {

/// How the planes of a storage class are described.
enum class Planes { one, by_groups };

/// Storage classes that may hold slices (PS3.4 B.5).
struct SopClass {
  std::string_view uid;
  std::string_view modality;  ///< empty where Modality (0008,0060) says it: secondary captures
  Planes planes;
};
constexpr std::array kSopClasses = {
    SopClass{"1.2.840.10008.5.1.4.1.1.2", "CT", Planes::one},
    SopClass{"1.2.840.10008.5.1.4.1.1.4", "MR", Planes::one},
    SopClass{"1.2.840.10008.5.1.4.1.1.128", "PT", Planes::one},
    SopClass{"1.2.840.10008.5.1.4.1.1.7", "", Planes::one},              // Secondary Capture
    SopClass{"1.2.840.10008.5.1.4.1.1.7.2", "", Planes::by_groups},      // Multi-frame Grayscale Byte SC
    SopClass{"1.2.840.10008.5.1.4.1.1.7.3", "", Planes::by_groups},      // Multi-frame Grayscale Word SC
    SopClass{"1.2.840.10008.5.1.4.1.1.2.1", "CT", Planes::by_groups},    // Enhanced CT
    SopClass{"1.2.840.10008.5.1.4.1.1.2.2", "CT", Planes::by_groups},    // Legacy Converted Enhanced CT
    SopClass{"1.2.840.10008.5.1.4.1.1.4.1", "MR", Planes::by_groups},    // Enhanced MR
    SopClass{"1.2.840.10008.5.1.4.1.1.4.4", "MR", Planes::by_groups},    // Legacy Converted Enhanced MR
    SopClass{"1.2.840.10008.5.1.4.1.1.130", "PT", Planes::by_groups},    // Enhanced PET
    SopClass{"1.2.840.10008.5.1.4.1.1.128.1", "PT", Planes::by_groups},  // Legacy Converted Enhanced PET
};

const SopClass* find_sop_class(std::string_view uid) {
  const auto found = std::ranges::find(kSopClasses, uid, &SopClass::uid);
  return found == kSopClasses.end() ? nullptr : &*found;
}

std::optional<Code> first_of(std::initializer_list<std::optional<Code>> problems) {
  for (const auto& problem : problems) {
    if (problem) return problem;
  }
  return std::nullopt;
}

/// Why the object as a whole is none that Naru takes, and the modality where it is.
std::optional<Code> check_object(const FileLayout& layout, const HeaderValues& header, Instance& file) {
  file.sop_class_uid = header.text(kSopClassUid);
  if (file.sop_class_uid.empty() && !layout.has_magic) return Code::not_dicom;
  if (file.sop_class_uid.empty()) file.sop_class_uid = layout.media_storage_sop_class_uid;
  const SopClass* sop_class = find_sop_class(file.sop_class_uid);
  if (sop_class == nullptr) return Code::unsupported_sop_class;
  file.modality = modality_of(file.sop_class_uid, header.text(kModality));
  const bool is_slice = file.modality == "CT" || file.modality == "MR" || file.modality == "PT";
  if (!is_slice) return Code::unsupported_sop_class;
  const auto frames = integer(header.text(kNumberOfFrames));
  constexpr std::int64_t kMaxBelievableFrames = 65536;
  // Frames without groups have no places.
  const bool is_crowded = sop_class->planes == Planes::one && frames > 1 && frames <= kMaxBelievableFrames;
  return is_crowded ? std::optional(Code::enhanced_multiframe) : std::nullopt;
}

std::optional<Code> check_walk(const HeaderValues& header, const PixelDataSource& source) {
  if (header.end() == WalkEnd::pixel_data) return std::nullopt;
  if (header.end() == WalkEnd::malformed) return Code::corrupt;
  if (source.bytes.size() < source.total_bytes) return Code::too_large;  // headers that go on beyond the prefix
  return header.end() == WalkEnd::cut_short ? std::optional(Code::truncated) : std::nullopt;
}

OverlayPlanes read_overlay_planes(const HeaderValues& header) {
  OverlayPlanes planes;
  for (Tag n = 0; n < planes.size(); ++n) {
    const auto allocated = header.number(overlay_tag(n, kOverlayBitsAllocated));
    if (!allocated) continue;  // most images have none
    planes[n] = {allocated, header.number(overlay_tag(n, kOverlayBitPosition)),
                 header.has_own(overlay_tag(n, kOverlayData))};
  }
  return planes;
}

/// How the pixels are stored and where; colour is read but is none of a slice.
std::optional<Code> read_pixels_of(const HeaderValues& header, const SyntaxInfo* syntax, const PixelDataSource& source,
                                   HeaderResult& result, PixelFormat& format) {
  format.is_encapsulated = syntax == nullptr || syntax->is_encapsulated;
  format.is_big_endian = syntax != nullptr && syntax->encoding.is_big_endian;
  const bool has_floats =
      std::ranges::any_of(header.elements(), [](const auto& element) { return is_float_pixel_data(element.tag); });
  if (has_floats && header.end() != WalkEnd::pixel_data) return Code::unsupported_sop_class;
  format.overlay_bits = overlay_bits(read_overlay_planes(header));
  if (const auto problem = read_pixel_format(header, format)) return problem;
  format.padding_word = read_padding_word(header, format);
  const auto problem = syntax ? locate_pixels(header, *syntax, source, format, result.notes)
                              : std::optional(Code::unsupported_transfer_syntax);
  if (!problem) result.pixels = format;
  VoiLuts luts;
  result.shown = read_shown(header, format, luts);
  if (!problem && format.photometric_interpretation == "PALETTE COLOR") result.palette = read_palette(header);
  return is_colour(format) ? Code::unsupported_sop_class : problem;
}

/// Fills `result.planes`. @return why the planes cannot be used; those that have a place are there all the same
std::optional<Code> read_planes(const HeaderValues& header, Instance file, std::vector<Instance>& planes) {
  std::optional<Code> problem;
  if (find_sop_class(file.sop_class_uid)->planes == Planes::by_groups) {
    planes = read_frames(header, file, problem);
    return problem;
  }
  read_description(header, file);
  const auto rescale = read_rescale(header, file);
  const bool is_tiled = is_mosaic(header, file.image_type);
  const auto position = is_tiled && has_tile_positions(header) ? std::nullopt : read_position(header, file);
  const auto orientation = read_orientation(header, file);
  if (position || orientation) return is_tiled ? Code::mosaic : Code::missing_geometry;
  read_timing(header, file);
  file.philips_scale = read_philips_scale(header);
  if (is_tiled) {
    planes = read_tiles(header, file);
    return planes.empty() ? std::optional(Code::mosaic) : rescale;
  }
  planes.push_back(std::move(file));
  return rescale;
}

/// Tags that are read, with the VR that PS3.6 gives them, as far as a wrong one is met in files.
struct KnownVr {
  Tag tag;
  Vr value_representation;
};
constexpr std::array kKnownVrs = {
    KnownVr{kImageType, vr("CS")},
    KnownVr{kSopClassUid, vr("UI")},
    KnownVr{kSopInstanceUid, vr("UI")},
    KnownVr{kPatientId, vr("LO")},
    KnownVr{kImagePositionPatient, vr("DS")},
    KnownVr{kImageOrientationPatient, vr("DS")},
    KnownVr{kPixelSpacing, vr("DS")},
    KnownVr{kRows, vr("US")},
    KnownVr{kColumns, vr("US")},
    KnownVr{kBitsAllocated, vr("US")},
    KnownVr{kBitsStored, vr("US")},
    KnownVr{kRescaleSlope, vr("DS")},
    KnownVr{kRescaleIntercept, vr("DS")},
};

void add_notes(const FileLayout& layout, const HeaderValues& header, const PixelFormat& pixels,
               std::vector<Note>& notes) {
  const auto add = [&](bool is_so, Note note) {
    if (is_so && std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  };
  add(!layout.has_magic, Note::no_preamble);
  add(!layout.has_meta, Note::no_meta_header);
  const auto is_odd = [](const auto& element) { return element.value.size() % 2 != 0; };
  add(std::ranges::any_of(header.elements(), is_odd), Note::odd_length);
  const auto is_invalid = [](const auto& element) {
    return element.encoding.is_explicit_vr && element.value_representation != 0 &&
           !is_known_vr(element.value_representation);
  };
  const auto is_wrong = [&](const KnownVr& known) {
    const Vr stated = header.find(known.tag).value_representation;
    return stated != 0 && stated != known.value_representation;
  };
  add(std::ranges::any_of(header.elements(), is_invalid) || std::ranges::any_of(kKnownVrs, is_wrong), Note::wrong_vr);
  add(pixels.overlay_bits && std::ranges::any_of(read_overlay_planes(header), is_in_pixels), Note::overlay_in_pixels);
}

HeaderResult read_data_set(const FileLayout& layout, const SyntaxInfo* syntax, const PixelDataSource& source,
                           std::size_t offset) {
  // An unknown syntax is one of compressed pixels, whose headers are all explicit little endian (PS3.5 A.4).
  const HeaderValues header(source.bytes, offset, syntax ? syntax->encoding : Encoding{});
  HeaderResult result;
  result.sop_instance_uid = header.text(kSopInstanceUid);
  result.sop_class_uid = header.text(kSopClassUid);
  const bool is_open = header.end() == WalkEnd::cut_short || header.end() == WalkEnd::complete;
  result.needs_more = is_open && source.bytes.size() < source.total_bytes;
  Instance file;
  file.pixels.transfer_syntax_uid = layout.transfer_syntax_uid;
  const auto pixels = read_pixels_of(header, syntax, source, result, file.pixels);
  result.reason = check_object(layout, header, file);
  if (result.reason != Code::not_dicom) add_notes(layout, header, file.pixels, result.notes);
  if (result.reason) return result;

  const auto unsupported = syntax ? std::nullopt : std::optional(Code::unsupported_transfer_syntax);
  const auto walk = check_walk(header, source);
  const auto identity = read_identity(header, file);
  // A screenshot in colour, a map of floats: no slices.
  if (pixels == Code::unsupported_sop_class) {
    result.reason = first_of({unsupported, walk, identity, pixels});
    return result;
  }
  file.columns = file.pixels.columns;
  file.rows = file.pixels.rows;
  file.window = result.shown.window;
  file.more_windows = result.shown.more_windows;
  const auto planes = read_planes(header, file, result.planes);
  result.reason = first_of({unsupported, walk, identity, planes, pixels});
  if (identity) result.planes.clear();
  return result;
}

HeaderResult read_file(const FileLayout& layout, std::span<const std::byte> prefix, std::uint64_t file_size_bytes) {
  const SyntaxInfo* syntax = find_syntax(layout.transfer_syntax_uid);
  if (!syntax || !syntax->is_deflated) {
    const std::uint64_t total_bytes = std::max<std::uint64_t>(file_size_bytes, prefix.size());
    const auto found = syntax ? contradicting_encoding(prefix, layout.data_set_offset, syntax->encoding) : std::nullopt;
    if (!found) return read_data_set(layout, syntax, {prefix, total_bytes}, layout.data_set_offset);
    SyntaxInfo as_found = *syntax;
    as_found.encoding = *found;
    HeaderResult result = read_data_set(layout, &as_found, {prefix, total_bytes}, layout.data_set_offset);
    result.notes.push_back(Note::wrong_transfer_syntax);
    return result;
  }
  // How long the whole stream expands to is unknown: what the bound cuts off is taken as present.
  const auto inflated = inflate_prefix(prefix.subspan(layout.data_set_offset), kHeaderPrefixBytes);
  const bool is_cut = inflated.size() == kHeaderPrefixBytes || prefix.size() < file_size_bytes;
  const std::uint64_t total_bytes = is_cut ? std::numeric_limits<std::uint64_t>::max() : inflated.size();
  HeaderResult result = read_data_set(layout, syntax, {inflated, total_bytes}, 0);
  for (Instance& plane : result.planes) plane.pixels.deflated_from_bytes = layout.data_set_offset;
  if (result.pixels) result.pixels->deflated_from_bytes = layout.data_set_offset;
  result.needs_more = inflated.size() < kHeaderPrefixBytes;  // only the end tells whether the stream is whole
  return result;
}

}  // namespace

std::string_view modality_of(std::string_view sop_class_uid, std::string_view stated) {
  const SopClass* const sop_class = find_sop_class(sop_class_uid);
  return sop_class == nullptr || sop_class->modality.empty() ? stated : sop_class->modality;
}

HeaderResult read_instance(std::span<const std::byte> prefix, std::uint64_t file_size_bytes) {
  const auto layout = read_layout(prefix);
  HeaderResult result;
  if (layout) {
    result = read_file(*layout, prefix, file_size_bytes);
  } else {
    result.reason = is_cms_envelope(prefix) ? Code::encrypted : Code::not_dicom;
  }
  const bool is_cut_in_meta = layout && layout->is_cut && prefix.size() >= file_size_bytes;
  if (is_cut_in_meta) result.reason = Code::truncated;
  result.needs_more = (result.needs_more || (layout && layout->is_cut)) && prefix.size() < file_size_bytes;
  return result;
}

}  // namespace naru::dicom
