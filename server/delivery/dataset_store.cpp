#include "server/delivery/dataset_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "core/digest.h"
#include "core/error.h"
#include "core/receipt.h"
#include "pipeline/files.h"
#include "server/audit/checkpoint.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/delivery/dataset_object.h"
#include "server/delivery/job_records.h"
#include "server/services.h"
#include "server/store/database.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxSumsBytes = std::size_t{256} << 20;
constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kSums = "SHA256SUMS";

[[noreturn]] void fail(std::string_view problem) {
  throw Error(ErrorCode::dataset_invalid, fmt::format("the dataset is not whole: {}; run the job again", problem));
}

/// Path → checksum, as sha256sum writes them.
std::map<std::string, std::string> read_sums(const fs::path& file) {
  const auto text = read_file(file, kMaxSumsBytes);
  if (!text) fail("SHA256SUMS cannot be read");
  std::map<std::string, std::string> sums;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < kHexDigits + 3) fail("SHA256SUMS has a line without a path");
    sums.emplace(line.substr(kHexDigits + 2), line.substr(0, kHexDigits));
  }
  return sums;
}

/// Every regular file below `folder`. Folders are the only other thing that may be there.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink() || (!entry.is_regular_file() && !entry.is_directory())) fail("it holds a link or a device");
    if (entry.is_regular_file()) paths.push_back(entry.path().lexically_relative(folder).generic_string());
  }
  std::ranges::sort(paths);
  return paths;
}

/// The folder goes last: while it is there, `finish_destructions` sees that something is left to do.
void remove_destroyed(const fs::path& data, const std::string& id, const std::string& job_id, std::int64_t now_ms) {
  note_destruction(data, job_id, now_ms);
  std::error_code failure;
  fs::remove_all(data / "datasets" / id, failure);
  if (failure) warn_at_times("the folder of a destroyed dataset cannot be removed now");
}

}  // namespace

std::string files_sha256(std::span<const DatasetFile> files) {
  std::string lines;
  for (const DatasetFile& file : files) lines += fmt::format("{} {} {}\n", file.sha256, file.size_bytes, file.path);
  return sha256_hex(lines);
}

DatasetFiles read_dataset(const fs::path& folder, const CancelToken& cancel) {
  const auto sums = read_sums(folder / kSums);
  DatasetFiles result;
  for (const std::string& path : files_below(folder)) {
    cancel.throw_if_canceled();
    const auto facts = hash_file(folder / path);
    if (!facts) fail("a file cannot be read");
    if (path == kSums) {
      result.sha256 = facts->sha256;
    } else if (const auto sum = sums.find(path); sum == sums.end() || sum->second != facts->sha256) {
      fail("a file differs from SHA256SUMS");
    }
    result.files.push_back({path, facts->sha256, facts->size_bytes});
    result.size_bytes += facts->size_bytes;
  }
  if (result.files.size() != sums.size() + 1) fail("a file of SHA256SUMS is missing");
  return result;
}

std::string dataset_id_of_job(const std::string& job_id) { return "dataset-" + job_id.substr(job_id.find('-') + 1); }

fs::path dataset_folder(const Services& services, const std::string& dataset_id) {
  return services.config.data / "datasets" / dataset_id;
}

fs::path receipt_folder(const Services& services, const std::string& dataset_id) {
  return services.config.data / "receipts" / dataset_id;
}

void publish_dataset(Services& services, Transaction& transaction, const DatasetOwner& owner,
                     const DatasetFiles& files) {
  LedgerEvent event{"dataset.published", owner.organisation_id, "server", owner.id};
  event.detail = {{"job", owner.job_id},
                  {"sha256", files.sha256},
                  {"files_sha256", files_sha256(files.files)},
                  {"file_count", files.files.size()},
                  {"size_bytes", files.size_bytes}};
  if (owner.grant_id) event.detail["grant"] = *owner.grant_id;
  const std::uint64_t leaf = services.ledger.append(transaction, event);
  transaction.execute(
      "INSERT INTO datasets (id, organisation_id, job_id, grant_id, name, state, sha256, file_count, size_bytes, "
      "leaf_number, created_ms) VALUES ($1, $2, $3, $4, $5, 'published', $6, $7, $8, $9, $10)",
      {owner.id, owner.organisation_id, owner.job_id, value_or_null(owner.grant_id), owner.name, files.sha256,
       value_of(files.files.size()), value_of(files.size_bytes), value_of(leaf), services.clock.now_ms()});
  for (const DatasetFile& file : files.files) {
    transaction.execute(
        "INSERT INTO dataset_files (dataset_id, path, object_id, sha256, size_bytes) VALUES ($1, $2, $3, $4, $5)",
        {owner.id, file.path, object_id_of_file(owner.id, file.path), file.sha256, value_of(file.size_bytes)});
  }
  if (!owner.grant_id) return;  // the period may have changed since the job began
  transaction.after_commit([&services, grant_id = *owner.grant_id] { note_period(services, grant_id); });
}

std::optional<Dataset> find_dataset(Transaction& transaction, const std::string& dataset_id) {
  const Rows rows = transaction.query(
      "SELECT organisation_id, job_id, grant_id, name, state, sha256, file_count, size_bytes, leaf_number, created_ms, "
      "destroyed_ms FROM datasets WHERE id = $1",
      {dataset_id});
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  Dataset dataset{dataset_id, row.text(0), row.text(1), row.text(3), row.text(4), row.text(5), row.text_if(2)};
  dataset.file_count = static_cast<std::uint64_t>(row.integer(6));
  dataset.size_bytes = static_cast<std::uint64_t>(row.integer(7));
  dataset.leaf_number = static_cast<std::uint64_t>(row.integer(8));
  dataset.created_ms = row.integer(9);
  dataset.destroyed_ms = row.integer_if(10);
  return dataset;
}

std::vector<DatasetFile> dataset_files(Transaction& transaction, const std::string& dataset_id) {
  std::vector<DatasetFile> files;
  for (const Row& row :
       transaction.query("SELECT path, sha256, size_bytes FROM dataset_files WHERE dataset_id = $1", {dataset_id})) {
    files.push_back({row.text(0), row.text(1), static_cast<std::uint64_t>(row.integer(2))});
  }
  // Not by the database, whose order of text depends on its locale.
  std::ranges::sort(files, {}, &DatasetFile::path);
  return files;
}

void destroy_dataset(Services& services, Transaction& transaction, const Dataset& dataset, const std::string& actor) {
  const auto changed = transaction.execute(
      "UPDATE datasets SET state = 'destroyed', destroyed_ms = $1 WHERE id = $2 AND state = 'published'",
      {services.clock.now_ms(), dataset.id});
  if (changed == 0) throw Error(ErrorCode::gone, "this dataset was destroyed before; its record stays");
  LedgerEvent event{"dataset.destroyed", dataset.organisation_id, actor, dataset.id};
  event.detail["sha256"] = dataset.sha256;
  services.ledger.append(transaction, event);
  transaction.after_commit([data = services.config.data, id = dataset.id, job_id = dataset.job_id,
                            now_ms = services.clock.now_ms()] { remove_destroyed(data, id, job_id, now_ms); });
}

void finish_destructions(Services& services) {
  const Rows rows = in_transaction(services.database, Access::read, [](Transaction& transaction) {
    return transaction.query("SELECT id, job_id, destroyed_ms FROM datasets WHERE state = 'destroyed'");
  });
  std::error_code failure;
  for (const Row& row : rows) {
    if (!fs::exists(dataset_folder(services, row.text(0)), failure)) continue;
    remove_destroyed(services.config.data, row.text(0), row.text(1), row.integer(2));
  }
}

DatasetFile receipt_file(Services& services, const Dataset& dataset) {
  const fs::path folder = receipt_folder(services, dataset.id), file = folder / kReceiptFile;
  const auto known = read_file(file, kMaxReceiptBytes);
  if (!known || !parse_receipt(*known)) {  // a power cut may have left an empty one
    const std::string receipt = services.ledger.receipt(dataset.leaf_number);
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) throw write_error(failure.value(), "a receipt");
    fs::remove_all(folder / "tar.sha256", failure);  // of the tar with the receipt before
    write_file(file, receipt);
    sync_tree(folder);
  }
  const auto facts = hash_file(file);
  if (!facts) throw Error(ErrorCode::internal, "a receipt cannot be read; run naru admin fsck");
  return {std::string(kReceiptFile), facts->sha256, facts->size_bytes};
}

}  // namespace naru::server
