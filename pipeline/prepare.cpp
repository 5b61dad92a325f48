#include "pipeline/prepare.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <set>

#include "core/log.h"
#include "pipeline/case_held.h"
#include "pipeline/content.h"
#include "pipeline/dataset.h"
#include "pipeline/dataset_proof.h"
#include "pipeline/documents.h"
#include "pipeline/input_lines.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/prepare_job.h"
#include "pipeline/report.h"
#include "pipeline/review/rulings.h"
#include "pipeline/series.h"
#include "pipeline/trace_file.h"
#include "pipeline/verify_files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// All cases that people's decisions can make of it: OUT may hold one that was released and is excluded since.
std::vector<CasePlan> possible_cases(Scan scan, const ProjectKey& key, PlanOptions options) {
  options.released = declared_series(scan);
  return plan_cases(scan, key, options);
}

/// --resume where OUT stands already: the answer comes from what was published.
/// @throws Error{output_exists} where that is no dataset of as many inputs, of this recipe and key
PrepareResult finished_before(const Scan& scan, const std::vector<CasePlan>& plans, const PublishedInputs& inputs,
                              PrepareResult result) {
  const std::set<std::string> policies = published_policies(result.report);
  std::set<std::pair<std::string, std::string>> planned;
  for (const CasePlan& plan : plans) {
    if (policies.contains(plan.policy_sha256)) planned.emplace(plan.case_id, plan.recipe_sha256);
  }
  const Error other(ErrorCode::output_exists,
                    "OUT holds another dataset, or one of other inputs, or its report is not where this run looks for "
                    "it: choose another OUT, or replace it with --force");
  std::ifstream manifest(result.out / "manifest.jsonl");
  for (std::string line; std::getline(manifest, line); ++result.case_count) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !planned.contains({json.value("case", ""), json.value("recipe_sha256", "")})) throw other;
  }
  result.resumed_count = result.case_count;
  result.by_disposition = inputs.by_disposition;
  result.by_reason = inputs.by_reason;
  if (inputs.count != scan.inputs.size()) throw other;
  result.has_rejects = result.by_disposition.contains("rejected") || result.by_disposition.contains("quarantined");
  return result;
}

/// Images of an earlier, interrupted run that belong to no case of this one must not be delivered.
void remove_strays(const std::filesystem::path& out, const MadeCases& made) {
  std::set<std::string> known;
  for (const Json& line : made.lines) {
    known.insert(line.at("image").get<std::string>());
    if (line.contains("redaction")) known.insert(line.at("redaction").at("image").get<std::string>());
  }
  std::vector<std::filesystem::path> strays;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (!entry.is_regular_file()) continue;
    if (!known.contains(entry.path().lexically_relative(out).string())) strays.push_back(entry.path());
  }
  for (const auto& stray : strays) std::filesystem::remove(stray);
}

std::string reasons_text(const std::map<std::string, std::size_t>& by_reason) {
  std::string text;
  for (const auto& [reason, count] : by_reason) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count);
  return text;
}

/// @return as write_review
bool write_job_report(const Staging& staging, const Scan& scan, const MadeCases& made, const ProjectKey& key,
                      const PrepareResult& result, const PrepareOptions& options, const Executor& executor,
                      const HeldQueue& queue, const Decisions& decisions) {
  std::vector<ReportCase> cases;
  for (const CasePlan& plan : made.plans) cases.push_back({&plan, staging.cases() / (plan.case_id + ".json")});
  write_report(staging.report(), scan, cases, key,
               {options.project, key.id(), executor.description(), options.memory_limit_bytes, made.memory_used_bytes,
                result.seconds, result.stage_seconds, queue.entries, decisions, options.record});
  if (options.recipe && options.recipe->looks_for_text()) {
    write_evidence(staging.report() / "pixels.jsonl", made.text_evidence);
  }
  if (options.recipe && options.recipe->looks_for_faces()) {
    write_evidence(staging.report() / "faces.jsonl", made.face_evidence);
  }
  return write_review(staging.report(), queue, decisions);
}

/// What people are asked, with the checksums that are known by now.
JobIdentity identity_of(const PrepareOptions& options, const ProjectKey& key) {
  return {options.recipe ? recipe_sha256(*options.recipe) : "", key.id()};
}

HeldQueue queue_of(const Scan& scan, const PrepareOptions& options, const ProjectKey& key, std::vector<CaseHeld> held) {
  HeldQueue queue{"prepare", options.inputs, options.out, "", {}, "", identity_of(options, key), options.to_repeat};
  for (CaseHeld& one : held) {
    one.entry.files_sha256 = files_sha256(scan, one.files);
    queue.entries.push_back(std::move(one.entry));
  }
  return queue;
}

/// A temporary file for the trace, if one is asked for.
std::optional<TraceFile> trace_file(const PrepareOptions& options) {
  if (options.trace.empty()) return std::nullopt;
  std::vector<std::filesystem::path> apart = {options.out, report_folder(options), Staging::work_folder(options.out)};
  for (const std::string& input : options.inputs) apart.push_back(input);
  return std::optional<TraceFile>(std::in_place, options.trace, apart);
}

/// What is published by then is no worse for a trace that fails.
void write_trace(TraceFile& file, const TraceLog& spans) {
  try {
    file.write(spans);
  } catch (const Error& error) {
    log::warning(
        "the file of --trace was not written ({}), and OUT is whole without it: to get one, name a place with "
        "room, and another OUT",
        Public{name(error.code())});
  }
}

/// Sets what time has gone by, in all and by stage.
void take_time(PrepareResult& result, const Trace& trace) {
  result.seconds = trace.age_seconds();
  result.stage_seconds = trace.seconds();
}

void set_counts(PrepareResult& result, const Scan& scan, const MadeCases& made) {
  const InputCounts counts = count_inputs(scan);
  result.case_count = made.plans.size();
  result.resumed_count = made.resumed;
  result.memory_used_bytes = made.memory_used_bytes;
  result.by_disposition = counts.by_disposition;
  result.by_reason = counts.by_reason;
  result.has_rejects = counts.has_rejects;
}

/// The report alone is published, since it says why. @throws Error{nothing_delivered}
[[noreturn]] void end_without_cases(Staging& staging, bool has_review, const Scan& scan, const PrepareResult& result) {
  if (has_review) staging.keep_records();
  const std::filesystem::path report = staging.publish_report_only();
  throw Error(ErrorCode::nothing_delivered,
              fmt::format("none of the {} input files became part of a case ({}){}: see {}", scan.inputs.size(),
                          reasons_text(result.by_reason), staging.withdraws_out() ? kWithdrawn : "",
                          (report / "report.html").string()));
}

/// The whole job, whose time `trace` keeps.
PrepareResult run_job(const PrepareOptions& options, const ProjectKey& key, Executor& executor,
                      std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress,
                      Trace& trace) {
  PrepareResult result;
  result.out = options.out;
  result.report = report_folder(options);
  Staging staging(result.out, result.report, options.on_existing);
  const Decisions decisions =
      decisions_for_job(result.report, identity_of(options, key), options.on_existing == OnExisting::resume);
  const Rulings rulings(decisions);
  const PrepareJob job(options, rulings, executor, cancel, on_progress);
  Scan scan = job.scan(standard_input);
  const PlanOptions plan_options = job.plan_options(scan);
  auto plans = plan_cases(scan, key, plan_options);
  log_stacks(scan);
  log::detail("{} cases are planned", plans.size());
  if (staging.is_finished()) {
    const PublishedInputs inputs = published_inputs(result.report);
    if (are_applied(decisions, result.report)) {
      result = finished_before(scan, plans, inputs, result);
      inputs.require_those_of(scan, executor, cancel, on_progress);
      require_unchanged(result.out, executor, cancel, on_progress);
      return result;
    }
    finished_before(scan, possible_cases(scan, key, plan_options), inputs, result);  // what changed is made anew
    staging.reopen();
  }
  if (options.recipe) warn_of_idle_regions(*options.recipe, scan);
  std::vector<CaseHeld> held = held_by_header(scan, rulings, plan_options);
  auto headers = std::async(std::launch::async, [&, at = trace_context(), files = used_files(scan)] {
    const TraceScope scope(at, "prover");
    const Span span(Stage::scan, "proof");
    return headers_to_prove(files, Executor::cpu(executor.thread_count()), cancel);
  });
  MadeCases made = job.make_cases(scan, plans, staging, trace);
  PrepareJob::mark(scan, made);
  std::ranges::move(made.reviewed, std::back_inserter(held));
  complete_hashes(scan, executor, cancel, on_progress);
  set_counts(result, scan, made);
  take_time(result, trace);
  const bool has_review = write_job_report(staging, scan, made, key, result, options, executor,
                                           queue_of(scan, options, key, std::move(held)), decisions);
  if (made.plans.empty()) end_without_cases(staging, has_review, scan, result);
  remove_strays(staging.out(), made);
  const DatasetFacts facts{options.project, executor.description()};
  write_documents(staging.out(), made.plans, made.lines, facts);
  // All files of the dataset and its report are written: the disk takes what it lacks of them during the last proof.
  auto syncing = std::async(std::launch::async, [&, at = trace_context()] {
    const TraceScope scope(at, "flusher");
    staging.sync();
  });
  prove_dataset(staging.out(), scan, headers.get(), made.plans, facts);
  syncing.get();
  cancel.throw_if_canceled();
  if (has_review) staging.keep_records();
  staging.publish_synced();
  return result;
}

}  // namespace

PrepareResult prepare(const PrepareOptions& options, const ProjectKey& key, Executor& executor,
                      std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress) {
  if (options.recipe) require_for_prepare(*options.recipe);
  std::optional<TraceFile> file = trace_file(options);
  Trace trace(file.has_value());
  const TraceScope scope({&trace, {}}, "job");
  PrepareResult result = run_job(options, key, executor, standard_input, cancel, on_progress, trace);
  take_time(result, trace);
  for (std::size_t s = 0; s < kStageCount; ++s) {
    log::detail("time for {}: {:.2f} s", Public{name(static_cast<Stage>(s))}, result.stage_seconds[s]);
  }
  if (file) write_trace(*file, trace.log());
  return result;
}

Json to_json(const PrepareResult& result) {
  return {{"schema", "naru.prepare/1"},       {"out", result.out.string()},
          {"report", result.report.string()}, {"cases", result.case_count},
          {"resumed", result.resumed_count},  {"inputs", result.by_disposition},
          {"reasons", result.by_reason},      {"memory_used_bytes", result.memory_used_bytes},
          {"seconds", result.seconds},        {"stages", stages_json(result.stage_seconds, result.seconds)}};
}

std::uint64_t default_memory_limit_bytes() {
  auto bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t group = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group) bytes = std::min(bytes, group);  // "max" does not parse
  return bytes / 2;
}

}  // namespace naru
