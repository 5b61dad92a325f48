#include "server/audit/ledger.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "core/error.h"
#include "server/audit/cosigners.h"
#include "server/audit/ledger_leaf.h"
#include "server/audit/ledger_rows.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kMaxLeaves = 1000;
constexpr Roles kReaders = {Role::auditor, Role::admin};
constexpr std::string_view kForever = "public, max-age=31536000, immutable", kNever = "no-cache";
constexpr std::string_view kText = "text/plain; charset=utf-8";

Response response_of(std::string body, std::string_view type, std::string_view cache, int status = 200) {
  Response response{status, {}, std::move(body)};
  response.headers.add("Content-Type", std::string(type));
  response.headers.add("Cache-Control", std::string(cache));
  return response;
}

std::uint64_t parse_count(std::string_view name, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc{} && end == text.data() + text.size() && number >> 62 == 0) return number;
  throw Error(ErrorCode::request_invalid, fmt::format("{} must be a whole number from 0", name));
}

std::uint64_t count_of(const Request& request, std::string_view name, std::uint64_t fallback) {
  const auto text = request.query_value(name);
  return text ? parse_count(name, *text) : fallback;
}

/// Whoever runs the server sees the whole ledger; all others what is of their organisation.
bool sees_all(const Services& services, const Caller& caller) {
  if (!caller.roles.has_any(kReaders)) return false;
  const Rows rows = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return transaction.query("SELECT kind FROM organisations WHERE id = $1", {caller.organisation_id});
  });
  return !rows.empty() && rows[0].text(0) == "operator";
}

bool is_own(const Caller& caller, std::string_view leaf) {
  return !caller.organisation_id.empty() && leaf_value(leaf, "organisation_id") == caller.organisation_id;
}

Response get_checkpoint(Services& services, Request&) {
  return response_of(services.ledger.published_checkpoint(), kText, kNever);
}

Response get_cosigned_checkpoint(Services& services, Request&) {
  const auto cosigned = in_transaction(services.database, Access::read, cosigned_checkpoint);
  if (!cosigned) throw Error(ErrorCode::not_found, "no witness has cosigned a checkpoint yet");
  return response_of(to_text(cosigned->note), kText, kNever);
}

Response get_witnesses(Services& services, Request&) {
  nlohmann::ordered_json json = {{"schema", "naru.ledger-witnesses/1"}, {"items", nlohmann::ordered_json::array()}};
  for (const WitnessState& state : witness_states(services.database)) {
    nlohmann::ordered_json item = {{"name", state.name}, {"cosigned_size", state.cosigned_size}};
    if (state.cosigned_ms) item["cosigned_ms"] = *state.cosigned_ms;
    if (state.asked_ms) item["asked_ms"] = *state.asked_ms;
    if (state.outcome) item["outcome"] = *state.outcome;
    json["items"].push_back(std::move(item));
  }
  return json_response(json);
}

Response get_key(Services& services, Request&) {
  return response_of(services.ledger.verifier_key() + "\n", kText, kNever);
}

Response get_witness_key(Services& services, Request&) {
  return response_of(services.ledger.witness_key() + "\n", kText, kNever);
}

Response tile_response(Services& services, std::string_view path, std::string_view cache) {
  const auto tile = parse_tile_path(path);
  auto bytes = tile ? services.ledger.tile(*tile) : std::nullopt;
  if (!bytes) throw Error(ErrorCode::not_found, "the ledger has no such tile");
  return response_of(*std::move(bytes), "application/octet-stream", cache);
}

Response get_tile(Services& services, Request& request) {
  const std::string& path = request.path_values.at(0);
  if (path.starts_with("entries")) throw Error(ErrorCode::not_found, "the ledger has no such tile");
  return tile_response(services, path, kForever);
}

Response get_entries(Services& services, Request& request) {
  // Entries are of all organisations: for the others there are none.
  if (!sees_all(services, request.caller)) throw Error(ErrorCode::not_found, "the ledger has no such tile");
  return tile_response(services, "entries/" + request.path_values.at(0), "private, no-store");
}

Response get_leaves(Services& services, Request& request) {
  const std::uint64_t first = count_of(request, "from", 0), limit = count_of(request, "limit", 100);
  if (limit == 0 || limit > kMaxLeaves) throw Error(ErrorCode::request_invalid, "limit must be 1 to 1000");
  const bool sees_others = sees_all(services, request.caller);
  const auto leaves = services.ledger.leaves(first, limit);
  auto items = nlohmann::ordered_json::array();
  for (const std::string& leaf : leaves) {
    if (sees_others || is_own(request.caller, leaf)) items.push_back(nlohmann::ordered_json::parse(leaf));
  }
  // Those of others are passed over, so a page may hold fewer than `limit`: where to go on is said.
  nlohmann::ordered_json json = {{"schema", "naru.ledger-leaves/1"}, {"items", std::move(items)}};
  json["next"] = leaves.size() == limit ? nlohmann::ordered_json(first + limit) : nullptr;
  return json_response(json);
}

Response get_receipt(Services& services, Request& request) {
  const std::uint64_t number = parse_count("the number", request.path_values.at(0));
  const auto leaves = services.ledger.leaves(number, 1);
  if (leaves.empty() || !(is_own(request.caller, leaves[0]) || sees_all(services, request.caller))) {
    throw Error(ErrorCode::not_found, "the ledger has no such leaf");
  }
  return response_of(services.ledger.receipt(number), kText, "private, no-cache");
}

Response post_add_checkpoint(Services& services, Request& request) {
  WitnessAnswer answer = services.ledger.add_checkpoint(request.body);
  return response_of(std::move(answer.body), answer.content_type, "no-store", answer.status);
}

constexpr std::array kRoutes = {
    Route{Method::get, "/api/v1/ledger/checkpoint", Door::open, {}, Scope::read, get_checkpoint},
    Route{Method::get, "/api/v1/ledger/checkpoint/cosigned", Door::open, {}, Scope::read, get_cosigned_checkpoint},
    Route{Method::get, "/api/v1/ledger/witnesses", Door::roles, kReaders, Scope::read, get_witnesses},
    Route{Method::get, "/api/v1/ledger/key", Door::open, {}, Scope::read, get_key},
    Route{Method::get, "/api/v1/ledger/tile/{path*}", Door::open, {}, Scope::read, get_tile},
    Route{Method::get, "/api/v1/ledger/tile/entries/{path*}", Door::roles, kReaders, Scope::read, get_entries},
    Route{Method::get, "/api/v1/ledger/leaves", Door::roles, kReaders, Scope::read, get_leaves},
    Route{Method::get, "/api/v1/ledger/receipts/{number}", Door::signed_in, {}, Scope::read, get_receipt},
    Route{Method::get, "/api/v1/ledger/witness/key", Door::open, {}, Scope::read, get_witness_key},
    Route{Method::post,
          "/api/v1/ledger/witness/add-checkpoint",
          Door::open,
          {},
          Scope::read,
          post_add_checkpoint,
          nullptr,
          kMaxWitnessRequestBytes},
};

}  // namespace

std::span<const Route> ledger_routes() { return kRoutes; }

}  // namespace naru::server
