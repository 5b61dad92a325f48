#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/auth/auth.h"
#include "server/clock.h"
#include "server/delivery/access.h"
#include "server/delivery/dataset_object.h"
#include "server/delivery/grants.h"
#include "server/delivery/links.h"
#include "server/delivery/listings.h"
#include "server/delivery/send_object.h"
#include "server/delivery/tar.h"
#include "server/delivery/transfers.h"
#include "server/http/range.h"
#include "server/routes/page.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr Roles kReaders = {Role::hospital_steward, Role::reviewer, Role::company, Role::auditor};
constexpr Roles kHospital = {Role::hospital_steward, Role::reviewer, Role::auditor};

DatasetAccess access_of(Services& services, const Caller& caller, const std::string& dataset_id) {
  return in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return find_access(transaction, caller, dataset_id, services.clock.now_ms());
  });
}

Json to_json(const Dataset& dataset) {
  Json json = {{"schema", "naru.dataset/1"},
               {"id", dataset.id},
               {"name", dataset.name},
               {"state", dataset.state},
               {"sha256", dataset.sha256},
               {"file_count", dataset.file_count},
               {"size_bytes", dataset.size_bytes},
               {"created_ms", dataset.created_ms},
               {"drs_id", dataset.id},
               {"ledger_leaf", dataset.leaf_number}};
  if (dataset.destroyed_ms) json["destroyed_ms"] = *dataset.destroyed_ms;
  return json;
}

std::string state_of(const Request& request) {
  const std::string_view state = request.query_value("state").value_or("published");
  if (state == "published" || state == "destroyed") return std::string(state);
  throw Error(ErrorCode::request_invalid, "state must be published or destroyed");
}

/// Those that the caller may know of.
std::vector<Dataset> visible_datasets(Transaction& transaction, const Caller& caller, const std::string& state,
                                      const PageRequest& page, std::int64_t now_ms) {
  const std::int64_t is_hospital = caller.roles.has_any(kHospital) ? 1 : 0;
  const std::int64_t is_company = caller.roles.has(Role::company) ? 1 : 0;
  const Rows rows = transaction.query(
      fmt::format("SELECT id FROM datasets WHERE id > $1 AND state = $2 AND (($3 = 1 AND organisation_id = $4) OR ($5 "
                  "= 1 AND grant_id IN (SELECT id FROM grants WHERE recipient_id = $4 AND state = 'active' AND "
                  "expires_ms > $6 AND {}))) ORDER BY id LIMIT $7",
                  kHospitalIsEnabled),
      {page.after, state, is_hospital, caller.organisation_id, is_company, now_ms, std::int64_t{page.limit} + 1});
  std::vector<Dataset> datasets;
  for (const Row& row : rows) datasets.push_back(*find_dataset(transaction, row.text(0)));
  return datasets;
}

Response get_datasets(Services& services, Request& request) {
  const PageRequest page = page_of(request, "dataset");
  const std::string state = state_of(request);
  auto datasets = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return visible_datasets(transaction, request.caller, state, page, services.clock.now_ms());
  });
  return page_response("naru.datasets/1", std::move(datasets), page, to_json);
}

Response get_dataset(Services& services, Request& request) {
  const DatasetAccess access = access_of(services, request.caller, request.path_values.at(0));
  Json json = to_json(access.dataset);
  if (!access.grant) json["job_id"] = access.dataset.job_id;
  if (access.dataset.grant_id) json["grant_id"] = *access.dataset.grant_id;
  return json_response(json);
}

/// A page of the files after the one whose id is `page.after`, and one more.
std::vector<DatasetObject> files_of(const DatasetListing& listing, const PageRequest& page) {
  auto begin = listing.files.begin();
  if (!page.after.empty()) {
    begin = std::ranges::find(listing.files, page.after, &DatasetObject::id);
    if (begin == listing.files.end()) throw Error(ErrorCode::request_invalid, "page_token is none of this list");
    ++begin;
  }
  return {begin, begin + std::min<std::ptrdiff_t>(page.limit + 1, listing.files.end() - begin)};
}

Response get_files(Services& services, Request& request) {
  const DatasetAccess access = access_of(services, request.caller, request.path_values.at(0));
  require_list(access);
  const auto listing = services.listings.get(services, access.dataset);
  const PageRequest page = page_of(request, "dataset");
  return page_response("naru.dataset_files/1", files_of(*listing, page), page, [](const DatasetObject& file) {
    return Json{{"path", file.path}, {"drs_id", file.id}, {"sha256", file.sha256}, {"size_bytes", file.size_bytes}};
  });
}

/// As receipt.tlog-proof of the dataset, which stays as it was first made; this one has the cosignatures that came
/// later.
Response get_dataset_receipt(Services& services, Request& request) {
  const DatasetAccess access = access_of(services, request.caller, request.path_values.at(0));
  std::string text = services.ledger.receipt(access.dataset.leaf_number);
  const Representation representation{fmt::format("\"sha256-{}\"", sha256_hex(text)), text.size()};
  LongBody body;
  body.segments = std::make_shared<const std::vector<Segment>>(
      std::vector<Segment>{{std::move(text), "", representation.size_bytes}});
  Response response = ranged_response(request, representation, std::move(body));
  if (response.status != 200 && response.status != 206) return response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "private, no-cache");
  return response;
}

/// The caller of a link is who asked for it, as that account is now.
Caller caller_of_link(Services& services, const Link& link) {
  const auto caller = caller_by(*services.auth, link.credential);
  if (caller) return *caller;
  throw Error(ErrorCode::unauthenticated, "the token or session by which this link was made has ended; make a new one");
}

Response get_data(Services& services, Request& request) {
  const std::string& object_id = request.path_values.at(0);
  const std::int64_t now_ms = services.clock.now_ms();
  const auto link = link_of(services.keys, request, object_id, now_ms);
  if (link) request.caller = caller_of_link(services, *link);
  if (!link && request.caller.roles.is_empty()) {
    throw Error(request.caller.is_known() ? ErrorCode::forbidden : ErrorCode::unauthenticated,
                "a link is needed, or a token or session of a steward or company with the scope deliver");
  }
  const DatasetAccess access = access_of(services, request.caller, dataset_id_of_object(object_id));
  if (link && link->grant_id != (access.grant ? access.grant->id : "")) {
    throw Error(ErrorCode::unauthenticated, "this link was made under another grant; ask for a new one");
  }
  require_bytes(access, request.caller, now_ms);
  const auto listing = services.listings.get(services, access.dataset);
  const auto object = find_object(*listing, object_id);
  if (!object) throw Error(ErrorCode::not_found, "there is no such object");
  return send_object(services, request, access, *listing, *object);
}

struct Delivery {
  std::string id;
  Json json;
};

Delivery delivery_of(const Row& row) {
  Json json = {{"id", row.text(0)},           {"drs_id", row.text(1)},
               {"user_id", row.text(2)},      {"first_byte", row.integer(4)},
               {"last_byte", row.integer(5)}, {"sent_bytes", row.integer(6)},
               {"outcome", row.text(7)},      {"started_ms", row.integer(8)}};
  if (const auto grant = row.text_if(3)) json["grant_id"] = *grant;
  if (const auto ended = row.integer_if(9)) json["ended_ms"] = *ended;
  return {row.text(0), std::move(json)};
}

/// Its hospital may ask who has which bytes after it was destroyed, too.
Response get_deliveries(Services& services, Request& request) {
  const PageRequest page = page_of(request, "delivery");
  const std::string& dataset_id = request.path_values.at(0);
  const Rows rows = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    const auto dataset = find_dataset(transaction, dataset_id);
    if (!dataset || dataset->organisation_id != request.caller.organisation_id) {
      throw Error(ErrorCode::not_found, "there is no such dataset");
    }
    return transaction.query(
        "SELECT id, object_id, user_id, grant_id, first_byte, last_byte, sent_bytes, outcome, started_ms, ended_ms "
        "FROM "
        "deliveries WHERE dataset_id = $1 AND organisation_id = $2 AND id > $3 ORDER BY id LIMIT $4",
        {dataset_id, request.caller.organisation_id, page.after, std::int64_t{page.limit} + 1});
  });
  std::vector<Delivery> deliveries;
  for (const Row& row : rows) deliveries.push_back(delivery_of(row));
  return page_response("naru.deliveries/1", std::move(deliveries), page, [](const Delivery& d) { return d.json; });
}

Response delete_dataset(Services& services, Request& request) {
  in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    const DatasetAccess access =
        find_access(transaction, request.caller, request.path_values.at(0), services.clock.now_ms());
    destroy_dataset(services, transaction, access.dataset, request.caller.user_id);
  });
  services.transfers.stop_dataset(request.path_values.at(0));
  Response response;
  response.status = 204;
  return response;
}

constexpr std::array kRoutes = {
    Route{.method = Method::get,
          .pattern = "/api/v1/datasets",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_datasets},
    Route{.method = Method::get,
          .pattern = "/api/v1/datasets/{dataset_id}",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_dataset},
    Route{.method = Method::get,
          .pattern = "/api/v1/datasets/{dataset_id}/files",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_files},
    Route{.method = Method::get,
          .pattern = "/api/v1/datasets/{dataset_id}/receipt",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_dataset_receipt},
    Route{.method = Method::get,
          .pattern = "/api/v1/datasets/{dataset_id}/deliveries",
          .door = Door::roles,
          .roles = kHospital,
          .scope = Scope::read,
          .handle = get_deliveries},
    Route{.method = Method::delete_,
          .pattern = "/api/v1/datasets/{dataset_id}",
          .door = Door::roles,
          .roles = {Role::hospital_steward},
          .scope = Scope::admin,
          .handle = delete_dataset},
    Route{.method = Method::get,
          .pattern = "/api/v1/data/{object_id}",
          .door = Door::link,
          .roles = {Role::hospital_steward, Role::company},
          .scope = Scope::deliver,
          .handle = get_data},
};

}  // namespace

std::span<const Route> dataset_routes() { return kRoutes; }

}  // namespace naru::server
