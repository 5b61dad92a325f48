#include "benchmarks/server/slow_readers.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "benchmarks/server/connection.h"

namespace load {

namespace {

/// The whole file in memory, for as long as the program runs.
std::string_view mapped(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (descriptor < 0 || fstat(descriptor, &facts) != 0) throw std::runtime_error("cannot open the file");
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (memory == MAP_FAILED) throw std::runtime_error("cannot map the file");
  return {static_cast<const char*>(memory), size};
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

struct Reader {
  Connection connection;
  std::string_view expected;  ///< what is still to come
  std::string header = {};
  bool has_header = false, is_wrong = false, is_over = false;

  bool is_whole() const { return has_header && expected.empty() && !is_wrong; }

  void take(std::string_view bytes) {
    if (!has_header) {
      header += bytes;
      const std::size_t end = header.find("\r\n\r\n");
      if (end == std::string::npos) return;
      has_header = true;
      is_wrong = !header.starts_with("HTTP/1.1 206");
      const std::string rest = header.substr(end + 4);
      std::string().swap(header);
      return take(rest);
    }
    is_wrong |= !expected.starts_with(bytes);
    expected.remove_prefix(std::min(bytes.size(), expected.size()));
    is_over = is_wrong || expected.empty();
  }
};

Reader open_reader(const Options& options, const Asked& asked, std::string_view file, SSL_CTX* tls, int index) {
  constexpr int kReceiveBufferBytes = 4096;  // a slow client's, so that the server feels it
  const std::uint64_t first = (static_cast<std::uint64_t>(index) * 7919 * 4099) % (file.size() - options.bytes_each);
  Reader reader{.connection = Connection(options.port, tls, kReceiveBufferBytes),
                .expected = file.substr(first, options.bytes_each)};
  reader.connection.send(asked.head + "Range: bytes=" + std::to_string(first) + "-" +
                         std::to_string(first + options.bytes_each - 1) + "\r\n\r\n");
  reader.connection.stop_waiting();
  return reader;
}

/// Who asks for more than the server's queue takes is told to come again later, which no reader here does.
constexpr int kMaxUnanswered = 512;

void await_answer(const Reader& reader) {
  pollfd wanted{reader.connection.descriptor(), POLLIN, 0};
  poll(&wanted, 1, 60'000);
}

/// One step of a reader: no more than `budget` bytes.
void step(Reader& reader, std::uint64_t budget) {
  std::array<char, 16384> bytes;
  while (budget > 0 && !reader.is_over) {
    const long count = reader.connection.receive({bytes.data(), std::min<std::size_t>(bytes.size(), budget)});
    if (count < 0) return;
    if (count == 0) reader.is_over = true;
    reader.take({bytes.data(), static_cast<std::size_t>(count)});
    budget -= std::min<std::uint64_t>(budget, static_cast<std::uint64_t>(count));
  }
}

struct Peaks {
  double resident_mb = 0, anonymous_mb = 0, tcp_mb = 0;

  void look(int pid) {
    resident_mb = std::max(resident_mb, memory_mb(pid, "VmRSS"));
    anonymous_mb = std::max(anonymous_mb, memory_mb(pid, "RssAnon"));
    tcp_mb = std::max(tcp_mb, tcp_memory_mb());
  }
};

/// Every half second a step of each, until all are over.
Peaks read_all(const Options& options, std::vector<Reader>& readers) {
  constexpr std::chrono::milliseconds kStep{500};
  const std::uint64_t budget = options.bytes_each / static_cast<std::uint64_t>(options.seconds) / 2 + 1;
  Peaks peaks;
  const auto begin = Clock::now();
  auto next = begin;
  while (!std::ranges::all_of(readers, &Reader::is_over) && seconds_since(begin) < 20 * options.seconds) {
    std::this_thread::sleep_until(next);
    peaks.look(options.server_pid);
    for (Reader& reader : readers) {
      try {
        step(reader, budget);
      } catch (const std::exception&) {
        reader.is_over = true;
      }
    }
    next = std::max(next + kStep, Clock::now());
  }
  return peaks;
}

}  // namespace

nlohmann::json run_slow(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  const std::string_view file = mapped(options.file);
  const Asked asked = read_requests(options).at(0);
  const double rest_mb = memory_mb(options.server_pid, "VmRSS");
  std::vector<Reader> readers;
  readers.reserve(static_cast<std::size_t>(options.connections));
  auto begin = Clock::now();
  for (int i = 0; i < options.connections; ++i) {
    if (i >= kMaxUnanswered) await_answer(readers[static_cast<std::size_t>(i - kMaxUnanswered)]);
    readers.push_back(open_reader(options, asked, file, tls, i));
  }
  const double connect_s = seconds_since(begin);
  begin = Clock::now();
  const Peaks peaks = read_all(options, readers);
  return {{"readers", options.connections},
          {"bytes_each", options.bytes_each},
          {"whole_and_right", std::ranges::count_if(readers, &Reader::is_whole)},
          {"wrong", std::ranges::count_if(readers, &Reader::is_wrong)},
          {"connect_s", connect_s},
          {"read_s", seconds_since(begin)},
          {"server_rss_at_rest_mb", rest_mb},
          {"server_rss_peak_mb", peaks.resident_mb},
          {"server_rss_anonymous_peak_mb", peaks.anonymous_mb},
          {"server_high_water_mb", memory_mb(options.server_pid, "VmHWM")},
          {"tcp_memory_peak_mb", peaks.tcp_mb}};
}

}  // namespace load
