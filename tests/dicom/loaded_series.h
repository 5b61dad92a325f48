/// Files read as the pipeline reads them: headers, pixels, candidates.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "dicom/pixels.h"
#include "dicom/stack.h"

namespace naru::test {

std::vector<std::byte> read_file(const std::filesystem::path& path);

/// The header of a file, of which at most the prefix is shown to the reader.
dicom::HeaderResult read_header(const std::filesystem::path& path);

/// Stored values as numbers, or empty where `read_pixels` says why not.
std::optional<std::vector<int>> read_values(const std::filesystem::path& path, const dicom::Instance& instance);

struct LoadedSeries {
  explicit LoadedSeries(std::span<const std::filesystem::path> files);

  std::map<Code, int> unusable;  ///< files without an instance, by reason
  std::vector<dicom::Candidate> candidates;
  std::vector<std::filesystem::path> paths;  ///< of the candidates
  dicom::Sorted sorted;
};

}  // namespace naru::test
