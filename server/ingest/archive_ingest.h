/// Receives what an archive or a single file holds, and counts what became of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "server/ingest/receiver.h"

namespace naru::server {

/// Every file given is counted once.
struct IngestCounts {
  std::size_t stored = 0, duplicate = 0, rejected = 0;
  std::size_t conflicting = 0;  ///< of those, with a SOP Instance UID that the study holds with other bytes too
  std::map<std::string, std::size_t> rejected_by_code;
  std::set<std::string> study_ids;

  void add(const Received& received);
  void add_rejected(Code code);
  /// {"stored", "duplicate", "conflicting", "rejected": {CODE: n}, "studies": [id]}
  nlohmann::ordered_json to_json() const;
};

/// Collects arrivals and stores them in batches, so that one transaction takes many.
class BatchedReceiver {
 public:
  BatchedReceiver(Receiver& receiver, const Origin& origin, IngestCounts& counts)
      : receiver_(receiver), origin_(origin), counts_(counts) {}
  /// @throws as Receiver::receive
  void add(StagedFile file);
  void flush();  ///< to be called at the end. @throws as add

 private:
  Receiver& receiver_;
  const Origin& origin_;
  IngestCounts& counts_;
  std::vector<Arrival> waiting_;
  std::uint64_t waiting_bytes_ = 0;
};

/// Receives every file of a .zip, .tar or .tar.gz, whatever its name in there; names are never used as paths. An
/// archive in an archive is no DICOM file. Limits are those of pipeline/archive.h and of the content store; one that
/// breaks off counts as rejected itself, beside its members before. Of a .tar.gz whose checksum is wrong, or stands
/// beyond the limit, no member is stored.
/// @throws Error{canceled}; as Receiver::receive
void ingest_archive(const std::filesystem::path& archive, Receiver& receiver, ContentStore& content,
                    const Origin& origin, const CancelToken& cancel, IngestCounts& counts);

}  // namespace naru::server
