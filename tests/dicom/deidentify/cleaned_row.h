/// Texts before and after cleaning, as the tests of the cleaner of descriptors list them.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "dicom/deidentify/descriptors.h"

namespace naru::test {

struct CleanedRow {
  const char* text;
  const char* expected;
};

/// @param identifiers what the header says of the patient
inline void expect_cleaned_rows(const dicom::Identifiers& identifiers, std::span<const CleanedRow> rows) {
  const dicom::DescriptorCleaner cleaner(identifiers, {}, {});
  for (const CleanedRow& row : rows) {
    const dicom::CleanedText cleaned = cleaner.clean(row.text);
    EXPECT_EQ(cleaned.text, row.expected) << row.text;
    EXPECT_EQ(cleaned.is_changed(), std::string(row.text) != row.expected) << row.text;
  }
}

}  // namespace naru::test
