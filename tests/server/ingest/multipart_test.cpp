#include "server/ingest/multipart.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "core/error.h"

namespace naru::server {
namespace {

struct Parts final : PartHandler {
  void begin(const MediaType& type) override { parts.emplace_back(type.name, ""); }
  void data(std::span<const std::byte> bytes) override {
    parts.back().second.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void end() override { ++ended; }
  std::vector<std::pair<std::string, std::string>> parts;
  std::size_t ended = 0;
};

/// The parts of `body`, given in pieces of `piece_bytes`.
std::vector<std::pair<std::string, std::string>> split(std::string_view body, std::size_t piece_bytes,
                                                       std::string_view boundary = "b") {
  Parts parts;
  MultipartReader reader(boundary, parts);
  for (std::size_t at = 0; at < body.size(); at += piece_bytes) {
    reader.write(std::as_bytes(std::span(body.substr(at, piece_bytes))));
  }
  reader.finish();
  EXPECT_EQ(parts.ended, parts.parts.size());
  return parts.parts;
}

std::optional<ErrorCode> error_of(std::string_view body, std::string_view boundary = "b") {
  try {
    split(body, 1000, boundary);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

using Wanted = std::vector<std::pair<std::string, std::string>>;

TEST(Multipart, PartsAreTheSameHoweverTheBytesCome) {
  const std::string tricky = "\r\n-\r\n--\r\n--c\r--b\n--b\r\n\r\n--a\r";
  const std::string body =
      "preamble, to be passed over\r\n--b\r\nContent-Type: application/dicom\r\n\r\n" + tricky +
      "\r\n--b  \t\r\ncontent-type:text/html; charset=\"a;b\"\r\nX-Other: y\r\n\r\n<html>\r\n--b\r\n\r\nno header"
      "\r\n--b--\r\nepilogue --b";
  const Wanted wanted = {{"application/dicom", tricky}, {"text/html", "<html>"}, {"text/plain", "no header"}};
  for (std::size_t piece = 1; piece <= body.size(); ++piece) EXPECT_EQ(split(body, piece), wanted) << piece;
}

TEST(Multipart, APartMayHaveNoBytes) {
  for (std::size_t piece = 1; piece < 40; ++piece) {
    EXPECT_EQ(split("--b\r\nContent-Type: a/b\r\n\r\n\r\n--b--", piece), (Wanted{{"a/b", ""}}));
    EXPECT_EQ(split("--b\r\nContent-Type: a/b\r\n\r\n--b--", piece), (Wanted{{"a/b", ""}}));
    EXPECT_EQ(split("--b--", piece), Wanted{});
  }
}

TEST(Multipart, ABodyThatEndsEarlyIsMalformed) {
  const std::string body = "--b\r\nContent-Type: a/b\r\n\r\ndata\r\n--b--";
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(error_of(body.substr(0, size)), ErrorCode::request_invalid) << size;
  }
  EXPECT_EQ(error_of(body), std::nullopt);
}

TEST(Multipart, ABoundaryIsOneOnlyInFull) {
  EXPECT_EQ(error_of("--b\r\nA: b\r\n\r\ndata\r\n--bc\r\n\r\n\r\n--b--"), ErrorCode::request_invalid);
  for (const std::string boundary : {"", "b ", "a\nb", "a\"b"}) {
    EXPECT_EQ(error_of("--b--", boundary), ErrorCode::request_invalid) << boundary;
  }
  EXPECT_EQ(error_of("--b--", std::string(201, 'b')), ErrorCode::request_invalid);
  EXPECT_EQ(error_of("--" + std::string(200, 'b') + "--", std::string(200, 'b')), std::nullopt);
}

TEST(Multipart, HeadersHaveToBeSound) {
  for (const std::string header : {"no colon", ": no name", "a b: c", "Content-Type: none", "Content-Type: a/b; c"}) {
    EXPECT_EQ(error_of("--b\r\n" + header + "\r\n\r\ndata\r\n--b--"), ErrorCode::request_invalid) << header;
  }
}

TEST(Multipart, WhatGrowsWithoutEndIsRefused) {
  EXPECT_EQ(error_of("--b\r\nX: " + std::string(kMaxPartHeaderBytes, 'x')), ErrorCode::body_too_large);
  EXPECT_EQ(error_of("--b\r\nX: " + std::string(kMaxPartHeaderBytes, 'x') + "\r\n\r\n\r\n--b--"),
            ErrorCode::body_too_large);
  EXPECT_EQ(error_of("--b" + std::string(100000, ' ')), ErrorCode::request_invalid);
  std::string many;
  for (std::size_t n = 0; n < kMaxParts; ++n) many += "--b\r\n\r\n\r\n";
  EXPECT_EQ(error_of(many + "--b--"), std::nullopt);
  EXPECT_EQ(error_of(many + "--b\r\n\r\n\r\n--b--"), ErrorCode::body_too_large);
}

TEST(MediaTypes, AreReadWithTheirParameters) {
  const auto type = parse_media_type(" Multipart/Related; TYPE=\"application/dicom\" ;boundary=\"a \\\"b\";");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->name, "multipart/related");
  EXPECT_EQ(type->parameter("type"), "application/dicom");
  EXPECT_EQ(type->parameter("boundary"), "a \"b");
  EXPECT_EQ(type->parameter("charset"), std::nullopt);
  for (const std::string wrong :
       {"", "text", "/b", "a/", "a/b; c", "a/b; c=\"d", "a/b c", "a/b; c=1; c=2", "a/b; =d"}) {
    EXPECT_FALSE(parse_media_type(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace naru::server
