#include "dicom/rle_segments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru::test {

namespace {

/// A frame of these segments, each behind the other.
std::string frame_of(const std::vector<std::string>& segments) {
  std::string header(64, '\0'), rest;
  header[0] = static_cast<char>(segments.size());
  for (std::size_t n = 0; n < segments.size(); ++n) {
    header[4 * (n + 1)] = static_cast<char>(64 + rest.size());
    rest += segments[n];
  }
  return header + rest;
}

bool is_whole(const std::string& frame, std::size_t count, std::size_t segment_bytes) {
  return dicom::has_whole_rle_segments(std::as_bytes(std::span(frame)), {count, segment_bytes});
}

// Three literals, then five times a value; a control of 128 says nothing.
const std::string kEight =
    "\x02"
    "abc\x80\xFCx";

TEST(RleSegments, CountsWhatRunsAndLiteralsGive) {
  EXPECT_TRUE(is_whole(frame_of({kEight}), 1, 8));
  EXPECT_FALSE(is_whole(frame_of({kEight}), 1, 9));
  EXPECT_TRUE(is_whole(frame_of({kEight + '\0'}), 1, 8)) << "padded to an even length";
  EXPECT_TRUE(is_whole(frame_of({kEight, kEight + "\xFFy"}), 2, 8)) << "more than needed";
}

TEST(RleSegments, WhatIsCutShortIsNotWhole) {
  EXPECT_FALSE(is_whole(frame_of({kEight, kEight.substr(0, 6)}), 2, 8)) << "a run without its value";
  EXPECT_FALSE(is_whole(frame_of({kEight.substr(0, 3)}), 1, 3)) << "a literal that ends too soon";
  EXPECT_FALSE(is_whole(frame_of({kEight}).substr(0, 63), 1, 8));
  EXPECT_FALSE(is_whole("", 1, 8));
}

TEST(RleSegments, OffsetsThatLeadElsewhereAreRefused) {
  EXPECT_FALSE(is_whole(frame_of({kEight}), 2, 8)) << "as many as the format needs";
  for (const std::size_t at : {4, 8}) {
    for (const char offset : {'\0', '\x3F', '\x7F'}) {
      std::string frame = frame_of({kEight, kEight});
      frame[at] = offset;
      EXPECT_FALSE(is_whole(frame, 2, 8)) << at << ": " << int{offset};
    }
  }
}

}  // namespace

}  // namespace naru::test
