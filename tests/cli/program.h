/// Runs the built `naru` as a user would: another process, with its output caught.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

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

/// A folder with series to run commands on.
class StudiesTest : public ::testing::Test {
 protected:
  std::string in() const { return (folder_ / "in").string(); }
  std::string out() const { return (folder_ / "out").string(); }
  /// `count` series of 64 x 64 pixels, each in a folder of its own.
  void write_series(int count, std::int64_t slices) {
    for (int i = 0; i < count; ++i) {
      PhantomOptions options;
      options.size = {64, 64, slices};
      options.series_uid = "2.999.8." + std::to_string(i);
      test::write_series(options, folder_ / "in" / std::to_string(i));
    }
  }
  TempFolder folder_;
};

}  // namespace naru::test
