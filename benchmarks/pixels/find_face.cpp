/// The face search on every stack of a folder, for the benchmark: `find_face FOLDER [THREADS]`. Prints a JSON line a
/// stack: its shape, the median of five times in seconds, what was found and the numbers of faces.jsonl.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/inputs.h"
#include "pipeline/pixels/stack_face.h"

namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kRuns = 5;
constexpr std::uint64_t kMemoryBytes = std::uint64_t{8} << 30;

Json measured(const naru::Scan& scan, std::size_t stack, naru::Executor& executor) {
  std::vector<double> seconds;
  naru::StackFace face;
  for (std::size_t n = 0; n < kRuns; ++n) {
    naru::InputHashes hashes;
    const auto start = std::chrono::steady_clock::now();
    face = naru::find_face(scan, stack, kMemoryBytes, executor, {}, hashes);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(seconds);
  const naru::Size3& size = scan.stacks[stack].grid.size;
  Json line = {{"shape", {size.x, size.y, size.z}}, {"seconds", seconds[kRuns / 2]}, {"runs", kRuns}};
  line.update(naru::face_evidence(face, !face.cut && face.may_show));
  for (const char* curve : {"schema", "profile_before_mm", "profile_after_mm"}) line.erase(curve);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return fmt::print(stderr, "usage: find_face FOLDER [THREADS]\n"), 2;
  int threads = 2;
  const std::string text = argc == 3 ? argv[2] : "2";
  std::from_chars(text.data(), text.data() + text.size(), threads);
  naru::Executor executor = naru::Executor::cpu(threads);
  const auto files = naru::list_inputs(std::vector<std::string>{argv[1]}, std::cin, {});
  const naru::Scan scan = naru::scan_inputs(files, {}, executor, {}, [](const naru::Progress&) {});
  for (std::size_t stack = 0; stack < scan.stacks.size(); ++stack) {
    if (scan.stacks[stack].verdict == naru::Verdict::reject) continue;
    fmt::print("{}\n", measured(scan, stack, executor).dump());
  }
}
