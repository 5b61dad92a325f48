/// Receives DICOM objects from the network: a Storage SCP with C-ECHO (PS3.4 annexes A and B, PS3.7, PS3.8).
///
/// One thread serves one association. A peer that sends nothing, or too slowly, is cut off by a watchdog; one address
/// may have only a few connections that are not yet associations; what exceeds the number of associations is refused
/// as transient, so that the peer tries again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace naru::dicom {

/// The status of a C-STORE response (PS3.4 B.2.3, PS3.7 C).
enum class StoreStatus : std::uint16_t {
  success = 0x0000,
  sop_class_not_supported = 0x0122,
  not_authorised = 0x0124,
  out_of_resources = 0xA700,
  does_not_match = 0xA900,
  cannot_understand = 0xC000,
};

/// What a sender says of an object before its data set comes.
struct ObjectMeta {
  std::string calling_ae_title;
  std::string sop_class_uid, sop_instance_uid;
  std::string transfer_syntax_uid;  ///< in which the data set comes, and is kept
};

/// Takes one object: a whole file (PS3.10), whose data set is as it was sent, bit by bit. Destroyed without `finish`
/// where the sender went away.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  /// May throw: then the rest is passed over and the answer is `status_of` what was thrown.
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// The file is whole. The status is sent when this returns, so success promises that the object is safe.
  virtual StoreStatus finish() = 0;
};

/// Called from several threads.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual std::unique_ptr<ObjectSink> open(const ObjectMeta& meta) = 0;
  virtual StoreStatus status_of(const std::exception& error) const = 0;  ///< of what a sink, or `open`, threw
};

struct StorageScpOptions {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6, in numbers
  std::uint16_t port = 11112;         ///< 0: any free one
  std::string ae_title = "NARU";
  std::vector<std::string> calling_ae_titles;  ///< who may send; empty: nobody
  std::vector<std::string> peer_addresses;     ///< from where, in numbers; empty: from anywhere
  int max_associations = 32;
  int association_timeout_s = 10;                  ///< from the connection to the association, TLS included
  int idle_timeout_s = 60;                         ///< between two messages
  int data_timeout_s = 30;                         ///< for each piece (at most 128 KiB) of a data set
  std::filesystem::path tls_certificate, tls_key;  ///< PEM; empty: without TLS
  std::filesystem::path tls_ca;                    ///< whoever it did not certify is refused
};

/// Runs from construction to destruction.
class StorageScp {
 public:
  /// @param store must outlive it
  /// @throws Error{config_invalid} for an address that cannot be bound, or keys that cannot be read
  StorageScp(StorageScpOptions options, ObjectStore& store);
  /// Cuts all associations off: what was not answered was not taken.
  ~StorageScp();
  StorageScp(const StorageScp&) = delete;
  StorageScp& operator=(const StorageScp&) = delete;

  std::uint16_t port() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace naru::dicom
