/// A file's data set in memory, wherever it starts and however it is stored.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/code.h"
#include "dicom/element_walk.h"
#include "dicom/transfer_syntax.h"

namespace naru::dicom {

/// A file opened in memory: its data set, inflated where it was deflated.
struct OpenedFile {
  std::optional<Code> problem;
  const SyntaxInfo* syntax = nullptr;
  std::string transfer_syntax_uid;
  std::vector<std::byte> inflated;
  std::vector<Note> notes;
  bool is_stream_cut = false;  ///< the deflated stream breaks off: what it gave may look whole
  Bytes data_set;
  Encoding encoding;
};

/// @return `problem` set where the file cannot be opened: too_large where it expands to more than `max_inflated_bytes`
OpenedFile opened(Bytes file, std::size_t max_inflated_bytes);

}  // namespace naru::dicom
