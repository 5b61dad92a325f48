#include "pipeline/review/review.h"

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/print.h"
#include "core/text.h"

namespace naru::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string report;
  ReviewOrder order;
};

/// False for a path that steers terminals, or whose bytes are no UTF-8, which held.json has as \xNN: written down it is
/// another one.
bool can_be_typed(const std::string& text) { return printable(text) == text && text.find("\\x") == std::string::npos; }

/// For a shell to read: paths may hold spaces. For words that can_be_typed.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string decision_text(const std::optional<Decision>& decision) {
  if (!decision) return "open";
  return fmt::format("{} ({}, {}: {})", name(decision->ruling), printable(decision->by), decision->time,
                     printable(decision->why));
}

/// @param is_excluded with the series or case that it is of
void print_region(const ReviewRegion& region, bool is_excluded) {
  const Json& line = region.line;
  const auto box = line.at("box").get<std::vector<std::int64_t>>();
  const char* const place = line.contains("slice") ? "slice" : "frame";
  print("  {}  {} {} x={} y={} {}x{}  score {:.2f}  {}  {}\n      {}\n", line.at("id").get<std::string>(), place,
        line.at(place).get<std::int64_t>(), box.at(0), box.at(1), box.at(2), box.at(3), line.at("score").get<double>(),
        line.at("because").get<std::string>(), is_excluded ? "stays out" : decision_text(region.decision),
        printable(line.at("path").get<std::string>()));
  const bool has_picture = line.value("full_crop", Json()).is_string();
  if (has_picture && !is_excluded && !region.decision)
    print("      picture {}\n", line.at("full_crop").get<std::string>());
}

/// Why it is held as a whole, and where to look: regions say that of themselves.
void print_reason(const HeldEntry& held) {
  if (!held.because.empty()) print("  held because: {}\n", printable(held.because));
  if (!held.because.empty() && !held.path.empty()) print("      {}\n", printable(held.path));
}

/// What has to be decided of what is open, where that is not its regions alone.
void print_demand(const ReviewEntry& entry) {
  if (!entry.held.needs_release || !entry.held.can_release) return;
  const std::size_t open = entry.open_region_count();
  if (entry.is_released()) {
    print("  released as a whole, and held for its regions: decide about each that is open ({})\n", open);
  } else if (open > 0) {
    print("  held as a whole: keep it or exclude it; and for its regions: decide about each that is open ({})\n", open);
  } else {
    print("  held as a whole: keep it or exclude it\n");
  }
  if (entry.held.can_redact && !entry.is_released())
    print(
        "  or redact it: all that was found is blanked, and it is released; text that was not found leaves with it\n");
}

void print_entry(const ReviewEntry& entry) {
  const HeldEntry& held = entry.held;
  print("{}  {}  {}  {} files", held.id, name(entry.state()), held.reason ? name(*held.reason) : "-", held.files);
  if (held.frames > 0) print(", {} frames", held.frames);
  print("\n  series {}\n", printable(held.series_uid));
  if (entry.decision) print("  decided  {}\n", decision_text(entry.decision));
  if (!held.can_release) print("  this version cannot release it: it can only be excluded\n");
  if (held.disposition == Disposition::quarantined && !entry.is_released()) print_reason(held);
  if (entry.state() == ReviewState::open) print_demand(entry);
  if (entry.blanked_count > 0) print("  {} more regions are blanked in any case\n", entry.blanked_count);
  for (const ReviewRegion& region : entry.regions) print_region(region, entry.state() == ReviewState::excluded);
}

/// How decisions are applied: by the command of the job, where it can be written down.
void print_command(const HeldQueue& queue) {
  if (queue.job.key_id.empty()) {
    print(
        "An earlier version wrote this report without its recipe and key, so that decisions cannot be applied to it.\n"
        "To be asked anew, move the report's folder away, keep it, and run the job with --force.\n");
    return;
  }
  std::vector<std::string> words = queue.inputs;
  words.insert(words.end(), {"--out", queue.out.string()});
  words.insert(words.end(), queue.options.begin(), queue.options.end());
  const bool reads_list = std::ranges::find(queue.inputs, "-") != queue.inputs.end();
  std::string command = "naru " + queue.command;
  for (const std::string& word : words) command += " " + shell_word(word);
  command += reads_list ? " --resume < LIST" : " --resume";
  print("Decisions wait to be applied. Run the job again as it was run before, with --resume{}\n",
        std::ranges::all_of(words, can_be_typed)
            ? ":\n  " + command
            : ".\nIts command cannot be printed: a path in it has control characters, or is no UTF-8.");
  if (reads_list) print("It read a list of paths from standard input (-): give it the same list again.\n");
  print("What is still open stays held; what was made before and did not change stays as it is.\n");
}

/// What somebody who is no engineer does next.
void print_next(const Review& review, const std::string& report) {
  const auto count = [&](ReviewState state) {
    return std::ranges::count_if(review.entries, [&](const ReviewEntry& entry) { return entry.state() == state; });
  };
  std::size_t open_regions = 0;
  for (const ReviewEntry& entry : review.entries) {
    if (entry.state() == ReviewState::open) open_regions += entry.open_region_count();
  }
  print("{} open, {} decided, {} excluded, {} made; regions open: {}\n", count(ReviewState::open),
        count(ReviewState::decided), count(ReviewState::excluded), count(ReviewState::made), open_regions);
  const bool can_redact = std::ranges::any_of(review.entries, [](const ReviewEntry& entry) {
    return entry.state() == ReviewState::open && (!entry.regions.empty() || entry.held.can_redact);
  });
  if (count(ReviewState::open) > 0) {
    print("To decide: naru review {} --decide ID={}keep|exclude --by 'YOUR NAME' --why 'THE REASON'\n", report,
          can_redact ? "redact|" : "");
  }
  if (review.has_unapplied) print_command(review.queue);
}

int run(const Options& options, const Context& context) {
  const bool decides = !options.order.decide.empty();
  if (!decides && !(options.order.by.empty() && options.order.why.empty())) {
    throw Error(ErrorCode::usage, "--by and --why go with --decide");
  }
  if (decides) decide(options.report, options.order);
  const Review review = read_review(options.report);
  if (context.output.json) {
    print_json(to_json(review));
    return kExitDone;
  }
  for (const ReviewEntry& entry : review.entries) print_entry(entry);
  print_next(review, can_be_typed(options.report) ? shell_word(options.report) : "REPORT");
  return kExitDone;
}

}  // namespace

Action define_review(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("REPORT", options->report, "the report's folder of a deidentify or prepare run")->required();
  app.add_option("--decide", options->order.decide,
                 "ID=redact (blank it), ID=keep (it identifies nobody) or ID=exclude (the series stays out); ID is a "
                 "region's, or a series' or case's for all of its regions; where that is held for more than regions, "
                 "keep releases it from that and leaves its regions open, redact releases it and blanks all that was "
                 "found; may be repeated")
      ->type_name("ID=WHAT")
      ->allow_extra_args(false);
  app.add_option("--by", options->order.by, "who decides")->type_name("NAME");
  app.add_option("--why", options->order.why, "why; it stays in the report")->type_name("TEXT");
  return [options](const Context& context) { return run(*options, context); };
}

}  // namespace naru::cli
