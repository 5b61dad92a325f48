#include "dicom/deidentify/opened_file.h"

#include <utility>

#include "dicom/file_layout.h"
#include "dicom/inflate.h"

namespace naru::dicom {

OpenedFile opened(Bytes file, std::size_t max_inflated_bytes) {
  OpenedFile result;
  const auto layout = read_layout(file);
  if (!layout) return result.problem = is_cms_envelope(file) ? Code::encrypted : Code::not_dicom, result;
  if (layout->is_cut) return result.problem = Code::truncated, result;
  if (!layout->has_magic) result.notes.push_back(Note::no_preamble);
  if (!layout->has_meta) result.notes.push_back(Note::no_meta_header);
  result.transfer_syntax_uid = layout->transfer_syntax_uid;
  result.syntax = find_syntax(layout->transfer_syntax_uid);
  if (result.syntax == nullptr) return result.problem = Code::unsupported_transfer_syntax, result;
  result.encoding = result.syntax->encoding;
  result.data_set = file.subspan(layout->data_set_offset);
  if (result.syntax->is_deflated) {
    Inflater inflater([rest = result.data_set]() mutable { return std::exchange(rest, {}); });
    result.inflated = inflate_prefix(inflater, max_inflated_bytes + 1);
    result.is_stream_cut = !inflater.has_ended();
    if (result.inflated.size() > max_inflated_bytes) return result.problem = Code::too_large, result;
    result.data_set = result.inflated;
  } else if (const auto found = contradicting_encoding(file, layout->data_set_offset, result.encoding)) {
    result.encoding = *found;
    result.notes.push_back(Note::wrong_transfer_syntax);
  }
  return result;
}

}  // namespace naru::dicom
