#include "pipeline/work_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "naru.work/1";
constexpr std::array<std::string_view, 2> kKinds = {"prepare", "deidentify"};

[[noreturn]] void fail(std::string_view member, std::string_view problem) {
  throw Error(ErrorCode::usage, fmt::format("work order: {} {}", member, problem));
}

/// The member, where it has the type of T.
template <class T>
T take(const Json& json, std::string_view member) {
  const auto found = json.find(member);
  if (found == json.end()) fail(member, "is missing");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    fail(member, "is of another type");
  }
}

std::uint64_t take_size(const Json& json, std::string_view member) {
  const auto found = json.find(member);
  if (found == json.end() || !found->is_number_unsigned()) fail(member, "must be a whole number, 0 or more");
  return found->get<std::uint64_t>();
}

void require_absolute(std::string_view member, const std::string& path) {
  if (!path.starts_with('/')) fail(member, "must be absolute");
}

ErrorCode error_code_from_name(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    if (name(static_cast<ErrorCode>(i)) == text) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::internal;
}

WorkProgress progress_of(const Json& json) {
  return {take<std::string>(json, "stage"), take_size(json, "done"), take_size(json, "total"),
          take<std::string>(json, "unit"), take_size(json, "bytes")};
}

}  // namespace

std::string_view name(WorkKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<WorkKind> work_kind_from_name(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<WorkKind>(found - kKinds.begin());
}

Json to_json(const WorkOrder& order) {
  return {{"schema", kSchema},
          {"job", order.job},
          {"kind", name(order.kind)},
          {"inputs", order.inputs},
          {"recipe", order.recipe},
          {"key", order.key},
          {"out", order.out},
          {"report", order.report},
          {"project", order.project},
          {"device", order.device},
          {"threads", order.threads},
          {"memory_bytes", order.memory_bytes},
          {"max_data_bytes", order.max_data_bytes},
          {"resume", order.resume},
          {"record", to_json(order.record)}};
}

WorkOrder parse_work_order(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) fail("the document", "is no JSON object");
  if (take<std::string>(json, "schema") != kSchema) fail("schema", "must be naru.work/1");
  const auto kind = work_kind_from_name(take<std::string>(json, "kind"));
  if (!kind) fail("kind", "must be prepare or deidentify");
  WorkOrder order;
  order.job = take<std::string>(json, "job");
  order.kind = *kind;
  order.inputs = take<std::vector<std::string>>(json, "inputs");
  order.recipe = take<std::string>(json, "recipe");
  order.key = take<std::string>(json, "key");
  order.out = take<std::string>(json, "out");
  order.report = take<std::string>(json, "report");
  order.project = take<std::string>(json, "project");
  order.device = take<std::string>(json, "device");
  order.threads = static_cast<int>(std::min<std::uint64_t>(take_size(json, "threads"), 1024));
  order.memory_bytes = take_size(json, "memory_bytes");
  order.max_data_bytes = take_size(json, "max_data_bytes");
  order.resume = take<bool>(json, "resume");
  order.record = job_record_from(take<Json>(json, "record"));
  if (order.inputs.empty()) fail("inputs", "is empty");
  for (const std::string& input : order.inputs) require_absolute("inputs", input);
  require_absolute("out", order.out);
  require_absolute("report", order.report);
  return order;
}

Json to_json(const WorkProgress& progress) {
  return {{"stage", progress.stage},
          {"done", progress.done},
          {"total", progress.total},
          {"unit", progress.unit},
          {"bytes", progress.bytes}};
}

std::string line_of(const WorkProgress& progress) {
  Json json = {{"type", "progress"}};
  json.update(to_json(progress));
  return json_line(json);
}

std::string line_of(const WorkResult& result) { return json_line({{"type", "result"}, {"result", result.facts}}); }

std::string line_of(const WorkError& error) {
  return json_line({{"type", "error"}, {"code", name(error.code)}, {"message", error.message}});
}

WorkLine parse_work_line(std::string_view line) {
  WorkLine parsed;
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return parsed;
  try {
    const std::string type = take<std::string>(json, "type");
    if (type == "progress") parsed.progress = progress_of(json);
    if (type == "result") parsed.result = WorkResult{take<Json>(json, "result")};
    if (type == "error") {
      parsed.error =
          WorkError{error_code_from_name(take<std::string>(json, "code")), take<std::string>(json, "message")};
    }
  } catch (const Error&) {
    return {};
  }
  return parsed;
}

}  // namespace naru
