#include "server/ledger_comparison.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/project_key.h"
#include "pipeline/verify_files.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/auth/accounts.h"
#include "server/delivery/amendments.h"
#include "server/delivery/dataset_object.h"
#include "server/delivery/dataset_store.h"
#include "server/delivery/grants.h"
#include "server/jobs/cohort.h"
#include "server/jobs/job_grant.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;
using Facts = std::map<std::string, Json>;     ///< by field
using Objects = std::map<std::string, Facts>;  ///< by id
constexpr std::uint64_t kPageLeaves = 1024;

/// What all leaves together say.
struct Said {
  Objects grants, amendments, datasets, studies, users, organisations;
  std::map<std::string, std::int64_t> delivered_bytes;  ///< by grant
  std::map<std::string, std::string> deliveries;        ///< sum_of_delivery by id: there may be millions
};

struct Leaf {
  std::string kind, object_id, organisation_id, actor;
  std::uint64_t number = 0;
  Json detail;

  /// Of the detail, where it has them.
  void tell(Facts& facts, std::initializer_list<const char*> fields) const {
    for (const char* const field : fields) {
      if (detail.contains(field)) facts[field] = detail[field];
    }
  }
};

void grant_proposed(Said& said, const Leaf& leaf) {
  said.grants[leaf.object_id] = {{"organisation_id", leaf.organisation_id},
                                 {"created_by", leaf.actor},
                                 {"state", "proposed"},
                                 {"approved_by", nullptr},
                                 {"approved_ms", nullptr},
                                 {"revoked_by", nullptr},
                                 {"revoked_ms", nullptr}};
  leaf.tell(said.grants[leaf.object_id],
            {"recipient", "kind", "recipe_sha256", "decision_sha256", "purpose_sha256", "mode", "quota_bytes",
             "created_ms", "expires_ms", "key", "instance_count", "cohort_sha256"});
}

/// `field`_by and, where the leaf says it, `field`_ms.
void decided(Facts& facts, const Leaf& leaf, const std::string& field) {
  facts[field + "_by"] = leaf.actor;
  facts.erase(field + "_ms");
  leaf.tell(facts, {(field + "_ms").c_str()});
}

void grant_approved(Said& said, const Leaf& leaf) {
  Facts& grant = said.grants[leaf.object_id];
  grant["state"] = "active";
  decided(grant, leaf, "approved");
}

void grant_revoked(Said& said, const Leaf& leaf) {
  Facts& grant = said.grants[leaf.object_id];
  grant["state"] = "revoked";
  decided(grant, leaf, "revoked");
}

void grant_cohort_bound(Said& said, const Leaf& leaf) {
  leaf.tell(said.grants[leaf.object_id], {"instance_count", "cohort_sha256"});
}

Facts& amendment_of(Said& said, const Leaf& leaf) { return said.amendments[leaf.detail.value("amendment", "")]; }

void amendment_proposed(Said& said, const Leaf& leaf) {
  Facts& amendment = amendment_of(said, leaf) = {{"grant", leaf.object_id},
                                                 {"created_by", leaf.actor},
                                                 {"state", "proposed"},
                                                 {"decided_by", nullptr},
                                                 {"quota_bytes", nullptr},
                                                 {"expires_ms", nullptr},
                                                 {"cohort_sha256", cohort_sha256({})}};
  leaf.tell(amendment, {"quota_bytes", "expires_ms", "cohort_sha256"});
}

void amendment_decided(Said& said, const Leaf& leaf) {
  const bool is_approved = leaf.kind == "grant.amended";
  Facts& amendment = amendment_of(said, leaf);
  amendment["state"] = is_approved ? "approved" : "rejected";
  amendment["decided_by"] = leaf.actor;
  if (!is_approved) return;
  leaf.tell(said.grants[leaf.object_id], {"quota_bytes", "expires_ms", "instance_count", "cohort_sha256"});
}

void dataset_published(Said& said, const Leaf& leaf) {
  Facts& dataset = said.datasets[leaf.object_id] = {{"organisation_id", leaf.organisation_id},
                                                    {"state", "published"},
                                                    {"ledger_leaf", leaf.number},
                                                    {"grant", nullptr}};
  leaf.tell(dataset, {"job", "sha256", "file_count", "size_bytes", "grant", "files_sha256"});
}

void dataset_destroyed(Said& said, const Leaf& leaf) { said.datasets[leaf.object_id]["state"] = "destroyed"; }

void study_destroyed(Said& said, const Leaf& leaf) { said.studies[leaf.object_id]["is_destroyed"] = true; }

/// Of what a leaf says of a download; those of earlier versions do not say its first byte.
std::string sum_of_delivery(const std::string& organisation_id, const std::string& user_id, const Json& detail) {
  constexpr std::size_t kDigits = 15;  // what std::string holds in itself
  std::string text = organisation_id + '\n' + user_id;
  for (const char* field : {"object", "first_byte", "sent_bytes", "outcome", "grant"}) {
    text += '\n' + detail.value(field, Json()).dump();
  }
  return sha256_hex(text).substr(0, kDigits);
}

void delivery_ended(Said& said, const Leaf& leaf) {
  said.delivered_bytes[leaf.detail.value("grant", "")] += leaf.detail.value("sent_bytes", std::int64_t{0});
  said.deliveries[leaf.object_id] = sum_of_delivery(leaf.organisation_id, leaf.actor, leaf.detail);
}

void user_created(Said& said, const Leaf& leaf) {
  said.users[leaf.object_id] = {{"organisation_id", leaf.organisation_id}, {"is_disabled", false}};
  leaf.tell(said.users[leaf.object_id], {"roles"});
}

void user_roles_changed(Said& said, const Leaf& leaf) { leaf.tell(said.users[leaf.object_id], {"roles"}); }
void user_disabled(Said& said, const Leaf& leaf) { said.users[leaf.object_id]["is_disabled"] = true; }
void user_enabled(Said& said, const Leaf& leaf) { said.users[leaf.object_id]["is_disabled"] = false; }

void organisation_created(Said& said, const Leaf& leaf) {
  said.organisations[leaf.object_id] = {{"is_disabled", false}};
  leaf.tell(said.organisations[leaf.object_id], {"kind"});
}

void organisation_disabled(Said& said, const Leaf& leaf) { said.organisations[leaf.object_id]["is_disabled"] = true; }
void organisation_enabled(Said& said, const Leaf& leaf) { said.organisations[leaf.object_id]["is_disabled"] = false; }

struct Reading {
  std::string_view kind;
  void (*read)(Said&, const Leaf&);
};
constexpr std::array kReadings = {
    Reading{"grant.proposed", grant_proposed},
    Reading{"grant.approved", grant_approved},
    Reading{"grant.revoked", grant_revoked},
    Reading{"grant.cohort_bound", grant_cohort_bound},
    Reading{"grant.amendment_proposed", amendment_proposed},
    Reading{"grant.amended", amendment_decided},
    Reading{"grant.amendment_rejected", amendment_decided},
    Reading{"dataset.published", dataset_published},
    Reading{"dataset.destroyed", dataset_destroyed},
    Reading{"study.destroyed", study_destroyed},
    Reading{"delivery.ended", delivery_ended},
    Reading{"user.created", user_created},
    Reading{"user.roles_changed", user_roles_changed},
    Reading{"user.disabled", user_disabled},
    Reading{"user.enabled", user_enabled},
    Reading{"organisation.created", organisation_created},
    Reading{"organisation.disabled", organisation_disabled},
    Reading{"organisation.enabled", organisation_enabled},
};

Said read_ledger(Ledger& ledger) {
  Said said;
  std::uint64_t first = 0;
  for (auto page = ledger.leaves(0, kPageLeaves); !page.empty(); page = ledger.leaves(first, kPageLeaves)) {
    for (const std::string& text : page) {
      const Json json = parse_foreign(text);
      const Leaf leaf{json.value("kind", ""),
                      json.value("object_id", ""),
                      json.value("organisation_id", ""),
                      json.value("actor", ""),
                      first++,
                      json.value("detail", Json::object())};
      const auto reading = std::ranges::find(kReadings, leaf.kind, &Reading::kind);
      if (reading != kReadings.end()) reading->read(said, leaf);
    }
  }
  return said;
}

Json text_or_null(const Row& row, std::size_t column) {
  const auto text = row.text_if(column);
  return text ? Json(*text) : Json(nullptr);
}

Json integer_or_null(const Row& row, std::size_t column) {
  const auto number = row.integer_if(column);
  return number ? Json(*number) : Json(nullptr);
}

/// The id of the key that is sealed there; empty where it does not open.
std::string id_of_sealed_key(const KeyStore& keys, const std::string& sealed) {
  try {
    std::string key = keys.unseal(kGrantKeyPurpose, sealed);
    std::string digits = naru::to_hex(std::as_bytes(std::span(key)));
    const std::string id = ProjectKey::from_hex(digits).id();
    sodium_memzero(digits.data(), digits.size());
    sodium_memzero(key.data(), key.size());
    return id;
  } catch (const Error&) {
    return {};
  }
}

/// Rows against what was said of them.
class Comparison {
 public:
  Comparison(Services& services, Transaction& transaction, const Said& said)
      : services_(services), transaction_(transaction), said_(said) {}

  std::vector<FsckProblem> run() {
    grants();
    amendments();
    datasets();
    deliveries();
    studies();
    users();
    organisations();
    return std::move(problems_);
  }

 private:
  void add(std::string_view code, const std::string& id, const std::string& what) {
    problems_.push_back({code, id, false, what});
  }

  void compare(std::string_view code, const Objects& said, const Objects& rows) {
    for (const auto& [id, facts] : rows) {
      if (!said.contains(id)) add(code, id, "row");
    }
    for (const auto& [id, facts] : said) {
      const auto row = rows.find(id);
      if (row == rows.end()) {
        add(code, id, "row");
        continue;
      }
      for (const auto& [field, value] : facts) {
        const auto found = row->second.find(field);
        if (found != row->second.end() && found->second != value) add(code, id, field);
      }
    }
  }

  void grants() {
    Objects rows;
    for (const Row& row : transaction_.query(
             "SELECT id, organisation_id, created_by, state, approved_by, approved_ms, revoked_by, revoked_ms, "
             "recipient_id, kind, recipe, decision, purpose, mode, quota_bytes, created_ms, expires_ms, key_id, "
             "key_sealed, used_bytes FROM grants")) {
      const std::string& id = row.text(0);
      const auto cohort = cohort_of_grant(transaction_, id);
      rows[id] = {{"organisation_id", row.text(1)},
                  {"created_by", row.text(2)},
                  {"state", row.text(3)},
                  {"approved_by", text_or_null(row, 4)},
                  {"approved_ms", integer_or_null(row, 5)},
                  {"revoked_by", text_or_null(row, 6)},
                  {"revoked_ms", integer_or_null(row, 7)},
                  {"recipient", row.text(8)},
                  {"kind", row.text(9)},
                  {"recipe_sha256", sha256_hex(row.text(10))},
                  {"decision_sha256", sha256_hex(row.text(11))},
                  {"purpose_sha256", sha256_hex(row.text(12))},
                  {"mode", row.text(13)},
                  {"quota_bytes", row.integer(14)},
                  {"created_ms", row.integer(15)},
                  {"expires_ms", row.integer(16)},
                  {"key", row.text(17)},
                  {"instance_count", instance_count(cohort)},
                  {"cohort_sha256", cohort_sha256(cohort)}};
      check_files(cohort);
      if (id_of_sealed_key(services_.keys, row.text(18)) != row.text(17)) add("grant_unlike_ledger", id, "key_sealed");
      // What is charged in advance, and was not sent when a server died, is beyond what was delivered.
      const auto delivered = said_.delivered_bytes.find(id);
      if (delivered != said_.delivered_bytes.end() && row.integer(19) < delivered->second) {
        add("grant_unlike_ledger", id, "used_bytes");
      }
    }
    compare("grant_unlike_ledger", said_.grants, rows);
  }

  /// That the studies still hold the files that a grant covers. Those of a destroyed one are gone.
  void check_files(std::span<const StudyCohort> cohort) {
    for (const StudyCohort& study : cohort) {
      if (study.instances_sha256.empty() || is_destroyed(study.study_id)) continue;
      if (cohort_of_study(transaction_, study.study_id, study.instance_count) == study) continue;
      if (reported_.insert(study.study_id).second) add("study_unlike_grant", study.study_id, "instances");
    }
  }

  bool is_destroyed(const std::string& study_id) const { return said_.studies.contains(study_id); }

  void amendments() {
    Objects rows;
    for (const Row& row : transaction_.query(
             "SELECT id, grant_id, created_by, state, decided_by, quota_bytes, expires_ms FROM grant_amendments")) {
      rows[row.text(0)] = {{"grant", row.text(1)},
                           {"created_by", row.text(2)},
                           {"state", row.text(3)},
                           {"decided_by", text_or_null(row, 4)},
                           {"quota_bytes", integer_or_null(row, 5)},
                           {"expires_ms", integer_or_null(row, 6)},
                           {"cohort_sha256", cohort_sha256(cohort_of_amendment(transaction_, row.text(0)))}};
    }
    compare("amendment_unlike_ledger", said_.amendments, rows);
  }

  void datasets() {
    Objects rows;
    for (const Row& row : transaction_.query(
             "SELECT id, organisation_id, state, leaf_number, grant_id, job_id, sha256, file_count, size_bytes FROM "
             "datasets")) {
      const auto files = dataset_files(transaction_, row.text(0));
      rows[row.text(0)] = {
          {"organisation_id", row.text(1)}, {"state", row.text(2)},         {"ledger_leaf", row.integer(3)},
          {"grant", text_or_null(row, 4)},  {"job", row.text(5)},           {"sha256", row.text(6)},
          {"file_count", row.integer(7)},   {"size_bytes", row.integer(8)}, {"files_sha256", files_sha256(files)}};
    }
    compare("dataset_unlike_ledger", said_.datasets, rows);
  }

  void deliveries() {
    std::size_t known_count = 0;
    std::string after;
    for (Rows page; page = next_deliveries(after), !page.empty(); after = page.back().text(0)) {
      for (const Row& row : page) {
        const auto said = said_.deliveries.find(row.text(0));
        known_count += said != said_.deliveries.end() ? 1 : 0;
        if (said == said_.deliveries.end() || !is_as_said(row, said->second)) {
          add("delivery_unlike_ledger", row.text(0), "row");
        }
      }
    }
    if (known_count == said_.deliveries.size()) return;
    for (const auto& [id, sum] : said_.deliveries) {
      if (transaction_.query("SELECT 1 FROM deliveries WHERE id = $1 AND outcome <> 'running'", {id}).empty()) {
        add("delivery_unlike_ledger", id, "row");
      }
    }
  }

  /// Those that have ended, by id: so many that they take little memory.
  Rows next_deliveries(const std::string& after) {
    return transaction_.query(
        "SELECT id, organisation_id, user_id, object_id, grant_id, first_byte, sent_bytes, outcome FROM deliveries "
        "WHERE outcome <> 'running' AND id > $1 ORDER BY id LIMIT 10000",
        {after});
  }

  static bool is_as_said(const Row& row, const std::string& sum) {
    Json detail = {{"object", row.text(3)}, {"sent_bytes", row.integer(6)}, {"outcome", row.text(7)}};
    if (const auto grant = row.text_if(4)) detail["grant"] = *grant;
    if (sum_of_delivery(row.text(1), row.text(2), detail) == sum) return true;
    detail["first_byte"] = row.integer(5);
    return sum_of_delivery(row.text(1), row.text(2), detail) == sum;
  }

  /// Of a study that was destroyed only by hand its grants would no longer be looked at.
  void studies() {
    for (const Row& row : transaction_.query("SELECT id, state FROM studies")) {
      if ((row.text(1) == "destroyed") != is_destroyed(row.text(0))) add("study_unlike_ledger", row.text(0), "state");
    }
  }

  void users() {
    Objects rows;
    for (const Row& row : transaction_.query("SELECT id, organisation_id, roles, disabled_ms FROM users")) {
      rows[row.text(0)] = {
          {"organisation_id", row.text(1)}, {"roles", word_list(row.text(2))}, {"is_disabled", !row.is_null(3)}};
    }
    compare("user_unlike_ledger", said_.users, rows);
  }

  void organisations() {
    Objects rows;
    for (const Row& row : transaction_.query("SELECT id, kind, disabled_ms FROM organisations")) {
      rows[row.text(0)] = {{"kind", row.text(1)}, {"is_disabled", !row.is_null(2)}};
    }
    compare("organisation_unlike_ledger", said_.organisations, rows);
  }

  Services& services_;
  Transaction& transaction_;
  const Said& said_;
  std::set<std::string> reported_;
  std::vector<FsckProblem> problems_;
};

}  // namespace

std::vector<FsckProblem> differences_from_ledger(Services& services) {
  const Said said = read_ledger(services.ledger);
  return in_transaction(services.database, Access::read,
                        [&](Transaction& transaction) { return Comparison(services, transaction, said).run(); });
}

}  // namespace naru::server
