#include "server/ingest/stow.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "server/trouble_log.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxBatchFiles = 64;
constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{64} << 20;

// Failure reasons (PS3.18 table I.2-2).
constexpr unsigned kProcessingFailure = 0x0110, kSopClassNotSupported = 0x0122, kOutOfResources = 0xA700,
                   kDoesNotMatch = 0xA900, kCannotUnderstand = 0xC000, kSyntaxNotSupported = 0xC122;

unsigned reason_of(Code code) {
  if (code == Code::unsupported_transfer_syntax) return kSyntaxNotSupported;
  return code == Code::unsupported_sop_class ? kSopClassNotSupported : kCannotUnderstand;
}

bool is_out_of_resources(const std::exception& exception) {
  const auto* error = dynamic_cast<const Error*>(&exception);
  if (error == nullptr) return false;
  const ErrorCode code = error->code();
  return code == ErrorCode::disk_full || code == ErrorCode::output_unwritable || code == ErrorCode::store_unavailable ||
         code == ErrorCode::body_too_large;
}

unsigned reason_of(const std::exception& exception) {
  return is_out_of_resources(exception) ? kOutOfResources : kProcessingFailure;
}

nlohmann::ordered_json element(std::string_view value_representation, const nlohmann::ordered_json& value) {
  nlohmann::ordered_json json = {{"vr", value_representation}};
  if (value != "") json["Value"] = nlohmann::ordered_json::array({value});
  return json;
}

}  // namespace

void StowReceiver::begin(const MediaType& content_type) {
  failure_.reset();
  writer_.reset();
  if (content_type.name != "application/dicom") {
    failure_ = kCannotUnderstand;
    return;
  }
  try {
    writer_.emplace(content_.stage());
  } catch (const Error& error) {
    failure_ = reason_of(error);
  }
}

void StowReceiver::data(std::span<const std::byte> bytes) {
  if (failure_) return;
  try {
    writer_->append(bytes);
  } catch (const Error& error) {
    failure_ = reason_of(error);
    writer_.reset();
  }
}

void StowReceiver::end() {
  if (failure_) return fail({}, *failure_);
  Checked checked = check_instance(writer_->finish());
  writer_.reset();
  if (!checked.arrival) return fail(std::move(checked.rejection.facts), reason_of(*checked.rejection.reason));
  if (!study_uid_.empty() && checked.arrival->facts.study_uid != study_uid_) {
    return fail(std::move(checked.arrival->facts), kDoesNotMatch);
  }
  waiting_bytes_ += checked.arrival->file.size_bytes;
  waiting_.push_back(std::move(*checked.arrival));
  if (waiting_.size() >= kMaxBatchFiles || waiting_bytes_ >= kMaxBatchBytes) flush();
}

void StowReceiver::flush() {
  std::vector<InstanceFacts> facts;
  for (const Arrival& arrival : waiting_) facts.push_back(arrival.facts);
  std::optional<unsigned> failure;
  try {
    receiver_.store(origin_, std::exchange(waiting_, {}));
  } catch (const std::exception& error) {
    failure = reason_of(error);
    warn_at_times("STOW-RS: instances could not be stored");
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  for (InstanceFacts& one : facts) outcomes_.push_back({std::move(one), failure});
}

StowReceiver::Answer StowReceiver::finish() {
  flush();
  if (outcomes_.empty()) throw Error(ErrorCode::request_invalid, "the body has no part: send at least one instance");
  auto stored = nlohmann::ordered_json::array(), failed = nlohmann::ordered_json::array();
  for (const Outcome& outcome : outcomes_) {
    nlohmann::ordered_json item = {{"00081150", element("UI", outcome.facts.sop_class_uid)},
                                   {"00081155", element("UI", outcome.facts.sop_instance_uid)}};
    if (outcome.failure) item["00081197"] = element("US", *outcome.failure);
    (outcome.failure ? failed : stored).push_back(std::move(item));
  }
  Answer answer;
  if (stored.empty())
    answer.status = 409;
  else if (!failed.empty())
    answer.status = 202;
  answer.body = {{"00081190", {{"vr", "UR"}}}};  // nothing can be retrieved from here
  if (!failed.empty()) answer.body["00081198"] = {{"vr", "SQ"}, {"Value", std::move(failed)}};
  if (!stored.empty()) answer.body["00081199"] = {{"vr", "SQ"}, {"Value", std::move(stored)}};
  return answer;
}

}  // namespace naru::server
