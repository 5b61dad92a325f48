#include "dicom/dicomdir.h"

#include <algorithm>

#include "dicom/element_values.h"
#include "dicom/file_layout.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kMediaStorageDirectory = "1.2.840.10008.1.3.10";
constexpr Tag kDirectoryRecordSequence = 0x00041220, kReferencedFileId = 0x00041500;

bool is_file_name(std::string_view part) {
  const bool is_plain = std::ranges::none_of(part, [](unsigned char c) { return c < ' ' || c == '/' || c == 0x7F; });
  return is_plain && !part.empty() && part != "." && part != "..";
}

/// The components of a Referenced File ID joined with '/'; empty where one of them is no file name.
std::string relative_path(Bytes value) {
  std::string path;
  for (const std::string& part : texts_of(value)) {
    if (!is_file_name(part)) return {};
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

/// Records stand in items of one sequence; reading steps into items and sequences as if their borders were not there.
bool is_stepped_into(const ElementHeader& header) {
  const bool is_border = header.tag == kItem || header.tag == kItemEnd || header.tag == kSequenceEnd;
  return is_border || header.tag == kDirectoryRecordSequence || header.value_representation == vr("SQ") ||
         header.length == kUndefinedLength;
}

}  // namespace

bool is_dicomdir(std::span<const std::byte> prefix) {
  const auto layout = read_layout(prefix);
  return layout && layout->media_storage_sop_class_uid == kMediaStorageDirectory;
}

std::optional<ReferencedFiles> referenced_files(std::span<const std::byte> file) {
  const auto layout = read_layout(file);
  const SyntaxInfo* syntax = layout ? find_syntax(layout->transfer_syntax_uid) : nullptr;
  if (!syntax || syntax->is_deflated || layout->media_storage_sop_class_uid != kMediaStorageDirectory) {
    return std::nullopt;
  }
  ReferencedFiles files;
  int open_sequences = 0;  // of undefined length
  std::size_t offset = layout->data_set_offset;
  while (offset < file.size()) {
    const auto header = read_element_header(file, offset, syntax->encoding);
    if (!header) return std::nullopt;
    offset = header->value_offset;
    const bool is_open = header->length == kUndefinedLength;
    if (!is_open && header->length > file.size() - offset) return std::nullopt;
    if (is_open && header->tag != kItem) ++open_sequences;
    if (header->tag == kSequenceEnd) --open_sequences;
    if (is_stepped_into(*header)) continue;
    if (header->tag == kReferencedFileId) {
      std::string path = relative_path(file.subspan(offset, header->length));
      if (!path.empty()) {
        files.paths.push_back(std::move(path));
      } else if (header->length > 0) {
        ++files.left_out_count;
      }
    }
    offset += header->length;
  }
  return open_sequences > 0 ? std::nullopt : std::optional(std::move(files));
}

}  // namespace naru::dicom
