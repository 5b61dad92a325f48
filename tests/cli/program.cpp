#include "tests/cli/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "tests/support/temp_folder.h"

namespace naru::test {

Program::Program(const std::vector<std::string>& arguments, const std::filesystem::path& home,
                 const std::filesystem::path& input) {
  static std::atomic<int> count{0};
  const std::string number = std::to_string(++count);
  out_ = home / ("stdout-" + number);
  err_ = home / ("stderr-" + number);
  std::vector<std::string> owned = {NARU_PROGRAM};
  owned.insert(owned.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : owned) argv.push_back(argument.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("fork failed");
  if (process_ > 0) return;
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("XDG_STATE_HOME", (home / "state").c_str(), 1);
  ::dup2(::open(input.c_str(), O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  ::execv(NARU_PROGRAM, argv.data());
  ::_exit(127);
}

void Program::send(int signal) const { ::kill(process_, signal); }

Finished Program::wait() {
  int status = 0;
  ::waitpid(process_, &status, 0);
  Finished finished;
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finished.out = slurp(out_);
  finished.err = slurp(err_);
  return finished;
}

}  // namespace naru::test
