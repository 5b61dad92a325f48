#include "pipeline/deid_delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/digest.h"
#include "core/log.h"
#include "dicom/rules/private_rules.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/pixels/text_reader.h"
#include "pipeline/program_build.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// The kinds of identifiers that documents are searched for.
struct Kind {
  std::string_view name;
  std::vector<std::string> dicom::Identifiers::*member;
};
constexpr std::array kKinds = {
    Kind{"person_names", &dicom::Identifiers::person_names},
    Kind{"ids", &dicom::Identifiers::ids},
    Kind{"places", &dicom::Identifiers::places},
    Kind{"dates", &dicom::Identifiers::dates},
    Kind{"others", &dicom::Identifiers::others},
};

Json to_json(const dicom::Identifiers& identifiers) {
  Json json;
  for (const Kind& kind : kKinds) json[kind.name] = identifiers.*kind.member;
  return json;
}

dicom::Identifiers identifiers_from(const Json& json) {
  dicom::Identifiers identifiers;
  for (const Kind& kind : kKinds) json.at(kind.name).get_to(identifiers.*kind.member);
  return identifiers;
}

/// Only the whole file tells of them.
void note_trailing_bytes(InputRecord& input, const dicom::DeidCounts& counts) {
  if (counts.notes.contains("trailing_bytes_dropped")) input.notes.push_back(Note::trailing_bytes);
}

/// What an earlier run wrote of one instance.
struct Finished {
  std::uint64_t record = 0;
  DeidInstance instance;
  std::string input_sha256;
  dicom::Identifiers identifiers;
  dicom::DeidCounts counts;
};

std::map<std::string, Finished> finished_by_fingerprint(DeidRecords& records) {
  std::map<std::string, Finished> result;
  records.for_each([&](std::uint64_t offset, const Json& record, std::string_view line) {
    try {
      result[record.at("fingerprint").get<std::string>()] = {
          offset, instance_from_json(record.at("instance")), record.at("input_sha256").get<std::string>(),
          identifiers_from(record.at("identifiers")), counts_of_line(line)};
    } catch (const Json::exception&) {
      return;  // of another version: made again
    }
  });
  return result;
}

}  // namespace

std::string deid_job_sha256(const Recipe& recipe, const ProjectKey& key) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", recipe_sha256(recipe), dicom::attribute_rules_sha256(),
                                 dicom::private_rules_sha256(), key.id(), program_build());
  if (recipe.looks_for_text()) text += TextDetector::built_in().weights_sha256() + TextReader::built_in().name();
  return sha256_hex(text);
}

DeidDelivery::DeidDelivery(DeidScan& scan, const Staging& staging, const ProjectKey& key, std::string job_sha256,
                           const PixelPlan& pixels, dicom::DeidProbe probe)
    : scan_(scan),
      out_(staging.out()),
      job_sha256_(std::move(job_sha256)),
      pixels_(pixels),
      probe_(probe),
      records_(staging.cases() / "instances.sealed", key),
      writer_(out_, std::move(probe)),
      identifiers_(kKinds.size()) {}

std::string DeidDelivery::fingerprint(std::size_t input) const {
  const auto patient = scan_.patients.find(dicom::patient_identifier(scan_.sources[input]));
  std::string text = fmt::format("{}\n{}\n{}\n", job_sha256_, scan_.files.inputs[input].identity,
                                 patient == scan_.patients.end() ? "" : patient->second.sha256);
  if (pixels_.released.contains(input)) text += "released\n";
  for (const dicom::PixelBox& box : pixels_.boxes_of(input)) {
    text += fmt::format("{} {} {} {} {} {}\n", box.frame, box.x, box.y, box.width, box.height, box.fill.value_or(0));
  }
  return sha256_hex(text);
}

std::vector<std::size_t> DeidDelivery::resume(const std::vector<std::size_t>& inputs, Executor& executor,
                                              const CancelToken& cancel) {
  auto finished = finished_by_fingerprint(records_);
  std::vector<const Finished*> of_input(inputs.size());
  executor.parallel_for(static_cast<std::int64_t>(inputs.size()), 1, [&](std::int64_t begin, std::int64_t) {
    cancel.throw_if_canceled();
    const auto n = static_cast<std::size_t>(begin);
    const auto found = finished.find(fingerprint(inputs[n]));
    if (found == finished.end()) return;
    const auto facts = hash_file(out_ / found->second.instance.file());
    if (facts && facts->sha256 == found->second.instance.facts.sha256) of_input[n] = &found->second;
  });
  std::vector<std::size_t> left;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const Finished* done = of_input[n];
    if (done == nullptr || !writer_.claim(done->instance.file())) {
      left.push_back(inputs[n]);
      continue;
    }
    scan_.files.inputs[inputs[n]].sha256 = done->input_sha256;
    note_trailing_bytes(scan_.files.inputs[inputs[n]], done->counts);
    add(done->identifiers, done->counts);
    delivered_.push_back({inputs[n], done->instance, done->record});
    ++resumed_count_;
  }
  return left;
}

void DeidDelivery::take(std::size_t input, const dicom::DeidResult& result) {
  if (result.reason) return hold(input, *result.reason, result.stage);
  try {
    write(input, result);
  } catch (const Error&) {
    throw;  // of the disk: the job cannot go on
  } catch (const std::exception&) {
    hold(input, Code::deid_incomplete, "write");
  }
}

void DeidDelivery::write(std::size_t input, const dicom::DeidResult& result) {
  auto instance = instance_of(result);
  if (!instance) return hold(input, Code::deid_incomplete, "write");
  const std::string file = instance->file();
  if (!writer_.claim(file)) {
    hold(input, Code::deid_incomplete, "write");
    const std::lock_guard lock(mutex_);
    contested_.insert(file);
    return;
  }
  instance->facts = writer_.write(file, result.output);
  if (!is_written(file, result.output)) {
    remove_file(file);
    return hold(input, Code::deid_incomplete, "verify");
  }
  InputRecord& source = scan_.files.inputs[input];
  note_trailing_bytes(source, result.counts);
  const std::uint64_t record = records_.append({{"schema", "naru.deid_record/2"},
                                                {"fingerprint", fingerprint(input)},
                                                {"input_sha256", source.sha256},
                                                {"instance", to_json(*instance)},
                                                {"identifiers", to_json(result.identifiers)}},
                                               deid_line(source, *instance, result));
  add(result.identifiers, result.counts);
  const std::lock_guard lock(mutex_);
  delivered_.push_back({input, std::move(*instance), record});
}

void DeidDelivery::hold(std::size_t input, Code reason, std::string_view stage) {
  const std::lock_guard lock(mutex_);
  hold_back(scan_.files.inputs[input], reason);
  held_.push_back({input, reason, std::string(stage)});
}

void DeidDelivery::remove_file(const std::string& file) {
  std::error_code ignored;  // a file that cannot be removed is found by the job as a stray
  std::filesystem::remove(out_ / file, ignored);
}

void DeidDelivery::withdraw(const DeidDelivered& one, Code reason, std::string_view stage) {
  remove_file(one.instance.file());
  take_from(counts_, counts_of_line(records_.read_line(one.record)));
  hold(one.input, reason, stage);
}

void DeidDelivery::add(const dicom::Identifiers& identifiers, const dicom::DeidCounts& counts) {
  const std::lock_guard lock(mutex_);
  add_to(counts_, counts);
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    const auto& values = identifiers.*kKinds[k].member;
    identifiers_[k].insert(values.begin(), values.end());
  }
}

dicom::Identifiers DeidDelivery::identifiers() const {
  dicom::Identifiers result;
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    (result.*kKinds[k].member).assign(identifiers_[k].begin(), identifiers_[k].end());
  }
  return result;
}

/// What was proven is what stands on the disk.
bool DeidDelivery::is_written(const std::string& file, const dicom::DeidOutput& output) {
  try {
    if (probe_) probe_("verify");
    if (writer_.reads_back(file, output)) return true;
    log::warning("a file reads otherwise than it was written: held back; check the disk");
  } catch (const std::exception&) {
    log::detail("a file could not be read back: held back");
  }
  return false;
}

void DeidDelivery::withdraw_series(const std::set<std::string>& series_uids, Code reason) {
  for (const DeidDelivered& one : delivered_) {
    if (series_uids.contains(scan_.sources[one.input].series_uid)) withdraw(one, reason, kStageOfSeries);
  }
  erase_withdrawn();
}

void DeidDelivery::settle() {
  writer_.end_flush();
  for (const DeidDelivered& one : delivered_) {
    if (contested_.contains(one.instance.file())) withdraw(one, Code::deid_incomplete, "write");
  }
  erase_withdrawn();
  std::ranges::sort(delivered_, {}, [](const DeidDelivered& one) { return one.instance.file(); });
  std::ranges::sort(held_, {}, &DeidHeld::input);
}

void DeidDelivery::erase_withdrawn() {
  std::erase_if(delivered_, [&](const DeidDelivered& one) {
    return scan_.files.inputs[one.input].disposition != Disposition::used;
  });
}

}  // namespace naru
