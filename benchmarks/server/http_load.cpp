// Loads an HTTP server on loopback and prints what it saw as JSON.
//   http_load slow  --port P --requests FILE --file FILE --pid SERVER ...   readers of a range each: slow_readers.h
//   http_load small --port P --requests FILE ...                            many small requests: small_requests.h
//   http_load big   --port P --requests FILE                                one download

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/server/connection.h"
#include "benchmarks/server/load_options.h"
#include "benchmarks/server/slow_readers.h"
#include "benchmarks/server/small_requests.h"

namespace load {

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::vector<Asked> read_requests(const Options& options) {
  std::vector<Asked> requests;
  std::ifstream file(options.requests);
  for (const auto& one : nlohmann::json::parse(file)) requests.push_back({one.at("head"), one.at("body")});
  if (requests.empty()) throw std::runtime_error("no request");
  return requests;
}

SSL_CTX* tls_of(const Options& options) {
  if (!options.is_tls) return nullptr;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

namespace {

nlohmann::json run_big(const Options& options) {
  Connection connection(options.port, tls_of(options), 0);
  const auto begin = Clock::now();
  connection.send(read_requests(options).at(0).head + "Connection: close\r\n\r\n");
  std::vector<char> bytes(256 << 10);
  std::uint64_t received = 0;
  long count = 0;
  while ((count = connection.receive(bytes)) > 0) received += static_cast<std::uint64_t>(count);
  const double elapsed_s = seconds_since(begin);
  return {{"bytes", received}, {"s", elapsed_s}, {"mb_per_s", received / 1e6 / elapsed_s}};
}

/// Each connection is an open file.
void raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace load

int main(int argc, char** argv) {
  load::Options options;
  CLI::App app{"load of an HTTP server"};
  app.require_subcommand(1);
  auto *slow = app.add_subcommand("slow"), *small = app.add_subcommand("small"), *big = app.add_subcommand("big");
  slow->add_option("--file", options.file)->required();
  for (CLI::App* command : {slow, small, big}) {
    command->add_option("--port", options.port)->required();
    command->add_option("--requests", options.requests)->required();
    command->add_flag("--tls", options.is_tls);
    command->add_option("--connections", options.connections);
    command->add_option("--seconds", options.seconds);
    command->add_option("--bytes", options.bytes_each);
    command->add_option("--pid", options.server_pid);
  }
  CLI11_PARSE(app, argc, argv);
  load::raise_file_limit();
  try {
    const nlohmann::json seen = *slow    ? load::run_slow(options)
                                : *small ? load::run_small(options)
                                         : load::run_big(options);
    std::puts(seen.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_load: %s\n", error.what());
    return 1;
  }
}
