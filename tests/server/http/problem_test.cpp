#include "server/http/problem.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>

#include "server/retry_later.h"

namespace naru::server {
namespace {

nlohmann::json document(const Response& response) {
  return nlohmann::json::parse(std::get<std::string>(response.body));
}

constexpr std::string_view kDrs = "/ga4gh/drs/v1/objects/dataset-1";

TEST(Problem, SaysWhatRfc9457AsksFor) {
  const Response response = problem_response(Error(ErrorCode::conflict, "the job has ended"), "req-1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.headers.find("content-type"), "application/problem+json");
  const nlohmann::json wanted = {
      {"type", "urn:naru:problem:conflict"}, {"title", "Not in this state"}, {"status", 409}, {"code", "conflict"},
      {"detail", "the job has ended"},       {"instance", "req-1"}};
  EXPECT_EQ(document(response), wanted);
}

TEST(Problem, IsSaidToProgramsOfDrsInTheirWay) {
  const Response response = error_response(Error(ErrorCode::grant_ended, "the grant is revoked"), kDrs, "req-1");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("content-type"), "application/json");
  EXPECT_EQ(document(response),
            (nlohmann::json{{"msg", "grant_ended: the grant is revoked (req-1)"}, {"status_code", 403}}));
  EXPECT_EQ(error_response(Error(ErrorCode::unauthenticated, ""), kDrs, "").headers.find("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(document(error_response(std::runtime_error("KIM^MINSU"), kDrs, "req-1"))["status_code"], 500);
  EXPECT_EQ(error_response(Error(ErrorCode::gone, ""), "/api/v1/jobs", "").headers.find("content-type"),
            "application/problem+json");
}

TEST(Problem, StatusesAreThoseOfTheirCodes) {
  const std::pair<ErrorCode, int> rows[] = {
      {ErrorCode::request_invalid, 400},
      {ErrorCode::unauthenticated, 401},
      {ErrorCode::forbidden, 403},
      {ErrorCode::not_found, 404},
      {ErrorCode::method_not_allowed, 405},
      {ErrorCode::conflict, 409},
      {ErrorCode::idempotency_in_flight, 409},
      {ErrorCode::idempotency_mismatch, 422},
      {ErrorCode::gone, 410},
      {ErrorCode::precondition_failed, 412},
      {ErrorCode::length_required, 411},
      {ErrorCode::body_too_large, 413},
      {ErrorCode::header_too_large, 431},
      {ErrorCode::rate_limited, 429},
      {ErrorCode::draining, 503},
      {ErrorCode::media_type_unsupported, 415},
      {ErrorCode::range_unsatisfiable, 416},
      {ErrorCode::store_unavailable, 503},
      {ErrorCode::disk_full, 507},
      {ErrorCode::output_unwritable, 503},
  };
  for (const auto& [code, status] : rows) EXPECT_EQ(http_status(code), status) << name(code);
}

TEST(Problem, EveryCodeHasAStatusOfAnError) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    const int status = http_status(static_cast<ErrorCode>(code));
    EXPECT_GE(status, 400);
    EXPECT_LE(status, 599);
  }
}

TEST(Problem, KeepsTheTextOfWhatNobodyCheckedToItself) {
  for (const std::string& text : {document(problem_response(std::runtime_error("KIM^MINSU"), "req-1")).dump(),
                                  document(problem_response(Error(ErrorCode::internal, "KIM^MINSU"), "req-1")).dump(),
                                  document(error_response(std::runtime_error("KIM^MINSU"), kDrs, "req-1")).dump(),
                                  document(problem_response(Error(ErrorCode::usage, "KIM^MINSU"), "req-1")).dump()}) {
    EXPECT_EQ(text.find("KIM"), std::string::npos) << text;
  }
  const auto hidden = document(problem_response(std::bad_alloc(), "req-1"));
  EXPECT_EQ(hidden.at("status"), 500);
  EXPECT_EQ(hidden.at("code"), "internal");
}

TEST(Problem, TellsWhenToComeBackAndHowToSignIn) {
  EXPECT_EQ(problem_response(RetryLater(ErrorCode::rate_limited, "", 50), "").headers.find("Retry-After"), "50");
  EXPECT_NE(problem_response(Error(ErrorCode::draining, ""), "").headers.find("Retry-After"), std::nullopt);
  EXPECT_EQ(problem_response(Error(ErrorCode::conflict, ""), "").headers.find("Retry-After"), std::nullopt);
  EXPECT_NE(problem_response(Error(ErrorCode::unauthenticated, ""), "").headers.find("WWW-Authenticate"), std::nullopt);
}

TEST(Problem, TextThatIsNoUtf8DoesNotStopIt) {
  EXPECT_EQ(problem_response(Error(ErrorCode::conflict, "\xff"), "req-1").status, 409);
}

}  // namespace
}  // namespace naru::server
