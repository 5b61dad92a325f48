/// The table of sub-commands, and what they share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/project_key.h"

namespace naru::cli {

/// Exit statuses, as the contract states them.
inline constexpr int kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitRejects = 3;

/// Options that every command takes.
struct OutputOptions {
  bool json = false, quiet = false, verbose = false;
};

/// Where to compute and with how much.
struct MachineOptions {
  std::string device = "auto";
  int threads = 0;
  std::string memory;
};

/// What a command's action is given.
struct Context {
  const OutputOptions& output;
  const CancelToken& cancel;
};

/// Runs a command whose options were parsed; returns the exit status.
using Action = std::function<int(const Context&)>;

/// One row of the table. `define` adds the command's options to `app` and returns its action.
struct Command {
  std::string_view name, summary, example;
  Action (*define)(CLI::App& app);
};
std::span<const Command> commands();

Action define_prepare(CLI::App& app);
Action define_deidentify(CLI::App& app);
Action define_inspect(CLI::App& app);
Action define_verify(CLI::App& app);
Action define_review(CLI::App& app);
Action define_reidentify(CLI::App& app);
Action define_key(CLI::App& app);
Action define_audit(CLI::App& app);
Action define_serve(CLI::App& app);
Action define_admin(CLI::App& app);
Action define_recipes(CLI::App& app);
Action define_doctor(CLI::App& app);
Action define_worker(CLI::App& app);

/// What --threads takes; its message does not repeat the argument.
CLI::Validator thread_count_check();

/// Adds --device, --threads and --memory.
void add_machine_options(CLI::App& app, MachineOptions& options);

/// Why --device auto takes the CPU; empty where it takes a GPU.
std::string_view why_cpu(const CudaStatus& status);

/// The executor that --device asks for. "auto" takes the first GPU, else the CPU, and logs which and why.
/// @throws Error{usage} for a malformed device; Error{device_unavailable} for one that is not there
Executor make_executor(const MachineOptions& options);

/// For work that has no part on a GPU: the CPU's, whatever --device names. @throws as make_executor
Executor make_cpu_executor(const MachineOptions& options);

/// --memory in bytes, or the default. @throws Error{usage} for a malformed size
std::uint64_t memory_limit_bytes(const MachineOptions& options);

/// How many files had which outcome, and each reason with its remedy.
void print_inputs(const std::map<std::string, std::size_t>& by_disposition,
                  const std::map<std::string, std::size_t>& by_reason);

/// The key of a project, made on first use, which the log then says; or the one in `key_file` where that is not empty.
/// @param out, report of the job, empty where --report names none: both may be replaced, and a key with them
/// @throws Error{key_invalid}; Error{usage} where `key_file` lies in one of them
ProjectKey load_key(const std::string& project, const std::string& key_file, const std::filesystem::path& out,
                    const std::filesystem::path& report);

/// The words of a command line by which a later run finds the same recipe, report, record and key, and works as this
/// one does.
/// @param recipe, report, record, key_file as given, empty where they were not
std::vector<std::string> options_to_repeat(const std::string& recipe, const std::string& report,
                                           const std::string& record, const std::string& project,
                                           const std::string& key_file, const MachineOptions& machine);

/// Prints one JSON document on stdout.
void print_json(const nlohmann::ordered_json& json);

}  // namespace naru::cli
