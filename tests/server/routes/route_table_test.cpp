#include "server/routes/route_table.h"

#include <gtest/gtest.h>

#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

Response nothing(Services&, Request&) { return {}; }

Route row(Method method, std::string_view pattern) { return {method, pattern, Door::open, {}, Scope::read, nothing}; }

std::string found(const server::RouteTable& table, Method method, std::string_view path) {
  Request request = request_for(method, path);
  const Route& route = table.find(request);
  EXPECT_EQ(&table.found(request), &route);
  std::string text = std::string(name(route.method)) + ' ' + std::string(route.pattern);
  for (const std::string& value : request.path_values) text += ' ' + value;
  return text;
}

const server::RouteTable& table() {
  static const server::RouteTable table(
      {row(Method::get, "/a/{id}"), row(Method::get, "/a/b"), row(Method::post, "/a/{id}"), row(Method::head, "/a/b"),
       row(Method::get, "/a/{id}/c/{number}"), row(Method::get, "/tile/{rest*}"), row(Method::get, "/")});
  return table;
}

TEST(RouteTable, FillsValuesAndPrefersPartsAsTheyAre) {
  EXPECT_EQ(found(table(), Method::get, "/a/x"), "GET /a/{id} x");
  EXPECT_EQ(found(table(), Method::get, "/a/b"), "GET /a/b");
  EXPECT_EQ(found(table(), Method::get, "/a/x/c/7"), "GET /a/{id}/c/{number} x 7");
  EXPECT_EQ(found(table(), Method::get, "/tile/0/x001/067"), "GET /tile/{rest*} 0/x001/067");
  EXPECT_EQ(found(table(), Method::get, "/"), "GET /");
}

TEST(RouteTable, AnswersHeadByGetUnlessThereIsOne) {
  EXPECT_EQ(found(table(), Method::head, "/a/x"), "GET /a/{id} x");
  EXPECT_EQ(found(table(), Method::head, "/a/b"), "HEAD /a/b");
}

TEST(RouteTable, FindsNothingElse) {
  for (const char* path : {"", "a", "/a", "/a/", "/a/x/", "/a/x/c", "/a/x/c/", "/a/x/d/7", "/tile/", "/tile", "/b"}) {
    EXPECT_EQ(code_if_thrown([&] { found(table(), Method::get, path); }), ErrorCode::not_found) << path;
  }
  EXPECT_EQ(code_if_thrown([&] { found(table(), Method::put, "/a/x"); }), ErrorCode::method_not_allowed);
  EXPECT_EQ(table().allowed_methods("/a/x"), "GET, HEAD, POST");
}

TEST(RouteTable, HasEachRouteOnce) {
  EXPECT_EQ(code_if_thrown([] {
              server::RouteTable({row(Method::get, "/a"), row(Method::get, "/a")});
            }),
            ErrorCode::internal);
}

}  // namespace
}  // namespace naru::server::test
