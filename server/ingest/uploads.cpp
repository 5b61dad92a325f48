#include "server/ingest/uploads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "pipeline/files.h"
#include "server/audit/ledger.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/crash_point.h"
#include "server/ingest/archive_ingest.h"
#include "server/ingest/content_store.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, organisation_id, created_by, kind, state, size_bytes, received_bytes, sha256, result, created_ms, "
    "updated_ms FROM uploads ";
constexpr std::string_view kWhat = "an upload";

Upload from_row(const Row& row) {
  return {row.text(0),
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          static_cast<std::uint64_t>(row.integer(5)),
          static_cast<std::uint64_t>(row.integer(6)),
          row.text_if(7),
          row.text_if(8),
          row.integer(9),
          row.integer(10)};
}

std::filesystem::path uploads_folder(const Services& services) { return services.config.data / "uploads"; }

std::filesystem::path part_path(const Services& services, const std::string& id) {
  return uploads_folder(services) / (id + ".part");
}

/// What cannot be removed now is cleared later: the state of the upload tells that it may go.
void remove_part(const Services& services, const std::string& id) {
  std::error_code ignored;
  std::filesystem::remove(part_path(services, id), ignored);
}

void make_folder(const Services& services) {
  if (::mkdir(uploads_folder(services).c_str(), 0700) != 0 && errno != EEXIST) throw write_error(errno, kWhat);
}

/// The file, made where it is not there, for this request alone. @throws Error{conflict}
FileDescriptor lock_part(const Services& services, const std::string& id) {
  make_folder(services);
  FileDescriptor file(::open(part_path(services, id).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) throw write_error(errno, kWhat);
  if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
  throw Error(ErrorCode::conflict, "another request works on this upload, or it has ended: ask for its state");
}

/// Where less is there than the row says is durable, as after a restored backup, which holds no uploads, what is there
/// counts: the client sends the rest again.
void count_anew(const Services& services, Upload& upload, const FileDescriptor& file) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw write_error(errno, kWhat);
  if (static_cast<std::uint64_t>(status.st_size) >= upload.received_bytes) return;
  upload.received_bytes = static_cast<std::uint64_t>(status.st_size);
  in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    transaction.execute("UPDATE uploads SET received_bytes = $1 WHERE id = $2 AND state = 'open'",
                        {value_of(upload.received_bytes), upload.id});
  });
}

void append_leaf(Transaction& transaction, const Services& services, const Upload& upload, const std::string& actor) {
  const std::string kind = "upload." + (upload.state == "open" ? std::string("opened") : upload.state);
  services.ledger.append(transaction, {kind, upload.organisation_id, actor, upload.id, {{"bytes", upload.size_bytes}}});
}

/// Moves the upload from one state to another with a leaf. @return false where it is in another state
bool change_state(const Services& services, Upload& upload, std::string_view from, std::string_view to,
                  const std::string& actor) {
  upload.updated_ms = services.clock.now_ms();
  return in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    const std::int64_t changed =
        transaction.execute("UPDATE uploads SET state = $1, result = $2, updated_ms = $3 WHERE id = $4 AND state = $5",
                            {std::string(to), upload.result ? Value(*upload.result) : Value(), upload.updated_ms,
                             upload.id, std::string(from)});
    if (changed == 0) return false;
    upload.state = to;
    append_leaf(transaction, services, upload, actor);
    return true;
  });
}

void check_room(const Services& services, const Upload& wanted) {
  const std::uint64_t max_bytes = services.config.ingest.max_upload_bytes;
  if (wanted.size_bytes > max_bytes) {
    throw Error(ErrorCode::body_too_large,
                fmt::format("size_bytes: an upload has at most {} bytes here: send it in parts", max_bytes));
  }
  require_room(services.config.data, wanted.size_bytes);
}

/// Whether somebody holds the file: a request that sends for longer than uploads live is no abandoned one.
bool is_worked_on(const std::filesystem::path& part) {
  const FileDescriptor file(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  return file.is_open() && ::flock(file.number(), LOCK_EX | LOCK_NB) != 0;
}

std::string failure(std::string_view code) { return nlohmann::ordered_json{{"error", code}}.dump(); }

/// A second name of the file in `incoming/`, so that keeping it costs no copy.
StagedFile stage_part(const Services& services, const Upload& upload) {
  const std::filesystem::path name = services.content.incoming() / random_id("in");
  if (::link(part_path(services, upload.id).c_str(), name.c_str()) != 0) throw write_error(errno, kWhat);
  return services.content.take(name);
}

/// What the upload holds, received. @return the result as JSON
std::string ingest(const Services& services, const Upload& upload, const CancelToken& cancel) {
  const Origin origin{upload.organisation_id, upload.created_by, "upload"};
  IngestCounts counts;
  if (upload.kind == "archive") {
    ingest_archive(part_path(services, upload.id), services.receiver, services.content, origin, cancel, counts);
  } else if (upload.size_bytes > services.content.max_file_bytes()) {
    counts.add_rejected(Code::too_large);
  } else {
    counts.add(services.receiver.receive(origin, stage_part(services, upload)));
  }
  return counts.to_json().dump();
}

/// From received to done or failed; the caller holds the file's lock.
void ingest_received(const Services& services, Upload& upload, const CancelToken& cancel) {
  const auto facts = upload.sha256 ? hash_file(part_path(services, upload.id)) : std::nullopt;
  const bool is_right = !upload.sha256 || (facts && facts->sha256 == *upload.sha256);
  upload.result = is_right ? ingest(services, upload, cancel) : failure("checksum_mismatch");
  crash_point("upload.ingested");
  change_state(services, upload, "received", is_right ? "done" : "failed", "server");
  crash_point("upload.done");
  remove_part(services, upload.id);
}

/// The studies will name who opened it, so nobody else sends for that person.
Upload find_own(const Services& services, const Caller& caller, const std::string& id) {
  Upload upload = find_upload(services, caller.organisation_id, id);
  if (upload.created_by == caller.user_id) return upload;
  throw Error(ErrorCode::forbidden, "another person opened this upload: open one of your own");
}

}  // namespace

nlohmann::ordered_json to_json(const Upload& upload) {
  nlohmann::ordered_json json = {{"schema", "naru.upload/1"},
                                 {"id", upload.id},
                                 {"kind", upload.kind},
                                 {"state", upload.state},
                                 {"size_bytes", upload.size_bytes},
                                 {"received_bytes", upload.received_bytes},
                                 {"sha256", nullptr},
                                 {"result", nullptr},
                                 {"created_ms", upload.created_ms},
                                 {"updated_ms", upload.updated_ms}};
  if (upload.sha256) json["sha256"] = *upload.sha256;
  if (upload.result) json["result"] = nlohmann::ordered_json::parse(*upload.result);
  return json;
}

Upload open_upload(Transaction& transaction, const Services& services, Upload wanted) {
  check_room(services, wanted);
  wanted.id = random_id("upload");
  wanted.state = "open";
  wanted.received_bytes = 0;
  wanted.created_ms = wanted.updated_ms = services.clock.now_ms();
  const Rows open =
      transaction.query("SELECT count(*) FROM uploads WHERE organisation_id = $1 AND state IN ('open', 'received')",
                        {wanted.organisation_id});
  if (open.at(0).integer(0) >= kMaxOpenUploads) {
    throw Error(ErrorCode::quota_exceeded,
                fmt::format("{} uploads are open: complete or delete some first", kMaxOpenUploads));
  }
  transaction.execute(
      "INSERT INTO uploads (id, organisation_id, created_by, kind, state, size_bytes, received_bytes, sha256, "
      "created_ms, "
      "updated_ms) VALUES ($1, $2, $3, $4, 'open', $5, 0, $6, $7, $8)",
      {wanted.id, wanted.organisation_id, wanted.created_by, wanted.kind, static_cast<std::int64_t>(wanted.size_bytes),
       wanted.sha256 ? Value(*wanted.sha256) : Value(), wanted.created_ms, wanted.updated_ms});
  append_leaf(transaction, services, wanted, wanted.created_by);
  return wanted;
}

Upload find_upload(const Services& services, const std::string& organisation_id, const std::string& id) {
  const Rows rows = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return transaction.query(std::string(kColumns) + "WHERE id = $1 AND organisation_id = $2", {id, organisation_id});
  });
  if (rows.empty()) throw Error(ErrorCode::not_found, "no such upload: POST /api/v1/uploads makes one");
  return from_row(rows[0]);
}

UploadPart::UploadPart(const Services& services, const Caller& caller, const std::string& id, std::uint64_t offset)
    : services_(services), upload_(find_own(services, caller, id)), file_(lock_part(services, upload_.id)) {
  upload_ = find_own(services, caller, id);  // as it is now that nobody else changes it
  if (upload_.state != "open") {
    throw Error(ErrorCode::conflict, fmt::format("the upload is {}: nothing can be added", upload_.state));
  }
  count_anew(services, upload_, file_);
  if (offset != upload_.received_bytes) {
    throw Error(ErrorCode::precondition_failed,
                fmt::format("Upload-Offset: {} bytes were received: go on from there", upload_.received_bytes));
  }
  const auto length = static_cast<off_t>(offset);
  if (::ftruncate(file_.number(), length) != 0 || ::lseek(file_.number(), length, SEEK_SET) != length) {
    throw write_error(errno, kWhat);
  }
}

UploadPart::~UploadPart() {
  if (is_saved_) return;
  try {
    save();
  } catch (const std::exception&) {
    warn_at_times("upload: what came before the connection broke could not be kept");
  }
}

void UploadPart::write(std::span<const std::byte> bytes) {
  if (bytes.size() > upload_.size_bytes - upload_.received_bytes) {
    throw Error(ErrorCode::body_too_large, fmt::format("the upload was announced with {} bytes", upload_.size_bytes));
  }
  room_.grown_to(upload_.received_bytes, file_.number());
  is_saved_ = false;
  if (!file_.write_all({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) throw write_error(errno, kWhat);
  upload_.received_bytes += bytes.size();
  crash_point("upload.written");
}

std::uint64_t UploadPart::save() {
  is_saved_ = true;
  const FileDescriptor folder(::open(uploads_folder(services_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fdatasync(file_.number()) != 0 || ::fsync(folder.number()) != 0) throw write_error(errno, kWhat);
  crash_point("upload.synced");
  const auto changed = in_transaction(services_.database, Access::write, [&](Transaction& transaction) {
    return transaction.execute(
        "UPDATE uploads SET received_bytes = $1, updated_ms = $2 WHERE id = $3 AND state = 'open'",
        {static_cast<std::int64_t>(upload_.received_bytes), services_.clock.now_ms(), upload_.id});
  });
  if (changed == 0) throw Error(ErrorCode::conflict, "the upload was aborted meanwhile: begin a new one");
  crash_point("upload.saved");
  return upload_.received_bytes;
}

Upload complete_upload(const Services& services, const Caller& caller, const std::string& id) {
  Upload upload = find_own(services, caller, id);
  if (upload.state == "aborted") throw Error(ErrorCode::conflict, "the upload was aborted: begin a new one");
  if (upload.state == "done" || upload.state == "failed") return upload;
  if (upload.state == "received" && upload.kind == "archive") return upload;  // whose worker may hold the file
  const FileDescriptor lock = lock_part(services, id);
  upload = find_own(services, caller, id);
  if (upload.state == "open") {
    count_anew(services, upload, lock);
    if (upload.received_bytes != upload.size_bytes) {
      throw Error(ErrorCode::conflict, fmt::format("{} of {} bytes were received: send the rest first",
                                                   upload.received_bytes, upload.size_bytes));
    }
    change_state(services, upload, "open", "received", upload.created_by);
    crash_point("upload.received");
  }
  if (upload.state == "received" && upload.kind == "file") ingest_received(services, upload, CancelToken());
  return upload;
}

void abort_upload(const Services& services, const std::string& organisation_id, const std::string& id,
                  const std::string& actor) {
  Upload upload = find_upload(services, organisation_id, id);
  if (upload.state == "aborted") return;
  const FileDescriptor lock = lock_part(services, id);  // nobody takes it in now
  if (!change_state(services, upload, "open", "aborted", actor) &&
      !change_state(services, upload, "received", "aborted", actor)) {
    throw Error(ErrorCode::conflict, "the upload was completed already");
  }
  remove_part(services, id);
}

int ingest_received_uploads(const Services& services, const CancelToken& cancel) {
  const Rows rows = in_transaction(services.database, Access::read, [](Transaction& transaction) {
    return transaction.query(std::string(kColumns) + "WHERE state = 'received' ORDER BY updated_ms");
  });
  int count = 0;
  for (const Row& row : rows) {
    Upload upload = from_row(row);
    try {
      const FileDescriptor lock = lock_part(services, upload.id);
      if (find_upload(services, upload.organisation_id, upload.id).state != "received") continue;
      ingest_received(services, upload, cancel);
      ++count;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::canceled) throw;
      warn_at_times(fmt::format("upload: cannot be ingested now: {}", name(error.code())));
    }
  }
  return count;
}

UploadWorker::UploadWorker(const Services& services)
    : thread_([this, &services](const std::stop_token& stop) {
        constexpr auto kPeriod = std::chrono::milliseconds(500);
        while (!stop.stop_requested()) {
          try {
            ingest_received_uploads(services, cancel_);
          } catch (const std::exception&) {
            log::detail("upload: the database cannot be reached, or the server stops");
          }
          std::this_thread::sleep_for(kPeriod);
        }
      }) {}

UploadWorker::~UploadWorker() {
  cancel_.cancel();
  thread_.request_stop();
}

int remove_expired_uploads(const Services& services) {
  const Rows rows = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return transaction.query(std::string(kColumns) + "WHERE state = 'open' AND updated_ms <= $1",
                             {services.clock.now_ms() - kAbandonedAfter_ms});
  });
  int count = 0;
  for (const Row& row : rows) {
    Upload upload = from_row(row);
    if (is_worked_on(part_path(services, upload.id))) continue;
    count += change_state(services, upload, "open", "aborted", "server") ? 1 : 0;
  }
  std::error_code absent;
  for (const auto& file : std::filesystem::directory_iterator(uploads_folder(services), absent)) {
    const std::string id = file.path().stem().string();
    const FileDescriptor lock(::open(file.path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!lock.is_open() || ::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody works on it
    const Rows wanted = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
      return transaction.query("SELECT 1 FROM uploads WHERE id = $1 AND state IN ('open', 'received')", {id});
    });
    if (wanted.empty() && std::filesystem::remove(file.path())) ++count;
  }
  return count;
}

}  // namespace naru::server
