/// What tests of the ingest share: a database, a ledger, a store and instances to put into it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/config.h"
#include "server/delivery/listings.h"
#include "server/delivery/transfers.h"
#include "server/ingest/content_store.h"
#include "server/ingest/receiver.h"
#include "server/jobs/job_queue.h"
#include "server/metrics.h"
#include "server/services.h"
#include "server/store/database.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/fake_clock.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {

using naru::test::TempFolder;

/// With the organisations "org-a" (Hospital A) and "org-b".
struct IngestWorld {
  explicit IngestWorld(const DatabaseCase& engine) : IngestWorld(engine.make()) {}
  explicit IngestWorld(std::unique_ptr<Database> given)
      : database(std::move(given)),
        keys(folder / "master.key", true),
        ledger(*database, keys, clock, "test.example/ledger"),
        content(folder / "content", std::uint64_t{64} << 20),
        receiver(*database, ledger, content, clock),
        jobs(ledger, clock, {}),
        services{config, clock, *database, keys, ledger, content, receiver, jobs, listings, metrics, transfers} {
    config.data = folder.path();
    in_transaction(*database, Access::write, [](Transaction& t) {
      for (const std::string id : {"org-a", "org-b"}) {
        t.execute("INSERT INTO organisations (id, name, kind, created_ms) VALUES ($1, $2, 'hospital', 0)",
                  {id, id == "org-a" ? "Hospital A" : "Hospital B"});
      }
    });
  }

  StagedFile staged(std::string_view bytes) const {
    StagedWriter writer = content.stage();
    writer.append(std::as_bytes(std::span(bytes)));
    return writer.finish();
  }
  Received receive(std::string_view bytes) { return receiver.receive(origin, staged(bytes)); }

  Rows query(std::string_view sql) const {
    return in_transaction(*database, Access::read, [&](Transaction& t) { return t.query(sql); });
  }
  std::int64_t number(std::string_view sql) const { return query(sql).at(0).integer(0); }
  /// The kinds of all leaves, in their order.
  std::vector<std::string> leaves() const {
    std::vector<std::string> kinds;
    for (const Row& row : query("SELECT leaf FROM ledger_leaves ORDER BY number")) {
      for (const std::string kind : {"study.opened", "study.reopened", "study.closed", "study.destroyed",
                                     "upload.opened", "upload.done", "upload.failed", "upload.aborted"}) {
        if (row.text(0).find(kind) != std::string::npos) kinds.push_back(kind);
      }
    }
    return kinds;
  }

  TempFolder folder;
  FakeClock clock;
  std::unique_ptr<Database> database;
  KeyStore keys;
  Ledger ledger;
  ContentStore content;
  Receiver receiver;
  JobQueue jobs;
  Listings listings;
  Metrics metrics;
  Transfers transfers;
  Config config;
  Services services;
  Origin origin{"org-a", "user-1", "upload"};
};

/// The files of a small CT series, as bytes.
inline std::vector<std::string> instances(int count, const std::string& study_uid = "2.999.1.1",
                                          const std::string& transfer_syntax_uid = "1.2.840.10008.1.2.1") {
  const TempFolder folder;
  naru::test::PhantomOptions options;
  options.size = {16, 16, count};
  options.study_uid = study_uid;
  options.series_uid = study_uid + ".1";
  options.transfer_syntax_uid = transfer_syntax_uid;
  std::vector<std::string> files;
  for (const auto& file : naru::test::write_series(options, folder.path()).files)
    files.push_back(naru::test::slurp(file));
  return files;
}

}  // namespace naru::server::test
