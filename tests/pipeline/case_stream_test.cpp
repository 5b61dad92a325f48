#include "pipeline/case_stream.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <tuple>

#include "pipeline/inputs.h"
#include "pipeline/outputs/gzip.h"
#include "pipeline/outputs/nifti.h"
#include "pipeline/prepare.h"
#include "tests/support/archive_writer.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::Fault;
using test::PhantomOptions;

const std::string kNative = "schema = \"naru.recipe/1\"\nname = \"t\"\n";
const std::string kOneMm = kNative + "[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n";

class CaseStreamTest : public ::testing::Test {
 protected:
  CaseStreamTest() {
    test::spill(folder_ / "k.key", std::string(64, '7'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    options_.size = {91, 83, 150};  // several members of gzip, none of which ends with a slab
    options_.noise = 12;
  }

  void write_series() { test::write_series(options_, folder_ / "in"); }

  PrepareResult run(const std::string& recipe, int threads, const std::string& out, const std::string& input = "in") {
    PrepareOptions options;
    options.inputs = {(folder_ / input).string()};
    options.trace = folder_ / "trace.json";
    options.out = folder_ / out;
    options.recipe = parse_recipe(recipe, "test");
    options.memory_limit_bytes = std::uint64_t{1} << 30;
    options.on_existing = OnExisting::replace;
    Executor executor = Executor::cpu(threads);
    std::istringstream no_input;
    return prepare(options, ProjectKey::load(folder_ / "k.key"), executor, no_input, cancel_, [](const Progress&) {});
  }

  /// Of an archive a case is not streamed, but made as a whole.
  PrepareResult run_whole(const std::string& recipe, const std::string& out) {
    std::vector<std::pair<std::string, std::string>> members;
    for (const auto& entry : fs::directory_iterator(folder_ / "in")) {
      members.emplace_back(entry.path().filename(), test::slurp(entry.path()));
    }
    test::write_archive(folder_ / "in.zip", members, {.password = "", .is_stored = true});
    return run(recipe, 2, out, "in.zip");
  }

  /// In how many parts the last run resampled its case.
  std::ptrdiff_t slab_count() {
    const Json trace = Json::parse(test::slurp(folder_ / "trace.json"));
    return std::ranges::count_if(trace.at("traceEvents"),
                                 [](const Json& event) { return event.value("name", "") == "resample"; });
  }

  Json line(const std::string& out) { return Json::parse(test::slurp(folder_ / out / "manifest.jsonl")); }
  std::string file(const std::string& out) {
    return test::slurp(folder_ / out / line(out)["image"].get<std::string>());
  }

  test::TempFolder folder_;
  PhantomOptions options_;
  CancelToken cancel_;
};

TEST_F(CaseStreamTest, GivesTheSameFileForAnyNumberOfThreads) {
  for (const bool is_down : {false, true}) {  // slabs go up or down the stack
    options_.column_direction = {0, is_down ? -1.0 : 1.0, 0};
    fs::remove_all(folder_ / "in");
    write_series();
    for (const std::string& recipe :
         {kNative, kOneMm, kOneMm + "interpolator = \"lanczos\"\n", kNative + "[output]\ndtype = \"float32\"\n"}) {
      SCOPED_TRACE(recipe);
      run(recipe, 1, "one");
      run(recipe, 2, "two");
      EXPECT_EQ(line("two"), line("one"));
      EXPECT_EQ(file("two"), file("one"));
    }
  }
}

/// A target on a source slice is that slice alone, its neighbours are made of many: their sources lie about each other.
TEST_F(CaseStreamTest, ReadsAllSourcesWhereATargetLiesOnASlice) {
  options_.spacing_mm = {1, 1, 1};
  // Convention, slices and spacing: for any number of threads most are made as a whole, since slabs that have all of
  // their sources would share too many. A type that is named needs no histogram, for which all would be kept in memory.
  const std::tuple<const char*, int, double> cases[] = {{"naru", 9, 2.7},  {"naru", 7, 2.1},
                                                        {"naru", 15, 4.5}, {"monai", 9, 2.5},
                                                        {"itk", 10, 2.5},  {"totalsegmentator", 15, 3}};
  for (const char* const interpolator : {"bspline", "lanczos"}) {
    for (const auto& [convention, slices, spacing] : cases) {
      SCOPED_TRACE(fmt::format("{} {} {} {}", interpolator, convention, slices, spacing));
      const bool has_lanczos = std::string_view(convention) == "naru" || std::string_view(convention) == "itk";
      if (interpolator == std::string_view("lanczos") && !has_lanczos) continue;
      options_.size = {180, 180, slices};
      fs::remove_all(folder_ / "in");
      write_series();
      const std::string recipe = fmt::format(
          "{}[resample]\nspacing_mm = [1.0, 1.0, {:.1f}]\nconvention = \"{}\"\ninterpolator = \"{}\"\n"
          "[output]\ndtype = \"float32\"\n",
          kNative, spacing, convention, interpolator);
      run(recipe, 2, "slabs");
      run_whole(recipe, "whole");
      EXPECT_EQ(file("slabs"), file("whole"));
      EXPECT_EQ(line("slabs")["statistics"], line("whole")["statistics"]);
    }
  }
}

/// Five targets, every other one on a slice: between two that are made of 28 slices lies one that is a slice.
TEST_F(CaseStreamTest, StreamsSlabsWhoseSourcesLieAboutThoseOfTheOneBetween) {
  options_.spacing_mm = {1, 1, 1};
  options_.size = {24, 20, 57};
  write_series();
  const std::string recipe = kNative +
                             "[resample]\nspacing_mm = [1.0, 1.0, 11.5]\ninterpolator = \"bspline\"\n"
                             "antialias = false\n[output]\ndtype = \"float32\"\n";
  run_whole(recipe, "whole");
  EXPECT_EQ(slab_count(), 1);
  for (const int threads : {1, 2}) {
    run(recipe, threads, "slabs");
    EXPECT_EQ(slab_count(), 5);
    EXPECT_EQ(file("slabs"), file("whole"));
  }
}

TEST_F(CaseStreamTest, CompressesWhatItWouldWriteOtherwise) {
  write_series();
  const std::string floats = kOneMm + "[output]\ndtype = \"float32\"\ncompression = ";
  run(floats + "\"gzip\"\n", 2, "small");
  run(floats + "\"none\"\n", 2, "plain");
  const std::string small = file("small"), plain = file("plain");
  const auto unpacked = gunzip(std::as_bytes(std::span(small)), std::size_t{1} << 28);
  ASSERT_TRUE(unpacked);
  ASSERT_EQ(unpacked->size(), plain.size());
  EXPECT_EQ(std::memcmp(unpacked->data(), plain.data(), plain.size()), 0);
  EXPECT_GT(plain.size(), 3 * kGzipMemberBytes);
  EXPECT_EQ(line("small")["statistics"], line("plain")["statistics"]);
}

TEST_F(CaseStreamTest, CountsEveryVoxelOnce) {
  write_series();
  run(kNative + "[output]\ncompression = \"none\"\n", 2, "out");
  const std::string bytes = file("out");
  std::int64_t sum = 0, count = 0;
  std::int16_t least = 32767, greatest = -32768;
  for (std::size_t at = kNiftiHeaderBytes; at < bytes.size(); at += 2, ++count) {
    std::int16_t value = 0;
    std::memcpy(&value, bytes.data() + at, 2);
    sum += value;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  EXPECT_EQ(count, options_.size.voxel_count());
  const Json statistics = line("out")["statistics"];
  EXPECT_EQ(statistics["min"], least);
  EXPECT_EQ(statistics["max"], greatest);
  EXPECT_NEAR(statistics["mean"].get<double>(), static_cast<double>(sum) / static_cast<double>(count), 1e-9);
}

TEST_F(CaseStreamTest, HashesEveryFileOfASeries) {
  write_series();
  run(kOneMm, 2, "out");
  std::istringstream inputs(test::slurp(folder_ / "out.report/inputs.jsonl"));
  int count = 0;
  for (std::string text; std::getline(inputs, text); ++count) {
    const Json input = Json::parse(text);
    const std::string bytes = test::slurp(input["path"].get<std::string>());
    ASSERT_EQ(input["sha256"], sha256_hex(bytes));
  }
  EXPECT_EQ(count, options_.size.z);
}

TEST_F(CaseStreamTest, NamesTheFirstSliceThatCannotBeReadWhateverTheThreads) {
  options_.fault = Fault::truncated;
  write_series();
  const auto reasons = [&](int threads) {
    EXPECT_THROW(run(kOneMm, threads, "out"), Error);
    std::string text;
    std::istringstream inputs(test::slurp(folder_ / "out.report/inputs.jsonl"));
    for (std::string one; std::getline(inputs, one);) text += Json::parse(one)["reason"].dump();
    return text;
  };
  const std::string alone = reasons(1);
  EXPECT_THAT(alone, ::testing::HasSubstr("truncated"));
  EXPECT_EQ(reasons(2), alone);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(CaseStreamTest, TakesNoMoreSlabsThanMemoryHolds) {
  options_.size = {128, 128, 300};  // a B-spline reaches so far that slabs are thick
  write_series();
  Executor executor = Executor::cpu(2);
  std::istringstream no_input;
  const std::vector<std::string> in = {(folder_ / "in").string()};
  Scan scan = scan_inputs(list_inputs(in, no_input, {}), {}, executor, cancel_, [](const Progress&) {});
  const Recipe recipe = parse_recipe(kOneMm + "interpolator = \"bspline\"\n", "test");
  const auto plans = plan_cases(scan, ProjectKey::load(folder_ / "k.key"), {recipe, "cpu", {}});
  ASSERT_EQ(plans.size(), 1u);
  const dicom::Stack& stack = scan.stacks[plans[0].stacks[0]];
  const GridPlan grid = plan_grid(stack, recipe);
  InputHashes hashes;
  std::optional<BiasField> field;
  const CaseParts parts{scan, plans[0], grid, folder_.path(), cancel_, hashes, field};
  IntensityPlan intensity;
  intensity.dtype = DType::float32;
  const std::vector<Slab> slabs = stream_slabs(parts, intensity, 2);
  ASSERT_GE(slabs.size(), 3u);
  const auto bytes_of = [&](const Slab& slab, bool is_kept) {
    const Size3 &from = stack.grid.size, &to = grid.grid.size;
    const std::int64_t source = is_kept ? 0 : from.x * from.y * slab.source.count() * 2;
    return static_cast<std::uint64_t>(source + to.x * to.y * (slab.end - slab.begin) * 4);
  };
  const std::uint64_t kept = static_cast<std::uint64_t>(stack.grid.size.voxel_count()) * 2;
  for (const bool is_kept : {false, true}) {
    const auto slots = [&](std::uint64_t bytes) {
      return stream_slots(parts, intensity, slabs, is_kept, executor, bytes);
    };
    EXPECT_EQ(slots(0), 0u);
    EXPECT_EQ(slots(bytes_of(slabs[1], is_kept)), 0u);  // both threads have none
    EXPECT_EQ(slots(std::uint64_t{1} << 30), std::min<std::size_t>(slabs.size(), 6));
    std::size_t most = 0;
    for (std::uint64_t bytes = 0; bytes < std::uint64_t{200} << 20; bytes += std::uint64_t{1} << 20) {
      const std::size_t count = slots(bytes);
      EXPECT_GE(count, most);
      EXPECT_NE(count, 1u);
      EXPECT_LE((is_kept ? kept : 0) + count * bytes_of(slabs[1], is_kept), count == 0 ? kept : bytes);
      most = count;
    }
  }
}

}  // namespace
}  // namespace naru
