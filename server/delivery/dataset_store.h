/// Published datasets: folders that never change, and the rows that make them visible.
///
/// A dataset is DATA/datasets/ID. Its SHA-256 is that of its SHA256SUMS, which names every other file with its own, so
/// that one number stands for all bytes. Without its row nobody sees the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/cancel.h"

namespace naru::server {

struct Services;
class Transaction;

struct DatasetFile {
  std::string path;  ///< relative, with '/' between
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

/// What a folder holds, every checksum recomputed.
struct DatasetFiles {
  std::string sha256;              ///< of SHA256SUMS
  std::vector<DatasetFile> files;  ///< sorted by path, SHA256SUMS among them
  std::uint64_t size_bytes = 0;
};

/// Of lines "SHA256 SIZE PATH", sorted by path: what the ledger holds of them.
std::string files_sha256(std::span<const DatasetFile> files);

/// Reads every byte of `folder`. @throws Error{canceled}, looked for before each file
/// @throws Error{dataset_invalid} a file that SHA256SUMS does not name, or the other way round, a checksum that
/// differs, something that is no regular file
DatasetFiles read_dataset(const std::filesystem::path& folder, const CancelToken& cancel);

/// Whose dataset it is and where it came from.
struct DatasetOwner {
  std::string id, organisation_id, job_id, name;
  std::optional<std::string> grant_id;
};

std::filesystem::path dataset_folder(const Services& services, const std::string& dataset_id);

/// Adds the rows and the leaf "dataset.published" within `transaction`; the folder stands at dataset_folder already and
/// is on the disk.
void publish_dataset(Services& services, Transaction& transaction, const DatasetOwner& owner,
                     const DatasetFiles& files);

/// The row of a dataset that was published.
struct Dataset {
  std::string id, organisation_id, job_id, name, state, sha256;
  std::optional<std::string> grant_id;
  std::uint64_t file_count = 0, size_bytes = 0;
  std::uint64_t leaf_number = 0;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> destroyed_ms = {};
};
std::optional<Dataset> find_dataset(Transaction& transaction, const std::string& dataset_id);
std::vector<DatasetFile> dataset_files(Transaction& transaction, const std::string& dataset_id);

/// Marks it destroyed, with the leaf, and removes the folder once that is committed. Its records stay.
/// @throws Error{gone} where it was destroyed before
void destroy_dataset(Services& services, Transaction& transaction, const Dataset& dataset, const std::string& actor);
/// Removes folders that destroyed datasets still have: of a server that was killed between the two, or could not.
void finish_destructions(Services& services);

/// kReceiptFile, the ledger's proof that the dataset was published: made on the first call after the publication, the
/// same ever after unless it is lost, when another one is made.
DatasetFile receipt_file(Services& services, const Dataset& dataset);
std::filesystem::path receipt_folder(const Services& services, const std::string& dataset_id);

}  // namespace naru::server
