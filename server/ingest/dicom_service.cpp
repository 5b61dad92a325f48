#include "server/ingest/dicom_service.h"

#include <utility>

#include "server/config.h"
#include "server/ingest/organisation.h"
#include "server/ingest/receiver.h"
#include "server/private_file.h"
#include "server/services.h"

namespace naru::server {

namespace {

using dicom::StoreStatus;

dicom::StorageScpOptions scp_options(const DicomConfig& config) {
  warn_if_open(config.tls_key, "[dicom] tls_key");
  dicom::StorageScpOptions options;
  options.address = config.address;
  options.port = config.port;
  options.ae_title = config.ae_title;
  options.calling_ae_titles = config.allowed_ae_titles;
  options.max_associations = config.max_associations;
  options.tls_certificate = config.tls_certificate;
  options.tls_key = config.tls_key;
  options.tls_ca = config.tls_ca;
  return options;
}

StoreStatus status_of_rejection(Code reason) {
  return reason == Code::unsupported_sop_class ? StoreStatus::sop_class_not_supported : StoreStatus::cannot_understand;
}

/// One object: written and hashed as it comes, then received.
class Sink final : public dicom::ObjectSink {
 public:
  Sink(Receiver& receiver, const Origin& origin, dicom::ObjectMeta meta, StagedWriter writer)
      : receiver_(receiver), origin_(origin), meta_(std::move(meta)), writer_(std::move(writer)) {}

  void write(std::span<const std::byte> bytes) override { writer_.append(bytes); }

  StoreStatus finish() override {
    Checked checked = check_instance(writer_.finish());
    if (!checked.arrival) return status_of_rejection(*checked.rejection.reason);
    const InstanceFacts& facts = checked.arrival->facts;
    // The sender is told that what it named is safe, so it must be that.
    if (facts.sop_instance_uid != meta_.sop_instance_uid || facts.sop_class_uid != meta_.sop_class_uid) {
      return StoreStatus::does_not_match;
    }
    std::vector<Arrival> arrivals;
    arrivals.push_back(std::move(*checked.arrival));
    receiver_.store(origin_, std::move(arrivals));
    return StoreStatus::success;
  }

 private:
  Receiver& receiver_;
  const Origin& origin_;
  dicom::ObjectMeta meta_;
  StagedWriter writer_;
};

}  // namespace

class DicomService::Store final : public dicom::ObjectStore {
 public:
  explicit Store(const Services& services)
      : origin_{organisation_id(services.database, services.config.dicom.organisation, "dicom.organisation"), "server",
                "storescp"},
        content_(services.content),
        receiver_(services.receiver) {}

  std::unique_ptr<dicom::ObjectSink> open(const dicom::ObjectMeta& meta) override {
    return std::make_unique<Sink>(receiver_, origin_, meta, content_.stage());
  }
  StoreStatus status_of(const std::exception&) const override { return StoreStatus::out_of_resources; }

 private:
  const Origin origin_;
  ContentStore& content_;
  Receiver& receiver_;
};

DicomService::DicomService(const Services& services)
    : store_(std::make_unique<Store>(services)),
      scp_(std::make_unique<dicom::StorageScp>(scp_options(services.config.dicom), *store_)) {}

DicomService::~DicomService() = default;

std::uint16_t DicomService::port() const { return scp_->port(); }

}  // namespace naru::server
