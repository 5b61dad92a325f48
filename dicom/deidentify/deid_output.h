/// Puts a de-identified file together.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/deidentify.h"

namespace naru::dicom {

/// The last elements of the File Meta Information: who wrote it.
std::vector<std::byte> implementation(std::string_view version);

/// Preamble and File Meta Information, made anew: nothing of the source's is kept but class and syntax.
std::vector<std::byte> file_meta(std::string_view sop_class, std::string_view sop_instance, std::string_view syntax,
                                 std::string_view version);

void append(DeidOutput& output, std::vector<std::byte> bytes);
/// Buffers move into the output and keep their addresses, so that views into them stay good.
void append(DeidOutput& output, DataSetWriter::Written written);

/// All pieces as one deflated stream.
std::vector<std::byte> deflated(const DeidOutput& output);

}  // namespace naru::dicom
