#include "core/digest.h"

#include <gtest/gtest.h>

#include <string_view>

namespace naru::test {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The examples of FIPS 180-2, appendix B.
constexpr std::string_view kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view kOfTwoBlocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

TEST(Sha256, GivesTheStandardsExamples) {
  EXPECT_EQ(sha256_hex(bytes_of("abc")), kOfAbc);
  EXPECT_EQ(sha256_hex(bytes_of(kTwoBlocks)), kOfTwoBlocks);
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  for (std::size_t cut = 0; cut <= kTwoBlocks.size(); ++cut) {
    Sha256 hash;
    hash.update(bytes_of(kTwoBlocks.substr(0, cut)));
    Sha256 moved = std::move(hash);
    moved.update(bytes_of(kTwoBlocks.substr(cut)));
    EXPECT_EQ(moved.finish(), kOfTwoBlocks) << cut;
  }
}

TEST(ToHex, WritesTwoLowerCaseDigitsAByte) {
  EXPECT_EQ(to_hex(bytes_of(std::string_view("\x00\x0f\xa0\xff", 4))), "000fa0ff");
}

}  // namespace
}  // namespace naru::test
