/// The C-STORE receiver of one organisation: what dicom/storage_scp.h receives, the store keeps.
#pragma once

#include <cstdint>
#include <memory>

#include "dicom/storage_scp.h"

namespace naru::server {

struct Services;

/// Runs from construction to destruction.
class DicomService {
 public:
  /// @throws Error{config_invalid} where the organisation does not exist, or the address or keys cannot be used
  explicit DicomService(const Services& services);
  ~DicomService();
  std::uint16_t port() const;

 private:
  class Store;
  std::unique_ptr<Store> store_;
  std::unique_ptr<dicom::StorageScp> scp_;
};

}  // namespace naru::server
