/// Back from pseudonyms to their sources, for those who hold the project's key and say why.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "pipeline/project_key.h"

namespace naru {

struct ReidentifyOptions {
  std::filesystem::path link;           ///< a sealed link table, or the report's folder that holds it
  std::string project = "default";      ///< whose keys are tried, the rotated ones too
  std::filesystem::path key_file;       ///< the one key to try, instead
  std::string reason;                   ///< why; goes to the log
  std::vector<std::string> pseudonyms;  ///< of patients, studies, series, cases or instances; empty: all rows
};

/// Holds patient data: for the eyes of whoever asked, and for no log.
struct Reidentified {
  std::string key_id;
  std::vector<nlohmann::ordered_json> rows;  ///< of the link table, without their schema
  std::vector<std::string> missing;          ///< pseudonyms that the table does not hold
};

/// @throws Error{usage} without a reason, or where a pseudonym has not the form of one (it might be a patient's name,
/// and would go to a log)
void check_reidentification(const std::string& reason, std::span<const std::string> pseudonyms);

/// A sealed link table. @param link a file, or the report's folder that holds it
/// @throws Error{input_missing, input_unreadable}
std::string read_link_table(const std::filesystem::path& link);

struct LinkTable {
  std::string text, key_id;
};
/// Writes no log, nor does rows_of: whoever calls them does. @throws Error{key_invalid} where no key opens it
LinkTable open_link_table(std::string_view sealed, std::span<const ProjectKey> keys);

/// Those of the pseudonyms, or all where there are none. @throws Error{dataset_invalid} where it is no link table
Reidentified rows_of(const LinkTable& table, std::span<const std::string> pseudonyms);

/// Opens the link table and finds the rows of the pseudonyms. Before it returns, an act "reidentify" is written to the
/// log in the folder of the keys (or beside `key_file`), with the reason, the pseudonyms asked for, the count of rows,
/// the pseudonyms that were missing, the SHA-256 of the sealed table and the key's id. Where that cannot be written
/// nothing is returned. Once the table was read, what fails is written as well: an act "reidentify_failed" with the
/// code of the error.
/// @throws as the four above; Error{key_invalid} where the project has no key; Error{output_unwritable, disk_full} for
/// the log
Reidentified reidentify(const ReidentifyOptions& options);

}  // namespace naru
