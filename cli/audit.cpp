#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "core/text.h"
#include "pipeline/files.h"
#include "pipeline/verify_files.h"
#include "server/audit_verify.h"

namespace naru::cli {

namespace {

struct Options {
  std::vector<std::string> inputs, witnesses;
  std::string key, dataset;
  std::optional<std::size_t> witnesses_required;
};

/// What differs between a dataset's files and its SHA256SUMS, whose own hash the receipt holds.
std::vector<std::string> check_dataset(const std::string& dataset, const Context& context) {
  Executor executor = Executor::cpu(0);
  ProgressDisplay display(context.output.quiet);
  VerifyFiles files(dataset);
  files.check_sums(executor, context.cancel, [&](const Progress& progress) { display.show(progress); });
  return std::move(files.result.differences);
}

std::string sums_sha256(const std::string& dataset) {
  const auto facts = hash_file(std::filesystem::path(dataset) / "SHA256SUMS");
  if (!facts) throw Error(ErrorCode::dataset_invalid, "--dataset names no dataset: it has no readable SHA256SUMS");
  return facts->sha256;
}

void print_inputs(const server::AuditResult& result) {
  for (const server::AuditedInput& input : result.inputs) {
    const std::string file = printable(input.file);
    if (input.kind == "ledger") {
      print("{}: ledger of {} leaves, {}\n", file, input.size,
            input.entry_count == 0 && input.size > 0 ? "hashes alone"
                                                     : fmt::format("{} entries read", input.entry_count));
    } else if (input.kind == "receipt") {
      print("{}: receipt for leaf {} of {}: {}\n", file, input.index, input.size, printable(input.leaf));
    } else {
      print("{}: checkpoint of {} leaves\n", file, input.size);
    }
  }
}

int run(const Options& options, const Context& context) {
  server::AuditQuestion question{
      {options.inputs.begin(), options.inputs.end()}, options.key, options.witnesses, options.witnesses_required, ""};
  if (!options.dataset.empty()) question.sums_sha256 = sums_sha256(options.dataset);
  server::AuditResult result = server::audit(question, context.cancel);
  if (!options.dataset.empty()) {
    for (std::string& difference : check_dataset(options.dataset, context)) {
      result.differences.push_back(std::move(difference));
    }
  }
  if (context.output.json) {
    print_json(server::to_json(result));
  } else {
    print_inputs(result);
    for (const std::string& difference : result.differences) print("{}\n", printable(difference));
    print("{}: {}\n", printable(result.origin),
          result.differences.empty() ? "everything is as promised"
                                     : fmt::format("{} differences", result.differences.size()));
  }
  return result.differences.empty() ? kExitDone : kExitFailed;
}

}  // namespace

Action define_audit(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* const act = app.add_subcommand("verify", "check exported ledgers, receipts and checkpoints, offline");
  act->footer("Example:\n  naru audit verify liver-ct.tlog-proof --key ledger.key --dataset /data/liver-ct");
  act->add_option("INPUT", options->inputs, "an exported ledger (a folder), a receipt or a checkpoint")->required();
  act->add_option("--key", options->key, "verifier key of the ledger, or a file that holds it")
      ->type_name("KEY")
      ->required();
  act->add_option("--witness", options->witnesses, "verifier key of a witness that must have cosigned; may be repeated")
      ->type_name("KEY")
      ->allow_extra_args(false);
  act->add_option("--witnesses-required", options->witnesses_required,
                  "so many of the --witness must have cosigned each checkpoint; without it, all of them")
      ->type_name("N");
  act->add_option("--dataset", options->dataset, "the dataset that a receipt is about: its files are checked as well")
      ->type_name("DIR");
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
