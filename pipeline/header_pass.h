/// Reads the headers of all inputs: a bounded beginning of each file, never its pixels.
#pragma once

#include <vector>

#include "dicom/instance.h"
#include "pipeline/scan.h"

namespace naru {

/// One file, or one member of an archive, with the image planes in it.
struct FileHeader {
  InputRecord record;
  std::vector<dicom::Instance> planes;
  std::optional<OtherImage> other;
};

/// One or more (archives: one a member) for each of `files`, in their order. 64 KiB of a file are read, then four times
/// as much as long as its headers go on, at most dicom::kHeaderPrefixBytes; of compressed pixels the lengths of the
/// fragments. More threads than the executor's wait for the disk, up to 32. Compressed archives are inflated as far as
/// that needs. Nothing is hashed but the headers.
/// @throws Error{canceled}
std::vector<FileHeader> read_headers(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                                     const OnProgress& on_progress);

}  // namespace naru
