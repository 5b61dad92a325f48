#include "pipeline/deidentify.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "core/log.h"
#include "dicom/rules/private_rules.h"
#include "pipeline/content.h"
#include "pipeline/deid_dataset.h"
#include "pipeline/deid_delivery.h"
#include "pipeline/deid_held.h"
#include "pipeline/deid_plan.h"
#include "pipeline/deid_report.h"
#include "pipeline/deid_run.h"
#include "pipeline/files.h"
#include "pipeline/input_lines.h"
#include "pipeline/open_file.h"
#include "pipeline/pixels/deid_pictures.h"
#include "pipeline/pixels/face_plan.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/pixels/text_plan.h"
#include "pipeline/report.h"
#include "pipeline/review/rulings.h"
#include "pipeline/verify_files.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;

fs::path report_folder(const DeidentifyOptions& options) {
  if (!options.report.empty()) return options.report;
  fs::path report = plain_path(options.out);
  report += ".report";
  return report;
}

std::vector<InputFile> list_inputs_of(const DeidentifyOptions& options, std::istream& standard_input) {
  const std::vector<fs::path> ours = {options.out, report_folder(options), Staging::work_folder(options.out)};
  return list_inputs(options.inputs, standard_input, ours);
}

DeidScan scan_and_plan(const std::vector<InputFile>& files, const DeidentifyOptions& options, Executor& executor,
                       const CancelToken& cancel, const OnProgress& on_progress) {
  DeidScan scan = scan_for_deid(files, policy_of(options.recipe), executor, cancel, on_progress);
  const std::uint64_t memory_bytes = memory_beside_headers(options.memory_limit_bytes, scan.files.inputs.size());
  plan_deid(scan, options.recipe, memory_bytes, executor, cancel, on_progress);
  return scan;
}

/// True where the record of a published job is that of the same recipe, tables, key and version.
bool is_record_of(const Json& record, const DeidentifyOptions& options, const ProjectKey& key) {
  Json wanted = {{"policy_sha256", recipe_sha256(options.recipe)},
                 {"attribute_rules_sha256", dicom::attribute_rules_sha256()},
                 {"private_rules_sha256", dicom::private_rules_sha256()},
                 {"key_id", key.id()},
                 {"tool_version", kVersion}};
  if (options.recipe.looks_for_text()) wanted["text_weights_sha256"] = TextDetector::built_in().weights_sha256();
  return record.is_object() && std::ranges::all_of(wanted.items(), [&](const auto& item) {
           return record.contains(item.key()) && record.at(item.key()) == item.value();
         });
}

/// --resume where OUT stands already: the answer comes from what was published.
/// @throws Error{output_exists} where that is no dataset of as many inputs, of this recipe and key
DeidentifyResult finished_before(const DeidScan& scan, const PublishedInputs& inputs, const DeidentifyOptions& options,
                                 const ProjectKey& key, DeidentifyResult result) {
  const auto text = read_file(result.report / "record.json", kMaxRecordBytes);
  if (!text || !is_record_of(Json::parse(*text, nullptr, false), options, key) ||
      inputs.count != scan.files.inputs.size()) {
    throw Error(ErrorCode::output_exists,
                "OUT holds another dataset, or one of other inputs, or its report is not where this run looks for it: "
                "choose another OUT, or replace it with --force");
  }
  result.by_disposition = inputs.by_disposition;
  result.by_reason = inputs.by_reason;
  std::ifstream manifest(result.out / "manifest.jsonl");
  for (std::string line; std::getline(manifest, line);) ++result.instance_count;
  result.resumed_count = result.instance_count;
  result.has_rejects = result.by_disposition.contains("rejected") || result.by_disposition.contains("quarantined");
  return result;
}

struct InputsLeft {
  std::vector<std::size_t> by_recipe, to_blank;
};

/// A recipe that holds all text blanks nothing; where people decided to blank, that takes a policy of its own.
InputsLeft split(const std::vector<std::size_t>& inputs, const PixelPlan& pixels, const Recipe& recipe) {
  InputsLeft left;
  for (const std::size_t input : inputs) {
    const bool is_to_blank =
        recipe.text == "quarantine" && !std::ranges::all_of(pixels.boxes_of(input), &dicom::PixelBox::is_face);
    (is_to_blank ? left.to_blank : left.by_recipe).push_back(input);
  }
  return left;
}

dicom::DeidentifyPolicy blanking_policy(const Recipe& recipe) {
  dicom::DeidentifyPolicy policy = policy_of(recipe);
  policy.options.add(dicom::DeidOption::clean_pixel_data);
  return policy;
}

void take_counts(const DeidScan& scan, DeidentifyResult& result) {
  const InputCounts counts = count_inputs(scan.files);
  result.by_disposition = counts.by_disposition;
  result.by_reason = counts.by_reason;
  result.has_rejects = counts.has_rejects;
}

/// What was blanked is looked at once more: what still shows text is held with its series, and drawn.
class SecondLooks {
 public:
  SecondLooks(const DeidScan& scan, const TextPlan& texts, LookForText look, fs::path report)
      : scan_(scan), texts_(texts), look_(std::move(look)), report_(std::move(report)) {}

  /// Thread-safe.
  void take_or_hold(std::size_t input, const dicom::DeidResult& result, DeidDelivery& delivery) {
    const auto boxes_in = [&](const PixelOrders& orders) {
      const auto found = orders.find(input);
      return found == orders.end() ? std::vector<dicom::PixelBox>() : found->second;
    };
    const std::vector<dicom::PixelBox> blanked = both(boxes_in(texts_.orders), boxes_in(texts_.regions));
    if (result.reason || blanked.empty()) return delivery.take(input, result);
    SecondLook again = look_again(result.output, blanked, boxes_in(texts_.kept), words_of(input, result), look_);
    if (again.is_clean) return delivery.take(input, result);
    delivery.hold(input, Code::text_suspected, "verify");
    Json lines = lines_of(input, again.texts, result.output.bytes());
    const std::lock_guard lock(mutex_);
    shown_[input] = {std::move(again.texts), std::move(lines)};
  }

  std::map<std::size_t, std::vector<JudgedText>> shown() const {  ///< by input
    std::map<std::size_t, std::vector<JudgedText>> shown;
    for (const auto& [input, seen] : shown_) shown[input] = seen.first;
    return shown;
  }
  /// UIDs of the series of which a file is held.
  std::set<std::string> series() const {
    std::set<std::string> uids;
    for (const auto& [input, seen] : shown_) uids.insert(scan_.sources[input].series_uid);
    return uids;
  }
  /// Of pixels.jsonl.
  std::vector<Json> lines() const {
    std::vector<Json> all;
    for (const auto& [input, seen] : shown_) all.insert(all.end(), seen.second.begin(), seen.second.end());
    return all;
  }

 private:
  /// What was removed from the file, and what all files of its patient hold.
  dicom::SeenWords words_of(std::size_t input, const dicom::DeidResult& result) const {
    dicom::Identifiers all = result.identifiers;
    const auto patient = scan_.patients.find(dicom::patient_identifier(scan_.sources[input]));
    if (patient != scan_.patients.end() && patient->second.words) {
      const dicom::Identifiers& shared = *patient->second.words;
      for (const auto member :
           {&dicom::Identifiers::person_names, &dicom::Identifiers::ids, &dicom::Identifiers::places}) {
        (all.*member).insert((all.*member).end(), (shared.*member).begin(), (shared.*member).end());
      }
    }
    return dicom::SeenWords(all);
  }

  Json lines_of(std::size_t input, const std::vector<JudgedText>& texts, dicom::Bytes file) const {
    const std::string series = series_id(scan_.sources[input].series_uid);
    Json lines = Json::array();
    for (const JudgedText& text : texts) {
      lines.push_back(text_evidence(scan_.files.inputs[input], series, {{"frame", text.frame}}, text, true));
    }
    std::vector<Json*> to_draw;
    for (Json& line : lines) to_draw.push_back(&line);
    TextPictures pictures(series, [&](const std::string& path, const auto& png) { write_picture(report_, path, png); });
    draw_file(file, frames_to_draw<std::int64_t>(to_draw, [&](std::size_t n) { return texts[n].frame; }), kMostTiles,
              pictures);
    return lines;
  }

  const DeidScan& scan_;
  const TextPlan& texts_;
  LookForText look_;
  fs::path report_;
  std::mutex mutex_;
  std::map<std::size_t, std::pair<std::vector<JudgedText>, Json>> shown_;
};

/// Lines of pixels.jsonl. What was planned for a file that is not delivered in the end was not done.
Json evidence_of(const TextPlan& texts, const SecondLooks& looks, const DeidScan& scan,
                 std::span<const DeidHeld> held) {
  std::set<std::size_t> held_inputs;
  for (const DeidHeld& one : held) held_inputs.insert(one.input);
  Json evidence = texts.evidence;
  for (std::size_t n = 0; n < evidence.size(); ++n) {
    const std::size_t input = texts.evidence_inputs[n];
    const bool is_used = scan.files.inputs[input].disposition == Disposition::used;
    if (!is_used || held_inputs.contains(input)) mark_held(evidence[n]);
  }
  for (Json& line : looks.lines()) evidence.push_back(std::move(line));
  return evidence;
}

/// What is done to the pixels of every input that is still used.
PixelOrders all_orders(const DeidScan& scan, const TextPlan& texts, const FacePlan& faces) {
  PixelOrders orders = texts.orders;
  for (const auto& [input, boxes] : faces.orders) {
    orders[input].insert(orders[input].end(), boxes.begin(), boxes.end());
  }
  std::erase_if(orders,
                [&](const auto& order) { return scan.files.inputs[order.first].disposition != Disposition::used; });
  return orders;
}

/// The recipe without the rules for devices that a delivered file names as they do: the file tells of its own device.
/// The files of one series are of one device.
Recipe without_delivered_devices(Recipe recipe, const fs::path& out, const std::vector<DeidInstance>& instances) {
  constexpr std::size_t kPrefixBytes = std::size_t{256} << 10;  // a device that stands further behind is searched for
  dicom::DeidentifyPolicy policy = policy_of(recipe);
  std::vector<std::byte> prefix;
  std::set<std::string_view> seen;
  for (const DeidInstance& one : instances) {
    if (recipe.regions.empty() || !seen.insert(one.series).second) continue;
    prefix.resize(kPrefixBytes);
    prefix.resize(OpenFile(out / one.file()).read_at(0, prefix).value_or(0));
    std::erase_if(recipe.regions, [&](const dicom::PixelRegion& rule) {
      policy.regions = {rule};
      return !dicom::regions_of_file(prefix, policy).empty();
    });
  }
  return recipe;
}

/// Writes the documents of OUT once it is proven that they name nobody.
void write_out(const fs::path& out, const DeidDelivery& delivery, const DeidentifyOptions& options) {
  std::vector<DeidInstance> instances;
  std::set<std::string> files;
  for (const DeidDelivered& one : delivery.delivered()) {
    instances.push_back(one.instance);
    files.insert(one.instance.file());
  }
  const DeidDocuments documents = deid_documents(instances, delivery.counts(), options.recipe, options.project);
  prove_documents(documents, deid_documents({}, delivery.counts(), options.recipe, options.project),
                  written_by_people(without_delivered_devices(options.recipe, out, instances), options.project),
                  delivery.identifiers());
  remove_all_but(out, files);
  for (const auto& [name, text] : documents) write_file(out / name, text);
}

std::string reasons_text(const std::map<std::string, std::size_t>& by_reason) {
  std::string text;
  for (const auto& [reason, count] : by_reason) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count);
  return text;
}

}  // namespace

namespace {

/// Tells --verbose what became of the files: by pseudonym and by code.
void log_result(const DeidDelivery& delivery, const DeidentifyResult& result) {
  std::map<std::string_view, std::size_t> by_series;
  for (const DeidDelivered& one : delivery.delivered()) ++by_series[one.instance.series];
  for (const auto& [series, count] : by_series) log::detail("{}: {} instances delivered", Public{series}, count);
  for (const auto& [reason, count] : result.by_reason) log::detail("{} files: {}", count, Public{reason});
  log::detail("{} of the instances were finished before; {:.2f} s in all", result.resumed_count, result.seconds);
}

/// What a file needed is kept for the next one, in the heap of each thread: given back to the system and asked for again
/// file by file, memory takes most of the time of files of many items.
/// @param memory_bytes that the job may use
void keep_memory_of_files(std::uint64_t memory_bytes, int thread_count) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{128} << 20;
  constexpr int kPart = 8;
  mallopt(M_TOP_PAD, static_cast<int>(std::min(kMostBytes, memory_bytes / kPart)) / thread_count);
}

}  // namespace

Recipe default_deid_recipe() {
  Recipe recipe;
  recipe.name = "deidentify-basic";
  recipe.options = {"clean-descriptors", "retain-longitudinal-modified-dates"};
  return recipe;
}

DeidentifyResult deidentify(const DeidentifyOptions& options, const ProjectKey& key, Executor& device,
                            std::istream& standard_input, const CancelToken& cancel, const OnProgress& on_progress) {
  const auto start = std::chrono::steady_clock::now();
  Executor executor = Executor::cpu(device.thread_count());
  keep_memory_of_files(options.memory_limit_bytes, executor.thread_count());
  TextDevice text_device(device);
  const dicom::Deidentifier engine(policy_of(options.recipe), key.pseudonym_key(), std::string(kVersion),
                                   options.probe);
  DeidentifyResult result;
  result.out = options.out;
  result.report = report_folder(options);
  Staging staging(result.out, result.report, options.on_existing);
  const JobIdentity job{recipe_sha256(options.recipe), key.id()};
  const Decisions decisions = decisions_for_job(result.report, job, options.on_existing == OnExisting::resume);
  const Rulings rulings(decisions);
  const std::vector<InputFile> files = list_inputs_of(options, standard_input);
  DeidScan scan = scan_and_plan(files, options, executor, cancel, on_progress);
  if (staging.is_finished()) {
    const PublishedInputs inputs = published_inputs(result.report);
    DeidentifyResult before = finished_before(scan, inputs, options, key, result);
    if (are_applied(decisions, result.report)) {
      inputs.require_those_of(scan.files, executor, cancel, on_progress);
      require_unchanged(result.out, executor, cancel, on_progress);
      return before;
    }
    staging.reopen();
  }
  const std::uint64_t memory_bytes = memory_beside_headers(options.memory_limit_bytes, scan.files.inputs.size());
  if (options.recipe.looks_for_text()) require_room_for_text(memory_bytes, options.memory_limit_bytes);
  const std::vector<std::size_t> chosen = used_inputs(scan);
  log::detail("{} input files were read, of {} patients; {} of the files are wanted", scan.files.inputs.size(),
              scan.patients.size(), chosen.size());
  std::vector<HeldEntry> excluded = exclude_decided(scan, rulings);
  const std::vector<std::size_t> tried = used_inputs(scan);
  auto released = released_inputs(scan, rulings, series_id, executor, cancel, on_progress);
  const auto faces_released = released_inputs(scan, rulings, face_id, executor, cancel, on_progress);
  const TextThresholds thresholds = options.recipe.text_thresholds();
  const LookForText look = [&](dicom::Bytes file) {
    TextLook seen = TextDetector::built_in().look(file, thresholds, text_device);
    seen.regions = dicom::regions_of_file(file, engine.policy());
    return seen;
  };
  std::optional<KnownLooks> known;  // a recipe that looks for nothing needs no detector
  if (options.recipe.looks_for_text()) {
    known.emplace(staging.cases() / "looks.sealed", key, recipe_sha256(options.recipe));
  }
  TextPlan texts = plan_text(scan, text_handling(options.recipe.text), look, memory_bytes, executor, cancel,
                             on_progress, known ? &*known : nullptr, rulings);
  released.insert(texts.released.begin(), texts.released.end());
  std::optional<KnownFaces> known_faces;
  if (options.recipe.looks_for_faces()) known_faces.emplace(staging.cases() / "faces.sealed", key);
  const FacePlan faces = plan_faces(scan, files, face_handling(options.recipe.face), faces_released, memory_bytes,
                                    executor, cancel, on_progress, known_faces ? &*known_faces : nullptr);
  draw_texts(scan, texts, staging.report(), memory_bytes, executor, cancel, on_progress);
  const LookForText look_once_more = [&](dicom::Bytes file) {
    if (options.probe) options.probe("second_look");
    return look(file);
  };
  SecondLooks second_looks(scan, texts, look_once_more, staging.report());
  const PixelPlan pixels{all_orders(scan, texts, faces), released};
  DeidDelivery delivery(scan, staging, key, deid_job_sha256(options.recipe, key), pixels, options.probe);
  const DeidMemory memory{memory_bytes, texts.orders.empty() && texts.regions.empty() ? 0 : kTextWorkBytes};
  const auto run_on = [&](std::span<const std::size_t> inputs, const dicom::Deidentifier& with) {
    run_deid(scan, inputs, with, pixels, memory, executor, cancel, on_progress,
             [&](std::size_t input, const dicom::DeidResult& one) { second_looks.take_or_hold(input, one, delivery); });
  };
  const InputsLeft left = split(delivery.resume(used_inputs(scan), executor, cancel), pixels, options.recipe);
  run_on(left.by_recipe, engine);
  if (!left.to_blank.empty()) {
    run_on(left.to_blank, {blanking_policy(options.recipe), key.pseudonym_key(), std::string(kVersion), options.probe});
  }
  delivery.withdraw_series(second_looks.series(), Code::text_suspected);
  delivery.settle();
  std::future<void> documents;  // of OUT, made and proven beside the report
  if (!delivery.delivered().empty()) {
    documents = std::async(std::launch::async, [&] { write_out(staging.out(), delivery, options); });
  }
  complete_hashes(scan.files, executor, cancel, on_progress);
  write_deid_lines(staging.report(), scan, delivery.delivered(), delivery.held(),
                   [&](const DeidDelivered& one) { return delivery.line_of(one); });
  take_counts(scan, result);
  result.instance_count = delivery.delivered().size();
  result.resumed_count = delivery.resumed_count();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  log_result(delivery, result);
  HeldQueue queue{"deidentify", options.inputs, options.out, "", std::move(excluded), "", job, options.to_repeat};
  std::ranges::copy(texts.queue, std::back_inserter(queue.entries));
  complete_checksums(queue.entries, scan, chosen);
  add_held(queue.entries, scan, {tried, delivery.held(), released, second_looks.shown()});
  for (HeldEntry& entry : queue.entries) {
    // Whoever takes an exclusion back has it looked at by the next run, which releases what it may.
    const bool is_looked_at_next =
        entry.disposition == Disposition::excluded && entry.id == series_id(entry.series_uid) && texts.was_looked;
    entry.can_redact = is_looked_at_next || texts.can_redact.contains(entry.id);
  }
  add_faces(queue.entries, scan, tried, faces);
  write_deid_report(
      staging.report(), scan, delivery.delivered(), delivery.counts(), key,
      {options.project, key.id(), options.recipe, options.record, result.seconds, decisions, queue.entries,
       static_cast<std::size_t>(std::ranges::count_if(delivery.held(), is_held_by_proof))});
  if (texts.was_looked)
    write_evidence(staging.report() / "pixels.jsonl", evidence_of(texts, second_looks, scan, delivery.held()));
  if (faces.was_looked) write_evidence(staging.report() / "faces.jsonl", faces.evidence);
  const bool has_review = write_review(staging.report(), std::move(queue), decisions);
  if (result.instance_count == 0) {
    if (has_review) staging.keep_records();
    const fs::path report = staging.publish_report_only();
    throw Error(ErrorCode::nothing_delivered,
                fmt::format("none of the {} input files was delivered ({}){}: see {}", scan.files.inputs.size(),
                            reasons_text(result.by_reason), staging.withdraws_out() ? kWithdrawn : "",
                            (report / "report.html").string()));
  }
  documents.get();
  cancel.throw_if_canceled();
  if (has_review) staging.keep_records();
  staging.publish();
  return result;
}

Json to_json(const DeidentifyResult& result) {
  return {{"schema", "naru.deidentify/1"},      {"out", result.out.string()},      {"report", result.report.string()},
          {"instances", result.instance_count}, {"resumed", result.resumed_count}, {"inputs", result.by_disposition},
          {"reasons", result.by_reason},        {"seconds", result.seconds}};
}

}  // namespace naru
