/// Free text inside pixel streams and colour profiles: found, and overwritten in place, so that no length or offset
/// changes and the image decodes to the same values.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::dicom {

/// What was overwritten: counts only.
struct EmbeddedText {
  std::size_t comments = 0;  ///< COM, APPn, CME, CIEL text and the like that no table knows as harmless
  std::size_t bytes = 0;     ///< of their payloads
  bool is_sound = true;      ///< false: the stream's markers cannot be followed; the instance must be quarantined
  bool is_changed() const { return comments > 0; }
};

/// What a compressed frame's first bytes say it is.
enum class PixelStreamKind {
  jpeg,       ///< JPEG or JPEG-LS
  jpeg_2000,  ///< a raw codestream, high throughput or not, or a JP2 file
  other,      ///< RLE, or nothing that is known here
};

/// Asked by those who know the transfer syntax: a frame that is not what it should be was not cleaned.
PixelStreamKind pixel_stream_kind(std::span<const std::byte> frame);

/// One whole compressed frame (all its fragments joined), JPEG (ISO 10918-1, 14495-1) or JPEG 2000 (raw codestream or
/// JP2 boxes), told apart by its first bytes. Payloads of COM, APPn (but APP14 Adobe and a JFIF APP0 without thumbnail,
/// which hold no text and matter to decoders), JPEG 2000 COM (CME), and JP2 boxes of text (xml, uuid, uinf) are
/// overwritten by spaces unless they are the signature of a known encoder (a table of exact patterns such as
/// "Created by OpenJPEG version 2.5.0"). Kept as well: SPIFF's header and HP's colour transform (APP8). ICC profiles in
/// them are cleaned as by clean_icc_profile; thumbnails (JFIF, JFXX) and bytes after the end mark (EOI, EOC) are set to
/// zero, but for a single byte of padding. Works on `frame` in place; where the result is not sound, part of it may
/// have been overwritten. RLE and unknown streams are left alone and sound: see pixel_stream_kind.
EmbeddedText clean_pixel_stream(std::span<std::byte> frame);

/// True where clean_pixel_stream would change something or find the stream unsound: asked first, so that untouched
/// pixels are not copied.
bool needs_cleaning(std::span<const std::byte> frame);

/// An ICC profile (ISO 15076-1): texts ('desc', 'text', 'mluc' of tags such as desc, cprt, dmnd, dmdd, targ and private
/// tags) are overwritten by spaces, or zeros where their form is unknown, unless known ("sRGB IEC61966-2.1" and the
/// like); date and profile id are zeroed, but for the date of a published profile whose texts are all known. Curves and
/// matrices stay. In place. `is_sound` is false where the tag table does not fit.
EmbeddedText clean_icc_profile(std::span<std::byte> profile);

}  // namespace naru::dicom
