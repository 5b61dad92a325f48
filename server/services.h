/// What handlers and background work share. Made once by `serve`; tests make their own.
#pragma once

#include <filesystem>
#include <string>

namespace naru::server {

struct Auth;
class Clock;
class ContentStore;
class Database;
class JobQueue;
class KeyStore;
class Ledger;
class Listings;
class Metrics;
class Readiness;
class Receiver;
class Transfers;
struct Config;

struct Services {
  const Config& config;
  const Clock& clock;
  Database& database;
  KeyStore& keys;         ///< sealed secrets: audit/key_store.h
  Ledger& ledger;         ///< audit/ledger.h
  ContentStore& content;  ///< received instances: ingest/content_store.h
  Receiver& receiver;     ///< of instances, whichever way they come, so that all share commits: ingest/receiver.h
  JobQueue& jobs;         ///< jobs/job_queue.h
  Listings& listings;     ///< of datasets lately asked for: delivery/listings.h
  Metrics& metrics;
  Transfers& transfers;  ///< downloads under way: delivery/transfers.h
  Auth* auth = nullptr;  ///< accounts, tokens, sessions: auth/auth.h; the application needs it
  const Readiness* readiness = nullptr;  ///< of /readyz: readiness.h; `serve` has it
};

}  // namespace naru::server
