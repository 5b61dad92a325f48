#include "pipeline/verify.h"

#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "core/text.h"

namespace naru::cli {

namespace {

struct Options {
  std::string dataset;
  MachineOptions machine;
};

int run(const Options& options, const Context& context) {
  Executor executor = make_cpu_executor(options.machine);
  VerifyResult result;
  {
    ProgressDisplay display(context.output.quiet);
    result = verify(options.dataset, memory_limit_bytes(options.machine), executor, context.cancel,
                    [&](const Progress& p) { display.show(p); });
  }
  if (context.output.json) {
    print_json(to_json(result));
  } else {
    for (const std::string& difference : result.differences) print("{}\n", printable(difference));
    print("{} {}, {} files: {}\n", result.case_count, result.unit, result.file_count,
          result.differences.empty() ? "everything is as promised"
                                     : fmt::format("{} differences", result.differences.size()));
  }
  return result.differences.empty() ? kExitDone : kExitFailed;
}

}  // namespace

Action define_verify(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DATASET", options->dataset, "the folder that prepare or deidentify wrote (its OUT)")->required();
  add_machine_options(app, options->machine);
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
