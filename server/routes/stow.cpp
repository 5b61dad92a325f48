/// DICOMweb STOW-RS (DICOM PS3.18 10.5).
#include "server/ingest/stow.h"

#include <array>

#include "core/error.h"
#include "server/routes/route.h"
#include "server/services.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{64} << 30;

/// @throws Error{media_type_unsupported, request_invalid}
std::string boundary_of(const Request& request) {
  const auto header = request.headers.find("Content-Type");
  const auto type = header ? parse_media_type(*header) : std::nullopt;
  if (!type || type->name != "multipart/related" ||
      type->parameter("type").value_or("application/dicom") != "application/dicom") {
    throw Error(ErrorCode::media_type_unsupported,
                "Content-Type: send multipart/related; type=\"application/dicom\"; boundary=...");
  }
  return std::string(type->parameter("boundary").value_or(""));
}

bool takes_json(const Request& request) {
  const auto accept = request.headers.find("Accept");
  if (!accept) return true;
  for (const std::string_view type : {"application/dicom+json", "application/json", "application/*", "*/*"}) {
    if (accept->find(type) != std::string_view::npos) return true;
  }
  return false;
}

class StowBody final : public BodySink {
 public:
  StowBody(Services& services, const Request& request, std::string study_uid)
      : is_json_taken_(takes_json(request)),
        stow_(services.receiver, services.content, {request.caller.organisation_id, request.caller.user_id, "stow"},
              std::move(study_uid)),
        parts_(boundary_of(request), stow_) {}

  std::optional<Response> refusal() override {
    if (is_json_taken_) return std::nullopt;
    return Response{406, {}, std::string()};
  }
  void write(std::span<const std::byte> bytes) override { parts_.write(bytes); }
  Response finish() override {
    parts_.finish();
    StowReceiver::Answer answer = stow_.finish();
    Response response = json_response(answer.body, answer.status);
    Headers headers;
    headers.add("Content-Type", "application/dicom+json");
    for (const auto& [name, value] : response.headers.fields()) {
      if (name != "Content-Type") headers.add(name, value);
    }
    response.headers = std::move(headers);
    return response;
  }

 private:
  bool is_json_taken_;
  StowReceiver stow_;
  MultipartReader parts_;
};

std::unique_ptr<BodySink> receive_any(Services& services, Request& request) {
  return std::make_unique<StowBody>(services, request, "");
}

std::unique_ptr<BodySink> receive_of_study(Services& services, Request& request) {
  return std::make_unique<StowBody>(services, request, request.path_values.at(0));
}

constexpr std::array kRoutes = {
    Route{Method::post,
          "/dicomweb/studies",
          Door::roles,
          {Role::hospital_steward},
          Scope::ingest,
          nullptr,
          receive_any,
          kMaxBodyBytes},
    Route{Method::post,
          "/dicomweb/studies/{study_uid}",
          Door::roles,
          {Role::hospital_steward},
          Scope::ingest,
          nullptr,
          receive_of_study,
          kMaxBodyBytes},
};

}  // namespace

std::span<const Route> stow_routes() { return kRoutes; }

}  // namespace naru::server
