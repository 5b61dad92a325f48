/// A folder to prepare from and into, and what a run in it left.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "pipeline/prepare.h"
#include "tests/pipeline/deid_job.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

class PrepareTest : public ::testing::Test {
 protected:
  PrepareTest() {
    spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
  }

  PrepareResult run(const std::string& recipe = "", OnExisting on_existing = OnExisting::refuse, int threads = 2,
                    const std::string& out = "out", std::uint64_t memory = std::uint64_t{1} << 30) {
    PrepareOptions options;
    options.inputs = {(folder_ / "in").string()};
    options.out = folder_ / out;
    if (!recipe.empty())
      options.recipe = recipe.find('\n') == std::string::npos ? load_recipe(recipe) : parse_recipe(recipe, "test");
    options.memory_limit_bytes = memory;
    options.on_existing = on_existing;
    options.trace = trace_;
    Executor executor = Executor::cpu(threads);
    std::istringstream no_input;
    return prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, cancel_, on_progress_);
  }
  ErrorCode code_of_run(const std::string& recipe = "", OnExisting on_existing = OnExisting::refuse) {
    try {
      run(recipe, on_existing);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  }
  Json manifest_line() { return lines_of(folder_ / "out/manifest.jsonl").at(0); }
  /// Reasons of all files that were not used.
  std::map<std::string, int> reasons(const std::string& out = "out") {
    std::map<std::string, int> counts;
    for (const Json& line : lines_of(folder_ / (out + ".report") / "inputs.jsonl")) {
      if (!line["reason"].is_null())
        ++counts[line["disposition"].get<std::string>() + ":" + line["reason"].get<std::string>()];
    }
    return counts;
  }
  /// Writes a good series beside one with a fault.
  void write_good_and(Fault fault) {
    PhantomOptions good;
    good.series_uid = "2.999.7.1";
    write_series(good, folder_ / "in/good");
    PhantomOptions bad;
    bad.series_uid = "2.999.7.2";
    bad.study_uid = "2.999.7";
    bad.fault = fault;
    write_series(bad, folder_ / "in/bad");
  }

  TempFolder folder_;
  CancelToken cancel_;
  std::filesystem::path trace_;
  OnProgress on_progress_ = [](const Progress&) {};
};

}  // namespace naru::test
