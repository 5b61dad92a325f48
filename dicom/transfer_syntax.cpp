#include "dicom/transfer_syntax.h"

#include <algorithm>
#include <array>

namespace naru::dicom {

namespace {

constexpr Encoding kImplicitLittle{false, false}, kExplicitLittle{true, false}, kExplicitBig{true, true};

constexpr std::array kSyntaxes = {
    SyntaxInfo{{"1.2.840.10008.1.2", "Implicit VR Little Endian"}, kImplicitLittle},
    SyntaxInfo{{"1.2.840.10008.1.2.1", "Explicit VR Little Endian"}, kExplicitLittle},
    SyntaxInfo{
        {"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian"}, kExplicitLittle, Codec::none, false, true},
    SyntaxInfo{{"1.2.840.10008.1.2.2", "Explicit VR Big Endian"}, kExplicitBig},
    SyntaxInfo{{"1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{
        {"1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (Process 6 and 8)"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{
        {"1.2.840.10008.1.2.4.55", "JPEG Full Progression (Process 10 and 12)"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.57", "JPEG Lossless (Process 14)"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{
        {"1.2.840.10008.1.2.4.70", "JPEG Lossless, First-Order Prediction"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless"}, kExplicitLittle, Codec::dcmtk, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.90", "JPEG 2000 (Lossless Only)"}, kExplicitLittle, Codec::openjpeg, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.91", "JPEG 2000"}, kExplicitLittle, Codec::openjpeg, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.201", "HTJ2K (Lossless Only)"}, kExplicitLittle, Codec::openjpeg, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.202", "HTJ2K with RPCL (Lossless Only)"}, kExplicitLittle, Codec::openjpeg, true},
    SyntaxInfo{{"1.2.840.10008.1.2.4.203", "HTJ2K"}, kExplicitLittle, Codec::openjpeg, true},
    SyntaxInfo{{"1.2.840.10008.1.2.5", "RLE Lossless"}, kExplicitLittle, Codec::dcmtk, true},
};

constexpr auto kNames = [] {
  std::array<TransferSyntax, kSyntaxes.size()> names{};
  std::ranges::transform(kSyntaxes, names.begin(), &SyntaxInfo::names);
  return names;
}();

}  // namespace

const SyntaxInfo* find_syntax(std::string_view uid) {
  const auto found = std::ranges::find(kSyntaxes, uid, [](const SyntaxInfo& row) { return row.names.uid; });
  return found == kSyntaxes.end() ? nullptr : &*found;
}

std::span<const TransferSyntax> decodable_transfer_syntaxes() { return kNames; }

}  // namespace naru::dicom
