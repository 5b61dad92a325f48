#include <fmt/format.h>

#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "core/units.h"
#include "pipeline/inputs.h"
#include "pipeline/report.h"
#include "pipeline/series.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> inputs;
  MachineOptions machine;
};

void print_stack(const Scan& scan, const StackFacts& facts) {
  const dicom::Stack& stack = scan.stacks[facts.stack];
  const Json json = stack_json(scan, facts, std::nullopt);
  print("  series {}", printable(stack.series_uid));
  if (stack.index > 0) print(" stack {}", stack.index);
  print("\n    {} {}, {} slices: {}\n", printable(json["modality"].get<std::string>()),
        json["manufacturer"].is_null() ? "unknown maker" : printable(json["manufacturer"].get<std::string>()),
        facts.slice_count, name(stack.verdict));
  if (stack.verdict != Verdict::reject) {
    const Vec3 spacing = stack.grid.spacing_mm();
    print("    {} × {} × {} voxels of {:.4g} × {:.4g} × {:.4g} mm, axes {}\n", stack.grid.size.x, stack.grid.size.y,
          stack.grid.size.z, spacing[0], spacing[1], spacing[2], axis_codes(stack.grid.patient_from_voxel));
  }
  for (const Finding& finding : stack.findings) {
    print("    {}", name(finding.code));
    for (const auto& [key, value] : finding.detail) print(", {} {:g}", key, value);
    print(" ({}): {} {}\n", finding.action, info(finding.code).meaning, info(finding.code).remedy);
  }
}

void print_table(const Scan& scan) {
  std::map<std::string, std::vector<StackFacts>> studies;
  for (const StackFacts& facts : stack_facts(scan)) studies[scan.stacks[facts.stack].study_uid].push_back(facts);
  for (const auto& [study, stacks] : studies) {
    print("study {}\n", printable(study));
    for (const StackFacts& facts : stacks) print_stack(scan, facts);
  }
  const InputCounts counts = count_inputs(scan);
  print("{} files", scan.inputs.size());
  for (const auto& [disposition, count] : counts.by_disposition) {
    print(", {} {}", count, disposition == "used" ? "usable" : disposition);
  }
  print("\n");
  for (const auto& [reason, count] : counts.by_reason) {
    print("  {} × {}: {} {}\n", count, reason, info(*code_from_name(reason)).meaning,
          info(*code_from_name(reason)).remedy);
  }
}

Json scan_json(const Scan& scan) {
  Json stacks = Json::array();
  for (const StackFacts& facts : stack_facts(scan)) stacks.push_back(stack_json(scan, facts, std::nullopt));
  const InputCounts counts = count_inputs(scan);
  return {{"schema", "naru.inspect/1"},
          {"files", scan.inputs.size()},
          {"inputs", counts.by_disposition},
          {"reasons", counts.by_reason},
          {"series", std::move(stacks)}};
}

int run(const Options& options, const Context& context) {
  Executor executor = Executor::cpu(options.machine.threads);
  const auto files = list_inputs(options.inputs, std::cin, {});
  const Scan scan = [&] {
    ProgressDisplay display(context.output.quiet);  // ends its line before the table begins
    return scan_inputs(files, {}, executor, context.cancel, [&](const Progress& p) { display.show(p); });
  }();
  if (context.output.json) {
    print_json(scan_json(scan));
  } else {
    print_table(scan);
  }
  const InputCounts counts = count_inputs(scan);
  return counts.has_rejects ? kExitRejects : kExitDone;
}

}  // namespace

Action define_inspect(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->inputs,
                 "files, folders, a DICOMDIR, or .zip, .tar, .tar.gz of these; - reads paths from stdin")
      ->required();
  app.add_option("--threads", options->machine.threads, "CPU threads; 0 means all")
      ->type_name("N")
      ->check(thread_count_check());
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
