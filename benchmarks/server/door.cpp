// The door with nothing behind it but a small document and one file: what the HTTP part alone can do.
//   server_door --file FILE [--certificate PEM --key PEM]     prints its port; ends with its standard input

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/http/http_server.h"
#include "server/http/range.h"

namespace {

using namespace naru::server;

class FileApplication : public Application {
 public:
  explicit FileApplication(const std::filesystem::path& file)
      : size_bytes_(std::filesystem::file_size(file)),
        segments_(std::make_shared<const std::vector<Segment>>(std::vector<Segment>{{"", file, size_bytes_}})) {}

  Admission admit(Request&) override { return {{}, 1 << 20, false}; }
  Response respond(Request& request) override {
    if (request.path == "/small") return json_response({{"id", request.request_id}, {"state", "RUNNING"}});
    return ranged_response(request, {"\"file\"", size_bytes_}, LongBody{segments_, 0, 0, nullptr});
  }
  std::unique_ptr<BodySink> receive(Request&) override { return nullptr; }

 private:
  std::uint64_t size_bytes_;
  std::shared_ptr<const std::vector<Segment>> segments_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App options{"the door of the job server, for benchmarks"};
  std::filesystem::path file;
  ListenConfig config;
  config.port = 0;
  config.access_log = false;
  options.add_option("--file", file)->required();
  options.add_option("--certificate", config.tls_certificate);
  options.add_option("--key", config.tls_key);
  CLI11_PARSE(options, argc, argv);
  FileApplication application(file);
  HttpServer server(config, application);
  server.start();
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) continue;
  server.stop();
}
