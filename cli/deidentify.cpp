#include "pipeline/deidentify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "pipeline/deid_explain.h"

namespace naru::cli {

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string out, report, recipe, record, project = "default", key_file;
  bool resume = false, force = false, explain = false;
  MachineOptions machine;
};

void print_summary(const DeidentifyResult& result) {
  print("{} instances in {:.1f} s", result.instance_count, result.seconds);
  if (result.resumed_count > 0) print(" ({} of them finished before)", result.resumed_count);
  print("\n");
  print_inputs(result.by_disposition, result.by_reason);
  print("dataset  {}\nreport   {}\n", result.out.string(), (result.report / "report.html").string());
}

std::string found_text(const ExplainedRow& row) {
  std::string text;
  for (const auto& [action, count] : row.found) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, action);
  return text;
}

/// The whole table; of a preview the attributes that the inputs hold.
void print_table(const Recipe& recipe, const DeidPreview* preview) {
  const nlohmann::ordered_json policy = explain_json(recipe, nullptr);
  const auto methods = policy.at("method").get<std::vector<std::string>>();
  print("recipe {}: {}\n\n", recipe.name, fmt::format("{}", fmt::join(methods, "; ")));
  print("{:<11}  {:<64}  {:<8}  {}{}\n", "tag", "name", "action", "because of",
        preview != nullptr ? "                             would be" : "");
  for (const ExplainedRow& row : explain_rows(recipe, preview)) {
    if (preview != nullptr && row.found.empty()) continue;
    const std::string cause = row.cause.empty() ? "not in the table" : row.cause;
    print("{:<11}  {:<64}  {:<8}  {}\n", row.tag, row.name, row.action,
          preview != nullptr ? fmt::format("{:<37}  {}", cause, found_text(row)) : cause);
  }
}

void print_preview(const DeidPreview& preview) {
  print("\n{} instances would be delivered; nothing was written\n", preview.instances);
  print_inputs(preview.inputs.by_disposition, preview.inputs.by_reason);
  for (const auto& [action, count] : preview.counts.by_action) print("  {:>9} elements: {}\n", count, action);
}

int explain(const Options& options, const Recipe& recipe, const Context& context) {
  std::optional<DeidPreview> preview;
  if (!options.inputs.empty()) {
    Executor executor = make_cpu_executor(options.machine);
    ProgressDisplay display(context.output.quiet);
    preview = preview_deid(options.inputs, recipe, memory_limit_bytes(options.machine), executor, std::cin,
                           context.cancel, [&](const Progress& p) { display.show(p); });
  }
  const DeidPreview* seen = preview ? &*preview : nullptr;
  if (context.output.json) {
    print_json(explain_json(recipe, seen));
  } else {
    print_table(recipe, seen);
    if (preview) print_preview(*preview);
  }
  return preview && preview->has_rejects() ? kExitRejects : kExitDone;
}

int deidentify_now(const Options& options, Recipe recipe, const Context& context) {
  DeidentifyOptions job;
  job.inputs = options.inputs;
  job.out = options.out;
  job.report = options.report;
  job.recipe = std::move(recipe);
  job.project = options.project;
  job.to_repeat = options_to_repeat(options.recipe, options.report, options.record, options.project, options.key_file,
                                    options.machine);
  job.on_existing = options.resume ? OnExisting::resume : options.force ? OnExisting::replace : OnExisting::refuse;
  if (!options.record.empty()) job.record = load_job_record(options.record);
  job.memory_limit_bytes = memory_limit_bytes(options.machine);
  Executor executor = job.recipe.looks_for_text() ? make_executor(options.machine) : make_cpu_executor(options.machine);
  const ProjectKey key = load_key(options.project, options.key_file, job.out, job.report);
  DeidentifyResult result;
  {
    ProgressDisplay display(context.output.quiet);
    result = deidentify(job, key, executor, std::cin, context.cancel, [&](const Progress& p) { display.show(p); });
  }
  if (context.output.json) {
    print_json(to_json(result));
  } else if (!context.output.quiet) {
    print_summary(result);
  }
  return result.has_rejects ? kExitRejects : kExitDone;
}

int run(const Options& options, const Context& context) {
  if (options.resume && options.force) throw Error(ErrorCode::usage, "--resume and --force exclude each other");
  if (!options.explain && (options.inputs.empty() || options.out.empty())) {
    throw Error(ErrorCode::usage, "INPUT and --out are needed, unless --explain is given");
  }
  if (options.explain && !options.out.empty()) {
    throw Error(ErrorCode::usage, "--explain writes nothing: give it without --out");
  }
  check_project_name(options.project);
  Recipe recipe = options.recipe.empty() ? default_deid_recipe() : load_recipe(options.recipe);
  return options.explain ? explain(options, recipe, context) : deidentify_now(options, std::move(recipe), context);
}

}  // namespace

Action define_deidentify(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->inputs,
                 "files, folders, a DICOMDIR, or .zip, .tar, .tar.gz of these; - reads paths from stdin");
  app.add_option("--out", options->out, "the dataset's folder; must be absent or empty")->type_name("DIR");
  app.add_option("--recipe", options->recipe,
                 "a TOML file or a built-in's name: its [select], [deidentify] and [pixels] apply (default: Basic "
                 "Profile, clean-descriptors, retain-longitudinal-modified-dates)")
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
  app.add_flag("--resume", options->resume, "go on after an interruption without redoing finished instances");
  app.add_flag("--force", options->force, "replace the dataset that OUT holds");
  app.add_flag("--explain", options->explain,
               "print what becomes of each attribute and write nothing; with INPUT, also how many elements and "
               "instances it concerns");
  add_machine_options(app, options->machine);
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
