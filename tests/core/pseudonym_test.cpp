#include "core/pseudonym.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "core/digest.h"

namespace naru {
namespace {

/// 00 01 02 ... 1f, its first byte changed to `first`.
PseudonymKey key_of_counting_bytes(std::byte first = std::byte{0}) {
  PseudonymKey::Bytes bytes;
  for (std::size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<std::byte>(n);
  bytes[0] = first;
  return PseudonymKey(bytes);
}

// Known answers below were computed by Python's hmac module; the first one also by `openssl dgst -mac HMAC`.

TEST(PseudonymKey, TagsAreTheHmacOfKindZeroIdentifier) {
  const PseudonymKey key = key_of_counting_bytes();
  EXPECT_EQ(to_hex(key.tag("patient", "12345")), "91bd7d71fb2e755e4963d9ad6948124a04df893c04785334a0290d586386c3d1");
  EXPECT_EQ(to_hex(key.tag("x", std::string(200, 'a'))),
            "ad6203af9feff5845b08bded52b11ddbe5f6256917031db908c5866705cebda9");
  EXPECT_EQ(to_hex(key.tag("", "")), "e711546e3faad4c7c4aa756bc26cad6abea8241984a0f6b0839c70ca61c4ef88");
}

TEST(PseudonymKey, PseudonymsAreTheKindAndTheFirst64Bits) {
  EXPECT_EQ(key_of_counting_bytes().pseudonym("patient", "12345"), "patient-91bd7d71fb2e755e");
}

TEST(PseudonymKey, UidsAreUuidsOfVersionEightInDecimal) {
  const PseudonymKey key = key_of_counting_bytes();
  EXPECT_EQ(key.uid("1.2.840.10008.1.2"), "2.25.27400307012348586205841791402448070228");
  EXPECT_EQ(key.uid("1.3.12.2.1107.5.2.36.40414.20171218"), "2.25.278582187307692679460145500124175416188");
  EXPECT_EQ(key.uid(""), "2.25.32234573534691277423511658593199811883");
}

TEST(PseudonymKey, UidsStayValidAndDistinctForManyInputs) {
  const PseudonymKey key = key_of_counting_bytes();
  std::set<std::string> seen;
  for (int n = 0; n < 20000; ++n) {
    const std::string uid = key.uid("2.999." + std::to_string(n));
    ASSERT_LE(uid.size(), 44U);  // "2.25." and 39 digits; PS3.5 9.1 allows 64
    ASSERT_NE(uid[5], '0');
    ASSERT_EQ(uid.find_first_not_of("0123456789", 5), std::string::npos);
    ASSERT_TRUE(seen.insert(uid).second);
  }
}

TEST(PseudonymKey, PaddingOfAUidDoesNotCount) {
  const PseudonymKey key = key_of_counting_bytes();
  EXPECT_EQ(key.uid(std::string_view("1.2.3\0", 6)), key.uid("1.2.3"));
  EXPECT_EQ(key.uid("1.2.3 "), key.uid("1.2.3"));
  EXPECT_NE(key.uid("1.2.30"), key.uid("1.2.3"));
}

TEST(PseudonymKey, AnswersDifferByKeyKindAndIdentifier) {
  const PseudonymKey key = key_of_counting_bytes(), other = key_of_counting_bytes(std::byte{1});
  EXPECT_NE(key.tag("a", "b"), other.tag("a", "b"));
  EXPECT_NE(key.tag("a", "b"), key.tag("a", "c"));
  EXPECT_NE(key.tag("a", "b"), key.tag("b", "b"));
  EXPECT_NE(key.tag("ab", "c"), key.tag("a", "bc"));  // the zero between them counts
  EXPECT_NE(key.uid("1.2.3"), other.uid("1.2.3"));
}

TEST(PseudonymKey, DateShiftsFollowFromTheTag) {
  const PseudonymKey key = key_of_counting_bytes();
  EXPECT_EQ(key.date_shift_days("12345", 3650), -1953);
  EXPECT_EQ(key.date_shift_days("Hong", 3650), -391);
  EXPECT_EQ(key.date_shift_days("12345", 7), -7);
  EXPECT_EQ(key.date_shift_days("12345", 1), -1);
}

TEST(PseudonymKey, DateShiftsAreSpreadEvenlyFromMinusBoundToMinusOne) {
  constexpr int kBound = 10, kPatients = 10000;
  const PseudonymKey key = key_of_counting_bytes();
  std::map<int, int> count_of_shift;
  for (int n = 0; n < kPatients; ++n) ++count_of_shift[key.date_shift_days("P" + std::to_string(n), kBound)];
  ASSERT_EQ(count_of_shift.size(), static_cast<std::size_t>(kBound));
  EXPECT_EQ(count_of_shift.begin()->first, -kBound);
  EXPECT_EQ(count_of_shift.rbegin()->first, -1);
  double chi_squared = 0;
  for (const auto& [shift, count] : count_of_shift) {
    chi_squared += std::pow(count - kPatients / kBound, 2) / (kPatients / kBound);
  }
  EXPECT_LT(chi_squared, 27.9);  // 9 degrees of freedom, p = 0.001
}

TEST(PseudonymKey, ThreadsGetTheSameAnswers) {
  const PseudonymKey key = key_of_counting_bytes();
  std::vector<std::vector<std::string>> answers(4);
  std::vector<std::thread> threads;
  for (auto& mine : answers) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) mine.push_back(key.uid("1.2." + std::to_string(n)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : answers) EXPECT_EQ(mine, answers.front());
}

TEST(PseudonymKey, WipesItsBytesWhenItGoes) {
  alignas(PseudonymKey) std::array<std::byte, sizeof(PseudonymKey)> memory;
  PseudonymKey::Bytes secret;
  secret.fill(std::byte{0xA5});
  auto* key = new (memory.data()) PseudonymKey(secret);
  key->~PseudonymKey();
  for (const std::byte byte : memory) EXPECT_NE(byte, std::byte{0xA5});
}

}  // namespace
}  // namespace naru
