/// The socket that the Storage SCP listens on, within DCMTK's network object.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmnet/assoc.h>

#include <cstdint>
#include <string>

namespace naru::dicom {

/// DCMTK listens on all interfaces and by IPv4 alone, so its socket is replaced by one of ours.
class Listener {
 public:
  /// @throws Error{config_invalid} where the address cannot be bound
  Listener(const std::string& address, std::uint16_t port);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  T_ASC_Network* network() const { return network_; }
  std::uint16_t port() const { return port_; }
  void stop();  ///< no new connections

 private:
  T_ASC_Network* network_ = nullptr;
  std::uint16_t port_ = 0;
};

}  // namespace naru::dicom
