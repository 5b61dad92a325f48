/// Who is connected to the Storage SCP, and until when each has to do what it is waited for.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <string>

#include "dicom/dcmtk/association.h"

namespace naru::dicom {

/// Safe to use from any thread. A thread that serves a peer has a seat; `admit`, `begin_association` and `enter` speak
/// of the peer on the calling thread's seat (DCMTK makes connections within the thread that waits for them).
class PeerTable {
 public:
  explicit PeerTable(const StorageScpOptions& options) : options_(options) {}

  /// The calling thread's seat.
  class Seat {
   public:
    explicit Seat(PeerTable& table);
    ~Seat() { leave(); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    bool is_taken() const;
    void leave();  ///< to be called before the socket is closed: its number may be another's then

   private:
    PeerTable& table_;
  };

  /// Seats the peer of a new connection, unless its address is not allowed or has too many that are no associations.
  bool admit(int socket);
  /// False where there are as many associations as may be.
  bool begin_association();
  void enter(Phase phase);

  void cut_off_late();
  void cut_off_all();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Peer {
    int socket;
    std::string address;
    bool is_association = false;
    Time deadline;
  };
  Time deadline(Phase phase) const;

  const StorageScpOptions& options_;
  mutable std::mutex mutex_;
  std::list<Peer> peers_;
  int association_count_ = 0;
  bool is_closed_ = false;
  static thread_local std::list<Peer>::iterator seated_;
  static thread_local bool is_seated_;
};

}  // namespace naru::dicom
