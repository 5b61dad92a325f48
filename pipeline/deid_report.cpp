#include "pipeline/deid_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "dicom/rules/private_rules.h"
#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/input_lines.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/pixels/text_reader.h"
#include "pipeline/version.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// The keys of prepare's inputs.jsonl, with `output` beside them.
void write_inputs(const std::filesystem::path& file, const DeidScan& scan, std::span<const DeidDelivered> delivered) {
  std::map<std::size_t, std::string> outputs;
  for (const DeidDelivered& one : delivered) outputs[one.input] = one.instance.file();
  FileWriter writer(file);
  for (std::size_t i = 0; i < scan.files.inputs.size(); ++i) {
    const InputRecord& input = scan.files.inputs[i];
    const auto output = outputs.find(i);
    Json json = input_line(input);
    json["case"] = nullptr;
    json["output"] = output == outputs.end() ? Json(nullptr) : Json(output->second);
    add_notes(json, input);
    const std::string line = json_line(json);
    writer.append(std::as_bytes(std::span(line)));
  }
  writer.finish();
}

/// Pseudonyms and source of every instance, one JSON object a line.
std::string link_table(const DeidScan& scan, std::span<const DeidDelivered> delivered) {
  std::string text;
  for (const auto& [input, instance, record] : delivered) {
    const dicom::DeidSource& source = scan.sources[input];
    text += json_line({{"schema", "naru.link/1"},
                       {"patient", instance.patient},
                       {"study", instance.study},
                       {"series", instance.series},
                       {"instance", instance.instance},
                       {"patient_id", valid_utf8(source.patient_id)},
                       {"issuer_of_patient_id", valid_utf8(source.issuer_of_patient_id)},
                       {"study_uid", valid_utf8(source.study_uid)},
                       {"series_uid", valid_utf8(source.series_uid)},
                       {"sop_instance_uid", valid_utf8(source.sop_instance_uid)}});
  }
  return text;
}

Json held_line(const DeidScan& scan, const DeidHeld& one) {
  return {{"schema", "naru.deid/1"},
          {"output", nullptr},
          {"sop_instance_uid", text_or_null(scan.files.inputs[one.input].sop_instance_uid)},
          {"residual_check", is_held_by_proof(one) ? "failed" : "not_reached"},
          {"reason", name(one.reason)},
          {"stage", one.stage}};
}

}  // namespace

bool is_held_by_proof(const DeidHeld& one) { return one.stage == "proof"; }

std::string deid_line(const InputRecord& input, const DeidInstance& instance, const dicom::DeidResult& result) {
  Json line = {{"schema", "naru.deid/1"},
               {"output", instance.file()},
               {"sop_instance_uid", text_or_null(input.sop_instance_uid)}};
  line.update(to_json(result.counts));
  line.update({{"pixels", instance.pixels_are_kept ? "kept" : "changed"},
               {"pixels_reason", text_or_null(instance.pixels_reason)},
               {"bytes_searched", result.bytes_searched},
               {"patterns_searched", result.patterns_searched},
               {"residual_check", "passed"},
               {"reason", nullptr},
               {"stage", nullptr}});
  return json_line(line);
}

dicom::DeidCounts counts_of_line(std::string_view line) { return counts_from_json(Json::parse(line)); }

void write_deid_lines(const std::filesystem::path& folder, const DeidScan& scan,
                      std::span<const DeidDelivered> delivered, std::span<const DeidHeld> held,
                      const std::function<std::string(const DeidDelivered&)>& line_of) {
  FileWriter writer(folder / "deid.jsonl");
  const auto write = [&](const std::string& line) { writer.append(std::as_bytes(std::span(line))); };
  for (const DeidDelivered& one : delivered) write(line_of(one));
  for (const DeidHeld& one : held) write(json_line(held_line(scan, one)));
  writer.finish();
}

Json record_json(std::size_t delivered_count, const dicom::DeidCounts& counts, const InputCounts& inputs,
                 const DeidReportFacts& facts) {
  Json json = {{"schema", "naru.record/1"}};
  json.update(to_json(facts.record));
  json.update({{"project", facts.project},
               {"key_id", facts.key_id},
               {"tool_version", kVersion},
               {"recipe", facts.recipe.name},
               {"policy_sha256", recipe_sha256(facts.recipe)},
               {"attribute_rules_sha256", dicom::attribute_rules_sha256()},
               {"private_rules_sha256", dicom::private_rules_sha256()},
               {"options", facts.recipe.options},
               {"weaker_than_profile", policy_of(facts.recipe).is_weaker_than_profile()},
               {"instances", delivered_count},
               {"inputs", inputs.by_disposition},
               {"counts_by_action", counts.by_action},
               {"residual_check", delivered_count > 0 ? "passed" : "nothing_delivered"},
               {"residual_check_held", facts.held_by_proof},
               {"held_for_review", facts.held.size()}});
  if (facts.recipe.looks_for_text()) {
    const TextReader& reader = TextReader::built_in();
    json["text_weights_sha256"] = TextDetector::built_in().weights_sha256();
    json["text_reader"] = reader.is_ready() ? Json(reader.name()) : Json(nullptr);
  }
  if (!facts.decisions.all.empty()) json["review"] = review_json(facts.decisions);
  return json;
}

void write_deid_report(const std::filesystem::path& folder, const DeidScan& scan,
                       std::span<const DeidDelivered> delivered, const dicom::DeidCounts& counts, const ProjectKey& key,
                       const DeidReportFacts& facts) {
  write_inputs(folder / "inputs.jsonl", scan, delivered);
  const Json record = record_json(delivered.size(), counts, count_inputs(scan.files), facts);
  write_file(folder / "record.json", record.dump(2) + "\n");
  if (!delivered.empty()) {
    const auto sealed = key.seal(link_table(scan, delivered));
    write_file(folder / "link.sealed", {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
  }
  write_deid_report_html(folder / "report.html", scan, delivered, counts, facts);
}

}  // namespace naru
