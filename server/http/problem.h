/// Errors as clients see them: RFC 9457 problem documents, and what GA4GH DRS wants in their place.
#pragma once

#include <exception>
#include <string_view>

#include "core/error.h"
#include "server/http/message.h"

namespace naru::server {

/// The HTTP status that goes with `code`. Codes of the pipeline, which no request should meet, are 500.
int http_status(ErrorCode code);

/// {type: "urn:naru:problem:CODE", title, status, code, detail, instance: request_id} as application/problem+json.
/// `detail` is the message of an `Error`; any other exception is `internal` and keeps its text to itself, since nobody
/// checked it for patient data. 401 carries WWW-Authenticate; 429 and 503 carry
/// Retry-After: what a RetryLater says, else a second.
Response problem_response(const std::exception& error, std::string_view request_id);

/// The same, but below /ga4gh/drs/ as GA4GH DRS has it, so that programs that know DRS alone understand what is
/// refused: {msg: "CODE: DETAIL (REQUEST_ID)", status_code} as application/json. Source: DRS 1.2, schema Error.
Response error_response(const std::exception& error, std::string_view path, std::string_view request_id);

}  // namespace naru::server
