/// Uploads over several requests: a row of `uploads` and a file DATA/uploads/ID.part.
///
///   open --(all bytes, "complete")--> received --(ingested)--> done | failed
///   open --(deleted, or nothing came for kAbandonedAfter_ms)--> aborted; not while a request sends to it
///   received --(deleted)--> aborted; not while it is ingested
///
/// The row says how many bytes are durable; what the file holds beyond that is cut off before more is written. An
/// upload that was received is ingested even if the server dies in between; instances that were stored already count
/// as duplicates then. Each change of state is a leaf, upload.opened and so on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "core/cancel.h"
#include "pipeline/file_descriptor.h"
#include "server/auth/caller.h"
#include "server/disk_room.h"
#include "server/ingest/receiver.h"

namespace naru::server {

struct Services;

inline constexpr std::int64_t kAbandonedAfter_ms = 24 * 3600 * std::int64_t{1000};
inline constexpr int kMaxOpenUploads = 64;  ///< of one organisation

struct Upload {
  std::string id, organisation_id, created_by;
  std::string kind;   ///< "file" or "archive"
  std::string state;  ///< as above
  std::uint64_t size_bytes = 0, received_bytes = 0;
  std::optional<std::string> sha256;  ///< that the whole must have
  std::optional<std::string> result;  ///< JSON: the counts, or {"error": CODE}
  std::int64_t created_ms = 0, updated_ms = 0;
};

/// naru.upload/1
nlohmann::ordered_json to_json(const Upload& upload);

/// Makes the row of `wanted`, of which the organisation, who asks, the kind, the size and the checksum are taken.
/// @throws Error{body_too_large, quota_exceeded, disk_full}: larger than the configuration allows, too many are open,
/// or the disk has not as much room
Upload open_upload(Transaction& transaction, const Services& services, Upload wanted);

/// @throws Error{not_found}
Upload find_upload(const Services& services, const std::string& organisation_id, const std::string& id);

/// Adds bytes to an upload. What was written when it is destroyed is kept, so that a client that lost its connection
/// goes on from there.
class UploadPart {
 public:
  /// @throws Error{not_found}; Error{forbidden} where another person opened it; Error{conflict} where it is not open,
  /// or another request writes to it; Error{precondition_failed} where `offset` is not what was received, naming that
  UploadPart(const Services& services, const Caller& caller, const std::string& id, std::uint64_t offset);
  ~UploadPart();
  UploadPart(const UploadPart&) = delete;
  UploadPart& operator=(const UploadPart&) = delete;

  /// @throws Error{body_too_large} beyond the size that was announced; Error{disk_full, output_unwritable}
  void write(std::span<const std::byte> bytes);
  /// Durable on return. @return how many bytes there are now. @throws Error{conflict} where it was aborted meanwhile
  std::uint64_t save();

 private:
  const Services& services_;
  Upload upload_;
  FileDescriptor file_;
  RoomWatch room_;
  bool is_saved_ = true;
};

/// All bytes are there: a file is ingested before this returns, an archive by `ingest_received_uploads` soon.
/// Asked again it answers the same. @throws Error{not_found}; Error{forbidden} where another person opened it;
/// Error{conflict} where bytes are missing or it was aborted
Upload complete_upload(const Services& services, const Caller& caller, const std::string& id);

/// @throws Error{not_found}; Error{conflict} while it is worked on, and once it has ended
void abort_upload(const Services& services, const std::string& organisation_id, const std::string& id,
                  const std::string& actor);

/// Ingests what was completed. One that cannot be stored now (disk full, database away) stays as it is.
/// @return how many. @throws Error{canceled}
int ingest_received_uploads(const Services& services, const CancelToken& cancel);

/// Does so every half second, on a thread of its own.
class UploadWorker {
 public:
  explicit UploadWorker(const Services& services);
  ~UploadWorker();  ///< stops at the next file of an archive; the rest is done after the next start
  UploadWorker(const UploadWorker&) = delete;
  UploadWorker& operator=(const UploadWorker&) = delete;

 private:
  CancelToken cancel_;
  std::jthread thread_;
};

/// Aborts abandoned uploads, and removes files that belong to no open or received upload. @return how many of both
int remove_expired_uploads(const Services& services);

}  // namespace naru::server
