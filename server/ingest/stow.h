/// One STOW-RS request (DICOM PS3.18 10.5): the parts of its body received, and the answer.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/ingest/content_store.h"
#include "server/ingest/multipart.h"
#include "server/ingest/receiver.h"

namespace naru::server {

/// Takes instances one after the other; they are stored in batches. One that fails does not stop the others.
class StowReceiver final : public PartHandler {
 public:
  /// @param study_uid only instances of this study are taken; empty: of any
  StowReceiver(Receiver& receiver, ContentStore& content, Origin origin, std::string study_uid)
      : receiver_(receiver), content_(content), origin_(std::move(origin)), study_uid_(std::move(study_uid)) {}

  void begin(const MediaType& content_type) override;
  void data(std::span<const std::byte> bytes) override;
  void end() override;

  struct Answer {
    int status = 200;             ///< 200 all stored, 202 some, 409 none
    nlohmann::ordered_json body;  ///< application/dicom+json (PS3.18 I.2.2, F.2)
  };
  /// Stores what waits. @throws Error{request_invalid} where there was no part (PS3.18 table 10.5.3-1: 400)
  Answer finish();

 private:
  struct Outcome {
    InstanceFacts facts;
    std::optional<unsigned> failure;  ///< Failure Reason (0008,1197)
  };
  void fail(InstanceFacts facts, unsigned reason) { outcomes_.push_back({std::move(facts), reason}); }
  void flush();

  Receiver& receiver_;
  ContentStore& content_;
  Origin origin_;
  std::string study_uid_;
  std::optional<StagedWriter> writer_;  ///< of the part that comes now
  std::optional<unsigned> failure_;     ///< of that part
  std::vector<Arrival> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::vector<Outcome> outcomes_;
};

}  // namespace naru::server
