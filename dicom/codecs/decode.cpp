#include "dicom/codecs/decode.h"

#include "dicom/codecs/openjpeg.h"
#include "dicom/dcmtk/codecs.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

bool decode_j2k(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out) {
  const Bytes codestream = find_codestream(frame);
  const auto header = read_j2k_header(codestream);
  const bool matches = header && header->columns == format.columns && header->rows == format.rows &&
                       header->components == format.samples_per_pixel &&
                       header->precision_bits <= format.bits_allocated;
  if (!matches || !decode_openjpeg(codestream, *header, out)) return false;
  // Streams hold values without the bits below them that High Bit may leave: they are put where the header has them.
  const int shift = header->precision_bits <= format.bits_stored ? format.high_bit + 1 - format.bits_stored : 0;
  if (shift > 0) {
    for (std::uint16_t& value : out) value = static_cast<std::uint16_t>(value << shift);
  }
  return true;
}

}  // namespace

void initialize() { initialize_dcmtk(); }

std::optional<Code> decode_frame(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out) {
  const SyntaxInfo* syntax = find_syntax(format.transfer_syntax_uid);
  if (syntax == nullptr) return Code::unsupported_transfer_syntax;
  bool is_decoded = false;
  switch (syntax->codec) {
    case Codec::none: return Code::unsupported_transfer_syntax;
    case Codec::dcmtk: is_decoded = decode_dcmtk(frame, format, out); break;
    case Codec::openjpeg: is_decoded = decode_j2k(frame, format, out); break;
  }
  return is_decoded ? std::nullopt : std::optional(Code::corrupt);
}

}  // namespace naru::dicom
