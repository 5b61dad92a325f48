#include "pipeline/prepare.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "core/units.h"
#include "pipeline/outputs/gzip.h"

namespace naru::cli {

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string out, report, recipe, record, project = "default", key_file, trace;
  bool resume = false, force = false;
  MachineOptions machine;
};

/// @throws Error{usage} where `limit_bytes` holds no volume beside the buffers of the encoder (see memory_needed_bytes)
void require_room(std::uint64_t limit_bytes, const Executor& executor) {
  constexpr std::uint64_t kLeastForVolumes = std::uint64_t{16} << 20;
  const auto threads = static_cast<std::uint64_t>(executor.thread_count());
  const std::uint64_t least = threads * kGzipBytesPerThread + kLeastForVolumes;
  if (limit_bytes >= least) return;
  throw Error(ErrorCode::usage,
              fmt::format("--memory must be at least {} for {} threads; give more, or fewer --threads",
                          format_size_bytes(least), threads));
}

void print_summary(const PrepareResult& result) {
  print("{} cases in {:.1f} s", result.case_count, result.seconds);
  if (result.resumed_count > 0) print(" ({} of them finished before)", result.resumed_count);
  print("; working memory {}\n", format_size_bytes(result.memory_used_bytes));
  print_inputs(result.by_disposition, result.by_reason);
  print("dataset  {}\nreport   {}\n", result.out.string(), (result.report / "report.html").string());
}

int run(const Options& options, const Context& context) {
  if (options.resume && options.force) throw Error(ErrorCode::usage, "--resume and --force exclude each other");
  check_project_name(options.project);
  PrepareOptions job;
  job.inputs = options.inputs;
  job.out = options.out;
  job.report = options.report;
  job.project = options.project;
  job.trace = options.trace;
  job.to_repeat = options_to_repeat(options.recipe, options.report, options.record, options.project, options.key_file,
                                    options.machine);
  job.on_existing = options.resume ? OnExisting::resume : options.force ? OnExisting::replace : OnExisting::refuse;
  if (!options.recipe.empty()) job.recipe = load_recipe(options.recipe);
  if (!options.record.empty()) job.record = load_job_record(options.record);
  job.memory_limit_bytes = memory_limit_bytes(options.machine);
  Executor executor = make_executor(options.machine);
  require_room(job.memory_limit_bytes, executor);
  const ProjectKey key = load_key(options.project, options.key_file, job.out, job.report);
  PrepareResult result;
  {
    ProgressDisplay display(context.output.quiet);
    result = prepare(job, key, executor, std::cin, context.cancel, [&](const Progress& p) { display.show(p); });
  }
  if (context.output.json) {
    print_json(to_json(result));
  } else if (!context.output.quiet) {
    print_summary(result);
  }
  return result.has_rejects ? kExitRejects : kExitDone;
}

}  // namespace

Action define_prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->inputs,
                 "files, folders, a DICOMDIR, or .zip, .tar, .tar.gz of these; - reads paths from stdin")
      ->required();
  app.add_option("--out", options->out, "the dataset's folder; must be absent or empty")->type_name("DIR")->required();
  app.add_option("--recipe", options->recipe,
                 "a built-in's name or a TOML file (default by modality: ct-1mm, mr-1mm, original-grid for PET)")
      ->type_name("NAME|FILE");
  app.add_option("--report", options->report, "where the hospital's report goes (default: OUT.report)")
      ->type_name("DIR");
  app.add_option(
         "--record", options->record,
         "a TOML file with what only people know of the job: purpose, recipient, decision_number, period, cohort, "
         "reviewer, destruction_date")
      ->type_name("FILE");
  app.add_option("--project", options->project, "names the key under which pseudonyms are made")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--key-file", options->key_file, "the project's key (default: made and kept for this user)")
      ->type_name("FILE");
  app.add_flag("--resume", options->resume, "go on after an interruption without redoing finished cases");
  app.add_flag("--force", options->force, "replace the dataset that OUT holds");
  app.add_option("--trace", options->trace,
                 "writes where the time went, for chrome://tracing or Perfetto; not below OUT")
      ->type_name("FILE");
  add_machine_options(app, options->machine);
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
