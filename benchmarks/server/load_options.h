/// What every kind of load is told.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace load {

using Clock = std::chrono::steady_clock;

/// A request as it is written: the line and the fields, each with its CR LF, without the empty line and Content-Length.
struct Asked {
  std::string head, body;
};

struct Options {
  std::uint16_t port = 0;
  bool is_tls = false;
  std::string requests;  ///< a file with a JSON list of {head, body}; a token in it stays out of the list of processes
  std::string file;      ///< what `slow` compares with
  int connections = 10000, seconds = 20, server_pid = 0;
  std::uint64_t bytes_each = 256 << 10;
};

/// @throws std::exception where the file holds none
std::vector<Asked> read_requests(const Options& options);

/// Null where it is plain.
SSL_CTX* tls_of(const Options& options);

double seconds_since(Clock::time_point begin);

}  // namespace load
