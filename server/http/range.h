/// Conditional requests and ranges (RFC 9110, 13 and 14) as pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace naru::server {

/// What is asked for: `etag` with its quotes and strong ("\"sha256-...\""), all `size_bytes` of it.
struct Representation {
  std::string etag;
  std::uint64_t size_bytes = 0;
};

/// What to send: bytes [first, first + size_bytes). Statuses: 200 all; 206 a part; 304; 412; 416 (size_bytes 0).
struct Selection {
  int status = 200;
  std::uint64_t first = 0, size_bytes = 0;
  bool operator==(const Selection&) const = default;
};

/// In the order of RFC 9110 13.2.2: If-Match (strong), If-None-Match (weak comparison), then, of GET alone, If-Range
/// (strong; a date never matches, since objects here have no date), then Range.
/// Of Range the unit "bytes" is known, others are ignored, and so are malformed ranges. One range is served; several
/// are answered with the whole (14.2 allows it), which no download manager minds and which no request can make costly.
/// A suffix longer than the whole is the whole, as 206. Where no byte of the range exists: 416.
Selection select(const Request& request, const Representation& representation);

/// The response for `select`: ETag, Accept-Ranges, Content-Range and, with 200 or 206, `body` of which `first` and
/// `size_bytes` are set here. 412 and 416 are problems; 304 has no body and no transfer.
Response ranged_response(const Request& request, const Representation& representation, LongBody body);

}  // namespace naru::server
