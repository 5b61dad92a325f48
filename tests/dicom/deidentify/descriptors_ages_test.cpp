// Ages of 90 years and more go from free texts (45 CFR 164.514(b)(2)(i)(C)); younger ones, and numbers that are no
// ages, stay.

#include <gtest/gtest.h>

#include <string>

#include "dicom/deidentify/descriptors.h"
#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

using Row = test::CleanedRow;

constexpr Row kGone[] = {
    {"95 year old woman with fall", "year old woman with fall"},
    {"95-year-old man, chest pain", "year-old man, chest pain"},
    {"Fall, 93yo F", "Fall, yo F"},
    {"91 y/o with dyspnea", "y/o with dyspnea"},
    {"90 y/o with dyspnea", "y/o with dyspnea"},
    {"Brain 095Y", "Brain Y"},
    {"Brain 102Y axial", "Brain Y axial"},
    {"Brain 090Y", "Brain Y"},
    {"age: 97, hip fracture", "age:, hip fracture"},
    {"aged 90 years", "aged years"},
    {"Knee M/92", "Knee M"},
    {"Knee 92/F", "Knee/F"},
    {"(F/101)", "(F/)"},
    {"92F with stroke", "F with stroke"},
    {"95세 여자 두통", "세 여자 두통"},
    {"나이 96", "나이"},
    {"여/94 흉통", "여/흉통"},
    {"93歳 胸部CT", "歳 胸部CT"},
    {"94岁 头颅CT", "岁 头颅CT"},
    {"95-jährige Patientin", "jährige Patientin"},
    {"Patient de 95 ans", "Patient de ans"},
    {"95 y 2 views", "y 2 views"},
    {"Age: 95 M fall", "Age: M fall"},
    {"Tc-99m MDP, 99M with pain", "Tc-99m MDP, M with pain"},
    {"93YOF fall", "YOF fall"},
    {"95 female", "female"},
    {"95F s/p fall", "F s/p fall"},
    {"95M c/o pain", "M c/o pain"},
    {"93F fell", "F fell"},
    {"95세환자", "세환자"},
    {"90세이상", "세이상"},
    {"95세된 남자", "세된 남자"},
    {"연세 95", "연세"},
    {"95才 女性", "才 女性"},
    {"９５才女性", "才女性"},
    {"95周岁", "周岁"},
    {"男/95", "男"},
    {"95/女", "女"},
    {"95 J. alt", "J. alt"},
    {"mit 95-jährigem Patienten", "mit-jährigem Patienten"},
    {"Mujer de 93 años", "Mujer de años"},
    {"95 F s/p fall", "F s/p fall"},
    {"94 M with cough", "M with cough"},
    {"Hip (95F)", "Hip (F)"},
    {"Hip (95 F), fracture", "Hip ( F), fracture"},
    {"Hip (M, 95)", "Hip (M, )"},
    {"age of 95", "age of"},
    {"Age was 91, hip", "Age was, hip"},
    {"95y7m", "y7m"},
};

constexpr const char* kKept[] = {
    "89 year old woman",
    "62yo M",
    "Brain 045Y",
    "KIDNEY_MASS_HEMATURIA_BMI_under30",
    "Liver 90Y SIRT",
    "90Y microspheres",
    "Y-90 treatment",
    "T1 TSE 90 slices",
    "flip 90",
    "FA/90",
    "95 세포 검사",
    "100세대",
    "120F catheter",
    "Image 95, page 96",
    "P4^P101^S108^I0, Gated, 0.0%",
    "Head 130Y",
    "130 kV 95 mAs",
    "T2/95",
    "b1000 90 dir",
    "NM BONE TC99M WITH SPECT",
    "Tc-99M W/ SPECT",
    "Bone age: 120 months",
    "gestational age 95 days",
    "PET 95/F18",
    "pos X100 Y95 Z20",
    "x 100 y 95",
    "1.95 yr old child",
    "100 J",
    "128F",
    "가로 100 세로 95",
    "FIESTA 90F S/I",
    "95세대",
    "AGE 95 pct",
    "bone age 95 percentile",
    "bone age 97th",
    "bone age 95%",
    "weight for age 95 %",
    "FIESTA 95 F S/I",
    "Tc(99m)",
    "pos X100 Y95 Z20 M",
    "(95, 96)",
    "(T2 95)",
};

TEST(DescriptorAges, GoWhereTheyTellWhoItIs) {
  const DescriptorCleaner cleaner({}, {}, {});
  for (const Row& row : kGone) {
    const CleanedText cleaned = cleaner.clean(row.text);
    EXPECT_EQ(cleaned.text, row.expected) << row.text;
    EXPECT_EQ(cleaned.removed[static_cast<std::size_t>(DescriptorReason::age)], 1U) << row.text;
  }
}

TEST(DescriptorAges, StayWhereTheyAreUsualOrNone) {
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : kKept) EXPECT_EQ(cleaner.clean(text).text, text);
}

}  // namespace
}  // namespace naru::dicom
