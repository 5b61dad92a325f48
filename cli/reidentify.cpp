#include "cli/reidentify.h"

#include <algorithm>
#include <memory>
#include <set>

#include "cli/print.h"
#include "core/log.h"
#include "core/text.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

/// The names of all values, in the order in which rows bring them.
std::vector<std::string> columns_of(const std::vector<Json>& rows) {
  std::vector<std::string> columns;
  std::set<std::string> seen;
  for (const Json& row : rows) {
    for (const auto& [name, value] : row.items()) {
      if (seen.insert(name).second) columns.push_back(name);
    }
  }
  return columns;
}

std::string cell(const Json& row, const std::string& column) {
  const auto value = row.find(column);
  if (value == row.end() || value->is_null()) return "";
  return printable(value->is_string() ? value->get_ref<const std::string&>() : value->dump());
}

/// Values separated by tabs, under a line of names: for eyes, `cut` and spreadsheets alike.
void print_rows(const std::vector<Json>& rows) {
  const auto columns = columns_of(rows);
  for (const std::string& column : columns) print("{}{}", printable(column), column == columns.back() ? "\n" : "\t");
  for (const Json& row : rows) {
    for (const std::string& column : columns) print("{}{}", cell(row, column), column == columns.back() ? "\n" : "\t");
  }
}

}  // namespace

int print_reidentified(const Reidentified& result, const Context& context) {
  if (context.output.json) {
    print_json({{"schema", "naru.reidentified/1"},
                {"key", result.key_id},
                {"rows", result.rows},
                {"missing", result.missing}});
  } else {
    print_rows(result.rows);
  }
  for (const std::string& pseudonym : result.missing) log::warning("{} is not in this link table", Public{pseudonym});
  return result.missing.empty() ? kExitDone : kExitFailed;
}

Action define_reidentify(CLI::App& app) {
  auto options = std::make_shared<ReidentifyOptions>();
  app.add_option("REPORT", options->link, "a report's folder, or its link.sealed")->required();
  app.add_option("--reason", options->reason, "why; it is logged with your name, so write no patient's name into it")
      ->type_name("TEXT")
      ->required();
  app.add_option("--pseudonym", options->pseudonyms,
                 "of a patient, study, series, case or instance; may be repeated (default: all rows)")
      ->type_name("P")
      ->allow_extra_args(false);
  app.add_option("--project", options->project, "whose keys to try, those before a rotation too")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--key-file", options->key_file, "the key, where it is not kept in this user's state folder")
      ->type_name("FILE");
  return [options](const Context& context) { return print_reidentified(reidentify(*options), context); };
}

}  // namespace naru::cli
