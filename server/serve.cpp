#include "server/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "core/log.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"
#include "pipeline/prepare.h"
#include "server/audit/cosigners.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/auth/auth.h"
#include "server/auth/first_admin.h"
#include "server/auth/https_client.h"
#include "server/backup.h"
#include "server/backup_check.h"
#include "server/backup_service.h"
#include "server/clock.h"
#include "server/clock_watch.h"
#include "server/config.h"
#include "server/delivery/dataset_store.h"
#include "server/delivery/grants.h"
#include "server/delivery/job_records.h"
#include "server/delivery/listings.h"
#include "server/delivery/transfers.h"
#include "server/fsck.h"
#include "server/gpu_memory.h"
#include "server/http/http_server.h"
#include "server/ingest/content_store.h"
#include "server/ingest/dicom_service.h"
#include "server/ingest/receiver.h"
#include "server/ingest/studies.h"
#include "server/ingest/uploads.h"
#include "server/ingest/watched_folder.h"
#include "server/jobs/job_queue.h"
#include "server/jobs/job_row.h"
#include "server/jobs/job_runner.h"
#include "server/jobs/local_executor.h"
#include "server/maintenance.h"
#include "server/metrics.h"
#include "server/public_url.h"
#include "server/readiness.h"
#include "server/routes/application.h"
#include "server/services.h"
#include "server/store/database.h"
#include "server/store/database_hold.h"

namespace naru::server {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::atomic<bool> reload_is_wanted{false};

constexpr std::string_view kCredential = "naru-master-key";

fs::path default_data_folder() {
  if (::geteuid() == 0) return "/var/lib/naru";
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state != nullptr && *state == '/') return fs::path(state) / "naru" / "server";
  if (home != nullptr && *home == '/') return fs::path(home) / ".local" / "state" / "naru" / "server";
  throw Error(ErrorCode::config_invalid, "give the folder of the data with --data");
}

void set_listen(ListenConfig& listen, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const char* const end = text.data() + text.size();
  const auto port = colon == std::string::npos ? std::from_chars_result{end, std::errc::invalid_argument}
                                               : std::from_chars(text.data() + colon + 1, end, listen.port);
  if (colon == 0 || port.ec != std::errc{} || port.ptr != end) {
    throw Error(ErrorCode::usage, "--listen must be ADDRESS:PORT, e.g. 127.0.0.1:8600 or [::1]:8600");
  }
  listen.address = text.substr(0, colon);
  if (listen.address.front() == '[' && listen.address.back() == ']') {
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  }
}

Config config_of(const ServeOptions& options) {
  Config config = options.config.empty() ? Config{} : load_config(options.config);
  if (!options.data.empty()) config.data = options.data;
  if (config.data.empty()) config.data = default_data_folder();
  config.data = fs::absolute(config.data).lexically_normal();
  if (!options.listen.empty()) set_listen(config.listen, options.listen);
  check(config);
  return config;
}

fs::path master_key_file(const Config& config) {
  if (!config.master_key.empty()) return config.master_key;
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  std::error_code failure;
  if (credentials != nullptr && fs::exists(fs::path(credentials) / kCredential, failure)) {
    return fs::path(credentials) / kCredential;
  }
  return config.data / "master.key";
}

/// True where something lies in the data folder that only its database knows of, or that its ledger tells of.
bool holds_data(const fs::path& data) {
  std::error_code failure;
  if (fs::exists(data / "ledger" / "checkpoint", failure)) return true;
  for (const char* const folder : {"content", "datasets", "receipts", "reports"}) {
    for (fs::directory_iterator entry(data / folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      const bool is_ours = entry->path().filename() == "incoming" || !entry->is_directory(failure);
      if (!is_ours && !fs::is_empty(entry->path(), failure)) return true;
    }
  }
  return false;
}

/// A database that is gone must not be taken for a new one: what it knew would count for nothing, and be removed.
/// @param may_be_new whether a data folder without anything in it will do
void require_database(const Config& config, bool may_be_new) {
  if (is_restore_unfinished(config)) {
    throw Error(ErrorCode::store_unavailable,
                "a restore into this data folder was not finished: run naru admin restore again");
  }
  std::error_code failure;
  const bool is_there = config.database.empty() ? fs::exists(config.data / "naru.db", failure)
                                                : fs::exists(config.data / "content", failure);
  if (is_there) return;
  if (config.database.empty() && holds_data(config.data)) {
    throw Error(ErrorCode::store_unavailable,
                "naru.db is missing beside the data that it knew: bring it back from a backup; nothing was done");
  }
  if (!may_be_new) throw Error(ErrorCode::input_missing, "no server has its data in this folder: check --data");
}

/// The data folder, private and held by this process alone.
FileDescriptor hold_data(const Config& config) {
  std::error_code failure;
  fs::create_directories(config.data, failure);
  if (failure) throw write_error(failure.value(), "the data folder");
  ::chmod(config.data.c_str(), 0700);
  FileDescriptor lock(::open((config.data / "serve.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_open()) throw write_error(errno, "the data folder");
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(ErrorCode::output_busy, "another naru serve, or naru admin, works on this data folder; stop it first");
  }
  return lock;
}

/// The same, with what a server keeps there.
FileDescriptor lock_data(const Config& config) {
  require_database(config, true);
  FileDescriptor lock = hold_data(config);
  std::error_code failure;
  for (const char* folder : {"datasets", "receipts", "reports", "jobs", "uploads"}) {
    fs::create_directories(config.data / folder, failure);
    ::chmod((config.data / folder).c_str(), 0700);
  }
  return lock;
}

/// What is there whether the server runs or is looked after: made in this order, taken apart in the other.
struct Base {
  explicit Base(const ServeOptions& options)
      : config(config_of(options)),
        lock(lock_data(config)),
        keys(master_key_file(config), true),
        hold(database_url(config)),
        database(open_database(database_url(config), !holds_data(config.data))),
        ledger(*database, keys, clock, config.ledger.origin, config.ledger.witness_keys),
        content(config.data / "content", config.ingest.max_instance_bytes),
        receiver(*database, ledger, content, clock),
        jobs(ledger, clock, job_limits(config.jobs)),
        auth(AuthParts{*database, ledger, clock}, config),
        services{config, clock, *database, keys, ledger, content, receiver, jobs, listings, metrics, transfers} {
    services.auth = &auth;
  }

  Config config;
  FileDescriptor lock;
  SystemClock clock;
  ClockWatch clock_watch;  ///< of the thread of `Maintenance`
  KeyStore keys;
  DatabaseHold hold;
  std::unique_ptr<Database> database;
  Ledger ledger;
  ContentStore content;
  Receiver receiver;
  JobQueue jobs;
  Auth auth;
  Listings listings;
  Metrics metrics;
  Transfers transfers;
  Services services;
};

using Values = std::vector<std::pair<std::string, double>>;

/// `SELECT label, number` as a gauge.
Metrics::Gauge gauge_of(Database& database, std::string_view sql) {
  return [&database, sql] {
    Values values;
    for (const Row& row : in_transaction(database, Access::read, [&](Transaction& t) { return t.query(sql); })) {
      values.emplace_back(row.text(0), static_cast<double>(row.integer(1)));
    }
    return values;
  };
}

void add_gauges(Base& base, const HttpServer& http, const JobRunner& runner) {
  Metrics& metrics = base.metrics;
  metrics.add_gauge("naru_jobs", "Jobs by state.", "state",
                    gauge_of(*base.database, "SELECT state, COUNT(*) FROM jobs GROUP BY state"));
  metrics.add_gauge("naru_studies", "Studies by state.", "state",
                    gauge_of(*base.database, "SELECT state, COUNT(*) FROM studies GROUP BY state"));
  metrics.add_gauge("naru_datasets", "Datasets by state.", "state",
                    gauge_of(*base.database, "SELECT state, COUNT(*) FROM datasets GROUP BY state"));
  metrics.add_gauge("naru_instances", "Instances in the store.", "kind",
                    gauge_of(*base.database, "SELECT 'all', COUNT(*) FROM blobs"));
  metrics.add_gauge("naru_ledger_leaves", "Leaves of the ledger.", "kind",
                    gauge_of(*base.database, "SELECT 'all', size FROM ledger_head"));
  metrics.add_gauge("naru_backups", "Backups by state.", "state",
                    gauge_of(*base.database, "SELECT state, COUNT(*) FROM backups GROUP BY state"));
  // Of what it holds, so from its begin; without a good one there is no series.
  metrics.add_gauge("naru_backup_age_seconds", "Age of the last good backup.", "", [&base] {
    Values values;
    for (const Row& row : in_transaction(*base.database, Access::read, [&base](Transaction& transaction) {
           return transaction.query("SELECT MAX(started_ms) FROM backups WHERE state = 'complete' AND started_ms <= $1",
                                    {base.clock.now_ms()});
         })) {
      if (row.is_null(0)) continue;
      values.emplace_back("", static_cast<double>(base.clock.now_ms() - row.integer(0)) / 1000);
    }
    return values;
  });
  metrics.add_gauge("naru_witness_cosigned_leaves", "Leaves of the last checkpoint that a witness cosigned.", "witness",
                    gauge_of(*base.database, "SELECT name, cosigned_size FROM witnesses"));
  metrics.add_gauge(
      "naru_gpu_memory_bytes", "Memory of each GPU: as its driver sees it, and of the job that has it.", "", [&runner] {
        Values values;
        const auto add = [&](std::size_t device, std::string_view kind, auto bytes) {
          values.emplace_back(fmt::format("device=\"{}\",kind=\"{}\"", device, kind), static_cast<double>(bytes));
        };
        const auto devices = gpu_memory();
        for (std::size_t n = 0; n < devices.size(); ++n) {
          add(n, "used", devices[n].used_bytes);
          add(n, "total", devices[n].total_bytes);
        }
        for (const auto& [n, bytes] : runner.gpu_reserved_bytes()) add(n, "reserved", bytes);
        return values;
      });
  metrics.add_gauge("naru_jobs_running", "Jobs that this server works on.", "", [&runner] {
    return Values{{"", static_cast<double>(runner.running_count())}};
  });
  metrics.add_gauge("naru_downloads_active", "Downloads under way.", "", [&base] {
    return Values{{"", static_cast<double>(base.transfers.active_count())}};
  });
  metrics.add_gauge("naru_delivered_bytes", "Bytes of datasets sent since the start.", "", [&base] {
    return Values{{"", static_cast<double>(base.transfers.sent_bytes())}};
  });
  metrics.add_gauge("naru_http_connections", "Connections now.", "", [&http] {
    return Values{{"", static_cast<double>(http.counters().connections)}};
  });
  metrics.add_gauge("naru_http_body_bytes", "Bytes of bodies since the start.", "direction", [&http] {
    const HttpCounters counters = http.counters();
    return Values{{"sent", static_cast<double>(counters.sent_bytes)},
                  {"received", static_cast<double>(counters.received_bytes)}};
  });
  metrics.add_gauge("naru_http_responses", "Responses since the start, by class.", "class", [&http] {
    const auto counts = http.counters().responses;
    Values values;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      values.emplace_back(fmt::format("{}xx", i + 1), static_cast<double>(counts[i]));
    }
    return values;
  });
}

/// Whether the wall clock may be trusted with what it has not passed by itself for `least` of real time.
bool is_clock_settled_for(Base& base, std::chrono::seconds least) {
  const auto now = std::chrono::steady_clock::now();
  const std::int64_t moved_ms = base.clock_watch.look(base.clock.now_ms(), now);
  if (moved_ms != 0) log::warning("the clock was moved by {} s: what waits by it waits anew", moved_ms / 1000);
  return base.clock_watch.is_settled_for(least, now);
}

/// What destroys or forgets, and is in no hurry.
MaintenanceTask forgetting(Base& base, std::string_view name, std::function<void()> forget) {
  return {name, 600s, [&base, forget = std::move(forget)] {
            if (is_clock_settled_for(base, 24h)) forget();
          }};
}

std::vector<MaintenanceTask> tasks(Base& base) {
  Services& services = base.services;
  const Config& config = base.config;
  return {
      {"the watch over downloads", 1s, [&services] { services.transfers.sweep(services); }},
      {"the hold on the database", 10s, [&base] { base.hold.keep(); }},
      {"the ledger's checkpoint", 1s, [&base] { base.ledger.checkpoint(); }},
      {"the ledger's export", 60s, [&base, &config] { base.ledger.export_tiles(config.data / "ledger"); }},
      {"closing of quiet studies", 1s,
       [&base, &config] {
         if (!is_clock_settled_for(base, std::chrono::seconds(config.ingest.quiet_s))) return;
         close_quiet_studies(*base.database, base.ledger, base.clock, config.ingest.quiet_s);
       }},
      forgetting(base, "retention",
                 [&base, &config] {
                   if (config.retention.study_days == 0) return;
                   destroy_expired_studies(*base.database, base.ledger, base.clock, config.retention.study_days);
                 }),
      {"clearing of content", 600s, [&base] { remove_unreferenced_content(*base.database, base.content); }},
      {"clearing of destroyed datasets", 600s, [&services] { finish_destructions(services); }},
      forgetting(base, "clearing of uploads", [&services] { remove_expired_uploads(services); }),
      forgetting(base, "clearing of sessions", [&base] { remove_expired(base.auth.parts); }),
  };
}

/// Counts how an attempt at a job went: its stages, as the pipeline tells them, or the code of its failure.
void count_work(Metrics& metrics, const WorkResult* result, ErrorCode code) {
  metrics.add("naru_works_total", {{"code", result != nullptr ? "ok" : name(code)}});
  if (result == nullptr || !result->facts.is_object()) return;
  metrics.observe_seconds("naru_work_seconds", {}, result->facts.value("seconds", 0.0));
  const auto stages = result->facts.find("stages");
  if (stages == result->facts.end() || !stages->is_object()) return;
  for (const auto& [stage, seconds] : stages->items()) {
    if (seconds.is_number()) metrics.observe_seconds("naru_work_stage_seconds", {{"stage", stage}}, seconds);
  }
}

JobRunnerOptions runner_options(Base& base) {
  JobRunnerOptions options;
  options.data = base.config.data;
  options.worker_count = base.config.jobs.worker_count;
  options.threads = base.config.jobs.threads;
  options.gpu_count = base.config.jobs.device == "cpu" ? 0 : count_gpus();
  options.lease = std::chrono::seconds(base.config.jobs.lease_s);
  options.publish = [&base](const fs::path& folder, const CancelToken& cancel) {
    return [&base, files = read_dataset(folder, cancel), id = folder.filename().string()](Transaction& transaction,
                                                                                          const JobRow& job) {
      publish_dataset(base.services, transaction, {id, job.organisation_id, job.id, job.name, job.grant_id}, files);
    };
  };
  options.count_end = [&base](const WorkResult* result, ErrorCode code) { count_work(base.metrics, result, code); };
  return options;
}

/// One pool of memory for each thread, as the C library has it, keeps much that is free apart; and by default it gives
/// back and takes again from the system what each answer needs.
void bound_free_memory() {
  constexpr int kPools = 2, kKeptBytes = 1 << 20;
  mallopt(M_ARENA_MAX, kPools);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

void wait(const CancelToken& cancel, HttpServer& http) {
  while (!cancel.is_canceled()) {
    std::this_thread::sleep_for(50ms);
    if (!reload_is_wanted.exchange(false)) continue;
    try {
      http.reload_certificate();
      log::info("the certificate was read again");
    } catch (const Error& error) {
      log::warning("the new certificate is not good, the old one stays: {}", Public{error.what()});
    }
  }
}

}  // namespace

void serve(const ServeOptions& options, const CancelToken& cancel) {
  bound_free_memory();
  Base base(options);
  base.ledger.check_at_start(base.config.data / "ledger");
  bind_cohorts(base.services);
  note_periods(base.services);
  Transfers::close_interrupted(base.services);
  remove_unrecorded_content(*base.database, base.content);
  malloc_trim(0);  // the checks looked at everything
  const Readiness readiness([&base] { require_able(base.services); });
  base.services.readiness = &readiness;
  BackupService backups(base.services);
  LocalExecutor executor({base.config.data, "/proc/self/exe",
                          [&base](const std::string& sha256) { return base.content.path_of(sha256); }});
  JobRunner runner({*base.database, base.keys, base.ledger, base.clock, executor}, job_limits(base.config.jobs),
                   runner_options(base));
  NaruApplication application(base.services);
  HttpServer http(base.config.listen, application);
  add_gauges(base, http, runner);
  std::optional<DicomService> dicom;
  if (base.config.dicom.is_on) {
    dicom.emplace(base.services);
    log::info("receiving DICOM on port {}", dicom->port());
  }
  const UploadWorker uploads(base.services);
  const WatchedFolders folders(base.services);
  const Maintenance maintenance(tasks(base));
  backups.start();
  CurlClient witness_client(true);
  Cosigners cosigners(
      base.ledger, *base.database, base.clock, witness_client, base.config.ledger.witnesses,
      std::chrono::seconds(base.config.ledger.witness_every_s),
      [&base](const std::string& witness, WitnessOutcome outcome) {
        base.metrics.add("naru_witness_requests_total", {{"witness", witness}, {"outcome", name(outcome)}});
      });
  cosigners.start();
  // Known before the first request, but for a port that the system chooses.
  ListenConfig& listen = base.config.listen;
  const bool is_given = !listen.public_url.empty();
  if (!is_given) listen.public_url = default_public_url(listen, listen.port);
  http.start();  // last, since /readyz may not say yes while anything above can still fail
  if (!is_given && listen.port == 0) listen.public_url = default_public_url(listen, http.port());
  log::info("listening on {}", Public{listening_url(listen, http.port())});
  if (listen.public_url != listening_url(listen, http.port())) {
    log::info("links begin with {}", Public{listen.public_url});
  }
  wait(cancel, http);
  log::info("stopping: requests under way may take {} s", base.config.listen.drain_s);
  runner.drain();
  dicom.reset();
  http.drain();
}

std::string init(const ServeOptions& options, const std::string& login, const std::string& password) {
  Base base(options);
  base.ledger.check_at_start(base.config.data / "ledger");
  return create_first_admin(base.auth.parts, base.auth.passwords,
                            {"Operator", login, password.empty() ? std::nullopt : std::optional(password)});
}

std::string sample_configuration() { return sample_config(); }

nlohmann::ordered_json route_table_json() { return to_json(RouteTable(all_routes())); }

nlohmann::ordered_json admin_backup(const ServeOptions& options, const fs::path& out) {
  require_database(config_of(options), false);
  Base base(options);
  const CancelToken never;
  const BackupFacts facts = write_backup(base.config, *base.database, out, base.clock.now_ms(), {}, never);
  return {{"schema", "naru.backup/1"},
          {"file_count", facts.file_count},
          {"size_bytes", facts.size_bytes},
          {"missing_count", facts.missing_count}};
}

nlohmann::ordered_json admin_restore(const ServeOptions& options, const fs::path& backup) {
  const Config config = config_of(options);
  read_backup_facts(backup);  // before a folder is made for what is none
  const FileDescriptor lock = hold_data(config);
  const BackupFacts facts = restore_backup(config, backup);
  return {{"schema", "naru.restore/1"}, {"file_count", facts.file_count}, {"size_bytes", facts.size_bytes}};
}

nlohmann::ordered_json admin_fsck(const ServeOptions& options, bool reads_bytes, bool repairs) {
  require_database(config_of(options), false);
  Base base(options);
  return to_json(fsck(base.services, {reads_bytes, repairs}));
}

nlohmann::ordered_json admin_check_backup(const fs::path& backup, bool reads_bytes) {
  return to_json(check_backup(backup, reads_bytes));
}

Reidentified admin_reidentify(const ServeOptions& options, const JobReidentification& asked) {
  require_database(config_of(options), false);
  Base base(options);
  base.ledger.check_at_start(base.config.data / "ledger");
  return reidentify_job(base.services, asked);
}

void request_reload() { reload_is_wanted.store(true); }

}  // namespace naru::server
