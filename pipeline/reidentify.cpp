#include "pipeline/reidentify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "core/text.h"
#include "pipeline/files.h"
#include "pipeline/key_log.h"
#include "pipeline/key_store.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxReasonBytes = 1000;
constexpr std::size_t kMaxLinkBytes = std::size_t{4} << 30;
/// What can be asked for. The other values of a row are sources.
constexpr std::array kPseudonymKeys = {"case", "patient", "study", "series", "instance"};

/// "patient-1f0c9a52be47d360" or "2.25.N".
bool is_pseudonym(std::string_view text) {
  constexpr std::string_view kDecimal = "0123456789", kHexadecimal = "0123456789abcdef";
  constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kUidRoot = "2.25.";
  if (text.starts_with(kUidRoot)) {
    const std::string_view number = text.substr(kUidRoot.size());
    return !number.empty() && number.size() <= 39 && number.find_first_not_of(kDecimal) == std::string_view::npos;
  }
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && dash > 0 && text.size() == dash + 17 &&
         text.substr(0, dash).find_first_not_of(kLower) == std::string_view::npos &&
         text.substr(dash + 1).find_first_not_of(kHexadecimal) == std::string_view::npos;
}

/// The keys that may have sealed the table. Called under the log's lock, so that no rotation hides one.
std::vector<ProjectKey> keys_to_try(const ReidentifyOptions& options) {
  if (!options.key_file.empty()) return {ProjectKey::load(options.key_file)};
  std::vector<ProjectKey> keys;
  for (const StoredKey& stored : list_keys(options.project)) {
    // The current one must be sound. One unreadable rotated key must not hide the others.
    if (stored.is_current) {
      keys.push_back(ProjectKey::load(stored.file));
    } else if (const auto key = ProjectKey::load_if_sound(stored.file)) {
      keys.push_back(*key);
    }
  }
  if (keys.empty()) throw Error(ErrorCode::key_invalid, "this project has no key: check --project or give --key-file");
  return keys;
}

/// One line of the table. What a JSON library says of it may quote it: nothing of that is repeated.
Json parsed(std::string_view line) {
  Json row = Json::parse(line, nullptr, false);
  if (!row.is_object() || row.value("schema", Json()) != "naru.link/1") {
    throw Error(ErrorCode::dataset_invalid, "the sealed file holds no link table that this version knows");
  }
  row.erase("schema");
  return row;
}

/// The pseudonyms of a row that are among those asked for.
std::vector<std::string> hits(const Json& row, const std::set<std::string, std::less<>>& asked) {
  std::vector<std::string> found;
  for (const char* key : kPseudonymKeys) {
    const auto value = row.find(key);
    if (value != row.end() && value->is_string() && asked.contains(value->get_ref<const std::string&>())) {
      found.push_back(*value);
    }
  }
  return found;
}

}  // namespace

void check_reidentification(const std::string& reason, std::span<const std::string> pseudonyms) {
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos || reason.size() > kMaxReasonBytes) {
    throw Error(ErrorCode::usage, fmt::format("--reason must say why, in at most {} bytes", kMaxReasonBytes));
  }
  if (!std::all_of(pseudonyms.begin(), pseudonyms.end(), is_pseudonym)) {
    throw Error(ErrorCode::usage,
                "--pseudonym must be one that naru made: a word, '-' and 16 hexadecimal digits, or a UID below 2.25");
  }
}

std::string read_link_table(const std::filesystem::path& link) {
  std::filesystem::path file = link;
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure)) file /= "link.sealed";
  if (!std::filesystem::exists(file, failure)) {
    throw Error(ErrorCode::input_missing, "there is no link table: give a report's folder or its link.sealed");
  }
  auto sealed = read_file(file, kMaxLinkBytes);
  if (!sealed) throw Error(ErrorCode::input_unreadable, "the link table cannot be read: check its permissions");
  return *std::move(sealed);
}

LinkTable open_link_table(std::string_view sealed, std::span<const ProjectKey> keys) {
  for (const ProjectKey& key : keys) {
    if (auto text = key.unseal_if_ours(std::as_bytes(std::span(sealed)))) return {*std::move(text), key.id()};
  }
  throw Error(ErrorCode::key_invalid, "no key of this project opens the link table, or the table was changed");
}

Reidentified rows_of(const LinkTable& table, std::span<const std::string> pseudonyms) {
  const std::set<std::string, std::less<>> asked(pseudonyms.begin(), pseudonyms.end());
  std::set<std::string, std::less<>> missing = asked;
  Reidentified result{table.key_id, {}, {}};
  for (std::string_view rest = table.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    Json row = parsed(line);
    const auto found = hits(row, asked);
    for (const std::string& pseudonym : found) missing.erase(pseudonym);
    if (asked.empty() || !found.empty()) result.rows.push_back(std::move(row));
  }
  result.missing.assign(missing.begin(), missing.end());
  return result;
}

Reidentified reidentify(const ReidentifyOptions& options) {
  check_reidentification(options.reason, options.pseudonyms);
  const std::string sealed = read_link_table(options.link);
  const std::filesystem::path key_file =
      options.key_file.empty() ? ProjectKey::file_of_project(options.project) : options.key_file;
  KeyLog log(std::filesystem::absolute(key_file).parent_path());
  const std::set<std::string, std::less<>> asked(options.pseudonyms.begin(), options.pseudonyms.end());
  Json facts = {{"project", options.key_file.empty() ? Json(options.project) : Json(nullptr)},
                {"key", nullptr},
                {"reason", valid_utf8(options.reason)},
                {"pseudonyms", asked}};
  const std::string link_sha256 = sha256_hex(sealed);
  try {
    const LinkTable table = open_link_table(sealed, keys_to_try(options));
    facts["key"] = table.key_id;
    Reidentified result = rows_of(table, options.pseudonyms);
    facts.update({{"rows", result.rows.size()}, {"missing", result.missing}, {"link_sha256", link_sha256}});
    log.append("reidentify", facts);
    return result;
  } catch (const Error& failure) {
    facts.update({{"error", name(failure.code())}, {"link_sha256", link_sha256}});
    log.append("reidentify_failed", facts);
    throw;
  }
}

}  // namespace naru
