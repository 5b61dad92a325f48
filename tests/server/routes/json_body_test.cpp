#include "server/routes/json_body.h"

#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

std::optional<ErrorCode> code(std::string_view body, auto&& read) {
  const Request request = request_for(Method::post, "/", body);
  return code_if_thrown([&] { read(JsonBody(request, {"text", "flag", "number", "list", "object"})); });
}

TEST(JsonBody, GivesWhatIsThere) {
  const Request request =
      request_for(Method::post, "/", R"({"text":"a","flag":true,"number":-7,"list":["x"],"object":{"a":"b"}})");
  const JsonBody body(request, {"text", "flag", "number", "list", "object", "other"});
  EXPECT_EQ(body.text("text", 1), "a");
  EXPECT_EQ(body.text_if("other", 1), std::nullopt);
  EXPECT_TRUE(body.boolean("flag"));
  EXPECT_EQ(body.integer("number"), -7);
  EXPECT_EQ(body.texts("list", 1, 1), std::vector<std::string>{"x"});
  EXPECT_EQ(body.object("object", {"a"}).text("a", 1), "b");
}

TEST(JsonBody, RefusesEverythingElse) {
  const auto nothing = [](const JsonBody&) {};
  const auto text = [](const JsonBody& body) { body.text("text", 3); };
  for (const char* bad : {" ", "[]", "{", "null", "\"a\"", R"({"unknown":1})", "{\"text\":\"\xff\"}", "{}{}"}) {
    EXPECT_EQ(code(bad, nothing), ErrorCode::request_invalid) << bad;
  }
  for (const char* bad : {"{}", R"({"text":1})", R"({"text":"long"})", R"({"text":null})", R"({"text":"\u0000"})"}) {
    EXPECT_EQ(code(bad, text), ErrorCode::request_invalid) << bad;
  }
  for (const char* bad :
       {R"({"number":1.5})", R"({"number":"1"})", R"({"number":18446744073709551615})", R"({"number":1e400})"}) {
    EXPECT_EQ(code(bad, [](const JsonBody& body) { body.integer("number"); }), ErrorCode::request_invalid) << bad;
  }
  EXPECT_EQ(code(R"({"flag":1})", [](const JsonBody& body) { body.boolean("flag"); }), ErrorCode::request_invalid);
  for (const char* bad : {R"({"list":["a","b"]})", R"({"list":[1]})", R"({"list":"a"})", R"({"list":["ab"]})"}) {
    EXPECT_EQ(code(bad, [](const JsonBody& body) { body.texts("list", 1, 1); }), ErrorCode::request_invalid) << bad;
  }
}

TEST(JsonBody, SurvivesDeepNesting) {
  EXPECT_EQ(code(std::string(500'000, '['), [](const JsonBody&) {}), ErrorCode::request_invalid);
  const std::string deep = "{\"object\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  EXPECT_EQ(code(deep, [](const JsonBody&) {}), std::nullopt);
  const std::string inner = "{\"object\":{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}}";
  EXPECT_EQ(code(inner, [](const JsonBody& body) { body.object("object", {"a"}).text("a", 1); }),
            ErrorCode::request_invalid);
}

TEST(JsonBody, MaySaySoInCapitalsAndWithBlanks) {
  Request request;
  request.body = "{}";
  request.headers.add("Content-Type", "Application/JSON ; charset=UTF-8");
  EXPECT_EQ(code_if_thrown([&] { JsonBody(request, {}); }), std::nullopt);
}

TEST(JsonBody, MustSayThatItIsJson) {
  Request request;
  request.body = "{}";
  EXPECT_EQ(code_of([&] { JsonBody(request, {}); }), ErrorCode::media_type_unsupported);
  request.headers.add("Content-Type", "text/plain");
  EXPECT_EQ(code_of([&] { JsonBody(request, {}); }), ErrorCode::media_type_unsupported);
  Request with_charset;
  with_charset.body = "{}";
  with_charset.headers.add("Content-Type", "application/json; charset=utf-8");
  EXPECT_EQ(code_if_thrown([&] { JsonBody(with_charset, {}); }), std::nullopt);
}

}  // namespace
}  // namespace naru::server::test
