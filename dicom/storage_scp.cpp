#include "dicom/storage_scp.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmtls/tlslayer.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "dicom/dcmtk/association.h"
#include "dicom/dcmtk/codecs.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/dcmtk/listener.h"
#include "dicom/dcmtk/peer_table.h"

namespace naru::dicom {

namespace {

/// Threads beyond those that serve associations: they tell others that there is no room.
constexpr int kSpareThreads = 8;
/// How long a thread waits for a connection before it looks whether the server stops.
constexpr int kAcceptTimeout_s = 1;

/// Makes connections as Base does, but asks the table first.
template <class Base>
class GuardedLayer final : public Base {
 public:
  template <class... Args>
  explicit GuardedLayer(PeerTable& peers, Args&&... args) : Base(std::forward<Args>(args)...), peers_(peers) {}
  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool is_secure) override {
    return peers_.admit(socket) ? Base::createConnection(socket, is_secure) : nullptr;
  }

 private:
  PeerTable& peers_;
};

void require(const OFCondition& condition, const char* what) {
  if (condition.bad()) throw Error(ErrorCode::config_invalid, std::string("dicom: ") + what);
}

std::unique_ptr<DcmTransportLayer> make_layer(PeerTable& peers, const StorageScpOptions& options) {
  if (options.tls_certificate.empty()) return std::make_unique<GuardedLayer<DcmTransportLayer>>(peers);
  auto layer = std::make_unique<GuardedLayer<DcmTLSTransportLayer>>(peers, NET_ACCEPTOR, nullptr, OFTrue);
  require(layer->setTLSProfile(TSP_Profile_BCP195), "the TLS profile is not available");
  require(layer->activateCipherSuites(), "the TLS ciphers are not available");
  require(layer->setPrivateKeyFile(options.tls_key.c_str(), DCF_Filetype_PEM), "tls_key cannot be read as PEM");
  require(layer->setCertificateFile(options.tls_certificate.c_str(), DCF_Filetype_PEM),
          "tls_certificate cannot be read as PEM");
  if (!layer->checkPrivateKeyMatchesCertificate()) {
    throw Error(ErrorCode::config_invalid, "dicom: tls_key does not belong to tls_certificate");
  }
  if (!options.tls_ca.empty()) {
    require(layer->addTrustedCertificateFile(options.tls_ca.c_str(), DCF_Filetype_PEM), "tls_ca cannot be read as PEM");
  }
  layer->setCertificateVerification(options.tls_ca.empty() ? DCV_ignoreCertificate : DCV_requireCertificate);
  return layer;
}

}  // namespace

class StorageScp::Server {
 public:
  Server(StorageScpOptions options, ObjectStore& store)
      : options_(std::move(options)),
        store_(store),
        peers_(options_),
        layer_(make_layer(peers_, options_)),
        listener_(options_.address, options_.port) {
    ASC_setTransportLayer(listener_.network(), layer_.get(), 0);
    for (int n = 0; n < options_.max_associations + kSpareThreads; ++n) threads_.emplace_back([this] { work(); });
    watchdog_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  }
  ~Server() {
    is_stopping_ = true;
    listener_.stop();
    watchdog_.request_stop();
    peers_.cut_off_all();
    threads_.clear();
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  void work() {
    while (!is_stopping_) {
      PeerTable::Seat seat(peers_);
      T_ASC_Association* association = nullptr;
      const OFCondition received =
          ASC_receiveAssociation(listener_.network(), &association, ASC_MAXIMUMPDUSIZE, nullptr, nullptr,
                                 options_.tls_certificate.empty() ? OFFalse : OFTrue, DUL_NOBLOCK, kAcceptTimeout_s);
      if (received.good()) attend(*association);
      // Errors of accept() come at once and again.
      if (received.bad() && received != DUL_NOASSOCIATIONREQUEST && !seat.is_taken()) pause();
      seat.leave();  // before the socket is closed
      if (association != nullptr) {
        ASC_dropAssociation(association);
        ASC_destroyAssociation(&association);
      }
    }
  }

  void attend(T_ASC_Association& association) {
    const bool is_full = !peers_.begin_association();
    if (negotiate(association, options_, is_full)) {
      serve(association, store_, [this](Phase phase) { peers_.enter(phase); });
    }
  }

  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pause();
      peers_.cut_off_late();
    }
  }

  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

  StorageScpOptions options_;
  ObjectStore& store_;
  PeerTable peers_;
  std::unique_ptr<DcmTransportLayer> layer_;
  Listener listener_;
  std::atomic<bool> is_stopping_ = false;
  std::jthread watchdog_;
  std::vector<std::jthread> threads_;
};

StorageScp::StorageScp(StorageScpOptions options, ObjectStore& store) {
  initialize_dcmtk();
  require_data_dictionary();
  dcmDisableGethostbyaddr.set(OFTrue);
  server_ = std::make_unique<Server>(std::move(options), store);
}

StorageScp::~StorageScp() = default;

std::uint16_t StorageScp::port() const { return server_->port(); }

}  // namespace naru::dicom
