#include "server/http/range.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace naru::server {
namespace {

const std::string kEtag = "\"v1\"";

Request request(std::initializer_list<std::pair<std::string, std::string>> fields, Method method = Method::get) {
  Request out;
  out.method = method;
  for (const auto& [name, value] : fields) out.headers.add(name, value);
  return out;
}

Selection selected(const std::string& range, std::uint64_t size) {
  return select(request({{"Range", range}}), {kEtag, size});
}

struct RangeRow {
  std::string range;
  std::uint64_t size;
  Selection wanted;
};

TEST(Range, SelectsWhatRfc9110Says) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 40;
  const RangeRow rows[] = {
      {"bytes=0-499", 10000, {206, 0, 500}},  // the examples of 14.1.2
      {"bytes=500-999", 10000, {206, 500, 500}},
      {"bytes=-500", 10000, {206, 9500, 500}},
      {"bytes=9500-", 10000, {206, 9500, 500}},
      {"bytes=0-0", 10000, {206, 0, 1}},
      {"bytes=-1", 10000, {206, 9999, 1}},
      {"bytes=0-", 10000, {206, 0, 10000}},
      {"bytes=9999-9999", 10000, {206, 9999, 1}},
      {"bytes=9999-20000", 10000, {206, 9999, 1}},  // the end is cut
      {"bytes=-20000", 10000, {206, 0, 10000}},     // a suffix longer than all is all
      {"BYTES=0-1", 10000, {206, 0, 2}},            // units compare without case
      {"bytes=0-1 ", 10000, {206, 0, 2}},           // space around is no part of it
      {"bytes=10000-", 10000, {416, 0, 0}},         // behind the end
      {"bytes=10000-10001", 10000, {416, 0, 0}},    //
      {"bytes=-0", 10000, {416, 0, 0}},             // no byte
      {"bytes=0-0", 0, {416, 0, 0}},                // of nothing
      {"bytes=0-", 0, {416, 0, 0}},                 //
      {"bytes=-5", 0, {416, 0, 0}},                 //
      {"bytes=99999999999999999999999-", 10000, {416, 0, 0}},
      {"bytes=0-99999999999999999999999", 10000, {206, 0, 10000}},
      {"bytes=18446744073709551615-18446744073709551615", 10000, {416, 0, 0}},
      {"bytes=1099511627775-", kHuge, {206, kHuge - 1, 1}},
      {"bytes=5-4", 10000, {200, 0, 10000}},      // malformed: ignored
      {"bytes=", 10000, {200, 0, 10000}},         //
      {"bytes=-", 10000, {200, 0, 10000}},        //
      {"bytes=a-b", 10000, {200, 0, 10000}},      //
      {"bytes=1", 10000, {200, 0, 10000}},        //
      {"bytes=--1", 10000, {200, 0, 10000}},      //
      {"bytes=+1-2", 10000, {200, 0, 10000}},     //
      {"bytes=0x1-2", 10000, {200, 0, 10000}},    //
      {"bytes=1- 2", 10000, {200, 0, 10000}},     //
      {"bytes 0-1", 10000, {200, 0, 10000}},      //
      {"", 10000, {200, 0, 10000}},               //
      {"items=0-1", 10000, {200, 0, 10000}},      // another unit
      {"bytes=0-1,5-6", 10000, {200, 0, 10000}},  // several: the whole
      {"bytes=0-1,20000-", 10000, {200, 0, 10000}},
  };
  for (const RangeRow& row : rows) {
    EXPECT_EQ(selected(row.range, row.size), row.wanted) << "\"" << row.range << "\" of " << row.size;
  }
}

TEST(Range, EveryRangeOfASmallBodyIsItsDefinition) {
  constexpr std::uint64_t kMax = 6;
  for (std::uint64_t size = 0; size <= kMax; ++size) {
    for (std::uint64_t first = 0; first <= kMax + 1; ++first) {
      for (std::uint64_t last = first; last <= kMax + 1; ++last) {
        std::uint64_t count = 0;
        for (std::uint64_t i = 0; i < size; ++i) count += i >= first && i <= last;
        const Selection wanted = count == 0 ? Selection{416, 0, 0} : Selection{206, first, count};
        EXPECT_EQ(selected("bytes=" + std::to_string(first) + "-" + std::to_string(last), size), wanted);
      }
    }
  }
}

TEST(Range, IsOfGetAlone) {
  EXPECT_EQ(select(request({{"Range", "bytes=0-1"}}, Method::head), {kEtag, 10}), (Selection{200, 0, 10}));
}

TEST(Range, IfRangeHoldsForTheSameStrongTagAlone) {
  const auto with = [](const std::string& condition) {
    return select(request({{"Range", "bytes=2-3"}, {"If-Range", condition}}), {kEtag, 10});
  };
  const Selection part{206, 2, 2}, whole{200, 0, 10};
  EXPECT_EQ(with("\"v1\""), part);
  EXPECT_EQ(with("\"v2\""), whole);
  EXPECT_EQ(with("W/\"v1\""), whole);
  EXPECT_EQ(with("*"), whole);
  EXPECT_EQ(with("Sat, 29 Oct 1994 19:43:31 GMT"), whole);
}

TEST(Range, WhereIfRangeDoesNotHoldAnImpossibleRangeIsTheWhole) {
  EXPECT_EQ(select(request({{"Range", "bytes=100-"}, {"If-Range", "\"v0\""}}), {kEtag, 10}), (Selection{200, 0, 10}));
}

TEST(Range, IfMatchWantsTheStrongTag) {
  const auto status = [](const std::string& condition) {
    return select(request({{"If-Match", condition}}), {kEtag, 10}).status;
  };
  EXPECT_EQ(status("\"v1\""), 200);
  EXPECT_EQ(status("*"), 200);
  EXPECT_EQ(status("\"v0\", \"v1\""), 200);
  EXPECT_EQ(status("\"v0\",\"v1\""), 200);
  EXPECT_EQ(status("\"v0\""), 412);
  EXPECT_EQ(status("W/\"v1\""), 412);
  EXPECT_EQ(status("v1"), 412);
  EXPECT_EQ(status("\"a,\", \"v1\""), 200);  // a tag may hold a comma
  EXPECT_EQ(status("\"v1"), 412);
  EXPECT_EQ(status(""), 412);
}

TEST(Range, IfNoneMatchComparesWeakly) {
  const auto status = [](const std::string& condition, Method method) {
    return select(request({{"If-None-Match", condition}}, method), {kEtag, 10}).status;
  };
  for (const Method method : {Method::get, Method::head}) {
    EXPECT_EQ(status("\"v1\"", method), 304);
    EXPECT_EQ(status("W/\"v1\"", method), 304);
    EXPECT_EQ(status("*", method), 304);
    EXPECT_EQ(status("\"v0\", W/\"v1\"", method), 304);
    EXPECT_EQ(status("\"v0\"", method), 200);
  }
}

TEST(Range, PreconditionsComeBeforeTheRange) {
  EXPECT_EQ(select(request({{"If-Match", "\"v0\""}, {"If-None-Match", "\"v1\""}, {"Range", "bytes=99-"}}), {kEtag, 10}),
            (Selection{412, 0, 0}));
  EXPECT_EQ(select(request({{"If-None-Match", "\"v1\""}, {"Range", "bytes=99-"}}), {kEtag, 10}),
            (Selection{304, 0, 0}));
}

LongBody body() {
  LongBody out;
  out.segments = std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"0123456789", {}, 10}});
  return out;
}

TEST(Range, AResponseSaysWhatItHolds) {
  const Response part = ranged_response(request({{"Range", "bytes=2-4"}}), {kEtag, 10}, body());
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.headers.find("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(part.headers.find("ETag"), kEtag);
  EXPECT_EQ(part.headers.find("Accept-Ranges"), "bytes");
  EXPECT_EQ(std::get<LongBody>(part.body).first, 2U);
  EXPECT_EQ(std::get<LongBody>(part.body).size_bytes, 3U);

  const Response all = ranged_response(request({}), {kEtag, 10}, body());
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.headers.find("Content-Range"), std::nullopt);
  EXPECT_EQ(std::get<LongBody>(all.body).size_bytes, 10U);
}

TEST(Range, AResponseWithoutBytesSaysWhy) {
  const Response beyond = ranged_response(request({{"Range", "bytes=10-"}}), {kEtag, 10}, body());
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.headers.find("Content-Range"), "bytes */10");
  EXPECT_EQ(nlohmann::json::parse(std::get<std::string>(beyond.body)).at("code"), "range_unsatisfiable");

  const Response same = ranged_response(request({{"If-None-Match", kEtag}}), {kEtag, 10}, body());
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.headers.find("ETag"), kEtag);
  EXPECT_EQ(std::get<std::string>(same.body), "");

  EXPECT_EQ(ranged_response(request({{"If-Match", "\"v0\""}}), {kEtag, 10}, body()).status, 412);
}

}  // namespace
}  // namespace naru::server
