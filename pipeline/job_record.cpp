#include "pipeline/job_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/toml_value.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRecordBytes = 1 << 16;
constexpr std::size_t kMaxTextBytes = 1000;

struct Key {
  std::string_view name;
  std::optional<std::string> JobRecord::*member;
};
constexpr std::array kKeys = {
    Key{"purpose", &JobRecord::purpose},
    Key{"recipient", &JobRecord::recipient},
    Key{"decision_number", &JobRecord::decision_number},
    Key{"period", &JobRecord::period},
    Key{"cohort", &JobRecord::cohort},
    Key{"reviewer", &JobRecord::reviewer},
    Key{"destruction_date", &JobRecord::destruction_date},
};

/// A string, or a date of TOML's own.
std::string text_of(const TomlValue& value, const toml::node& node) {
  if (const auto date = node.value_exact<toml::date>()) {
    return fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
  }
  std::string text = value.string();
  if (text.empty() || text.size() > kMaxTextBytes) value.fail(fmt::format("must have 1 to {} bytes", kMaxTextBytes));
  return text;
}

}  // namespace

JobRecord parse_job_record(std::string_view toml_text, std::string_view file) {
  const std::string name = fmt::format("record {}", file);
  const TomlOrigin origin{name, ErrorCode::usage};
  const toml::table root = parse_toml(toml_text, origin);
  JobRecord record;
  for (const auto& [key, node] : root) {
    const auto row = std::ranges::find(kKeys, key.str(), &Key::name);
    if (row == kKeys.end()) {
      std::array<std::string_view, kKeys.size()> known;
      std::ranges::transform(kKeys, known.begin(), &Key::name);
      fail_at(origin, key.source(), fmt::format("unknown key \"{}\"; known: {}", key.str(), fmt::join(known, ", ")));
    }
    record.*(row->member) = text_of(TomlValue(origin, std::string(key.str()), node), node);
  }
  if (record.destruction_date && !is_date(*record.destruction_date)) {
    fail_at(origin, root.get("destruction_date")->source(), "destruction_date must be a date: YYYY-MM-DD");
  }
  return record;
}

JobRecord load_job_record(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxRecordBytes);
  if (!text) {
    throw Error(ErrorCode::usage, fmt::format("record {}: no readable file of at most 64 KiB", file.string()));
  }
  return parse_job_record(*text, file.string());
}

JobRecord job_record_from(const Json& json) {
  if (!json.is_object()) throw Error(ErrorCode::usage, "record: must be an object");
  JobRecord record;
  for (const Key& key : kKeys) {
    const auto found = json.find(key.name);
    if (found == json.end() || found->is_null()) continue;
    const bool is_text = found->is_string() && !found->get_ref<const std::string&>().empty() &&
                         found->get_ref<const std::string&>().size() <= kMaxTextBytes;
    if (!is_text) {
      throw Error(ErrorCode::usage, fmt::format("record: {} must be a text of 1 to {} bytes", key.name, kMaxTextBytes));
    }
    record.*(key.member) = found->get<std::string>();
  }
  if (record.destruction_date && !is_date(*record.destruction_date)) {
    throw Error(ErrorCode::usage, "record: destruction_date must be a date: YYYY-MM-DD");
  }
  return record;
}

Json to_json(const JobRecord& record) {
  Json json = Json::object();
  for (const Key& key : kKeys) json[key.name] = or_null(record.*(key.member));
  return json;
}

}  // namespace naru
