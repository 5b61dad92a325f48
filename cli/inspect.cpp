#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/inspect_table.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "pipeline/case_plan.h"
#include "pipeline/content.h"
#include "pipeline/inputs.h"
#include "pipeline/recipe.h"
#include "pipeline/report.h"
#include "pipeline/series.h"

namespace naru::cli {

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string recipe;
  bool decodes = false, lists_files = false;
  MachineOptions machine;
};

Scan scan_of(const Options& options, const Context& context) {
  const auto recipe = options.recipe.empty() ? std::nullopt : std::optional(load_recipe(options.recipe));
  const std::uint64_t limit_bytes = memory_limit_bytes(options.machine);
  Executor executor = make_cpu_executor(options.machine);
  const auto files = list_inputs(options.inputs, std::cin, {});
  ProgressDisplay display(context.output.quiet);  // ends its line before the table begins
  const OnProgress on_progress = [&](const Progress& p) { display.show(p); };
  Scan scan = read_candidates(files, executor, context.cancel, on_progress);
  if (options.decodes) {
    const std::uint64_t memory_bytes =
        memory_beside_headers(limit_bytes, std::max(scan.inputs.size(), scan.candidates.size()));
    decode_candidates(scan, memory_bytes, executor, context.cancel, on_progress);
  }
  sort_candidates(scan, stack_options(recipe), executor, context.cancel, on_progress);
  mark_untaken(scan, recipe);
  log_stacks(scan);
  return scan;
}

int run(const Options& options, const Context& context) {
  const Scan scan = scan_of(options, context);
  if (context.output.json) {
    print_json(inspect_json(scan, options.lists_files));
  } else {
    print("{}", inspect_text(scan, options.lists_files));
  }
  return count_inputs(scan).has_rejects ? kExitRejects : kExitDone;
}

}  // namespace

Action define_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->inputs,
                 "files, folders, a DICOMDIR, or .zip, .tar, .tar.gz of these; - reads paths from stdin")
      ->required();
  app.add_option("--recipe", options->recipe,
                 "a built-in (see 'naru recipes') or a TOML file: its [select], "
                 "[geometry], [pixels] regions and [output] layout apply")
      ->type_name("NAME|FILE");
  app.add_flag("--files", options->lists_files, "list the path of every file that is in no volume");
  app.add_flag("--decode", options->decodes,
               "decode the pixels of every image, and say which cannot be or hold values beyond Bits Stored");
  add_machine_options(app, options->machine);
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
