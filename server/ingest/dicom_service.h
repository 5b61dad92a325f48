/// The C-STORE receiver of one organisation: what dicom/storage_scp.h receives, the store keeps.
#pragma once

#include <cstdint>
#include <memory>

#include "dicom/storage_scp.h"
#include "server/ingest/receiver.h"

namespace naru::server {

struct DicomConfig;

/// Runs from construction to destruction.
class DicomService {
 public:
  /// @throws Error{config_invalid} where the organisation does not exist, or the address or keys cannot be used
  DicomService(const DicomConfig& config, Database& database, Ledger& ledger, ContentStore& content,
               const Clock& clock);
  ~DicomService();
  std::uint16_t port() const;

 private:
  class Store;
  std::unique_ptr<Store> store_;
  std::unique_ptr<dicom::StorageScp> scp_;
};

}  // namespace naru::server
