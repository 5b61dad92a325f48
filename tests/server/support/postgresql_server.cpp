#include "tests/server/support/postgresql_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace naru::server::test {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kUser = "naru";

/// Who the server runs as: this user, or one without rights where that is root.
const passwd* server_user() {
  static const passwd* const user = [] {
    if (::geteuid() != 0) return ::getpwuid(::geteuid());
    const passwd* postgres = ::getpwnam("postgres");
    return ::getpwnam(postgres != nullptr ? "postgres" : "nobody");
  }();
  if (user == nullptr) throw std::runtime_error("no user to run PostgreSQL as");
  return user;
}

/// In the child: becomes that user, silent, and dies with its parent.
[[noreturn]] void become(const passwd& user, const fs::path& log, char* const* arguments) {
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(output, 1);
  ::dup2(output, 2);
  const bool is_other = ::geteuid() == 0;
  if (is_other && (::setgroups(0, nullptr) != 0 || ::setgid(user.pw_gid) != 0 || ::setuid(user.pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

fs::path postgresql_programs() {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin/initdb")) found.push_back(version.path() / "bin");
  }
  return found.empty() ? fs::path() : *std::max_element(found.begin(), found.end());
}

PostgresqlServer::PostgresqlServer() {
  const passwd* user = server_user();
  if (::geteuid() == 0 && ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot give a folder to PostgreSQL's user");
  }
  // A language whose order is not that of the bytes, so that a test sees where it is taken.
  run({"initdb", "-D", (folder_ / "data").string(), "-U", std::string(kUser), "-A", "trust", "-E", "UTF8", "--no-sync",
       "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"});
  start();
}

PostgresqlServer::~PostgresqlServer() { stop(); }

pid_t PostgresqlServer::spawn(const std::vector<std::string>& arguments) const {
  std::vector<std::string> texts = arguments;
  texts.front() = (postgresql_programs() / texts.front()).string();
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  const passwd* user = server_user();
  const fs::path log = folder_ / "log";
  const pid_t child = ::fork();
  if (child == 0) become(*user, log, pointers.data());
  if (child < 0) throw std::runtime_error("cannot fork");
  return child;
}

void PostgresqlServer::run(const std::vector<std::string>& arguments) const {
  int status = 0;
  ::waitpid(spawn(arguments), &status, 0);
  if (status != 0) {
    throw std::runtime_error(fmt::format("{} failed: {}", arguments.front(), naru::test::slurp(folder_ / "log")));
  }
}

void PostgresqlServer::start() {
  process_ = spawn({"postgres", "-D", (folder_ / "data").string(), "-k", folder_.path().string(), "-h", "", "-F", "-c",
                    "max_connections=60", "-c", "shared_buffers=16MB", "-c", "full_page_writes=off"});
  std::vector<std::string> ready = {"pg_isready", "-q", "-h", folder_.path().string()};
  for (int tries = 0; tries < 600; ++tries) {
    int status = 0;
    ::waitpid(spawn(ready), &status, 0);
    if (status == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("PostgreSQL does not start: " + naru::test::slurp(folder_ / "log"));
}

void PostgresqlServer::stop() {
  if (process_ < 0) return;
  ::kill(process_, SIGQUIT);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

std::string PostgresqlServer::url(const std::string& name) const {
  return fmt::format("postgresql:///{}?host={}&user={}", name, folder_.path().string(), kUser);
}

std::string PostgresqlServer::create_database() {
  const std::string name = fmt::format("test{}", ++database_count_);
  run({"createdb", "-h", folder_.path().string(), "-U", std::string(kUser), name});
  return url(name);
}

}  // namespace naru::server::test
