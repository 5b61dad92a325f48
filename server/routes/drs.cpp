// GA4GH Data Repository Service 1.2: https://ga4gh.github.io/data-repository-service-schemas/
#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "pipeline/version.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/delivery/access.h"
#include "server/delivery/dataset_object.h"
#include "server/delivery/links.h"
#include "server/delivery/listings.h"
#include "server/delivery/tar.h"
#include "server/routes/route.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr Roles kReaders = {Role::hospital_steward, Role::company};

struct Found {
  DatasetAccess access;
  std::shared_ptr<const DatasetListing> listing;
  DatasetObject object;
};

Found find(Services& services, const Request& request) {
  const std::string& object_id = request.path_values.at(0);
  const DatasetAccess access = in_transaction(services.database, Access::read, [&](Transaction& transaction) {
    return find_access(transaction, request.caller, dataset_id_of_object(object_id), services.clock.now_ms());
  });
  require_list(access);
  auto listing = services.listings.get(services, access.dataset);
  auto object = find_object(*listing, object_id);
  if (!object) throw Error(ErrorCode::not_found, "there is no such object");
  return {access, std::move(listing), *std::move(object)};
}

Response get_object(Services& services, Request& request) {
  const Found found = find(services, request);
  const auto expand = request.query_value("expand");
  if (expand && *expand != "true" && *expand != "false") {
    throw Error(ErrorCode::request_invalid, "expand must be true or false");
  }
  const bool is_tar = found.object.kind == DatasetObject::Kind::tar;
  return json_response(drs_object(*found.listing, found.object, services.config.listen.public_url, expand == "true",
                                  is_tar ? tar_sha256(services, *found.listing) : ""));
}

Response get_access(Services& services, Request& request) {
  const Found found = find(services, request);
  require_bytes(found.access, request.caller, services.clock.now_ms());
  using Kind = DatasetObject::Kind;
  const bool is_whole = found.object.kind == Kind::whole;
  const std::string_view expected = is_whole ? "tar" : "https";
  if (found.object.kind == Kind::folder || request.path_values.at(1) != expected) {
    throw Error(ErrorCode::not_found, "this object has no such access_id");
  }
  const Link link{is_whole ? object_id_of_tar(found.listing->dataset.id) : found.object.id, request.caller.credential,
                  found.access.grant ? found.access.grant->id : "", services.clock.now_ms() + kLinkLifeMs};
  return json_response({{"url", services.config.listen.public_url + signed_path(services.keys, link)}});
}

Response get_service_info(Services& services, Request&) {
  const std::string& url = services.config.listen.public_url;
  return json_response({{"id", "org.naru.drs"},
                        {"name", "Naru"},
                        {"type", {{"group", "org.ga4gh"}, {"artifact", "drs"}, {"version", "1.2.0"}}},
                        {"organization", {{"name", "Naru"}, {"url", url}}},
                        {"version", kVersion}});
}

constexpr std::array kRoutes = {
    Route{.method = Method::get,
          .pattern = "/ga4gh/drs/v1/service-info",
          .door = Door::open,
          .roles = {},
          .scope = Scope::read,
          .handle = get_service_info},
    Route{.method = Method::get,
          .pattern = "/ga4gh/drs/v1/objects/{object_id}",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::read,
          .handle = get_object},
    Route{.method = Method::get,
          .pattern = "/ga4gh/drs/v1/objects/{object_id}/access/{access_id}",
          .door = Door::roles,
          .roles = kReaders,
          .scope = Scope::deliver,
          .handle = get_access},
};

}  // namespace

std::span<const Route> drs_routes() { return kRoutes; }

}  // namespace naru::server
