// Loads an HTTP server on loopback and prints what it saw as JSON.
//   http_load file  --size BYTES FILE            the file of which `slow` knows every byte
//   http_load slow  --port P --pid SERVER ...    N readers of a range each, at a bounded rate, every byte checked
//   http_load small --port P ...                 one small request after the other on each of N connections
//   http_load big   --port P ...                 one download

#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/server/connection.h"

namespace {

using Clock = std::chrono::steady_clock;
using load::Connection;

struct Options {
  std::uint16_t port = 0;
  bool is_tls = false;
  std::string path = "/file";
  int connections = 10000, seconds = 20, server_pid = 0;
  std::uint64_t bytes_each = 256 << 10, file_bytes = std::uint64_t{1} << 30;
  std::string file;
};

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Byte `at` of the file: of splitmix64 of its word, so that no shift of the file looks like the file.
char byte_at(std::uint64_t at) {
  std::uint64_t z = (at / 8 + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return static_cast<char>((z ^ (z >> 31)) >> (8 * (at % 8)));
}

void write_file(const Options& options) {
  std::ofstream out(options.file, std::ios::binary);
  std::string block(1 << 20, '\0');
  for (std::uint64_t at = 0; at < options.file_bytes; at += block.size()) {
    const std::uint64_t size = std::min<std::uint64_t>(block.size(), options.file_bytes - at);
    for (std::uint64_t i = 0; i < size; ++i) block[i] = byte_at(at + i);
    out.write(block.data(), static_cast<std::streamsize>(size));
  }
  if (!out.flush()) throw std::runtime_error("cannot write the file");
}

/// A line of /proc/PID/status in MB (10^6), e.g. "VmRSS".
double memory_mb(int pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024 / 1e6;
  }
  return 0;
}

/// Pages of all TCP sockets of the machine in MB: what slow readers hold in the kernel, on both ends.
double tcp_memory_mb() {
  std::ifstream sockets("/proc/net/sockstat");
  for (std::string line; std::getline(sockets, line);) {
    const auto at = line.find(" mem ");
    if (line.starts_with("TCP:") && at != std::string::npos) return std::stod(line.substr(at + 5)) * 4096 / 1e6;
  }
  return 0;
}

SSL_CTX* tls_of(const Options& options) {
  if (!options.is_tls) return nullptr;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

std::string request(const Options& options, const std::string& fields = "") {
  return "GET " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + "\r\n";
}

/// One slow reader: checks what comes against byte_at.
struct Reader {
  Connection connection;
  std::uint64_t first = 0, received = 0;
  std::string header;
  bool has_header = false, is_whole = false, is_wrong = false, is_over = false;

  void take(std::string_view bytes, std::uint64_t wanted) {
    if (!has_header) {
      header += bytes;
      const std::size_t end = header.find("\r\n\r\n");
      if (end == std::string::npos) return;
      has_header = true;
      is_wrong = !header.starts_with("HTTP/1.1 206");
      const std::string rest = header.substr(end + 4);
      std::string().swap(header);
      return take(rest, wanted);
    }
    for (const char c : bytes) is_wrong |= c != byte_at(first + received++);
    is_wrong |= received > wanted;
    is_whole = received == wanted && !is_wrong;
    is_over = is_wrong || received >= wanted;
  }
};

Reader open_reader(const Options& options, SSL_CTX* tls, int index) {
  constexpr int kReceiveBufferBytes = 4096;  // a slow client's, so that the server feels it
  const std::uint64_t first =
      (static_cast<std::uint64_t>(index) * 7919 * 4099) % (options.file_bytes - options.bytes_each);
  Reader reader{.connection = Connection(options.port, tls, kReceiveBufferBytes), .first = first, .header = {}};
  reader.connection.send(request(options, "Range: bytes=" + std::to_string(first) + "-" +
                                              std::to_string(first + options.bytes_each - 1) + "\r\n"));
  reader.connection.stop_waiting();
  return reader;
}

/// One step of a reader: no more than `budget` bytes.
void step(Reader& reader, std::uint64_t budget, std::uint64_t wanted) {
  std::array<char, 16384> bytes;
  while (budget > 0 && !reader.is_over) {
    const long count = reader.connection.receive({bytes.data(), std::min<std::size_t>(bytes.size(), budget)});
    if (count < 0) return;
    if (count == 0) reader.is_over = true;
    reader.take({bytes.data(), static_cast<std::size_t>(count)}, wanted);
    budget -= std::min<std::uint64_t>(budget, static_cast<std::uint64_t>(count));
  }
}

nlohmann::json run_slow(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  const double rest_mb = memory_mb(options.server_pid, "VmRSS");
  std::vector<Reader> readers;
  readers.reserve(static_cast<std::size_t>(options.connections));
  auto begin = Clock::now();
  for (int i = 0; i < options.connections; ++i) readers.push_back(open_reader(options, tls, i));
  const double connect_s = seconds_since(begin);
  const std::uint64_t budget =
      options.bytes_each / static_cast<std::uint64_t>(options.seconds) / 2 + 1;  // of half a second
  double peak_mb = 0, peak_anonymous_mb = 0, peak_tcp_mb = 0;
  begin = Clock::now();
  bool is_over = false;
  for (auto next = begin; !is_over && seconds_since(begin) < 20 * options.seconds;
       std::this_thread::sleep_until(next)) {
    peak_mb = std::max(peak_mb, memory_mb(options.server_pid, "VmRSS"));
    peak_anonymous_mb = std::max(peak_anonymous_mb, memory_mb(options.server_pid, "RssAnon"));
    peak_tcp_mb = std::max(peak_tcp_mb, tcp_memory_mb());
    for (Reader& reader : readers) {
      try {
        step(reader, budget, options.bytes_each);
      } catch (const std::exception&) {
        reader.is_over = true;
      }
    }
    is_over = std::ranges::all_of(readers, &Reader::is_over);
    next = std::max(next + std::chrono::milliseconds(500), Clock::now());
  }
  return {{"readers", options.connections},
          {"bytes_each", options.bytes_each},
          {"whole_and_right", std::ranges::count_if(readers, &Reader::is_whole)},
          {"wrong", std::ranges::count_if(readers, &Reader::is_wrong)},
          {"connect_s", connect_s},
          {"read_s", seconds_since(begin)},
          {"server_rss_at_rest_mb", rest_mb},
          {"server_rss_peak_mb", peak_mb},
          {"server_rss_anonymous_peak_mb", peak_anonymous_mb},
          {"tcp_memory_peak_mb", peak_tcp_mb}};
}

nlohmann::json run_small(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  const std::string text = request(options);
  const int poll = epoll_create1(0);
  struct Asker {
    Connection connection;
    Clock::time_point asked;
  };
  std::vector<Asker> askers;
  for (int i = 0; i < options.connections; ++i) askers.push_back({Connection(options.port, tls, 0), {}});
  for (std::size_t i = 0; i < askers.size(); ++i) {
    epoll_event event{EPOLLIN, {.u64 = i}};
    epoll_ctl(poll, EPOLL_CTL_ADD, askers[i].connection.descriptor(), &event);
    askers[i].asked = Clock::now();
    askers[i].connection.send(text);
  }
  std::vector<double> times_ms;
  std::uint64_t failed = 0;
  const auto begin = Clock::now();
  std::array<epoll_event, 256> events;
  std::array<char, 16384> bytes;
  while (seconds_since(begin) < options.seconds) {
    const int count = epoll_wait(poll, events.data(), events.size(), 1000);
    for (int i = 0; i < count; ++i) {
      Asker& asker = askers[events[static_cast<std::size_t>(i)].data.u64];
      const long size = asker.connection.receive(bytes);  // a small response comes in one piece
      if (size <= 0) throw std::runtime_error("the server closed a connection");
      failed += !std::string_view(bytes.data(), static_cast<std::size_t>(size)).starts_with("HTTP/1.1 200");
      times_ms.push_back(1e3 * seconds_since(asker.asked));
      asker.asked = Clock::now();
      asker.connection.send(text);
    }
  }
  const double elapsed_s = seconds_since(begin);
  std::ranges::sort(times_ms);
  const auto at = [&](double part) { return times_ms[static_cast<std::size_t>(part * (times_ms.size() - 1.0))]; };
  return {{"connections", options.connections},
          {"requests", times_ms.size()},
          {"failed", failed},
          {"requests_per_s", times_ms.size() / elapsed_s},
          {"p50_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"max_ms", at(1)}};
}

nlohmann::json run_big(const Options& options) {
  Connection connection(options.port, tls_of(options), 0);
  const auto begin = Clock::now();
  connection.send(request(options, "Connection: close\r\n"));
  std::vector<char> bytes(256 << 10);
  std::uint64_t received = 0;
  long count = 0;
  while ((count = connection.receive(bytes)) > 0) received += static_cast<std::uint64_t>(count);
  const double elapsed_s = seconds_since(begin);
  return {{"bytes", received}, {"s", elapsed_s}, {"mb_per_s", received / 1e6 / elapsed_s}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"load of an HTTP server"};
  app.require_subcommand(1);
  auto* file = app.add_subcommand("file");
  file->add_option("FILE", options.file)->required();
  auto *slow = app.add_subcommand("slow"), *small = app.add_subcommand("small"), *big = app.add_subcommand("big");
  for (CLI::App* command : {file, slow}) command->add_option("--size", options.file_bytes);
  for (CLI::App* command : {slow, small, big}) {
    command->add_option("--port", options.port)->required();
    command->add_flag("--tls", options.is_tls);
    command->add_option("--path", options.path);
    command->add_option("--connections", options.connections);
    command->add_option("--seconds", options.seconds);
    command->add_option("--bytes", options.bytes_each);
    command->add_option("--pid", options.server_pid);
  }
  CLI11_PARSE(app, argc, argv);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  try {
    if (*file) {
      write_file(options);
      return 0;
    }
    const nlohmann::json seen = *slow ? run_slow(options) : *small ? run_small(options) : run_big(options);
    std::puts(seen.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_load: %s\n", error.what());
    return 1;
  }
}
