#include "server/delivery/send_object.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/receipt.h"
#include "server/delivery/tar.h"
#include "server/delivery/transfers.h"
#include "server/http/range.h"
#include "server/services.h"

namespace naru::server {

namespace {

using Kind = DatasetObject::Kind;

/// The tar's bytes follow from its dataset and its receipt, which may be made anew, as after a restored backup.
std::string etag_of(const DatasetListing& listing, const DatasetObject& object) {
  if (object.kind != Kind::tar) return fmt::format("\"sha256-{}\"", object.sha256);
  const auto receipt = std::ranges::find(listing.files, kReceiptFile, &DatasetObject::path);
  return fmt::format("\"tar-{}-{}-{}\"", listing.dataset.id, listing.dataset.sha256,
                     receipt == listing.files.end() ? "" : receipt->sha256);
}

LongBody body_of(const DatasetListing& listing, const DatasetObject& object) {
  LongBody body;
  body.segments = object.kind == Kind::tar ? listing.tar : object.bytes;
  return body;
}

}  // namespace

Response send_object(Services& services, const Request& request, const DatasetAccess& access,
                     const DatasetListing& listing, const DatasetObject& object) {
  if (object.kind != Kind::file && object.kind != Kind::tar) {
    throw Error(ErrorCode::not_found, "a bundle has no bytes of its own; ask for its members, or for the tar");
  }
  LongBody body = body_of(listing, object);
  const Representation representation{etag_of(listing, object), tar_size_bytes(*body.segments)};
  const Selection selection = select(request, representation);
  const bool has_body = selection.status == 200 || selection.status == 206;
  if (has_body && request.method == Method::get) {
    body.transfer = services.transfers.begin(services, access, object.id, selection.first, selection.size_bytes);
  }
  Response response = ranged_response(request, representation, std::move(body));
  if (has_body) {
    const std::size_t slash = object.path.rfind('/');
    const std::string name = object.kind == Kind::tar ? listing.dataset.name + ".tar"
                                                      : object.path.substr(slash == std::string::npos ? 0 : slash + 1);
    response.headers.add("Content-Type", mime_type(object));
    response.headers.add("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
    response.headers.add("Cache-Control", "private, no-store");
  }
  return response;
}

}  // namespace naru::server
