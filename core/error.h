/// Errors that end a job, and the codes that people and programs see.
///
/// Three kinds of failure exist in Naru: a programmer's error is an `assert`; an expected outcome (one bad file) is a
/// return value holding a `Code` (core/code.h); "this job cannot go on" is the exception below, caught only at the
/// edges (command line, job worker, HTTP adapter).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace naru {

enum class ErrorCode {
  usage,               ///< the command line cannot be understood
  input_missing,       ///< an INPUT does not exist
  input_unreadable,    ///< an INPUT may not be read
  input_empty,         ///< no file was found in the INPUTs
  nothing_delivered,   ///< no input became a case
  recipe_invalid,      ///< a recipe that does not parse, or asks for what this version cannot do
  key_invalid,         ///< the project key is missing, malformed or readable by others
  output_exists,       ///< OUT is not empty and neither --resume nor --force was given
  output_busy,         ///< another run writes to the same OUT
  output_unwritable,   ///< OUT cannot be created or written
  disk_full,           ///< the file system of OUT has no space left
  memory_exceeded,     ///< the bound given by --memory is too small for the work
  device_unavailable,  ///< the requested device is absent or failed
  dataset_invalid,     ///< what is to be verified is not a Naru dataset
  canceled,            ///< the user stopped the run
  // Of the job server; server/http/problem.h gives each its HTTP status.
  request_invalid,         ///< a request that does not parse, or a field that is missing or out of bounds
  unauthenticated,         ///< no credential, or one that is wrong, expired or revoked
  forbidden,               ///< the caller's roles or scopes do not allow this
  not_found,               ///< no such thing, or it belongs to another organisation
  method_not_allowed,      ///< the path exists, but not with this method
  conflict,                ///< the state of the thing does not allow this
  idempotency_in_flight,   ///< the same Idempotency-Key is being worked on
  idempotency_mismatch,    ///< the same Idempotency-Key came with another payload
  precondition_failed,     ///< If-Match, or the offset of an upload, does not fit
  length_required,         ///< a body without its length
  body_too_large,          ///< the body is longer than the route takes
  header_too_large,        ///< a header with longer lines, more lines or more bytes than the server reads
  media_type_unsupported,  ///< the body is of a kind that the route does not take
  range_unsatisfiable,     ///< no byte of the asked range exists
  rate_limited,            ///< too many requests; Retry-After says when
  quota_exceeded,          ///< the grant's or the organisation's quota is used up
  grant_ended,             ///< the grant expired or was revoked
  gone,                    ///< it existed and was destroyed, with a record
  store_unavailable,       ///< the database cannot be reached; the same request later may work
  draining,                ///< the server is stopping; the same request elsewhere or later may work
  config_invalid,          ///< the server's configuration
  ledger_invalid,          ///< the ledger does not match its last checkpoint
  internal,                ///< a defect of Naru
};

/// The stable lower-case name of a code, e.g. "disk_full".
std::string_view name(ErrorCode code);

/// The only exception that Naru throws on purpose. The message names the thing and the remedy and never carries
/// patient data: ids, counts and codes only.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace naru
