/// The transfer syntaxes that Naru reads (PS3.5 section 10 and annex A), as a table.
#pragma once

#include <string_view>

#include "dicom/instance.h"

namespace naru::dicom {

/// How the elements of a data set are laid out.
struct Encoding {
  bool is_explicit_vr = true;
  bool is_big_endian = false;
};

/// Who decodes its frames.
enum class Codec { none, dcmtk, openjpeg };

struct SyntaxInfo {
  TransferSyntax names;
  Encoding encoding;
  Codec codec = Codec::none;
  bool is_encapsulated = false;  ///< pixels stand in fragments, compressed
  bool is_deflated = false;      ///< the whole data set is a deflate stream (RFC 1951)
};

/// The row of `uid`, or nullptr where `read_pixels` cannot decode it.
const SyntaxInfo* find_syntax(std::string_view uid);

}  // namespace naru::dicom
