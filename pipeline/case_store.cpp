#include "pipeline/case_store.h"

#include "pipeline/files.h"
#include "pipeline/outputs/layout.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

std::optional<Json> parse_record(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxRecordBytes);
  if (!text) return std::nullopt;
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return std::nullopt;
  return json;
}

std::optional<CaseRecord> record_from(const std::optional<Json>& json) {
  if (!json) return std::nullopt;
  try {
    return CaseRecord{json->at("manifest"),
                      preview_from_json(json->at("preview")),
                      json->at("memory_bytes").get<std::uint64_t>(),
                      json->at("text_evidence"),
                      json->at("text_pictures"),
                      json->at("face_evidence")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void store_case(const std::filesystem::path& file, const CasePlan& plan, const CaseRecord& record) {
  write_file(file, json_line({{"schema", "naru.case_record/1"},
                              {"fingerprint", plan.fingerprint},
                              {"manifest", record.manifest},
                              {"memory_bytes", record.memory_bytes},
                              {"preview", to_json(record.preview)},
                              {"text_evidence", record.text_evidence},
                              {"text_pictures", record.text_pictures},
                              {"face_evidence", record.face_evidence}}));
}

std::optional<CaseRecord> load_case(const std::filesystem::path& file) { return record_from(parse_record(file)); }

std::optional<CaseRecord> load_finished_case(const std::filesystem::path& file, const CasePlan& plan,
                                             const std::filesystem::path& out) {
  const auto json = parse_record(file);
  if (!json || !json->contains("fingerprint") || json->at("fingerprint") != plan.fingerprint) return std::nullopt;
  auto record = record_from(json);
  if (!record || !record->manifest.contains("sha256")) return std::nullopt;
  const auto is_whole = [&](const std::string& path, const Json& said) {
    const auto facts = hash_file(out / path);
    return facts && said.at("sha256") == facts->sha256;
  };
  if (!is_whole(image_path(plan), record->manifest)) return std::nullopt;
  const auto mask = record->manifest.find("redaction");
  if (mask != record->manifest.end() && !is_whole(redaction_path(plan), *mask)) return std::nullopt;
  return record;
}

}  // namespace naru
