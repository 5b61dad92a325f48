#include "server/http/problem.h"

#include <algorithm>
#include <array>
#include <string>

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
}  // namespace

int http_status(ErrorCode code) { return row(code).status; }

Response problem_response(const std::exception& error, std::string_view request_id) {
  const auto* known = dynamic_cast<const Error*>(&error);
  const ErrorCode code = known ? known->code() : ErrorCode::internal;
  const Row& as = row(code);
  const bool is_told = known && as.code != ErrorCode::internal;
  const nlohmann::ordered_json document = {
      {"type", "urn:naru:problem:" + std::string(name(code))},
      {"title", as.title},
      {"status", as.status},
      {"code", name(code)},
      {"detail", is_told ? error.what() : "the server's log names this request by its id"},
      {"instance", request_id},
  };
  Response response{.status = as.status, .headers = {}, .body = {}};
  response.headers.add("Content-Type", "application/problem+json");
  if (as.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (as.status == 429 || as.status == 503) {
    const auto* later = dynamic_cast<const RetryLater*>(&error);
    response.headers.add("Retry-After", std::to_string(later ? later->after_s() : 1));
  }
  response.body = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

}  // namespace naru::server
