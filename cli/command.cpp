#include "cli/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/print.h"
#include "core/code.h"
#include "core/log.h"
#include "core/units.h"
#include "pipeline/device_name.h"
#include "pipeline/files.h"
#include "pipeline/inputs.h"
#include "pipeline/prepare.h"
#include "pipeline/recipe.h"

namespace naru::cli {

namespace {

constexpr std::array kCommands = {
    Command{"inspect", "list studies, series and stacks with geometry and findings; writes nothing",
            "naru inspect /data/export", define_inspect},
    Command{"prepare", "DICOM in, AI-ready dataset out",
            "naru prepare /data/export --out /data/liver-ct --recipe ct-1mm", define_prepare},
    Command{"deidentify", "DICOM in, de-identified DICOM out", "naru deidentify /data/export --out /data/deid",
            define_deidentify},
    Command{"verify", "recompute every checksum, count and promise of a dataset", "naru verify /data/liver-ct",
            define_verify},
    Command{"review", "list what a run held back, and decide about it",
            "naru review /data/deid.report --decide region-1f0c9a52be47=redact --by 'A. Steward' --why 'a name'",
            define_review},
    Command{"reidentify", "from pseudonyms back to their sources, with the key; logged",
            "naru reidentify /data/deid.report --reason 'IRB 2026-12: call back' --pseudonym patient-1f0c9a52be47d360",
            define_reidentify},
    Command{"key", "list, rotate or destroy the keys of projects", "naru key rotate --project liver", define_key},
    Command{"serve", "run the job server", "naru serve --data /var/lib/naru --listen 127.0.0.1:8600", define_serve},
    Command{"admin", "back up, restore and check the data of a server, and lead back from its datasets",
            "naru admin backup --data /var/lib/naru --out /backup/2026-11-26", define_admin},
    Command{"audit", "check a ledger, or a receipt from one, offline",
            "naru audit verify liver-ct.tlog-proof --key ledger.key --dataset /data/liver-ct", define_audit},
    Command{"recipes", "list the built-in recipes, or show one as TOML", "naru recipes show ct-1mm > my.toml",
            define_recipes},
    Command{"doctor", "say what this machine has; exit 1 if something needed is missing", "naru doctor", define_doctor},
    Command{"worker", "run one job of the server, which uses this itself: reads naru.work/1 on stdin",
            "(cat order.json; sleep infinity) | naru worker", define_worker},
};

constexpr std::uint64_t kMinMemoryBytes = std::uint64_t{64} << 20;
constexpr int kMaxThreads = 1024;

}  // namespace

std::span<const Command> commands() { return kCommands; }

CLI::Validator thread_count_check() {
  // CLI11's own check repeats the argument.
  return {[](const std::string& text) -> std::string {
            int count = 0;
            const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
            const bool is_valid = failure == std::errc{} && end == text.data() + text.size() && count >= 0;
            return is_valid && count <= kMaxThreads ? "" : fmt::format("must be 0 to {}", kMaxThreads);
          },
          ""};
}

void add_machine_options(CLI::App& app, MachineOptions& options) {
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->type_name("NAME")->capture_default_str();
  app.add_option("--threads", options.threads, "CPU threads; 0 means all")
      ->type_name("N")
      ->check(thread_count_check())
      ->capture_default_str();
  app.add_option("--memory", options.memory, "bound on working memory, e.g. 8GiB (default: half of the machine's)")
      ->type_name("SIZE");
}

std::string_view why_cpu(const CudaStatus& status) {
  if (!status.built_in) return "this program was built without CUDA";
  if (status.driver_version == 0) return "there is no NVIDIA driver";
  constexpr int kMajor = 1000;
  if (status.devices.empty() && status.driver_version / kMajor < status.runtime_version / kMajor) {
    return "the NVIDIA driver is older than this program needs";
  }
  return status.devices.empty() ? "there is no GPU of compute capability 8.0 or later that works" : "";
}

namespace {

/// A GPU where it works, else the CPU. @param preferred which, of those that can be used; counted on from the first
/// again
Executor automatic_executor(int thread_count, std::size_t preferred) {
  const CudaStatus status = cuda_status();
  std::string_view reason = why_cpu(status);
  if (reason.empty()) {
    try {
      Executor executor = Executor::cuda(status.devices[preferred % status.devices.size()].index, thread_count);
      log::info("--device auto: running on {}", Public{executor.description()});
      return executor;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::device_unavailable && error.code() != ErrorCode::memory_exceeded) throw;
      reason = "the GPU is there, but cannot be used now; naru doctor --gpu tells more";
    }
  }
  log::info("--device auto: running on cpu ({})", Public{reason});
  return Executor::cpu(thread_count);
}

}  // namespace

namespace {

/// The device that --device names. auto:N, which the server gives to jobs side by side, is auto from GPU N on.
Executor named_executor(const MachineOptions& options) {
  const auto device = parse_device_name(options.device);
  if (!device) throw Error(ErrorCode::usage, "--device must be auto, cpu, cuda or cuda:N");
  if (device->kind == DeviceName::Kind::cpu) return Executor::cpu(options.threads);
  const int index = device->index.value_or(0);
  if (device->kind == DeviceName::Kind::cuda) return Executor::cuda(index, options.threads);
  return automatic_executor(options.threads, static_cast<std::size_t>(index));
}

}  // namespace

Executor make_executor(const MachineOptions& options) {
  Executor executor = named_executor(options);
  log::detail("device {}, {} threads of the CPU", Public{executor.description()}, executor.thread_count());
  return executor;
}

Executor make_cpu_executor(const MachineOptions& options) {
  const bool is_for_gpu = !options.device.starts_with("auto") && make_executor(options).is_cuda();
  if (is_for_gpu) log::info("running on cpu: nothing of this has a part on a GPU");
  Executor executor = Executor::cpu(options.threads);
  log::detail("{} threads of the CPU", executor.thread_count());
  return executor;
}

namespace {

std::uint64_t stated_limit_bytes(const MachineOptions& options) {
  if (options.memory.empty()) return default_memory_limit_bytes();
  const auto bytes = parse_size_bytes(options.memory);
  if (!bytes || *bytes < kMinMemoryBytes) {
    throw Error(ErrorCode::usage,
                fmt::format("--memory must be a size such as 8GiB, at least {}", format_size_bytes(kMinMemoryBytes)));
  }
  return *bytes;
}

}  // namespace

std::uint64_t memory_limit_bytes(const MachineOptions& options) {
  const std::uint64_t bytes = stated_limit_bytes(options);
  log::detail("working memory: at most {}", Public{format_size_bytes(bytes)});
  return bytes;
}

void print_inputs(const std::map<std::string, std::size_t>& by_disposition,
                  const std::map<std::string, std::size_t>& by_reason) {
  for (const auto& [disposition, count] : by_disposition) print("  {:<12} {:>7} files\n", disposition, count);
  for (const auto& [reason, count] : by_reason) {
    const CodeInfo& row = info(*code_from_name(reason));
    print("    {} × {}: {} {}\n", count, reason, row.meaning, row.remedy);
  }
}

ProjectKey load_key(const std::string& project, const std::string& key_file, const std::filesystem::path& out,
                    const std::filesystem::path& report) {
  if (!key_file.empty()) {
    const std::filesystem::path of_report = report.empty() ? plain_path(out) += ".report" : report;
    if (is_inside(key_file, plain_path(out)) || is_inside(key_file, of_report)) {
      throw Error(ErrorCode::usage,
                  "--key-file lies inside OUT or its report, with which it could be replaced: keep it elsewhere");
    }
    return ProjectKey::load(key_file);
  }
  bool created = false;
  ProjectKey key = ProjectKey::of_project(project, &created);
  if (created) log::info("made a new key for project {} (key {})", Public{project}, Public{key.id()});
  return key;
}

std::vector<std::string> options_to_repeat(const std::string& recipe, const std::string& report,
                                           const std::string& record, const std::string& project,
                                           const std::string& key_file, const MachineOptions& machine) {
  const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).string(); };
  std::vector<std::string> words;
  const auto add = [&](const char* option, const std::string& value) { words.insert(words.end(), {option, value}); };
  const bool is_builtin = std::ranges::find(builtin_recipes(), recipe, &BuiltinRecipe::name) != builtin_recipes().end();
  if (!recipe.empty()) add("--recipe", is_builtin ? recipe : absolute(recipe));
  if (!report.empty()) add("--report", absolute(report));
  if (!record.empty()) add("--record", absolute(record));
  if (project != "default") add("--project", project);
  if (!key_file.empty()) add("--key-file", absolute(key_file));
  if (machine.device != MachineOptions().device) add("--device", machine.device);
  if (machine.threads != 0) add("--threads", std::to_string(machine.threads));  // what --memory must be hangs on it
  if (!machine.memory.empty()) add("--memory", machine.memory);
  return words;
}

void print_json(const nlohmann::ordered_json& json) { print("{}", json_line(json)); }

}  // namespace naru::cli
