#include "pipeline/prepare_job.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "core/log.h"
#include "kernels/executor_like.h"
#include "pipeline/case_held.h"
#include "pipeline/content.h"
#include "pipeline/dataset_proof.h"
#include "pipeline/nyul_standard.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/fine_together.h"
#include "pipeline/pixels/text_pictures.h"
#include "pipeline/read_ahead.h"
#include "pipeline/study_tally.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

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

/// The words of patients, as the last case had them: cases of one archive have the same. For use by several threads.
class WordsOfPatients {
 public:
  WordsOfPatients(const Scan& scan, Executor executor, const CancelToken& cancel, const OnProgress& on_progress)
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

}  // namespace

std::filesystem::path report_folder(const PrepareOptions& options) {
  if (!options.report.empty()) return options.report;
  std::filesystem::path report = plain_path(options.out);
  report += ".report";
  return report;
}

Scan PrepareJob::scan(std::istream& standard_input) const {
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

std::uint64_t PrepareJob::memory_beside_headers_of(const Scan& scan) const {
  return memory_beside_headers(options_.memory_limit_bytes, std::max(scan.inputs.size(), scan.candidates.size()));
}

PlanOptions PrepareJob::plan_options(Scan& scan) const {
  return {options_.recipe, executor_.description(), released_series(scan, rulings_, executor_, cancel_, on_progress_)};
}

MadeCases PrepareJob::make_cases(Scan& scan, std::vector<CasePlan>& plans, const Staging& staging, Trace& trace) const {
  hash_judged_faces(scan, plans);
  std::mutex progress_mutex;
  const OnProgress one_at_a_time = [&](const Progress& progress) {
    const std::lock_guard lock(progress_mutex);
    on_progress_(progress);
  };
  WordsOfPatients words(scan, Executor::cpu(executor_.thread_count()), cancel_, one_at_a_time);
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
  MadeCases made;
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

void PrepareJob::mark(Scan& scan, const MadeCases& made) {
  for (const auto& [input, sha256] : made.hashes) scan.inputs[input].sha256 = sha256;
  for (const CaseEnd& end : made.left_out) {
    if (end.hold) mark_case(scan, end.plan, end.hold->disposition, end.hold->reason);
    if (end.failure) reject_case(scan, end.plan, *end.failure);
  }
}

std::size_t PrepareJob::cases_in_flight() const {
  constexpr int kMost = 3;
  return static_cast<std::size_t>(std::min(kMost, executor_.thread_count()));
}

Executor PrepareJob::another_executor() const {
  try {
    return executor_like(executor_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::device_unavailable) throw;
    log::warning("the device failed: going on with the CPU");
    return Executor::cpu(executor_.thread_count());
  }
}

std::vector<std::unique_ptr<CaseMaker>> PrepareJob::case_makers(const CaseJob& job, std::size_t most,
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

void PrepareJob::hash_judged_faces(Scan& scan, const std::vector<CasePlan>& plans) const {
  std::set<std::size_t> judged;
  for (const CasePlan& plan : plans) {
    if (plan.recipe.looks_for_faces() && rulings_.is_known(face_id(plan.case_id))) judged.merge(files_of(scan, plan));
  }
  if (judged.empty()) return;
  hash_inputs(scan, std::vector<std::size_t>(judged.begin(), judged.end()), executor_, cancel_, on_progress_);
}

std::set<std::size_t> PrepareJob::stacks_fine_together(const Scan& scan, const std::vector<CasePlan>& plans) {
  std::vector<std::size_t> stacks;
  for (const CasePlan& plan : plans) {
    if (plan.recipe.looks_for_faces()) stacks.insert(stacks.end(), plan.stacks.begin(), plan.stacks.end());
  }
  return fine_together(scan, stacks);
}

std::uint64_t PrepareJob::source_bytes(const Scan& scan, const CasePlan& plan) {
  std::uint64_t bytes = 0;
  for (const std::size_t stack : plan.stacks) {
    for (const std::size_t c : scan.stacks[stack].instances)
      bytes += scan.inputs[scan.input_of_candidate[c]].size_bytes;
  }
  return bytes;
}

void PrepareJob::reject_case(Scan& scan, const CasePlan& plan, const CaseFailure& failure) {
  log::warning("{}: rejected ({})", Public{plan.case_id}, Public{name(failure.code)});
  reject_stack(scan, failure.stack, failure);
  for (const std::size_t stack : plan.stacks) {  // a 4-D image lacks a volume: none of it is delivered
    if (stack != failure.stack) reject_stack(scan, stack, {Code::gap, std::nullopt, stack});
  }
}

void PrepareJob::take(const Scan& scan, CaseEnd end, const Staging& staging, MadeCases& made) const {
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

void PrepareJob::take_record(const Scan& scan, CasePlan plan, CaseRecord record, const Staging& staging,
                             MadeCases& made) const {
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

}  // namespace naru
