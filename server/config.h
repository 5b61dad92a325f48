/// The server's configuration: one TOML file, every key optional.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace naru::server {

struct ListenConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8600;
  std::filesystem::path tls_certificate, tls_key;  ///< both or none
  bool plain_is_allowed = false;                   ///< without TLS on another address than loopback
  std::string public_url;                          ///< as clients see it; empty: see server/public_url.h
  int max_connections = 20000;
  int header_timeout_s = 20, body_timeout_s = 60, idle_timeout_s = 75, send_timeout_s = 120;
  int drain_s = 30;
  int requests_per_second = 200;          ///< of one client address; 0: no limit
  int max_connections_per_address = 256;  ///< 0: no limit
  /// Whether both limits hold for loopback too. A proxy on the same machine speaks for all its clients, so they do not.
  bool loopback_is_limited = false;
  int max_event_streams = 512;  ///< connections that follow events; more are answered 503
  int handler_threads = 16, max_waiting_requests = 1024;
  bool access_log = true;  ///< a line of JSON on stderr for each request
  /// How long who sends a long body is believed; no key of the file, but of tests.
  std::chrono::milliseconds time_between_admissions{10'000};
};

struct DicomConfig {
  bool is_on = false;
  std::string address = "127.0.0.1";
  std::uint16_t port = 11112;
  std::string ae_title = "NARU", organisation;  ///< whose studies these are: its name
  std::vector<std::string> allowed_ae_titles;   ///< empty: nobody
  std::filesystem::path tls_certificate, tls_key, tls_ca;
  int max_associations = 32;
};

struct FolderConfig {
  std::filesystem::path path;
  std::string organisation;
};

struct IngestConfig {
  int quiet_s = 60;  ///< a study closes when nothing came for so long
  std::uint64_t max_upload_bytes = std::uint64_t{64} << 30;
  std::uint64_t max_instance_bytes = std::uint64_t{4} << 30;
  std::vector<FolderConfig> folders;
};

struct JobConfig {
  int worker_count = 1;
  std::uint64_t memory_bytes = 0;  ///< of all jobs together; 0: half of the machine
  int threads = 0;
  std::string device = "auto";
  int lease_s = 30, max_attempts = 3, max_queued_per_organisation = 1000;
};

struct OidcConfig {
  bool is_on = false;
  std::string issuer, client_id, client_secret_file, redirect_url;
};

/// Another hospital's server, which is asked to cosign our checkpoints.
struct WitnessConfig {
  std::string name, url, key;  ///< url: what `/add-checkpoint` comes behind; key: its verifier key as a witness
};

struct LedgerConfig {
  std::string origin;                     ///< name of the log; empty: "naru.local/" and a random id
  std::vector<std::string> witness_keys;  ///< of logs whose checkpoints this server cosigns (verifier keys)
  std::vector<WitnessConfig> witnesses;   ///< who cosign ours
  int witness_every_s = 60;               ///< each is asked that often at most
};

struct RetentionConfig {
  int study_days = 0;  ///< after closing; 0: until somebody destroys it
};

struct BackupConfig {
  std::filesystem::path folder;  ///< empty: the running server makes none
  int every_hours = 0;           ///< 0: when asked alone
  int keep = 7;                  ///< good ones; older ones are removed
};

struct Config {
  std::filesystem::path data;        ///< everything that is kept lies below it
  std::string database;              ///< empty: sqlite:DATA/naru.db
  std::filesystem::path master_key;  ///< empty: $CREDENTIALS_DIRECTORY/naru-master-key, else DATA/master.key
  ListenConfig listen;
  DicomConfig dicom;
  IngestConfig ingest;
  JobConfig jobs;
  OidcConfig oidc;
  LedgerConfig ledger;
  RetentionConfig retention;
  BackupConfig backup;
};

/// @throws Error{config_invalid} naming file, line, column and what would do
Config load_config(const std::filesystem::path& file);

/// @throws Error{config_invalid} where keys contradict each other
void check(const Config& config);

/// How `open_database` is given the database: what the configuration says, else SQLite in the data folder.
std::string database_url(const Config& config);

/// A file with every key, its meaning and its default.
std::string sample_config();

}  // namespace naru::server
