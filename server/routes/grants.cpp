#include "server/delivery/grants.h"

#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "server/clock.h"
#include "server/delivery/amendments.h"
#include "server/routes/idempotency.h"
#include "server/routes/json_body.h"
#include "server/routes/page.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr Roles kReaders = {Role::hospital_steward, Role::reviewer, Role::company, Role::auditor};
constexpr std::size_t kMaxStudies = 20000, kMaxIdBytes = 80, kMaxRecipeBytes = 65536, kMaxTextBytes = 500;
constexpr std::int64_t kMaxQuotaBytes = INT64_MAX / 4;

Grant require_grant(Transaction& transaction, const Request& request) {
  auto grant = find_grant(transaction, request.caller, request.path_values.at(0));
  if (!grant) throw Error(ErrorCode::not_found, "there is no such grant");
  return *std::move(grant);
}

/// That the grant is of the caller's own hospital, not one that the caller received.
Grant require_own_grant(Transaction& transaction, const Request& request) {
  Grant grant = require_grant(transaction, request);
  if (grant.organisation_id != request.caller.organisation_id)
    throw Error(ErrorCode::not_found, "there is no such grant");
  return grant;
}

/// @throws Error{request_invalid} naming the field
std::int64_t integer_within(const JsonBody& body, std::string_view field, std::int64_t least, std::int64_t most) {
  const std::int64_t number = body.integer(field);
  if (number >= least && number <= most) return number;
  throw Error(ErrorCode::request_invalid, fmt::format("\"{}\" must lie between {} and {}", field, least, most));
}

std::optional<std::int64_t> integer_if(const JsonBody& body, std::string_view field, std::int64_t most) {
  return body.has(field) ? std::optional(integer_within(body, field, 0, most)) : std::nullopt;
}

GrantProposal proposal_of(const Request& request) {
  const JsonBody body(request, {"recipient_id", "purpose", "decision", "kind", "recipe", "mode", "quota_bytes",
                                "expires_ms", "study_ids"});
  GrantProposal proposal;
  proposal.recipient_id = body.text("recipient_id", kMaxIdBytes);
  proposal.purpose = body.text("purpose", kMaxTextBytes);
  proposal.decision = body.text("decision", kMaxTextBytes);
  proposal.recipe = body.text("recipe", kMaxRecipeBytes);
  proposal.kind = body.text_if("kind", kMaxIdBytes).value_or("prepare");
  proposal.mode = body.text_if("mode", kMaxIdBytes).value_or("download");
  if (body.has("quota_bytes")) {
    proposal.quota_bytes = static_cast<std::uint64_t>(integer_within(body, "quota_bytes", 0, kMaxQuotaBytes));
  }
  proposal.expires_ms = integer_within(body, "expires_ms", 0, INT64_MAX);
  proposal.study_ids = body.texts("study_ids", kMaxStudies, kMaxIdBytes);
  return proposal;
}

Response post_grant(Services& services, Request& request) {
  const GrantProposal proposal = proposal_of(request);
  return create_once(services, request, [&](Transaction& transaction) {
    const Grant grant = propose_grant(services, transaction, request.caller, proposal);
    Response response = json_response(to_json(grant, request.caller), 201);
    response.headers.add("Location", "/api/v1/grants/" + grant.id);
    return response;
  });
}

Response get_grants(Services& services, Request& request) {
  const PageRequest page = page_of(request, "grant");
  auto grants = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return list_grants(transaction, request.caller, page.after, page.limit + 1);
  });
  return page_response("naru.grants/1", std::move(grants), page,
                       [&](const Grant& grant) { return to_json(grant, request.caller); });
}

Response get_grant(Services& services, Request& request) {
  return json_response(in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    const Grant grant = require_grant(transaction, request);
    auto json = to_json(grant, request.caller);
    const auto cohort = cohort_of_grant(transaction, grant.id);
    json["instance_count"] = instance_count(cohort);
    json["cohort_sha256"] = cohort_sha256(cohort);
    if (grant.organisation_id != request.caller.organisation_id) return json;
    json["arrived_later_count"] = later_count(transaction, grant.id);
    json["study_ids"] = nlohmann::ordered_json::array();
    for (const StudyCohort& study : cohort) json["study_ids"].push_back(study.study_id);
    return json;
  }));
}

using Change = void (*)(Services&, Transaction&, const Caller&, const Grant&);

Response change_grant(Services& services, Request& request, Change change) {
  return json_response(in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    change(services, transaction, request.caller, require_own_grant(transaction, request));
    return to_json(require_own_grant(transaction, request), request.caller);
  }));
}

Response post_approve(Services& services, Request& request) { return change_grant(services, request, approve_grant); }
Response post_revoke(Services& services, Request& request) { return change_grant(services, request, revoke_grant); }

Response post_amendment(Services& services, Request& request) {
  const JsonBody body(request, {"quota_bytes", "expires_ms", "takes_later_instances"});
  const AmendmentProposal proposal{integer_if(body, "quota_bytes", kMaxQuotaBytes),
                                   integer_if(body, "expires_ms", INT64_MAX),
                                   body.has("takes_later_instances") && body.boolean("takes_later_instances")};
  return create_once(services, request, [&](Transaction& transaction) {
    const Grant grant = require_own_grant(transaction, request);
    const Amendment amendment = propose_amendment(services, transaction, request.caller, grant, proposal);
    Response response = json_response(to_json(amendment, true), 201);
    response.headers.add("Location", fmt::format("/api/v1/grants/{}/amendments", grant.id));
    return response;
  });
}

Response get_amendments(Services& services, Request& request) {
  const PageRequest page = page_of(request, "amendment");
  return in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    const Grant grant = require_grant(transaction, request);
    return page_response("naru.grant-amendments/1",
                         list_amendments(transaction, request.caller, grant, with_one_more(page)), page,
                         [&](const Amendment& amendment) {
                           return to_json(amendment, grant.organisation_id == request.caller.organisation_id);
                         });
  });
}

using Decide = void (*)(Services&, Transaction&, const Caller&, const Grant&, const Amendment&);

template <Decide Decision>
Response decide(Services& services, Request& request) {
  return json_response(in_transaction(services.database, Access::write, [&](Transaction& transaction) {
    const Grant grant = require_own_grant(transaction, request);
    const std::string& id = request.path_values.at(1);
    const auto amendment = find_amendment(transaction, grant, id);
    if (!amendment) throw Error(ErrorCode::not_found, "the grant has no such amendment");
    Decision(services, transaction, request.caller, grant, *amendment);
    return to_json(find_amendment(transaction, grant, id).value(), true);
  }));
}

constexpr std::array kRoutes = {
    Route{.method = Method::post,
          .pattern = "/api/v1/grants",
          .door = Door::roles,
          .roles = {Role::hospital_steward},
          .scope = Scope::review,
          .handle = post_grant,
          .is_idempotent_creation = true},
    Route{.method = Method::get,
          .pattern = "/api/v1/grants",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_grants},
    Route{.method = Method::get,
          .pattern = "/api/v1/grants/{grant_id}",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_grant},
    Route{.method = Method::post,
          .pattern = "/api/v1/grants/{grant_id}/approve",
          .door = Door::roles,
          .roles = {Role::reviewer},
          .scope = Scope::review,
          .handle = post_approve},
    Route{.method = Method::post,
          .pattern = "/api/v1/grants/{grant_id}/revoke",
          .door = Door::roles,
          .roles = {Role::hospital_steward, Role::reviewer},
          .scope = Scope::review,
          .handle = post_revoke},
    Route{.method = Method::post,
          .pattern = "/api/v1/grants/{grant_id}/amendments",
          .door = Door::roles,
          .roles = {Role::hospital_steward},
          .scope = Scope::review,
          .handle = post_amendment,
          .is_idempotent_creation = true},
    Route{.method = Method::get,
          .pattern = "/api/v1/grants/{grant_id}/amendments",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_amendments},
    Route{.method = Method::post,
          .pattern = "/api/v1/grants/{grant_id}/amendments/{amendment_id}/approve",
          .door = Door::roles,
          .roles = {Role::reviewer},
          .scope = Scope::review,
          .handle = decide<approve_amendment>},
    Route{.method = Method::post,
          .pattern = "/api/v1/grants/{grant_id}/amendments/{amendment_id}/reject",
          .door = Door::roles,
          .roles = {Role::hospital_steward, Role::reviewer},
          .scope = Scope::review,
          .handle = decide<reject_amendment>},
};

}  // namespace

std::span<const Route> grant_routes() { return kRoutes; }

}  // namespace naru::server
