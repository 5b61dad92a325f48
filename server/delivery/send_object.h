/// A blob as an HTTP response: strong ETag, Range, If-Range, HEAD, 416, recorded and charged.
#pragma once

#include "server/delivery/access.h"
#include "server/delivery/dataset_object.h"
#include "server/http/message.h"

namespace naru::server {

/// @throws as Transfers::begin; Error{not_found} for a bundle, which has no bytes of its own
Response send_object(Services& services, const Request& request, const DatasetAccess& access,
                     const DatasetListing& listing, const DatasetObject& object);

}  // namespace naru::server
