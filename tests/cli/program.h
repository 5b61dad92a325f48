/// Runs the built `naru` as a user would: another process, with its output caught.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace naru::test {

struct Finished {
  int status = -1;  ///< exit status, or 128 + the signal's number
  std::string out, err;
};

/// A process of `naru` whose stdout and stderr go to files.
class Program {
 public:
  /// Starts `naru arguments...`. `home` becomes HOME and XDG_STATE_HOME, so that no key of the user is touched.
  Program(const std::vector<std::string>& arguments, const std::filesystem::path& home,
          const std::filesystem::path& input = "/dev/null");
  void send(int signal) const;
  Finished wait();

 private:
  pid_t process_ = -1;
  std::filesystem::path out_, err_;
};

inline Finished run_naru(const std::vector<std::string>& arguments, const std::filesystem::path& home,
                         const std::filesystem::path& input = "/dev/null") {
  return Program(arguments, home, input).wait();
}

}  // namespace naru::test
