/// A dataset as one .tar that is never written to disk: headers made when asked for, files from where they lie. The
/// same bytes every time, so that an interrupted download goes on where it stopped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/delivery/dataset_object.h"
#include "server/http/message.h"

namespace naru::server {

/// Members are NAME/PATH in the order of the listing, owner and time 0, mode 0644; pax headers where a path is long.
std::shared_ptr<const std::vector<Segment>> tar_segments(const DatasetListing& listing);

std::uint64_t tar_size_bytes(const std::vector<Segment>& segments);

/// SHA-256 of the whole, read once and kept beside the receipt.
/// @throws Error{internal} where a file cannot be read; Error{draining} while another one is made
std::string tar_sha256(Services& services, const DatasetListing& listing);

}  // namespace naru::server
