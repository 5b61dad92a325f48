/// Datasets as GA4GH DRS objects: blobs, and bundles that mirror the folders.
///
/// An object's id says what it is: DATASET for the whole, DATASET.HASH for a file or a folder of it, DATASET.tar for
/// all in one. HASH is the begin of SHA-256 over kind and path.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/delivery/dataset_store.h"
#include "server/http/message.h"

namespace naru::server {

std::string object_id_of_file(std::string_view dataset_id, std::string_view path);
std::string object_id_of_folder(std::string_view dataset_id, std::string_view path);
std::string object_id_of_tar(std::string_view dataset_id);

/// The dataset that an object id begins with.
std::string dataset_id_of_object(std::string_view object_id);

/// One thing that can be had of a dataset.
struct DatasetObject {
  enum class Kind { whole, folder, file, tar } kind = Kind::file;
  std::string id, path;  ///< path: of a file or a folder
  std::string sha256;    ///< of a file
  std::uint64_t size_bytes = 0;
  std::shared_ptr<const std::vector<Segment>> bytes;  ///< of a file: all of it, shared by those who download it
};

/// All files of a dataset, the receipt's too, each with its place on the disk; sorted by path.
struct DatasetListing {
  Dataset dataset;
  std::vector<DatasetObject> files;
  std::shared_ptr<const std::vector<Segment>> tar;  ///< see tar_segments
};
DatasetListing list_dataset(Services& services, const Dataset& dataset);

std::optional<DatasetObject> find_object(const DatasetListing& listing, std::string_view object_id);

std::string mime_type(const DatasetObject& object);

/// The DrsObject document (DRS 1.2: id, self_uri, size, checksums, access_methods or contents).
/// @param public_url how clients reach this server, e.g. "https://naru.example"
/// @param expand contents of folders too
/// @param sha256_of_tar of an object of kind tar
nlohmann::ordered_json drs_object(const DatasetListing& listing, const DatasetObject& object,
                                  std::string_view public_url, bool expand, std::string_view sha256_of_tar = "");

/// "2026-11-26T12:00:00.000Z" (RFC 3339).
std::string rfc3339(std::int64_t time_ms);

}  // namespace naru::server
