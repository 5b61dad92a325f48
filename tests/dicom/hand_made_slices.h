/// Candidates made by hand, for tests of the sorting into stacks: CT slices of 64 x 48 pixels, 0.5 x 0.75 mm.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dicom/stack.h"

namespace naru::test {

/// A slice of 64 x 48 pixels at z; `number` makes its identity.
inline dicom::Candidate slice(int number, double z_mm) {
  dicom::Candidate candidate;
  dicom::Instance& instance = candidate.instance;
  instance.sop_instance_uid = "2.999.1." + std::to_string(1000 + number);
  instance.study_uid = "2.999.1";
  instance.series_uid = "2.999.1.1";
  instance.modality = "CT";
  instance.image_type = {"ORIGINAL", "PRIMARY", "AXIAL"};
  instance.instance_number = number;
  instance.position_mm = {-20, -30, z_mm};
  instance.row_direction = {1, 0, 0};
  instance.column_direction = {0, 1, 0};
  instance.spacing_i_mm = 0.5;
  instance.spacing_j_mm = 0.75;
  instance.slice_thickness_mm = 1.25;
  instance.rows = instance.pixels.rows = 48;
  instance.columns = instance.pixels.columns = 64;
  instance.pixels.bits_allocated = instance.pixels.bits_stored = 16;
  instance.pixels.is_signed = true;
  candidate.file_sha256 = "sha-" + instance.sop_instance_uid;
  return candidate;
}

/// Ten slices, 1.25 mm apart.
inline std::vector<dicom::Candidate> series(int count = 10, double spacing_mm = 1.25) {
  std::vector<dicom::Candidate> candidates;
  for (int k = 0; k < count; ++k) candidates.push_back(slice(k + 1, k * spacing_mm));
  return candidates;
}

inline const dicom::SamePixels kDifferent = [](std::size_t, std::size_t) { return false; };
inline const dicom::SamePixels kSame = [](std::size_t, std::size_t) { return true; };

inline std::vector<Code> codes(const dicom::Stack& stack) {
  std::vector<Code> found;
  for (const Finding& finding : stack.findings) found.push_back(finding.code);
  return found;
}

inline double detail(const Finding& finding, const std::string& name) {
  const auto found = std::ranges::find(finding.detail, name, [](const auto& pair) { return pair.first; });
  return found == finding.detail.end() ? -999 : found->second;
}

inline void expect_all_rejected(const dicom::Sorted& sorted, Code reason) {
  for (const dicom::Placement& placement : sorted.placements) {
    EXPECT_EQ(placement.disposition, Disposition::rejected);
    EXPECT_EQ(placement.reason, reason);
  }
}

}  // namespace naru::test
