/// `naru serve` and `naru admin`: the server put together, and what an operator does with it while it is stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/cancel.h"
#include "server/reidentify.h"

namespace naru::server {

struct ServeOptions {
  std::filesystem::path config;  ///< empty: defaults
  std::filesystem::path data;    ///< wins over the configuration's
  std::string listen;            ///< "ADDR:PORT", wins over the configuration's
};

/// Runs until `cancel`, then drains. Says on the log where it listens.
/// @throws Error{config_invalid, key_invalid, store_unavailable, ledger_invalid, output_busy (another server has the
/// data folder, or the database), output_unwritable}
void serve(const ServeOptions& options, const CancelToken& cancel);

/// Makes the operator's organisation and its first admin. @param password empty: one is made
/// @return the password that was made, else "". @throws as serve; Error{conflict} where there is an admin
std::string init(const ServeOptions& options, const std::string& login, const std::string& password);

/// Every key of the configuration with its meaning and default.
std::string sample_configuration();

/// Every route: method, path, door, roles, scope, takes_idempotency_key.
nlohmann::ordered_json route_table_json();

/// @throws Error{input_missing} where there is no data, here and for fsck
nlohmann::ordered_json admin_backup(const ServeOptions& options, const std::filesystem::path& out);
nlohmann::ordered_json admin_restore(const ServeOptions& options, const std::filesystem::path& backup);
/// {schema, is_sound, counts, problems}
nlohmann::ordered_json admin_fsck(const ServeOptions& options, bool reads_bytes, bool repairs);

/// The same of a backup where it lies; the server may run.
nlohmann::ordered_json admin_check_backup(const std::filesystem::path& backup, bool reads_bytes);

/// Leads back to the patients of a job, as server/reidentify.h; both tokens come with `asked`.
/// @throws Error{input_missing, output_busy, ledger_invalid} as serve
Reidentified admin_reidentify(const ServeOptions& options, const JobReidentification& asked);

/// Asks the server to read its certificate again; may be called from a signal handler.
void request_reload();

}  // namespace naru::server
