#include "server/http/header_scanner.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace naru::server {
namespace {

ErrorCode refusal(const std::string& bytes) {
  HeaderScanner scanner;
  try {
    const auto size = scanner.scan(bytes);
    ADD_FAILURE() << "took " << (size ? "a whole" : "the beginning of a") << " header";
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(HeaderScanner, FindsTheEndHoweverTheBytesCome) {
  const std::string header = "GET / HTTP/1.1\r\nHost: a\r\nA:\r\n\r\n", bytes = header + "body\r\n\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    HeaderScanner scanner;
    std::optional<std::size_t> found;
    for (std::size_t size = step; !found; size += step) {
      found = scanner.scan(std::string_view(bytes).substr(0, size));
      ASSERT_EQ(found.has_value(), size >= header.size()) << step;
    }
    EXPECT_EQ(found, header.size());
  }
}

TEST(HeaderScanner, RefusesWhatParsersReadInTwoWays) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\nHost: a\n\n"), std::string("GET / HTTP/1.1\r\nHost: a\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n"), std::string("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", 27),
        std::string("GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), std::string("GET / HTTP/1.1\r\n: a\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost\r\n\r\n"), std::string("\r\nGET / HTTP/1.1\r\n\r\n"), std::string("\n"),
        std::string("\r\r\n")}) {
    EXPECT_EQ(refusal(bytes), ErrorCode::request_invalid) << bytes;
  }
}

TEST(HeaderScanner, TakesWhatIsWithinItsLimitsAndNoByteMore) {
  const std::string first = "GET / HTTP/1.1\r\n";
  const auto line_of = [](std::size_t bytes) { return "A:" + std::string(bytes - 4, 'a') + "\r\n"; };
  HeaderScanner scanner;
  EXPECT_TRUE(scanner.scan(first + line_of(kMaxLineBytes) + "\r\n"));
  EXPECT_EQ(refusal(first + line_of(kMaxLineBytes + 3) + "\r\n"), ErrorCode::header_too_large);
  EXPECT_EQ(refusal(std::string(kMaxLineBytes + 2, 'G')), ErrorCode::header_too_large);

  std::string fields;
  for (std::size_t i = 0; i < kMaxFields; ++i) fields += "A: b\r\n";
  HeaderScanner another;
  EXPECT_TRUE(another.scan(first + fields + "\r\n"));
  EXPECT_EQ(refusal(first + fields + "A: b\r\n\r\n"), ErrorCode::header_too_large);

  std::string large = first;
  while (large.size() + 4096 <= kMaxHeaderBytes) large += line_of(4096);
  EXPECT_EQ(refusal(large + line_of(4096) + "\r\n"), ErrorCode::header_too_large);
}

}  // namespace
}  // namespace naru::server
