/// Jobs of `naru prepare` over small files made byte by byte.
#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <sstream>
#include <string>
#include <vector>

#include "pipeline/prepare.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/burned_picture.h"

namespace naru::test {

class PrepareJobTest : public ::testing::Test {
 protected:
  PrepareJobTest() {
    spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    options_.inputs = {(folder_ / "in").string()};
    options_.out = folder_ / "out";
    options_.memory_limit_bytes = std::uint64_t{1} << 30;
    options_.recipe = load_recipe("original-grid");
    options_.recipe->compression = Compression::none;
    options_.recipe->min_slices = 1;
  }

  void put_volume(const std::string& patient, const std::vector<Picture>& pictures, bool says_burned_in = false) {
    for (std::size_t n = 0; n < pictures.size(); ++n) {
      SliceBytes slice = slice_of(patient, static_cast<int>(n) + 1);
      slice.number(0x00280010, Picture::kSize).number(0x00280011, Picture::kSize).number(0x00280103, 0);
      slice.number(0x00280101, 12).number(0x00280102, 11);
      if (says_burned_in) slice.text(0x00280301, "CS", "YES");
      slice.text(0x00200032, "DS", "0\\0\\" + std::to_string(3 * n));
      slice.raw(0x7FE00010, "OW", bytes_of(pictures[n].values, 2));
      spill(folder_ / "in" / patient / std::to_string(n), slice.bytes());
    }
  }

  PrepareResult run() {
    Executor executor = Executor::cpu(2);
    std::istringstream no_input;
    return prepare(options_, ProjectKey::load(folder_ / "k.key"), executor, no_input, CancelToken(),
                   [](const Progress&) {});
  }

  std::vector<Json> manifest() const { return lines_of(options_.out / "manifest.jsonl"); }

  TempFolder folder_;
  PrepareOptions options_;
};

}  // namespace naru::test
