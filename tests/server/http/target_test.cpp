#include "server/http/target.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/error.h"

namespace naru::server {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(Target, IsTakenApartAndDecoded) {
  const Target target = parse_target("/api/v1/a%20b/%ED%95%9C?x=1&y=a+b%2Fc&flag&empty=&=none&x=2");
  EXPECT_EQ(target.path, "/api/v1/a b/\xED\x95\x9C");
  EXPECT_EQ(target.query, (Query{{"x", "1"}, {"y", "a b/c"}, {"flag", ""}, {"empty", ""}, {"", "none"}, {"x", "2"}}));
}

TEST(Target, AbsoluteFormLosesItsHost) {
  EXPECT_EQ(parse_target("https://example.org/a?b=c").path, "/a");
  EXPECT_EQ(parse_target("http://example.org:8600").path, "/");
  EXPECT_EQ(parse_target("http://example.org?b=c").query.size(), 1U);
}

TEST(Target, PlusIsASpaceInTheQueryAlone) {
  EXPECT_EQ(parse_target("/a+b").path, "/a+b");
  EXPECT_EQ(parse_target("/?a+b=c+d").query, (Query{{"a b", "c d"}}));
}

TEST(Target, HarmlessDotsAndATrailingSlashStay) {
  for (const char* text : {"/", "/a/", "/a.b", "/.well-known/x", "/a/...", "/..a"}) {
    EXPECT_EQ(parse_target(text).path, text);
  }
}

TEST(Target, RefusesEveryWayOutOfATree) {
  for (const char* text : {"/..",
                           "/../etc/passwd",
                           "/a/../b",
                           "/a/..",
                           "/./a",
                           "/a/.",
                           "/%2e%2e/etc/passwd",
                           "/.%2e/",
                           "/a/%2E%2E/b",
                           "//etc/passwd",
                           "/a//b",
                           "/%2fetc",
                           "/a%2F..%2Fb",
                           "/..\\b",
                           "/..%5cb",
                           "/a%00.txt",
                           "/a\tb",
                           "/a%0d%0ab",
                           "/%c0%ae%c0%ae/",
                           "/%c0%af",
                           "/%ff",
                           "/%zz",
                           "/%2",
                           "/%",
                           "/%+1",
                           "/% 1",
                           "/%252e%zz",
                           "a",
                           "",
                           "*",
                           "?a=b",
                           "/a#b",
                           "http:///a",
                           "ftp://a/b",
                           "/a?b=%zz",
                           "/a?b=%00",
                           "/a?%ff=1",
                           "/a%7f"}) {
    try {
      const Target target = parse_target(text);
      ADD_FAILURE() << text << " became " << target.path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::request_invalid);
      EXPECT_EQ(std::string_view(error.what()).find("passwd"), std::string_view::npos);
    }
  }
}

TEST(Target, IsDecodedOnce) { EXPECT_EQ(parse_target("/%252e%252e/a").path, "/%2e%2e/a"); }

TEST(Target, BoundsTheQuery) {
  std::string many = "/?a";
  for (int i = 1; i < 100; ++i) many += "&a";
  EXPECT_EQ(parse_target(many).query.size(), 100U);
  EXPECT_THROW(parse_target(many + "&a"), Error);
}

}  // namespace
}  // namespace naru::server
