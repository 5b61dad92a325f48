#include "pipeline/input_lines.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "pipeline/content.h"
#include "pipeline/documents.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string key_of(const Json& line) {
  return fmt::format("{} {} {}", text_of(line, "sop_instance_uid"), line.value("size_bytes", std::uint64_t{0}),
                     text_of(line, "identity"));
}

}  // namespace

Json input_line(const InputRecord& input) {
  const std::string identity = input.identity.empty() ? "" : sha256_hex(input.identity);
  return {{"schema", "naru.inputs/1"},
          {"path", valid_utf8(input.path.string())},
          {"sha256", text_or_null(input.sha256)},
          {"size_bytes", input.size_bytes},
          {"sop_instance_uid", text_or_null(input.sop_instance_uid)},
          {"identity", text_or_null(identity)},
          {"disposition", name(input.disposition)},
          {"reason", input.reason ? Json(name(*input.reason)) : Json(nullptr)}};
}

void add_notes(Json& line, const InputRecord& input) {
  for (const Note note : input.notes) line["notes"].push_back(name(note));
}

bool PublishedInputs::are_those_of(Scan& scan, Executor& executor, const CancelToken& cancel,
                                   const OnProgress& on_progress) const {
  if (scan.inputs.size() != count) return false;
  std::multiset<std::string> given, given_hashes;
  for (const InputRecord& input : scan.inputs) given.insert(key_of(input_line(input)));
  if (given == keys) return true;
  complete_hashes(scan, executor, cancel, on_progress);
  for (const InputRecord& input : scan.inputs) {
    if (!input.sha256.empty()) given_hashes.insert(input.sha256);
  }
  return given_hashes == hashes;
}

void PublishedInputs::require_those_of(Scan& scan, Executor& executor, const CancelToken& cancel,
                                       const OnProgress& on_progress) const {
  if (are_those_of(scan, executor, cancel, on_progress)) return;
  throw Error(ErrorCode::output_exists,
              "OUT was made of inputs that have changed since: choose another OUT, or replace it with --force");
}

PublishedInputs published_inputs(const std::filesystem::path& report) {
  PublishedInputs published;
  std::ifstream lines(report / "inputs.jsonl");
  for (std::string text; std::getline(lines, text); ++published.count) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) continue;
    published.keys.insert(key_of(line));
    if (std::string hash = text_of(line, "sha256"); !hash.empty()) published.hashes.insert(std::move(hash));
    ++published.by_disposition[text_of(line, "disposition")];
    const std::string reason = text_of(line, "reason");
    if (!reason.empty()) ++published.by_reason[reason];
  }
  return published;
}

}  // namespace naru
