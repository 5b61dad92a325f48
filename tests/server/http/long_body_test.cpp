#include "server/http/long_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace naru::server {
namespace {

/// What a body of these segments gives, taken in steps of at most `step`; a file's bytes are its letters.
std::string read(const std::vector<Segment>& segments, std::uint64_t first, std::uint64_t size, std::uint64_t step) {
  LongBodyReader reader({std::make_shared<const std::vector<Segment>>(segments), first, size, nullptr});
  EXPECT_FALSE(reader.is_short());
  std::string out;
  while (!reader.is_done()) {
    const LongBodyReader::Piece piece = reader.piece();
    const std::uint64_t taken = std::min(step, piece.size_bytes);
    EXPECT_GT(taken, 0U);
    out += piece.file ? piece.file->string().substr(piece.offset, taken) : std::string(piece.bytes.substr(0, taken));
    reader.pass(taken);
    EXPECT_EQ(piece.is_last && taken == piece.size_bytes, reader.is_done());
  }
  return out;
}

TEST(LongBody, EveryPartOfSegmentsIsThatPartOfTheirSum) {
  const std::vector<Segment> segments = {{"", {}, 0}, {"abc", {}, 3}, {"", "defgh", 5}, {"", {}, 0},
                                         {"", "", 0}, {"i", {}, 1},   {"", "jkXX", 2},  {"", {}, 0}};
  const std::string whole = "abcdefghijk";
  for (std::uint64_t first = 0; first <= whole.size(); ++first) {
    for (std::uint64_t size = 0; first + size <= whole.size(); ++size) {
      for (const std::uint64_t step : {1, 2, 100}) {
        EXPECT_EQ(read(segments, first, size, step), whole.substr(first, size)) << first << " " << size;
      }
    }
  }
}

TEST(LongBody, PiecesAreBoundedSoThatSomebodyIsAskedBetween) {
  LongBodyReader reader(
      {std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", "file", std::uint64_t{5} << 30}}),
       std::uint64_t{4} << 30, std::uint64_t{1} << 30, nullptr});
  EXPECT_EQ(reader.piece().size_bytes, std::uint64_t{1} << 20);
  EXPECT_EQ(reader.piece().offset, std::uint64_t{4} << 30);
}

TEST(LongBody, MoreThanTheSegmentsHoldIsShort) {
  const auto segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"abc", {}, 3}});
  EXPECT_TRUE(LongBodyReader({segments, 0, 4, nullptr}).is_short());
  EXPECT_TRUE(LongBodyReader({segments, 4, 0, nullptr}).is_short());
  EXPECT_TRUE(LongBodyReader({segments, 1, UINT64_MAX, nullptr}).is_short());
  EXPECT_TRUE(LongBodyReader({nullptr, 0, 1, nullptr}).is_short());
  EXPECT_FALSE(LongBodyReader({segments, 3, 0, nullptr}).is_short());
  EXPECT_TRUE(LongBodyReader({nullptr, 0, 0, nullptr}).is_done());
}

}  // namespace
}  // namespace naru::server
