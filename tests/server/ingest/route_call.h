/// Calls one route of a table as the application does, after it has let the caller through.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "server/routes/route.h"
#include "tests/server/ingest/ingest_world.h"

namespace naru::server::test {

/// The answer, or the code of the error.
struct Answered {
  int status = 0;  ///< 0: an error
  std::optional<ErrorCode> error;
  nlohmann::json json;
  Headers headers;
};

inline const Route& find_route(std::span<const Route> routes, Method method, std::string_view pattern) {
  const auto found = std::ranges::find_if(
      routes, [&](const Route& route) { return route.method == method && route.pattern == pattern; });
  if (found == routes.end()) throw std::runtime_error("no such route");
  return *found;
}

/// A request of the steward of "org-a".
inline Request request_of(std::vector<std::string> path_values = {}, std::string body = {}) {
  Request request;
  request.path_values = std::move(path_values);
  request.body = std::move(body);
  request.caller = {"user-1", "org-a", {Role::hospital_steward}, ~0U, false};
  request.headers.add("Content-Type", "application/json");
  return request;
}

inline Answered call(IngestWorld& world, const Route& route, Request request, std::size_t piece_bytes = 1000) {
  Answered answered;
  try {
    Response response;
    if (route.receive != nullptr) {
      const auto sink = route.receive(world.services, request);
      const std::string_view body = request.body;
      auto refusal = sink->refusal();
      for (std::size_t at = 0; at < body.size() && !refusal; at += piece_bytes) {
        sink->write(std::as_bytes(std::span(body.substr(at, piece_bytes))));
      }
      response = refusal ? std::move(*refusal) : sink->finish();
    } else {
      response = route.handle(world.services, request);
    }
    answered.status = response.status;
    answered.headers = response.headers;
    const auto& body = std::get<std::string>(response.body);
    if (!body.empty()) answered.json = nlohmann::json::parse(body);
  } catch (const Error& error) {
    answered.error = error.code();
  }
  return answered;
}

}  // namespace naru::server::test
