/// Studies as the hospital's people see them: ids, counts and states, no patient data.
#include "server/ingest/studies.h"

#include <array>

#include "core/error.h"
#include "server/clock.h"
#include "server/ingest/content_store.h"
#include "server/routes/page.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr Roles kReaders = {Role::hospital_steward, Role::reviewer, Role::auditor};
constexpr Roles kSteward = {Role::hospital_steward};
/// How often a SOP Instance UID stands in the study with other bytes too.
constexpr std::string_view kColumns =
    "SELECT id, state, instance_count, size_bytes, modalities, created_ms, received_ms, closed_ms, destroyed_ms, "
    "(SELECT count(*) - count(DISTINCT sop_instance_uid) FROM instances WHERE study_id = studies.id) FROM studies ";

struct StudyItem {
  std::string id;
  Json json;
};

Json time_or_null(const std::optional<std::int64_t>& time_ms) { return time_ms ? Json(*time_ms) : Json(); }

Json words(std::string_view text) {
  Json list = Json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    list.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

StudyItem from_row(const Row& row) {
  return {row.text(0),
          {{"schema", "naru.study/1"},
           {"id", row.text(0)},
           {"state", row.text(1)},
           {"instance_count", row.integer(2)},
           {"conflicting_count", row.integer(9)},
           {"size_bytes", row.integer(3)},
           {"modalities", words(row.text(4))},
           {"created_ms", row.integer(5)},
           {"received_ms", row.integer(6)},
           {"closed_ms", time_or_null(row.integer_if(7))},
           {"destroyed_ms", time_or_null(row.integer_if(8))}}};
}

std::string state_of(const Request& request) {
  const std::string_view state = request.query_value("state").value_or("");
  if (state.empty() || state == "open" || state == "closed" || state == "destroyed") return std::string(state);
  throw Error(ErrorCode::request_invalid, "state must be open, closed or destroyed");
}

Response list(Services& services, Request& request) {
  const PageRequest page = page_of(request, "study");
  const PageRequest asked = with_one_more(page);
  const std::string state = state_of(request);
  const std::string study_uid(request.query_value("study_uid").value_or(""));
  std::vector<StudyItem> items;
  in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    items.clear();
    for (const Row& row : transaction.query(
             std::string(kColumns) + "WHERE organisation_id = $1 AND id > $2 AND ($3 = '' OR state = $4) AND "
                                     "($5 = '' OR study_uid = $6) ORDER BY id LIMIT $7",
             {request.caller.organisation_id, asked.after, state, state, study_uid, study_uid,
              std::int64_t{asked.limit}})) {
      items.push_back(from_row(row));
    }
  });
  return page_response("naru.studies/1", std::move(items), page, [](const StudyItem& item) { return item.json; });
}

Response study_response(Services& services, const Request& request) {
  const Rows rows = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return transaction.query(std::string(kColumns) + "WHERE id = $1 AND organisation_id = $2",
                             {request.path_values.at(0), request.caller.organisation_id});
  });
  if (rows.empty()) throw Error(ErrorCode::not_found, "no such study: see GET /api/v1/studies");
  return json_response(from_row(rows[0]).json);
}

Response show(Services& services, Request& request) { return study_response(services, request); }

StudyChange change_of(const Services& services, const Request& request) {
  return {request.path_values.at(0), request.caller.organisation_id, request.caller.user_id, services.clock.now_ms()};
}

Response close(Services& services, Request& request) {
  in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    close_study(transaction, services.ledger, change_of(services, request));
  });
  return study_response(services, request);
}

Response destroy(Services& services, Request& request) {
  const auto hashes = in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    return destroy_study(transaction, services.ledger, change_of(services, request));
  });
  remove_unreferenced_content(services.database, services.content, hashes);
  return study_response(services, request);
}

constexpr std::array kRoutes = {
    Route{Method::get, "/api/v1/studies", Door::roles, kReaders, Scope::read, list},
    Route{Method::get, "/api/v1/studies/{study_id}", Door::roles, kReaders, Scope::read, show},
    Route{Method::post, "/api/v1/studies/{study_id}/close", Door::roles, kSteward, Scope::ingest, close},
    Route{Method::delete_, "/api/v1/studies/{study_id}", Door::roles, kSteward, Scope::ingest, destroy},
};

}  // namespace

std::span<const Route> study_routes() { return kRoutes; }

}  // namespace naru::server
