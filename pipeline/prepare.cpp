#include "pipeline/prepare.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <set>

#include "core/log.h"
#include "kernels/executor_like.h"
#include "pipeline/case_held.h"
#include "pipeline/case_maker.h"
#include "pipeline/content.h"
#include "pipeline/dataset.h"
#include "pipeline/dataset_proof.h"
#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/input_lines.h"
#include "pipeline/nyul_standard.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/fine_together.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/pixels/text_pictures.h"
#include "pipeline/read_ahead.h"
#include "pipeline/report.h"
#include "pipeline/review/rulings.h"
#include "pipeline/series.h"
#include "pipeline/study_tally.h"
#include "pipeline/trace_file.h"
#include "pipeline/verify_files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

std::filesystem::path report_folder(const PrepareOptions& options) {
  if (!options.report.empty()) return options.report;
  std::filesystem::path report = plain_path(options.out);
  report += ".report";
  return report;
}

/// A stack that turned out to be unusable while its pixels were read.
void reject_stack(Scan& scan, std::size_t index, const CaseFailure& failure) {
  dicom::Stack& stack = scan.stacks[index];
  stack.verdict = Verdict::reject;
  const bool lacks_slice = failure.slice.has_value();
  if (lacks_slice) {
    const double after = static_cast<double>(*failure.slice) - 1;
    stack.findings.push_back({Code::gap, {{"slices", 1}, {"after_index", after}}, "rejected"});
  } else {
    stack.findings.push_back({failure.code, {}, "rejected"});
  }
  for (std::size_t k = 0; k < stack.instances.size(); ++k) {
    const Code reason = lacks_slice && k != *failure.slice ? Code::gap : failure.code;
    mark_plane(scan, stack.instances[k], Disposition::rejected, reason);
  }
}

void log_end(const CaseEnd& end) {
  const Public id{end.plan.case_id};
  if (end.record) {
    const auto bytes = end.record->manifest.at("size_bytes").get<std::uint64_t>();
    log::detail("{}: {}, {} bytes of image", id, Public{end.is_resumed ? "finished before" : "made"}, bytes);
  } else if (end.hold) {
    log::detail("{}: {} ({})", id, Public{name(end.hold->disposition)}, Public{name(end.hold->reason)});
  }
}

/// Cases that were made, in order; plans that failed are dropped.
struct Made {
  std::vector<CasePlan> plans;
  std::vector<Json> lines;
  Json text_evidence = Json::array();  ///< of cases that were made, and of those held for their text
  Json face_evidence = Json::array();  ///< of cases that were made, and of those held for their face
  std::vector<CaseHeld> reviewed;      ///< cases for people to decide, and those about which they decided
  std::vector<CaseEnd> left_out;       ///< cases that failed or are held: what the scan has yet to say of their files
  InputHashes hashes;                  ///< of the files that were read
  std::size_t resumed = 0;
  std::uint64_t memory_used_bytes = 0;
};

/// The words of patients, as the last case had them: cases of one archive have the same. For use by several threads.
class PatientWords {
 public:
  PatientWords(const Scan& scan, Executor executor, const CancelToken& cancel, const OnProgress& on_progress)
      : scan_(scan), executor_(std::move(executor)), cancel_(cancel), on_progress_(on_progress) {}

  std::optional<dicom::SeenWords> of(const CasePlan& plan) {
    const std::vector<InputFile> files = source_files(scan_, files_of(scan_, plan));
    std::vector<std::filesystem::path> paths;
    for (const InputFile& file : files) paths.push_back(file.path);
    const std::lock_guard lock(mutex_);
    if (!last_ || last_->first != paths) {
      const auto identifiers = identifiers_in(files, executor_, cancel_, on_progress_);
      last_.emplace(paths, identifiers ? std::optional(dicom::SeenWords(*identifiers)) : std::nullopt);
    }
    return last_->second;
  }

 private:
  const Scan& scan_;
  Executor executor_;
  const CancelToken& cancel_;
  const OnProgress& on_progress_;
  std::mutex mutex_;
  std::optional<std::pair<std::vector<std::filesystem::path>, std::optional<dicom::SeenWords>>>
      last_;  ///< of which files
};

class Job {
 public:
  Job(const PrepareOptions& options, const Rulings& rulings, Executor& executor, const CancelToken& cancel,
      const OnProgress& on_progress)
      : options_(options), rulings_(rulings), executor_(executor), cancel_(cancel), on_progress_(on_progress) {}

  Scan scan(std::istream& standard_input) const {
    const Span span(Stage::scan, "headers");
    const std::vector<std::filesystem::path> ours = {options_.out, report_folder(options_),
                                                     Staging::work_folder(options_.out)};
    const auto files = list_inputs(options_.inputs, standard_input, ours);
    const dicom::StackOptions stacking = stack_options(options_.recipe);
    if (stacking.gap == dicom::GapPolicy::reject) {
      return scan_inputs(files, stacking, executor_, cancel_, on_progress_);
    }
    // What is done about gaps is done before a case is made: a slice that cannot be decoded must be known by then.
    Scan scan = read_candidates(files, executor_, cancel_, on_progress_);
    decode_candidates(scan, memory_beside_headers_of(scan), executor_, cancel_, on_progress_);
    sort_candidates(scan, stacking, executor_, cancel_, on_progress_);
    return scan;
  }

  std::uint64_t memory_beside_headers_of(const Scan& scan) const {
    return memory_beside_headers(options_.memory_limit_bytes, std::max(scan.inputs.size(), scan.candidates.size()));
  }

  PlanOptions plan_options(Scan& scan) const {
    return {options_.recipe, executor_.description(),
            released_series(scan, rulings_, executor_, cancel_, on_progress_)};
  }

  /// Some cases side by side, as memory allows: while one is computed another is read and a third is written. They are
  /// taken up, and counted, in their order, so that nothing that is written depends on which was first.
  Made make_cases(Scan& scan, std::vector<CasePlan>& plans, const Staging& staging, Trace& trace) const {
    hash_judged_faces(scan, plans);
    std::mutex progress_mutex;
    const OnProgress one_at_a_time = [&](const Progress& progress) {
      const std::lock_guard lock(progress_mutex);
      on_progress_(progress);
    };
    PatientWords words(scan, Executor::cpu(executor_.thread_count()), cancel_, one_at_a_time);
    const CaseJob job{scan,    rulings_,
                      staging, [&](const CasePlan& plan) { return words.of(plan); },
                      cancel_, stacks_fine_together(scan, plans)};
    const std::uint64_t memory_bytes = memory_beside_headers_of(scan);
    if (options_.recipe && options_.recipe->looks_for_text()) {
      require_room_for_text(memory_bytes, options_.memory_limit_bytes);
    }
    MemoryBudget memory(memory_bytes, [&](std::uint64_t room) { executor_.keep_host_memory(room); });
    StudyRunner learner(executor_, memory);
    give_nyul_standard(scan, plans, learner, cancel_, one_at_a_time);
    const auto makers = case_makers(job, std::min(cases_in_flight(), plans.size()), memory);
    const std::size_t in_flight = makers.size();
    const auto make = [&](std::size_t n) {
      cancel_.throw_if_canceled();
      const TraceScope scope(trace.of_case(plans[n].case_id), "case");
      const Span span("case");
      return makers[n % in_flight]->make(plans[n]);
    };
    ReadAhead<CaseEnd> ends(plans.size(), in_flight > 1 ? in_flight : 0, make, "case");
    Made made;
    StudyTally studies;
    for (const CasePlan& plan : plans) studies.expect(plan.study);
    Progress progress{"preparing volumes", 0, plans.size(), "cases", 0, 0, studies.total()};
    for (const CasePlan& plan : plans) {
      cancel_.throw_if_canceled();
      CaseEnd end = ends.next();
      log_end(end);
      take(scan, std::move(end), staging, made);
      ++progress.done;
      progress.bytes += source_bytes(scan, plan);
      studies.finish(plan.study);
      progress.studies_done = studies.done();
      one_at_a_time(progress);
    }
    made.memory_used_bytes = std::max(made.memory_used_bytes, memory.peak_bytes());
    return made;
  }

  /// Tells the scan what became of its files.
  static void mark(Scan& scan, const Made& made) {
    for (const auto& [input, sha256] : made.hashes) scan.inputs[input].sha256 = sha256;
    for (const CaseEnd& end : made.left_out) {
      if (end.hold) mark_case(scan, end.plan, end.hold->disposition, end.hold->reason);
      if (end.failure) reject_case(scan, end.plan, *end.failure);
    }
  }

 private:
  /// One thread makes one case after the other. More cases than these only take memory.
  std::size_t cases_in_flight() const {
    constexpr int kMost = 3;
    return static_cast<std::size_t>(std::min(kMost, executor_.thread_count()));
  }

  /// On the device where it works.
  Executor another_executor() const {
    try {
      return executor_like(executor_);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::device_unavailable) throw;
      log::warning("the device failed: going on with the CPU");
      return Executor::cpu(executor_.thread_count());
    }
  }

  /// Of the device's memory each maker takes some before it has a case: where that is too much there are fewer.
  std::vector<std::unique_ptr<CaseMaker>> case_makers(const CaseJob& job, std::size_t most,
                                                      MemoryBudget& memory) const {
    std::vector<std::unique_ptr<CaseMaker>> makers;
    while (makers.size() < most) {
      try {
        makers.push_back(std::make_unique<CaseMaker>(job, another_executor(), memory));
      } catch (const Error& error) {
        if (makers.empty() || error.code() != ErrorCode::memory_exceeded) throw;
        log::info("the device has no room for {} cases side by side: {} are made", most, makers.size());
        break;
      }
    }
    return makers;
  }

  /// Whether people released a case hangs on the checksums of its files, which must be known before it is made.
  void hash_judged_faces(Scan& scan, const std::vector<CasePlan>& plans) const {
    std::set<std::size_t> judged;
    for (const CasePlan& plan : plans) {
      if (plan.recipe.looks_for_faces() && rulings_.is_known(face_id(plan.case_id))) judged.merge(files_of(scan, plan));
    }
    if (judged.empty()) return;
    hash_inputs(scan, std::vector<std::size_t>(judged.begin(), judged.end()), executor_, cancel_, on_progress_);
  }

  static std::set<std::size_t> stacks_fine_together(const Scan& scan, const std::vector<CasePlan>& plans) {
    std::vector<std::size_t> stacks;
    for (const CasePlan& plan : plans) {
      if (plan.recipe.looks_for_faces()) stacks.insert(stacks.end(), plan.stacks.begin(), plan.stacks.end());
    }
    return fine_together(scan, stacks);
  }

  static std::uint64_t source_bytes(const Scan& scan, const CasePlan& plan) {
    std::uint64_t bytes = 0;
    for (const std::size_t stack : plan.stacks) {
      for (const std::size_t c : scan.stacks[stack].instances)
        bytes += scan.inputs[scan.input_of_candidate[c]].size_bytes;
    }
    return bytes;
  }

  static void reject_case(Scan& scan, const CasePlan& plan, const CaseFailure& failure) {
    log::warning("{}: rejected ({})", Public{plan.case_id}, Public{name(failure.code)});
    reject_stack(scan, failure.stack, failure);
    for (const std::size_t stack : plan.stacks) {  // a 4-D image lacks a volume: none of it is delivered
      if (stack != failure.stack) reject_stack(scan, stack, {Code::gap, std::nullopt, stack});
    }
  }

  void take(const Scan& scan, CaseEnd end, const Staging& staging, Made& made) const {
    made.hashes.merge(end.hashes);
    for (Json& line : end.text_evidence) made.text_evidence.push_back(std::move(line));
    if (!end.face_evidence.is_null()) made.face_evidence.push_back(std::move(end.face_evidence));
    if (end.hold) made.reviewed.push_back({entry_of(scan, end.plan, *end.hold), files_of(scan, end.plan)});
    if (!end.record) {
      made.left_out.push_back(std::move(end));
    } else {
      if (end.is_resumed) ++made.resumed;
      take_record(scan, std::move(end.plan), std::move(*end.record), staging, made);
    }
  }

  void take_record(const Scan& scan, CasePlan plan, CaseRecord record, const Staging& staging, Made& made) const {
    for (const auto& [path, png] : record.text_pictures.items()) {
      write_picture(staging.report(), path, bytes_of_base64(png.get_ref<const std::string&>()));
    }
    made.memory_used_bytes = std::max(made.memory_used_bytes, record.memory_bytes);
    made.lines.push_back(std::move(record.manifest));
    for (Json& line : record.text_evidence) made.text_evidence.push_back(std::move(line));
    if (!record.face_evidence.is_null()) made.face_evidence.push_back(std::move(record.face_evidence));
    for (const bool is_face : {false, true}) {
      if (rulings_.state_of(is_face ? face_id(plan.case_id) : plan.case_id).empty()) continue;
      const CaseHold released{Disposition::used, is_face ? Code::face_present : Code::text_suspected, is_face};
      made.reviewed.push_back({entry_of(scan, plan, released), files_of(scan, plan)});
    }
    made.plans.push_back(std::move(plan));
  }

  const PrepareOptions& options_;
  const Rulings& rulings_;
  Executor& executor_;
  const CancelToken& cancel_;
  const OnProgress& on_progress_;
};

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
void remove_strays(const std::filesystem::path& out, const Made& made) {
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
bool write_job_report(const Staging& staging, const Scan& scan, const Made& made, const ProjectKey& key,
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

void set_counts(PrepareResult& result, const Scan& scan, const Made& made) {
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
  const Job job(options, rulings, executor, cancel, on_progress);
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
  Made made = job.make_cases(scan, plans, staging, trace);
  Job::mark(scan, made);
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
