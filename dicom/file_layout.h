/// Where a file's data set starts and how it is encoded (PS3.10 section 7).
#pragma once

#include <optional>
#include <string>

#include "dicom/element_walk.h"

namespace naru::dicom {

struct FileLayout {
  bool has_magic = false;           ///< "DICM" after the preamble
  std::string transfer_syntax_uid;  ///< as stated, or guessed from the first element where nothing is stated
  std::string media_storage_sop_class_uid;
  std::size_t data_set_offset = 0;
  bool has_meta = false;  ///< File Meta Information
  bool is_cut = false;    ///< the bytes end within or right behind the File Meta Information, or "DICM"
};

/// The encoding of the data set at `offset`, where its first elements read only in another than the stated one; empty
/// where the stated one fits, or none does.
std::optional<Encoding> contradicting_encoding(Bytes bytes, std::size_t offset, Encoding stated);

/// True for a CMS envelope (RFC 5652: enveloped, signed and enveloped, or encrypted data), as which Secure DICOM files
/// are kept (PS3.10 section 7.4).
bool is_cms_envelope(Bytes prefix);

/// Reads preamble and File Meta Information. Files that lack either are read where their first element is that of a
/// data set in one of the three uncompressed encodings; empty where the bytes are nothing of the kind.
std::optional<FileLayout> read_layout(Bytes prefix);

}  // namespace naru::dicom
