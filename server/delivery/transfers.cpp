#include "server/delivery/transfers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "server/audit/ledger.h"
#include "server/auth/auth.h"
#include "server/clock.h"
#include "server/random_id.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

/// Who gets what from whom. Thousands of downloads have these in common.
struct Transfers::Parties {
  std::string organisation_id, user_id, dataset_id, object_id;
  std::optional<std::string> grant_id;
  std::string credential;  ///< by which the download began
  auto operator<=>(const Parties&) const = default;
};

/// What is to be recorded once a download has ended.
struct Transfers::Ended {
  std::string id;
  std::shared_ptr<const Parties> parties;
  std::uint64_t first_byte = 0, size_bytes = 0, sent_bytes = 0;
  std::string_view outcome = {};  ///< of static lifetime
};

class Transfers::Download final : public Transfer {
 public:
  Download(Transfers& transfers, Services& services, Ended end)
      : transfers_(transfers), services_(services), end_(std::move(end)) {}

  bool may_go_on(std::uint64_t sent_bytes) override {
    count(sent_bytes);
    return !is_stopped_.load(std::memory_order_relaxed);
  }

  void finished(std::uint64_t sent_bytes, bool is_whole) override {
    count(sent_bytes);
    end_.sent_bytes = sent_bytes;
    end_.outcome = is_whole ? "complete" : is_stopped_.load() ? "stopped" : "broken_off";
    {
      const std::lock_guard lock(transfers_.mutex_);
      transfers_.active_.erase(this);
    }
    transfers_.ended(services_, end_);
  }

  void stop() { is_stopped_.store(true, std::memory_order_relaxed); }
  const Parties& parties() const { return *end_.parties; }

 private:
  void count(std::uint64_t sent_bytes) {
    transfers_.sent_bytes_.fetch_add(sent_bytes - counted_bytes_, std::memory_order_relaxed);
    counted_bytes_ = sent_bytes;
  }

  Transfers& transfers_;
  Services& services_;
  Ended end_;
  std::uint64_t counted_bytes_ = 0;
  std::atomic<bool> is_stopped_{false};
};

Transfers::Transfers() = default;
Transfers::~Transfers() = default;

bool Transfers::ByContent::operator()(const std::shared_ptr<const Parties>& a,
                                      const std::shared_ptr<const Parties>& b) const {
  return *a < *b;
}

namespace {

/// Who may begin a download (routes/datasets.cpp), and so go on with it.
constexpr Roles kDownloaders = {Role::hospital_steward, Role::company};

bool is_published(Transaction& transaction, const std::string& dataset_id) {
  return !transaction.query("SELECT id FROM datasets WHERE id = $1 AND state = 'published'", {dataset_id}).empty();
}

/// Charges a grant, unless it ended or would exceed its quota in the meantime.
void charge(Transaction& transaction, const Grant& grant, std::uint64_t size_bytes, std::int64_t now_ms) {
  const auto changed = transaction.execute(
      fmt::format("UPDATE grants SET used_bytes = used_bytes + $1 WHERE id = $2 AND state = 'active' AND expires_ms > "
                  "$3 AND (quota_bytes = 0 OR used_bytes + $1 <= quota_bytes) AND {}",
                  kHospitalIsEnabled),
      {value_of(size_bytes), grant.id, now_ms});
  if (changed == 1) return;
  const Row row =
      transaction
          .query(fmt::format("SELECT state, expires_ms, {} FROM grants WHERE id = $1", kHospitalIsEnabled), {grant.id})
          .at(0);
  Grant now = grant;
  now.state = row.text(0);
  now.expires_ms = row.integer(1);
  now.is_hospital_disabled = row.integer(2) == 0;
  require_active(now, now_ms);
  throw Error(ErrorCode::quota_exceeded, "the grant's quota is used up; ask the hospital for a new grant");
}

}  // namespace

std::shared_ptr<Transfer> Transfers::begin(Services& services, const DatasetAccess& access,
                                           const std::string& object_id, std::uint64_t first,
                                           std::uint64_t size_bytes) {
  const Dataset& dataset = access.dataset;
  auto parties = std::make_shared<Parties>(
      Parties{dataset.organisation_id, access.user_id, dataset.id, object_id, dataset.grant_id, access.credential});
  if (!access.grant) parties->grant_id.reset();  // the hospital's own downloads use up no grant
  std::string id = random_id("delivery");
  writes_.run(services.database, [&](Transaction& transaction) {
    const std::int64_t now_ms = services.clock.now_ms();
    if (!is_published(transaction, dataset.id)) {
      throw Error(ErrorCode::gone, "this dataset was destroyed; its record stays");
    }
    if (access.grant) charge(transaction, *access.grant, size_bytes, now_ms);
    transaction.execute(
        "INSERT INTO deliveries (id, organisation_id, grant_id, dataset_id, object_id, user_id, first_byte, last_byte, "
        "sent_bytes, outcome, started_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 'running', $9)",
        {id, parties->organisation_id, value_or_null(parties->grant_id), dataset.id, object_id, parties->user_id,
         value_of(first), static_cast<std::int64_t>(first + size_bytes) - 1, now_ms});
  });
  const std::lock_guard lock(mutex_);
  auto download = std::make_shared<Download>(
      *this, services, Ended{std::move(id), *parties_.insert(std::move(parties)).first, first, size_bytes});
  active_.emplace(download.get(), download);
  return download;
}

namespace {

/// Records the end of a download once, gives back what was not sent, and adds the leaf.
void record_end(Services& services, Transaction& transaction, const Transfers::Ended& end) {
  const auto changed = transaction.execute(
      "UPDATE deliveries SET sent_bytes = $1, outcome = $2, ended_ms = $3 WHERE id = $4 AND outcome = 'running'",
      {value_of(end.sent_bytes), std::string(end.outcome), services.clock.now_ms(), end.id});
  if (changed == 0) return;  // recorded before: only the answer was lost
  const auto& [organisation_id, user_id, dataset_id, object_id, grant_id, credential] = *end.parties;
  if (grant_id && end.sent_bytes < end.size_bytes) {
    transaction.execute("UPDATE grants SET used_bytes = used_bytes - $1 WHERE id = $2",
                        {value_of(end.size_bytes - end.sent_bytes), *grant_id});
  }
  LedgerEvent event{"delivery.ended", organisation_id, user_id, end.id};
  event.detail = {
      {"object", object_id}, {"first_byte", end.first_byte}, {"sent_bytes", end.sent_bytes}, {"outcome", end.outcome}};
  if (grant_id) event.detail["grant"] = *grant_id;
  services.ledger.append(transaction, event);
}

}  // namespace

void Transfers::ended(Services& services, const Ended& end) {
  try {
    writes_.run(services.database, [&](Transaction& transaction) { record_end(services, transaction, end); });
  } catch (const std::exception&) {
    // The database is away: `sweep` tries again, and a restart would call it interrupted.
    const std::lock_guard lock(mutex_);
    unrecorded_.push_back(end);
  }
}

void Transfers::stop_grant(const std::string& grant_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, weak] : active_) {
    if (const auto download = weak.lock(); download && download->parties().grant_id == grant_id) download->stop();
  }
}

void Transfers::stop_dataset(const std::string& dataset_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, weak] : active_) {
    if (const auto download = weak.lock(); download && download->parties().dataset_id == dataset_id) download->stop();
  }
}

void Transfers::sweep(Services& services) {
  std::vector<Ended> unrecorded;
  std::vector<std::shared_ptr<Download>> active;
  {
    const std::lock_guard lock(mutex_);
    unrecorded = std::exchange(unrecorded_, {});
    std::erase_if(parties_, [](const auto& parties) { return parties.use_count() == 1; });
    for (const auto& [key, weak] : active_) {
      if (auto download = weak.lock()) active.push_back(std::move(download));
    }
  }
  for (const Ended& end : unrecorded) ended(services, end);
  if (active.empty()) return;
  std::unordered_map<std::string, bool> may_go_on;  // of credentials, grants and datasets
  for (const auto& download : active) {
    const std::string& credential = download->parties().credential;
    if (may_go_on.contains(credential)) continue;
    const auto caller = caller_by(*services.auth, credential);
    may_go_on[credential] = caller && caller->roles.has_any(kDownloaders);
  }
  in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    const std::int64_t now_ms = services.clock.now_ms();
    for (const auto& download : active) {
      if (const auto& grant = download->parties().grant_id; grant && !may_go_on.contains(*grant)) {
        may_go_on[*grant] =
            !transaction
                 .query(fmt::format("SELECT id FROM grants WHERE id = $1 AND state = 'active' AND expires_ms > $2 AND "
                                    "{}",
                                    kHospitalIsEnabled),
                        {*grant, now_ms})
                 .empty();
      }
      if (const auto& dataset = download->parties().dataset_id; !may_go_on.contains(dataset)) {
        may_go_on[dataset] = is_published(transaction, dataset);
      }
    }
  });
  for (const auto& download : active) {
    const Parties& of = download->parties();
    if (may_go_on[of.credential] && may_go_on[of.dataset_id] && (!of.grant_id || may_go_on[*of.grant_id])) continue;
    download->stop();
  }
}

void Transfers::close_interrupted(Services& services) {
  const Rows rows = in_transaction(services.database, Access::read, [](Transaction& transaction) {
    return transaction.query(
        "SELECT id, organisation_id, user_id, dataset_id, object_id, grant_id, first_byte, last_byte - first_byte + 1 "
        "FROM deliveries WHERE outcome = 'running'");
  });
  for (const Row& row : rows) {
    const auto parties =
        std::make_shared<Parties>(Parties{row.text(1), row.text(2), row.text(3), row.text(4), row.text_if(5), ""});
    const auto first_byte = static_cast<std::uint64_t>(row.integer(6));
    const auto size_bytes = static_cast<std::uint64_t>(row.integer(7));
    const Ended end{row.text(0), parties, first_byte, size_bytes, size_bytes, "interrupted"};
    in_transaction(services.database, Access::write,
                   [&](Transaction& transaction) { record_end(services, transaction, end); });
  }
}

std::size_t Transfers::active_count() const {
  const std::lock_guard lock(mutex_);
  return active_.size();
}

}  // namespace naru::server
