/// One line of JSON on stderr for each request, written by a thread of its own: a reader of stderr who is slow must not
/// stop the server.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace naru::server {

/// No path, query or name of an upload: a client writes what it likes there, patients' names too.
struct AccessEntry {
  std::string_view request_id, method, route, client_address, user_id;
  int status = 0;
  std::uint64_t sent_bytes = 0;
  double elapsed_ms = 0;
};

class AccessLog {
 public:
  explicit AccessLog(bool is_on);
  ~AccessLog();  ///< writes what waits
  AccessLog(const AccessLog&) = delete;

  void add(const AccessEntry& entry);
  std::uint64_t dropped_count() const { return dropped_; }  ///< lines for which there was no room

 private:
  void write_lines();

  const bool is_on_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  bool is_ending_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::thread thread_;
};

std::string to_line(const AccessEntry& entry, std::int64_t now_ms);  ///< with its '\n'

}  // namespace naru::server
