#include "server/serve.h"

#include <fmt/format.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/reidentify.h"
#include "core/error.h"

namespace naru::cli {

namespace {

struct Options {
  server::ServeOptions serve;
  std::string init_login;
  bool prints_config = false, prints_routes = false;
};

extern "C" void on_reload(int) { server::request_reload(); }

/// The admin's password, from standard input and never from the arguments, which others can see; an empty line, or
/// none, asks for one to be made.
int run_init(const Options& options, const Context& context) {
  std::string password;
  std::getline(std::cin, password);
  const std::string made = server::init(options.serve, options.init_login, password);
  if (context.output.json) {
    nlohmann::ordered_json json = {{"schema", "naru.init/1"}, {"login", options.init_login}};
    if (!made.empty()) json["password"] = made;
    print_json(json);
  } else if (made.empty()) {
    print("admin {} was made\n", options.init_login);
  } else {
    print("admin {} was made; the password, shown once, is\n{}\n", options.init_login, made);
  }
  return kExitDone;
}

void print_configuration(bool as_json) {
  const std::string toml = server::sample_configuration();
  if (as_json) return print_json({{"schema", "naru.configuration/1"}, {"toml", toml}});
  print("{}", toml);
}

/// A JSON object a line, or all in one document.
void print_routes(bool as_json) {
  const nlohmann::ordered_json items = server::route_table_json();
  if (as_json) return print_json({{"schema", "naru.routes/1"}, {"items", items}});
  for (const auto& item : items) print("{}\n", item.dump());
}

int run(const Options& options, const Context& context) {
  if (options.prints_config) return print_configuration(context.output.json), kExitDone;
  if (options.prints_routes) return print_routes(context.output.json), kExitDone;
  if (!options.init_login.empty()) return run_init(options, context);
  std::signal(SIGHUP, on_reload);
  server::serve(options.serve, context.cancel);
  return kExitDone;
}

void add_place_options(CLI::App& app, server::ServeOptions& options) {
  app.add_option("--config", options.config, "the configuration, TOML (see naru serve --print-config)")
      ->type_name("FILE");
  app.add_option("--data", options.data, "where everything is kept; wins over the configuration")->type_name("DIR");
}

}  // namespace

Action define_serve(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_place_options(app, options->serve);
  app.add_option("--listen", options->serve.listen, "wins over the configuration")->type_name("ADDRESS:PORT");
  app.add_option("--init", options->init_login,
                 "make the first admin with this login and end; the password is read from standard input")
      ->type_name("LOGIN");
  app.add_flag("--print-config", options->prints_config, "print a configuration with every key and its default");
  app.add_flag("--print-routes", options->prints_routes, "print every route, who may use it and with which scope");
  return [options](const Context& context) { return run(*options, context); };
}

namespace {

struct AdminOptions {
  server::ServeOptions serve;
  std::string out, backup;
  bool reads_bytes = false, repairs = false;
  server::JobReidentification way_back;
  CLI::App *to_backup = nullptr, *to_restore = nullptr, *to_check = nullptr, *to_reidentify = nullptr;
};

int report(const nlohmann::ordered_json& json, const Context& context) {
  if (context.output.json) {
    print_json(json);
  } else if (json.contains("file_count")) {
    print("{} files, {} bytes\n", json.at("file_count").get<std::uint64_t>(),
          json.at("size_bytes").get<std::uint64_t>());
  } else {
    for (const auto& problem : json.at("problems")) {
      const std::string what = problem.value("what", "");
      print("{} {}{}{}{}\n", problem.at("code").get<std::string>(), problem.at("object").get<std::string>(),
            what.empty() ? "" : " ", what, problem.at("is_repaired").get<bool>() ? " (removed)" : "");
    }
    for (const auto& [what, count] : json.at("counts").items()) print("{} {}\n", count.get<std::uint64_t>(), what);
    print("{}\n", json.at("is_sound").get<bool>() ? "sound" : "NOT sound");
  }
  return json.value("is_sound", true) ? kExitDone : kExitFailed;
}

/// Two tokens come on standard input, never from the arguments, which others can see.
int run_reidentify(const AdminOptions& options, const Context& context) {
  server::JobReidentification asked = options.way_back;
  std::getline(std::cin, asked.steward_token);
  std::getline(std::cin, asked.reviewer_token);
  return print_reidentified(server::admin_reidentify(options.serve, asked), context);
}

int run_admin(const AdminOptions& options, const Context& context) {
  if (*options.to_reidentify) return run_reidentify(options, context);
  if (*options.to_backup) return report(server::admin_backup(options.serve, options.out), context);
  if (*options.to_restore) return report(server::admin_restore(options.serve, options.backup), context);
  if (!options.backup.empty()) return report(server::admin_check_backup(options.backup, options.reads_bytes), context);
  return report(server::admin_fsck(options.serve, options.reads_bytes, options.repairs), context);
}

}  // namespace

Action define_admin(CLI::App& app) {
  auto options = std::make_shared<AdminOptions>();
  app.require_subcommand(1);
  options->to_backup = app.add_subcommand("backup", "write a backup; the server must be stopped");
  options->to_backup->add_option("--out", options->out, "a new folder")->type_name("DIR")->required();
  options->to_restore = app.add_subcommand("restore", "bring a backup back into a new data folder");
  options->to_restore->add_option("BACKUP", options->backup, "a folder that backup wrote")->required();
  options->to_check =
      app.add_subcommand("fsck", "compare the disk with the database, and the database with the ledger");
  options->to_check->add_flag("--read", options->reads_bytes, "read every byte and recompute every checksum");
  CLI::Option* const repair =
      options->to_check->add_flag("--repair", options->repairs, "remove what nothing refers to");
  options->to_check->add_option("--backup", options->backup, "check this backup instead; the server may run")
      ->type_name("DIR")
      ->excludes(repair);
  options->to_reidentify = app.add_subcommand(
      "reidentify",
      "from pseudonyms of a job back to their sources; the server must be stopped. Standard input has two lines: the "
      "token of a hospital_steward who asks, and of a reviewer, somebody else, who approves, both with the scope "
      "review. Ledger and record of the job say who and why, and both tokens end");
  options->to_reidentify->add_option("JOB", options->way_back.job_id, "its id")->required();
  options->to_reidentify
      ->add_option("--reason", options->way_back.reason,
                   "why; it stays in the job's record, so write no patient's name into it")
      ->type_name("TEXT")
      ->required();
  options->to_reidentify
      ->add_option("--pseudonym", options->way_back.pseudonyms,
                   "of a patient, study, series, case or instance; may be repeated (default: all rows)")
      ->type_name("P")
      ->allow_extra_args(false);
  options->to_backup->footer("Example:\n  naru admin backup --data /var/lib/naru --out /backup/2026-11-26");
  options->to_restore->footer("Example:\n  naru admin restore --data /var/lib/naru /backup/2026-11-26");
  options->to_check->footer("Example:\n  naru admin fsck --data /var/lib/naru --read");
  options->to_reidentify->footer(
      "Example:\n  naru admin reidentify --data /var/lib/naru job-1f0c9a52be47 --reason 'IRB 2026-12: call back' "
      "--pseudonym patient-1f0c9a52be47d360 < tokens");
  for (CLI::App* sub : {options->to_backup, options->to_restore, options->to_check, options->to_reidentify}) {
    add_place_options(*sub, options->serve);
  }
  return [options](const Context& context) { return run_admin(*options, context); };
}

}  // namespace naru::cli
