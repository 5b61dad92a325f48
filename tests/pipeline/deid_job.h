/// Jobs of `naru deidentify` over small files made byte by byte.
#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/deidentify.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

using Json = nlohmann::ordered_json;

inline std::vector<Json> lines_of(const std::filesystem::path& file) {
  std::vector<Json> lines;
  std::istringstream stream(slurp(file));
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

/// Every file below a folder with its bytes.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) result[entry.path().lexically_relative(folder)] = slurp(entry.path());
  }
  return result;
}

/// A CT slice with names in it. `number` tells instances apart; the study is the patient's own.
inline SliceBytes slice_of(const std::string& patient, int number, int series = 1) {
  const std::string study = "2.999.4." + std::to_string(std::hash<std::string>{}(patient) % 1000000);
  SliceBytes slice;
  slice.text(0x00100010, "PN", "Vermeulen^Tess" + patient).text(0x00100020, "LO", patient);
  slice.text(0x00100030, "DA", "19610412").text(0x00080020, "DA", "20190307").text(0x00080050, "SH", "ACC77341");
  slice.text(0x00080080, "LO", "Sint Willibrord Ziekenhuis");
  slice.text(0x0020000D, "UI", study).text(0x0020000E, "UI", study + "." + std::to_string(series));
  slice.text(0x00080018, "UI", study + "." + std::to_string(series) + "." + std::to_string(number));
  return slice.text(0x00200013, "IS", std::to_string(number));
}

class DeidJobTest : public ::testing::Test {
 protected:
  DeidJobTest() {
    spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    options_.inputs = {(folder_ / "in").string()};
    options_.out = folder_ / "out";
    options_.memory_limit_bytes = std::uint64_t{1} << 30;
  }

  void put(const std::string& name, const SliceBytes& slice) { spill(folder_ / "in" / name, slice.bytes()); }
  /// `count` slices of one series.
  void put_series(const std::string& patient, int count, int series = 1) {
    for (int n = 1; n <= count; ++n) {
      put(patient + "/" + std::to_string(series) + "-" + std::to_string(n) + ".dcm", slice_of(patient, n, series));
    }
  }

  ProjectKey key() const { return ProjectKey::load(folder_ / "k.key"); }

  DeidentifyResult run(int threads = 2) {
    Executor executor = Executor::cpu(threads);
    std::istringstream no_input;
    return deidentify(options_, key(), executor, no_input, cancel_, on_progress_);
  }
  ErrorCode code_of_run(int threads = 2) {
    try {
      run(threads);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
  }

  std::vector<Json> manifest() const { return lines_of(options_.out / "manifest.jsonl"); }
  std::filesystem::path report() const { return options_.out.string() + ".report"; }
  /// How often each "disposition:reason" stands in inputs.jsonl; "used" without one.
  std::map<std::string, int> fates() const {
    std::map<std::string, int> counts;
    for (const Json& line : lines_of(report() / "inputs.jsonl")) {
      const std::string reason = line["reason"].is_null() ? "" : ":" + line["reason"].get<std::string>();
      ++counts[line["disposition"].get<std::string>() + reason];
    }
    return counts;
  }

  TempFolder folder_;
  DeidentifyOptions options_;
  CancelToken cancel_;
  OnProgress on_progress_ = [](const Progress&) {};
};

}  // namespace naru::test
