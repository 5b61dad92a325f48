#include <fmt/chrono.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/print.h"
#include "core/text.h"
#include "pipeline/key_store.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::optional<std::string> project, id;
  bool yes = false;
};

std::string time_text(std::time_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }

int list(const Options& options, const Context& context) {
  Json rows = Json::array();
  for (const StoredKey& key : list_keys(options.project)) {
    const char* state = key.id.empty() ? "unreadable" : key.is_current ? "current" : "rotated";
    rows.push_back({{"project", key.project},
                    {"key", key.id.empty() ? Json(nullptr) : Json(key.id)},
                    {"state", state},
                    {"made_at", time_text(key.made_at)},
                    {"file", valid_utf8(key.file.string())}});
    if (context.output.json) continue;
    print("{:<20} {:<16}  {:<10}  {}\n", key.project, key.id.empty() ? "-" : key.id, state, time_text(key.made_at));
  }
  if (context.output.json) print_json({{"schema", "naru.keys/1"}, {"keys", std::move(rows)}});
  return kExitDone;
}

int rotate(const Options& options, const Context& context) {
  const KeyRotation ids = rotate_key(*options.project);
  if (context.output.json) {
    print_json({{"schema", "naru.key-rotated/1"},
                {"project", *options.project},
                {"key", ids.new_id},
                {"old_key", ids.old_id}});
  } else {
    print("project {} now has key {}; {} is kept to open older link tables\n", *options.project, ids.new_id,
          ids.old_id);
  }
  return kExitDone;
}

int destroy(const Options& options, const Context& context) {
  if (!options.yes) {
    throw Error(ErrorCode::usage,
                "a destroyed key cannot be had back, nor can link tables be opened without it: give --yes");
  }
  const auto ids = destroy_keys(*options.project, options.id);
  if (context.output.json) {
    print_json({{"schema", "naru.key-destroyed/1"}, {"project", *options.project}, {"keys", ids}});
  } else {
    print("{} of project {} destroyed; copies in backups are not reached\n",
          ids.size() == 1 ? "the key" : fmt::format("{} keys", ids.size()), *options.project);
  }
  return kExitDone;
}

CLI::App* add_act(CLI::App& app, const std::string& name, const std::string& summary, const std::string& example) {
  CLI::App* act = app.add_subcommand(name, summary);
  act->footer("Example:\n  " + example);
  return act;
}

CLI::Option* add_project(CLI::App& act, Options& options, const std::string& summary) {
  return act.add_option("--project", options.project, summary)->type_name("NAME");
}

}  // namespace

Action define_key(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* const listing = add_act(app, "list", "ids and times of the keys, never the keys", "naru key list");
  add_project(*listing, *options, "only this project's (default: all)");
  CLI::App* const rotation = add_act(app, "rotate", "make a new key; the old one is kept to open older link tables",
                                     "naru key rotate --project liver");
  add_project(*rotation, *options, "whose key to replace")->required();
  CLI::App* const destruction = add_act(app, "destroy", "overwrite and remove keys, so that nobody can go back",
                                        "naru key destroy --project liver --yes");
  add_project(*destruction, *options, "whose keys to destroy")->required();
  destruction->add_option("--id", options->id, "only this one, as listed")->type_name("ID");
  destruction->add_flag("--yes", options->yes, "needed, as it cannot be undone");
  return [options, listing, rotation](const Context& context) {
    if (listing->parsed()) return list(*options, context);
    return rotation->parsed() ? rotate(*options, context) : destroy(*options, context);
  };
}

}  // namespace naru::cli
