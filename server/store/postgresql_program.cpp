#include "server/store/postgresql_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace naru::server {

namespace {

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// This process's, with defaults for the connection.
std::vector<std::string> environment() {
  std::vector<std::string> texts = {"PGSSLMODE=verify-full", "PGGSSENCMODE=disable", "PGCONNECT_TIMEOUT=5"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("PGSSLMODE=") && !text.starts_with("PGGSSENCMODE=")) texts.emplace_back(text);
  }
  return texts;
}

}  // namespace

void run_postgresql_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts = arguments, variables = environment();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, texts.front().c_str(), &files, nullptr, pointers_of(texts).data(),
                                     pointers_of(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0) {
    throw Error(ErrorCode::config_invalid, fmt::format("{} cannot be run ({}): install the package postgresql-client",
                                                       arguments.front(), std::strerror(problem)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (status != 0) {
    throw Error(ErrorCode::store_unavailable, fmt::format("{} failed: see the server's log", arguments.front()));
  }
}

}  // namespace naru::server
