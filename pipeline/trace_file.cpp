#include "pipeline/trace_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "pipeline/staging.h"

namespace naru {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kProcess = 1;
constexpr std::string_view kCaseCategory = "case";  // of spans around several stages

bool lies_in(const fs::path& path, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

/// As the file system has it, so that links do not hide where a file lies.
fs::path real_path(const fs::path& path) {
  std::error_code failure;
  const fs::path plain = plain_path(path);
  const fs::path real = fs::weakly_canonical(plain, failure);
  return failure ? plain : real;
}

Json metadata(std::string_view what, std::size_t row, std::string_view name) {
  return {{"ph", "M"}, {"name", what}, {"pid", kProcess}, {"tid", row + 1}, {"args", {{"name", name}}}};
}

double microseconds(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

Json event_json(const TraceEvent& event) {
  Json args = Json::object();
  if (!event.case_id.empty()) args["case"] = event.case_id;
  if (event.facts.slab) args["slab"] = *event.facts.slab;
  if (event.facts.bytes) args["bytes"] = *event.facts.bytes;
  return {{"ph", "X"},
          {"name", event.name},
          {"cat", event.stage ? name(*event.stage) : kCaseCategory},
          {"ts", microseconds(event.start_ns)},
          {"dur", microseconds(event.duration_ns)},
          {"pid", kProcess},
          {"tid", event.row + 1},
          {"args", std::move(args)}};
}

}  // namespace

TraceFile::TraceFile(fs::path path, std::span<const fs::path> apart) : path_(plain_path(path)), temporary_(path_) {
  const fs::path real = real_path(path_);
  for (const fs::path& folder : apart) {
    if (!lies_in(real, real_path(folder))) continue;
    throw Error(ErrorCode::usage, "--trace must name a file outside of the INPUTs, OUT and the report");
  }
  if (fs::is_directory(path_)) throw Error(ErrorCode::usage, "--trace must name a file, not a folder");
  temporary_ += ".tmp";
  try {
    writer_ = std::make_unique<FileWriter>(temporary_);
  } catch (const Error&) {
    throw Error(ErrorCode::usage, "--trace names a file that cannot be written: its folder must exist and be writable");
  }
}

void TraceFile::write(const TraceLog& log) {
  std::string_view separator = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  // One event at a time: a trace of many slices is larger than the text of one.
  const auto append = [&](const Json& event) {
    const std::string line = std::string(separator) + event.dump();
    writer_->append(std::as_bytes(std::span(line)));
    separator = ",\n";
  };
  append(metadata("process_name", 0, "naru"));
  for (std::size_t row = 0; row < log.rows.size(); ++row) append(metadata("thread_name", row, log.rows[row]));
  for (const TraceEvent& event : log.events) append(event_json(event));
  writer_->append(std::as_bytes(std::span(std::string_view("\n]}\n"))));
  writer_->finish();
  std::error_code failure;
  fs::rename(temporary_, path_, failure);
  if (failure) throw write_error(failure.value(), "the trace");
}

}  // namespace naru
