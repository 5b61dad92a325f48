#include "pipeline/prepare.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>

#include "core/digest.h"
#include "core/log.h"
#include "pipeline/case_held.h"
#include "pipeline/case_store.h"
#include "pipeline/content.h"
#include "pipeline/dataset.h"
#include "pipeline/dataset_proof.h"
#include "pipeline/files.h"
#include "pipeline/nyul_standard.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/pixels/text_pictures.h"
#include "pipeline/report.h"
#include "pipeline/review/rulings.h"
#include "pipeline/study_runner.h"

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

/// Lines of pixels.jsonl.
Json evidence_of(const Scan& scan, const CasePlan& plan, const CaseText& text) {
  const bool is_held = text.hold.has_value();
  Json lines = Json::array();
  for (const JudgedText& one : text.found) {
    lines.push_back(text_evidence(scan.inputs[one.file], plan.case_id, place_in(plan, one), one, is_held));
  }
  for (const Decision* one : text.later) lines.push_back(text_evidence(*one, is_held));
  return lines;
}

/// Draws what was found in a case; the lines then name their pictures. A slice that cannot be read again has none.
/// @param plan whose `text_boxes` hold what rules for the device blank, so far
/// @param boxes what is blanked, by stack of the plan; none where the case is held
void draw_case(const Scan& scan, const CasePlan& plan, const std::vector<std::vector<dicom::PixelBox>>& boxes,
               Json& evidence, Executor& executor, const CancelToken& cancel, const TakePicture& take) {
  using Place = std::pair<std::size_t, std::int64_t>;  // volume, slice
  std::vector<Json*> lines;
  for (Json& line : evidence) lines.push_back(&line);
  std::vector<std::map<std::int64_t, FrameToDraw>> frames(plan.stacks.size());
  std::vector<std::set<std::int64_t>> slices(plan.stacks.size());
  for (auto& [place, what] : frames_to_draw<Place>(lines, [&](std::size_t n) {
         return Place(lines[n]->value("volume", std::size_t{0}), lines[n]->at("slice").get<std::int64_t>());
       })) {
    const auto& [volume, k] = place;
    what.covers = both(std::move(what.covers), both(boxes_in_frame(boxes[volume], k), plan.text_boxes[volume]));
    frames[volume][k] = std::move(what);
    slices[volume].insert(k);
  }
  TextPictures pictures(plan.case_id, take);
  std::size_t rank = 0;
  for (std::size_t volume = 0; volume < plan.stacks.size(); ++volume) {
    const auto draw = [&](std::int64_t k, VolumeView<const float> slice, const dicom::ShownValues& shown) {
      pictures.add(rank++, slice, shown, frames[volume].at(k));
    };
    show_slices(scan, plan.stacks[volume], slices[volume], executor, cancel, draw);
  }
  pictures.finish();
}

/// Cases that were made, in order; plans that failed are dropped.
struct Made {
  std::vector<CasePlan> plans;
  std::vector<Json> lines;
  Json text_evidence = Json::array();  ///< of cases that were made, and of those held for their text
  Json face_evidence = Json::array();  ///< of cases that were made, and of those held for their face
  std::vector<CaseHeld> reviewed;      ///< cases for people to decide, and those about which they decided
  std::size_t resumed = 0;
  std::uint64_t memory_used_bytes = 0;
};

class Job {
 public:
  Job(const PrepareOptions& options, const ProjectKey& key, const Rulings& rulings, Executor& executor,
      const CancelToken& cancel, const OnProgress& on_progress)
      : options_(options),
        key_(key),
        rulings_(rulings),
        executor_(executor),
        cancel_(cancel),
        on_progress_(on_progress) {}

  Scan scan(std::istream& standard_input) const {
    const std::vector<std::filesystem::path> ours = {options_.out, report_folder(options_),
                                                     Staging::work_folder(options_.out)};
    const auto files = list_inputs(options_.inputs, standard_input, ours);
    return scan_inputs(files, stack_options(options_.recipe), executor_, cancel_, on_progress_);
  }

  PlanOptions plan_options(Scan& scan) const {
    return {options_.recipe, executor_.description(),
            released_series(scan, rulings_, executor_, cancel_, on_progress_)};
  }

  Made make_cases(Scan& scan, std::vector<CasePlan>& plans, const Staging& staging) const {
    StudyRunner runner(executor_, options_.memory_limit_bytes);
    give_nyul_standard(scan, plans, runner, cancel_, on_progress_);
    Made made;
    Progress progress{"preparing volumes", 0, plans.size(), "cases", 0};
    for (const CasePlan& plan : plans) {
      cancel_.throw_if_canceled();
      make_case(scan, plan, staging, runner, made);
      ++progress.done;
      for (const std::size_t stack : plan.stacks) {
        for (const std::size_t c : scan.stacks[stack].instances) {
          progress.bytes += scan.inputs[scan.input_of_candidate[c]].size_bytes;
        }
      }
      on_progress_(progress);
    }
    return made;
  }

 private:
  /// False where the case is held for its text, or cannot be read; it is marked then.
  bool look_for_text(Scan& scan, CasePlan& plan, const Staging& staging, Made& made, CaseRecord& record) const {
    for (const std::size_t stack : plan.stacks) {
      plan.text_boxes.push_back(regions_of(plan.recipe, scan, scan.stacks[stack]));
    }
    if (!plan.recipe.looks_for_text()) return true;
    const auto find = [&](VolumeView<const float> slice, const dicom::ShownValues& shown) {
      return TextDetector::built_in().find(slice, shown, plan.recipe.text_thresholds());
    };
    const WordsOfCase words = [&] { return words_of(scan, plan); };
    CaseText text = find_text(scan, plan, find, options_.memory_limit_bytes, executor_, cancel_, rulings_, words);
    for (auto& [input, sha256] : text.hashes) scan.inputs[input].sha256 = std::move(sha256);
    if (text.failure) return reject_case(scan, plan, *text.failure), false;
    record.text_evidence = evidence_of(scan, plan, text);
    Executor reader = Executor::cpu(executor_.thread_count());
    draw_case(scan, plan, text.boxes, record.text_evidence, reader, cancel_,
              [&](const std::string& path, const auto& png) {
                if (text.hold) return write_picture(staging.report(), path, png);
                record.text_pictures[path] = base64(png);
              });
    plan.text_boxes = std::move(text.boxes);
    if (!text.hold) return true;
    for (Json& line : record.text_evidence) made.text_evidence.push_back(std::move(line));
    mark_case(scan, plan, Disposition::quarantined, *text.hold);
    HeldEntry entry = held_entry(scan, plan, Disposition::quarantined, *text.hold);
    entry.needs_release = text.needs_release;
    entry.can_release = text.can_release;
    made.reviewed.push_back({std::move(entry), files_of(scan, plan)});
    return false;
  }

  /// The last answer is kept: cases of one archive have the same.
  std::optional<dicom::SeenWords> words_of(const Scan& scan, const CasePlan& plan) const {
    std::vector<InputFile> files = source_files(scan, files_of(scan, plan));
    std::vector<std::filesystem::path> paths;
    for (const InputFile& file : files) paths.push_back(file.path);
    if (!words_ || words_->first != paths) {
      const auto identifiers = identifiers_in(files, executor_, cancel_, on_progress_);
      words_.emplace(paths, identifiers ? std::optional(dicom::SeenWords(*identifiers)) : std::nullopt);
    }
    return words_->second;
  }

  /// False where the case is held for its face, or cannot be read; it is marked then. A 4-D image has one face.
  bool look_for_face(Scan& scan, CasePlan& plan, Made& made, CaseRecord& record) const {
    if (!plan.recipe.looks_for_faces()) return true;
    InputHashes hashes;
    Executor reader = Executor::cpu(executor_.thread_count());
    StackFace face = find_face(scan, plan.stacks, options_.memory_limit_bytes, reader, cancel_, hashes);
    for (auto& [input, sha256] : hashes) scan.inputs[input].sha256 = std::move(sha256);
    if (face.failure) return reject_case(scan, plan, *face.failure), false;
    const bool can_go = !face.may_show || (face.cut && face_handling(plan.recipe.face) == FaceHandling::remove);
    const bool is_held = !can_go && !is_released(scan, plan);
    Json& evidence = record.face_evidence;
    evidence = {{"case", plan.case_id}};
    evidence.update(face_evidence(face, is_held));
    if (face.cut && can_go) plan.face = std::make_shared<const FaceRemoval>(std::move(*face.cut));
    if (!is_held) return true;
    made.face_evidence.push_back(std::move(evidence));
    mark_case(scan, plan, Disposition::quarantined, Code::face_present);
    made.reviewed.push_back({face_entry(scan, plan, Disposition::quarantined), files_of(scan, plan)});
    return false;
  }

  static HeldEntry face_entry(const Scan& scan, const CasePlan& plan, Disposition disposition) {
    HeldEntry entry = held_entry(scan, plan, disposition, Code::face_present);
    entry.id = face_id(plan.case_id);
    entry.needs_release = true;
    return entry;
  }

  /// True where people judged the face of this case, with these very files, and let it go as it is.
  bool is_released(Scan& scan, const CasePlan& plan) const {
    if (!rulings_.is_known(face_id(plan.case_id))) return false;
    const std::set<std::size_t> files = files_of(scan, plan);
    hash_inputs(scan, std::vector<std::size_t>(files.begin(), files.end()), executor_, cancel_, on_progress_);
    return rulings_.releases(face_id(plan.case_id), files_sha256(scan, files));
  }

  static void reject_case(Scan& scan, const CasePlan& plan, const CaseFailure& failure) {
    log::warning("{}: rejected ({})", Public{plan.case_id}, Public{name(failure.code)});
    reject_stack(scan, failure.stack, failure);
    for (const std::size_t stack : plan.stacks) {  // a 4-D image lacks a volume: none of it is delivered
      if (stack != failure.stack) reject_stack(scan, stack, {Code::gap, std::nullopt, stack});
    }
  }

  /// False where people took the case out. What they decided becomes a part of its fingerprint.
  bool heed_decisions(Scan& scan, CasePlan& plan, Made& made) const {
    const std::string face = face_id(plan.case_id);
    const std::string state = rulings_.state_of(plan.case_id) + rulings_.state_of(face);
    if (state.empty()) return true;
    plan.fingerprint += state;
    plan.fingerprint = sha256_hex(std::as_bytes(std::span(plan.fingerprint)));
    const bool is_face = rulings_.excluded(face).has_value();
    const auto reason = is_face ? rulings_.excluded(face) : rulings_.excluded(plan.case_id);
    if (!reason) return true;
    mark_case(scan, plan, Disposition::excluded, *reason);
    HeldEntry entry = is_face ? face_entry(scan, plan, Disposition::excluded)
                              : held_entry(scan, plan, Disposition::excluded, *reason);
    made.reviewed.push_back({std::move(entry), files_of(scan, plan)});
    return false;
  }

  void make_case(Scan& scan, CasePlan plan, const Staging& staging, StudyRunner& runner, Made& made) const {
    if (!heed_decisions(scan, plan, made)) return;
    const auto file = staging.cases() / (plan.case_id + ".json");
    auto record = load_finished_case(file, plan, staging.out());
    if (record) {
      ++made.resumed;
    } else {
      CaseRecord looks;
      if (!look_for_text(scan, plan, staging, made, looks) || !look_for_face(scan, plan, made, looks)) return;
      auto outcome = runner.run(scan, plan, staging.out(), cancel_);
      for (auto& [input, sha256] : outcome.hashes) scan.inputs[input].sha256 = std::move(sha256);
      if (outcome.failure) {
        reject_case(scan, plan, *outcome.failure);
        return;
      }
      outcome.record->text_evidence = std::move(looks.text_evidence);
      outcome.record->text_pictures = std::move(looks.text_pictures);
      outcome.record->face_evidence = std::move(looks.face_evidence);
      store_case(file, plan, *outcome.record);
      record = std::move(outcome.record);
    }
    for (const auto& [path, png] : record->text_pictures.items()) {
      write_picture(staging.report(), path, bytes_of_base64(png.get_ref<const std::string&>()));
    }
    made.memory_used_bytes = std::max(made.memory_used_bytes, record->memory_bytes);
    made.lines.push_back(std::move(record->manifest));
    for (Json& line : record->text_evidence) made.text_evidence.push_back(std::move(line));
    if (!record->face_evidence.is_null()) made.face_evidence.push_back(std::move(record->face_evidence));
    if (!rulings_.state_of(plan.case_id).empty()) {
      made.reviewed.push_back({held_entry(scan, plan, Disposition::used, Code::text_suspected), files_of(scan, plan)});
    }
    if (!rulings_.state_of(face_id(plan.case_id)).empty()) {
      made.reviewed.push_back({face_entry(scan, plan, Disposition::used), files_of(scan, plan)});
    }
    made.plans.push_back(std::move(plan));
  }

  const PrepareOptions& options_;
  const ProjectKey& key_;
  const Rulings& rulings_;
  Executor& executor_;
  const CancelToken& cancel_;
  const OnProgress& on_progress_;
  /// Of which files.
  mutable std::optional<std::pair<std::vector<std::filesystem::path>, std::optional<dicom::SeenWords>>> words_;
};

/// --resume where OUT stands already: the answer comes from what was published.
/// @throws Error{output_exists} where that is no dataset of these inputs, recipe and key
PrepareResult finished_before(const Scan& scan, const std::vector<CasePlan>& plans, PrepareResult result) {
  std::set<std::pair<std::string, std::string>> planned;
  for (const CasePlan& plan : plans) planned.emplace(plan.case_id, plan.recipe_sha256);
  const Error other(
      ErrorCode::output_exists,
      "OUT holds another dataset, or one of other inputs: choose another OUT, or replace it with --force");
  std::ifstream manifest(result.out / "manifest.jsonl"), inputs(result.report / "inputs.jsonl");
  for (std::string line; std::getline(manifest, line); ++result.case_count) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !planned.contains({json.value("case", ""), json.value("recipe_sha256", "")})) throw other;
  }
  result.resumed_count = result.case_count;
  std::size_t input_count = 0;
  for (std::string line; std::getline(inputs, line); ++input_count) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    ++result.by_disposition[json.value("disposition", "")];
    if (json.contains("reason") && json["reason"].is_string()) ++result.by_reason[json["reason"].get<std::string>()];
  }
  // Without its report only the plan can say whether something is missing.
  if (input_count > 0 ? input_count != scan.inputs.size() : planned.size() != result.case_count) throw other;
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
                result.seconds, queue.entries, decisions});
  if (options.recipe && options.recipe->looks_for_text()) {
    write_evidence(staging.report() / "pixels.jsonl", made.text_evidence);
  }
  if (options.recipe && options.recipe->looks_for_faces()) {
    write_evidence(staging.report() / "faces.jsonl", made.face_evidence);
  }
  return write_review(staging.report(), queue, decisions);
}

/// What people are asked, with the checksums that are known by now.
HeldQueue queue_of(const Scan& scan, const PrepareOptions& options, std::vector<CaseHeld> held) {
  HeldQueue queue{"prepare", options.inputs, options.out, "", {}};
  for (CaseHeld& one : held) {
    one.entry.files_sha256 = files_sha256(scan, one.files);
    queue.entries.push_back(std::move(one.entry));
  }
  return queue;
}

}  // namespace

PrepareResult prepare(const PrepareOptions& options, const ProjectKey& key, Executor& executor,
                      std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress) {
  const auto start = std::chrono::steady_clock::now();
  if (options.recipe) require_for_prepare(*options.recipe);
  PrepareResult result;
  result.out = options.out;
  result.report = report_folder(options);
  Staging staging(result.out, result.report, options.on_existing);
  const Decisions decisions = decisions_for(result.report);
  const Rulings rulings(decisions);
  const Job job(options, key, rulings, executor, cancel, on_progress);
  Scan scan = job.scan(standard_input);
  const PlanOptions plan_options = job.plan_options(scan);
  auto plans = plan_cases(scan, key, plan_options);
  if (staging.is_finished()) {
    PrepareResult before = finished_before(scan, plans, result);
    if (are_applied(decisions, result.report)) return before;
    staging.reopen();
  }
  std::vector<CaseHeld> held = held_by_header(scan, rulings, plan_options);
  Made made = job.make_cases(scan, plans, staging);
  std::ranges::move(made.reviewed, std::back_inserter(held));
  complete_hashes(scan, executor, cancel, on_progress);
  const InputCounts counts = count_inputs(scan);
  result.case_count = made.plans.size();
  result.resumed_count = made.resumed;
  result.memory_used_bytes = made.memory_used_bytes;
  result.by_disposition = counts.by_disposition;
  result.by_reason = counts.by_reason;
  result.has_rejects = counts.has_rejects;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool has_review = write_job_report(staging, scan, made, key, result, options, executor,
                                           queue_of(scan, options, std::move(held)), decisions);
  if (made.plans.empty()) {
    if (has_review) staging.keep_records();
    const std::filesystem::path report = staging.publish_report_only();
    throw Error(ErrorCode::nothing_delivered,
                fmt::format("none of the {} input files became part of a case ({}): see {}", scan.inputs.size(),
                            reasons_text(result.by_reason), (report / "report.html").string()));
  }
  remove_strays(staging.out(), made);
  const DatasetFacts facts{options.project, executor.description()};
  write_documents(staging.out(), made.plans, made.lines, facts);
  prove_dataset(staging.out(), scan, made.plans, facts, executor, cancel, on_progress);
  cancel.throw_if_canceled();
  if (has_review) staging.keep_records();
  staging.publish();
  return result;
}

Json to_json(const PrepareResult& result) {
  return {{"schema", "naru.prepare/1"},       {"out", result.out.string()},
          {"report", result.report.string()}, {"cases", result.case_count},
          {"resumed", result.resumed_count},  {"inputs", result.by_disposition},
          {"reasons", result.by_reason},      {"memory_used_bytes", result.memory_used_bytes},
          {"seconds", result.seconds}};
}

std::uint64_t default_memory_limit_bytes() {
  auto bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t group = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group) bytes = std::min(bytes, group);  // "max" does not parse
  return bytes / 2;
}

}  // namespace naru
