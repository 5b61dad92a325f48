#include "dicom/units_terms.h"

#include <gtest/gtest.h>

namespace naru::test {
namespace {

using dicom::units_term;

TEST(UnitsTerms, AreThoseOfTheStandardWhateverTheCase) {
  for (const std::string_view term : {"HU", "Z_EFF", "HU_MOD", "BQML", "1CM", "STDDEV"})
    EXPECT_EQ(units_term(term), term);
  EXPECT_EQ(units_term("hu"), "HU");
  EXPECT_EQ(units_term("normalized"), "US");
}

TEST(UnitsTerms, AreNoOtherText) {
  for (const std::string_view text : {"", "HU of Kim", "KIM MINSU", "MRN1234567", "HU\n"})
    EXPECT_FALSE(units_term(text));
}

}  // namespace
}  // namespace naru::test
