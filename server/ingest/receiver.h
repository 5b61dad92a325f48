/// Takes instances in: a caller that was told `stored` or `duplicate` may delete its own copy, whatever happens next.
///
/// An instance is told so only when its bytes are durable under their final name and its row is committed. The files
/// of one study are an open study; one that was closed is opened again by an instance that is new. The same SOP
/// Instance UID with other bytes is kept beside the first: the pipeline decides between them.
///
/// The ledger gets a leaf for each change of a study's state (study.opened, study.reopened), none for an instance: the
/// leaf of its closing holds the counts.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "pipeline/instance_facts.h"
#include "server/ingest/content_store.h"

namespace naru::server {

class Clock;
class Database;
class Ledger;
class Transaction;

/// Whose instances, from whom and by which way.
struct Origin {
  std::string organisation_id;
  std::string actor;        ///< user id, or "server"
  std::string_view source;  ///< "upload", "folder", "stow" or "storescp": a literal
};

/// A whole instance that may be kept.
struct Arrival {
  StagedFile file;
  InstanceFacts facts;
};

/// What became of one instance.
struct Received {
  enum class Kind { stored, duplicate, rejected };
  Kind kind = Kind::rejected;
  std::optional<Code> reason;   ///< of a rejected one
  InstanceFacts facts;          ///< as far as they could be read
  std::string study_id;         ///< of one that was stored or there already
  bool is_conflicting = false;  ///< the study holds this SOP Instance UID with other bytes too
};

/// Safe to use from any thread. Callers that come at the same time share one transaction.
class Receiver {
 public:
  Receiver(Database& database, Ledger& ledger, ContentStore& content, const Clock& clock)
      : database_(database), ledger_(ledger), content_(content), clock_(clock) {}

  /// That an instance of this origin would be stored now. @throws Error{forbidden, store_unavailable}
  void require_open(const Origin& origin) const;

  /// Reads the header and stores the instance, unless it is to be rejected.
  /// @throws Error{disk_full, output_unwritable, store_unavailable}: not acknowledged
  Received receive(const Origin& origin, StagedFile file);

  /// Stores instances that were read already, in one transaction; the results are in their order.
  /// @throws as receive, and then for all of them
  std::vector<Received> store(const Origin& origin, std::vector<Arrival> arrivals);

  /// How many callers wait for the commit after the one under way.
  std::size_t waiting_count() const;

 private:
  struct Batch {
    const Origin& origin;
    std::vector<Arrival>& arrivals;
    std::vector<Received> results = {};
    std::exception_ptr error = {};
    bool is_done = false;
  };
  void commit_together(const std::vector<Batch*>& batches);
  bool commit(const std::vector<Batch*>& batches);
  void write_rows(Transaction& transaction, Batch& batch);

  Database& database_;
  Ledger& ledger_;
  ContentStore& content_;
  const Clock& clock_;
  mutable std::mutex mutex_;  ///< of the rest
  std::condition_variable finished_;
  std::vector<Batch*> waiting_;
  bool is_committing_ = false;
};

/// Keeps what is read, or says why not.
struct Checked {
  std::optional<Arrival> arrival;
  Received rejection;  ///< where there is no arrival
};
Checked check_instance(StagedFile file);

}  // namespace naru::server
