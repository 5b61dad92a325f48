/// Files and archives from a hospital: in several requests (uploads), or one file at once (instances).
#include "server/ingest/uploads.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "server/ingest/content_store.h"
#include "server/ingest/receiver.h"
#include "server/routes/idempotency.h"
#include "server/routes/json_body.h"
#include "server/routes/route.h"
#include "server/services.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kMaxPartBytes = std::uint64_t{64} << 30;
constexpr std::uint64_t kMaxInstanceBytes = std::uint64_t{4} << 30;
constexpr Roles kSteward = {Role::hospital_steward};

/// The state, and the offset as a header for clients that ask by HEAD.
Response answer(const Upload& upload, int status) {
  Response response = json_response(to_json(upload), status);
  response.headers.add("Upload-Offset", std::to_string(upload.received_bytes));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

std::optional<std::string> sha256_in(const JsonBody& body) {
  constexpr std::size_t kDigits = 64;
  const auto sha256 = body.text_if("sha256", kDigits);
  if (sha256 && (sha256->size() != kDigits || sha256->find_first_not_of("0123456789abcdef") != std::string::npos)) {
    throw Error(ErrorCode::request_invalid, "field \"sha256\" must be 64 hexadecimal digits in lower case");
  }
  return sha256;
}

Upload wanted_in(const Request& request) {
  const JsonBody body(request, {"kind", "size_bytes", "sha256"});
  Upload wanted;
  wanted.organisation_id = request.caller.organisation_id;
  wanted.created_by = request.caller.user_id;
  wanted.kind = body.text("kind", 16);
  if (wanted.kind != "file" && wanted.kind != "archive") {
    throw Error(ErrorCode::request_invalid, "field \"kind\" must be file or archive");
  }
  const std::int64_t size = body.integer("size_bytes");
  if (size < 1) throw Error(ErrorCode::request_invalid, "field \"size_bytes\" must be at least 1");
  wanted.size_bytes = static_cast<std::uint64_t>(size);
  wanted.sha256 = sha256_in(body);
  return wanted;
}

Response create(Services& services, Request& request) {
  const Upload wanted = wanted_in(request);
  Response response = create_once(services, request, [&](Transaction& transaction) {
    const Upload upload = open_upload(transaction, services, wanted);
    Response made = json_response(to_json(upload), 201);
    made.headers.add("Location", "/api/v1/uploads/" + upload.id);
    return made;
  });
  response.headers.add("Upload-Offset", "0");  // here, since a kept answer holds no such header
  return response;
}

Response show(Services& services, Request& request) {
  return answer(find_upload(services, request.caller.organisation_id, request.path_values.at(0)), 200);
}

Response complete(Services& services, Request& request) {
  const Upload upload = complete_upload(services, request.caller, request.path_values.at(0));
  return answer(upload, upload.state == "received" ? 202 : 200);
}

Response abort(Services& services, Request& request) {
  abort_upload(services, request.caller.organisation_id, request.path_values.at(0), request.caller.user_id);
  return {204, {}, std::string()};
}

std::uint64_t offset_in(const Request& request) {
  const std::string_view text = request.headers.find("Upload-Offset").value_or("");
  std::uint64_t offset = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) {
    throw Error(ErrorCode::request_invalid, "Upload-Offset: say how many bytes the server has, e.g. 0");
  }
  return offset;
}

class PartBody final : public BodySink {
 public:
  PartBody(Services& services, const Request& request)
      : part_(std::in_place, services, request.caller, request.path_values.at(0), offset_in(request)) {}
  void write(std::span<const std::byte> bytes) override { part_->write(bytes); }
  Response finish() override {
    Response response{204, {}, std::string()};
    response.headers.add("Upload-Offset", std::to_string(part_->save()));
    part_.reset();  // before the answer: what comes next finds the file free
    return response;
  }

 private:
  std::optional<UploadPart> part_;
};

std::unique_ptr<BodySink> receive_part(Services& services, Request& request) {
  return std::make_unique<PartBody>(services, request);
}

class InstanceBody final : public BodySink {
 public:
  InstanceBody(Services& services, const Request& request)
      : receiver_(services.receiver),
        origin_{request.caller.organisation_id, request.caller.user_id, "upload"},
        writer_(services.content.stage()) {}
  void write(std::span<const std::byte> bytes) override { writer_.append(bytes); }
  Response finish() override {
    const Received received = receiver_.receive(origin_, writer_.finish());
    if (received.reason) {
      const CodeInfo& code = info(*received.reason);
      throw Error(ErrorCode::request_invalid,
                  fmt::format("rejected as {}: {} {}", code.name, code.meaning, code.remedy));
    }
    const bool is_new = received.kind == Received::Kind::stored;
    return json_response({{"schema", "naru.received/1"},
                          {"outcome", is_new ? "stored" : "duplicate"},
                          {"conflicting", received.is_conflicting},
                          {"study_id", received.study_id}},
                         is_new ? 201 : 200);
  }

 private:
  Receiver& receiver_;
  Origin origin_;
  StagedWriter writer_;
};

std::unique_ptr<BodySink> receive_instance(Services& services, Request& request) {
  return std::make_unique<InstanceBody>(services, request);
}

constexpr std::array kRoutes = {
    Route{Method::post, "/api/v1/uploads", Door::roles, kSteward, Scope::ingest, create, nullptr, kSmallBodyBytes,
          true},
    Route{Method::get, "/api/v1/uploads/{upload_id}", Door::roles, kSteward, Scope::ingest, show},
    Route{Method::patch, "/api/v1/uploads/{upload_id}", Door::roles, kSteward, Scope::ingest, nullptr, receive_part,
          kMaxPartBytes},
    Route{Method::post, "/api/v1/uploads/{upload_id}/complete", Door::roles, kSteward, Scope::ingest, complete},
    Route{Method::delete_, "/api/v1/uploads/{upload_id}", Door::roles, kSteward, Scope::ingest, abort},
    Route{Method::post, "/api/v1/instances", Door::roles, kSteward, Scope::ingest, nullptr, receive_instance,
          kMaxInstanceBytes},
};

}  // namespace

std::span<const Route> upload_routes() { return kRoutes; }

}  // namespace naru::server
