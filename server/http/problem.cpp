#include "server/http/problem.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/retry_later.h"

namespace naru::server {

namespace {
struct Row {
  ErrorCode code;
  int status;
  std::string_view title;
};

constexpr std::array kRows = {
    Row{ErrorCode::internal, 500, "The server failed"},
    Row{ErrorCode::request_invalid, 400, "The request cannot be understood"},
    Row{ErrorCode::recipe_invalid, 422, "The recipe is not valid"},
    Row{ErrorCode::unauthenticated, 401, "Who asks is not known"},
    Row{ErrorCode::forbidden, 403, "Not allowed"},
    Row{ErrorCode::not_found, 404, "No such thing"},
    Row{ErrorCode::method_not_allowed, 405, "Not with this method"},
    Row{ErrorCode::conflict, 409, "Not in this state"},
    Row{ErrorCode::idempotency_in_flight, 409, "The same request is being worked on"},
    Row{ErrorCode::idempotency_mismatch, 422, "The Idempotency-Key was used for another request"},
    Row{ErrorCode::precondition_failed, 412, "The condition of the request does not hold"},
    Row{ErrorCode::length_required, 411, "The length is missing"},
    Row{ErrorCode::body_too_large, 413, "The body is too large"},
    Row{ErrorCode::header_too_large, 431, "The header is too large"},
    Row{ErrorCode::media_type_unsupported, 415, "Not this kind of body"},
    Row{ErrorCode::range_unsatisfiable, 416, "No byte of the range exists"},
    Row{ErrorCode::rate_limited, 429, "Too many requests"},
    Row{ErrorCode::quota_exceeded, 403, "The quota is used up"},
    Row{ErrorCode::grant_ended, 403, "The grant has ended"},
    Row{ErrorCode::gone, 410, "Destroyed"},
    Row{ErrorCode::disk_full, 507, "The disk is full"},
    Row{ErrorCode::output_unwritable, 503, "The disk cannot be written"},
    Row{ErrorCode::store_unavailable, 503, "The database cannot be reached"},
    Row{ErrorCode::draining, 503, "The server is stopping or busy"},
    Row{ErrorCode::output_busy, 409, "In use"},
};

const Row& row(ErrorCode code) {
  const auto found = std::ranges::find(kRows, code, &Row::code);
  return found == kRows.end() ? kRows.front() : *found;
}

/// What of an error clients get to know.
struct Told {
  ErrorCode code;
  const Row& row;
  std::string detail;
};

Told told_of(const std::exception& error) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const ErrorCode code = known ? known->code() : ErrorCode::internal;
  const bool is_told = known && row(code).code != ErrorCode::internal;
  return {code, row(code), is_told ? error.what() : "the server's log names this request by its id"};
}

Response response_of(const std::exception& error, const Row& as, std::string media_type,
                     const nlohmann::ordered_json& document) {
  Response response{.status = as.status, .headers = {}, .body = {}};
  response.headers.add("Content-Type", std::move(media_type));
  if (as.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (as.status == 429 || as.status == 503) {
    const auto* later = dynamic_cast<const RetryLater*>(&error);
    response.headers.add("Retry-After", std::to_string(later ? later->after_s() : 1));
  }
  response.body = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}
}  // namespace

int http_status(ErrorCode code) { return row(code).status; }

Response problem_response(const std::exception& error, std::string_view request_id) {
  const Told told = told_of(error);
  return response_of(error, told.row, "application/problem+json",
                     {
                         {"type", "urn:naru:problem:" + std::string(name(told.code))},
                         {"title", told.row.title},
                         {"status", told.row.status},
                         {"code", name(told.code)},
                         {"detail", told.detail},
                         {"instance", request_id},
                     });
}

Response error_response(const std::exception& error, std::string_view path, std::string_view request_id) {
  if (!path.starts_with("/ga4gh/drs/")) return problem_response(error, request_id);
  const Told told = told_of(error);
  const std::string msg = std::string(name(told.code)) + ": " + told.detail + " (" + std::string(request_id) + ")";
  return response_of(error, told.row, "application/json", {{"msg", msg}, {"status_code", told.row.status}});
}

}  // namespace naru::server
