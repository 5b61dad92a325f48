/// What a job server asks of `naru worker`, and what the worker answers: JSON, one document a line.
///
/// The order (naru.work/1) is one line on the worker's standard input. It holds the key, which is why it is neither in
/// the arguments nor in the environment, where other users of the machine could read it. The answers are lines on its
/// standard output: any number of progress, then one result or one error. None holds patient data.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/job_record.h"

namespace naru {

enum class WorkKind { prepare, deidentify };
std::string_view name(WorkKind kind);
std::optional<WorkKind> work_kind_from_name(std::string_view name);

struct WorkOrder {
  std::string job;  ///< its id, for whoever looks at the machine
  WorkKind kind = WorkKind::prepare;
  std::vector<std::string> inputs;  ///< absolute paths of files
  std::string recipe;               ///< TOML; empty: what the command does without --recipe
  std::string key;                  ///< 64 hexadecimal digits
  std::string out, report;          ///< absolute paths
  std::string project = "default";
  std::string device = "auto";
  int threads = 0;
  std::uint64_t memory_bytes = 0;    ///< what --memory says
  std::uint64_t max_data_bytes = 0;  ///< hard limit of the process's private memory; 0: none
  bool resume = false;
  JobRecord record;
};

nlohmann::ordered_json to_json(const WorkOrder& order);

/// @throws Error{usage} naming the member that is missing or wrong
WorkOrder parse_work_order(std::string_view text);

/// How far the worker is.
struct WorkProgress {
  std::string stage;
  std::uint64_t done = 0, total = 0;
  std::string unit;
  std::uint64_t bytes = 0;
  bool operator==(const WorkProgress&) const = default;
};
nlohmann::ordered_json to_json(const WorkProgress& progress);  ///< without "type"

/// How it ended, in its own words.
struct WorkResult {
  nlohmann::ordered_json facts;  ///< to_json(PrepareResult) or to_json(DeidentifyResult)
};
struct WorkError {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

/// One line of a worker; empty where it is none that we know.
struct WorkLine {
  std::optional<WorkProgress> progress;
  std::optional<WorkResult> result;
  std::optional<WorkError> error;
};
std::string line_of(const WorkProgress& progress);  ///< newline included
std::string line_of(const WorkResult& result);
std::string line_of(const WorkError& error);
WorkLine parse_work_line(std::string_view line);

}  // namespace naru
