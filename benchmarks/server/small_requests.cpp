#include "benchmarks/server/small_requests.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "benchmarks/server/connection.h"

namespace load {

namespace {

/// Gives the requests in turn.
class Mix {
 public:
  explicit Mix(const Options& options) : requests_(read_requests(options)) {}

  std::string next() {
    const Asked& asked = requests_[given_ % requests_.size()];
    const std::string number = std::to_string(++given_);
    const std::string body = numbered(asked.body, number);
    const std::string length = body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return numbered(asked.head, number) + length + "\r\n" + body;
  }

 private:
  static std::string numbered(std::string text, const std::string& number) {
    const std::size_t at = text.find("{n}");
    if (at != std::string::npos) text.replace(at, 3, number);
    return text;
  }

  std::vector<Asked> requests_;
  std::size_t given_ = 0;
};

/// Reads one response to its end. @return whether it was 2xx
bool take_response(Connection& connection, std::string& bytes) {
  bytes.clear();
  std::array<char, 65536> piece;
  std::size_t end = std::string::npos, wanted = 0;
  while (end == std::string::npos || bytes.size() < wanted) {
    const long size = connection.receive(piece);
    if (size <= 0) throw std::runtime_error("the server closed a connection");
    bytes.append(piece.data(), static_cast<std::size_t>(size));
    if (end != std::string::npos || (end = bytes.find("\r\n\r\n")) == std::string::npos) continue;
    constexpr std::string_view kField = "\r\nContent-Length: ";
    const std::size_t field = bytes.find(kField);
    if (field == std::string::npos || field > end) throw std::runtime_error("a response without its length");
    std::from_chars(bytes.data() + field + kField.size(), bytes.data() + end, wanted);
    wanted += end + 4;
  }
  return bytes.starts_with("HTTP/1.1 2");
}

/// Seconds that a process spent on the CPUs so far; 0 where it cannot be asked.
double cpu_s_of(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(end_of_name + 2));
  std::string passed;
  for (int field = 3; field < 14; ++field) fields >> passed;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Asker {
  Connection connection;
  Clock::time_point asked = {};
};

}  // namespace

nlohmann::json run_small(const Options& options) {
  SSL_CTX* const tls = tls_of(options);
  Mix mix(options);
  const int poll = epoll_create1(0);
  std::vector<Asker> askers;
  for (int i = 0; i < options.connections; ++i) askers.push_back({Connection(options.port, tls, 0)});
  const auto ask = [&](Asker& asker) {
    asker.asked = Clock::now();
    asker.connection.send(mix.next());
  };
  for (std::size_t i = 0; i < askers.size(); ++i) {
    epoll_event event{EPOLLIN, {.u64 = i}};
    epoll_ctl(poll, EPOLL_CTL_ADD, askers[i].connection.descriptor(), &event);
    ask(askers[i]);
  }
  std::vector<double> times_ms;
  std::uint64_t failed = 0;
  std::string bytes;
  std::array<epoll_event, 256> events;
  const double cpu_s = cpu_s_of(options.server_pid);
  const auto begin = Clock::now();
  while (seconds_since(begin) < options.seconds) {
    const int count = epoll_wait(poll, events.data(), events.size(), 1000);
    for (int i = 0; i < count; ++i) {
      Asker& asker = askers[events[static_cast<std::size_t>(i)].data.u64];
      failed += !take_response(asker.connection, bytes);
      times_ms.push_back(1e3 * seconds_since(asker.asked));
      ask(asker);
    }
  }
  const double elapsed_s = seconds_since(begin), server_cpu_s = cpu_s_of(options.server_pid) - cpu_s;
  if (times_ms.empty()) throw std::runtime_error("no request was answered");
  std::ranges::sort(times_ms);
  const auto at = [&](double part) { return times_ms[static_cast<std::size_t>(part * (times_ms.size() - 1.0))]; };
  return {{"connections", options.connections},
          {"requests", times_ms.size()},
          {"failed", failed},
          {"requests_per_s", times_ms.size() / elapsed_s},
          {"p50_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"max_ms", at(1)},
          {"server_cpu_us_each", 1e6 * server_cpu_s / times_ms.size()}};
}

}  // namespace load
