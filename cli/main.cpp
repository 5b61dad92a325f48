#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>

#include "cli/bundle.h"
#include "cli/command.h"
#include "cli/print.h"
#include "core/log.h"
#include "pipeline/version.h"

namespace {

using naru::cli::Context;
using naru::cli::OutputOptions;

naru::CancelToken cancel_token;

/// The first signal asks for a clean stop; a second one ends the program.
extern "C" void on_signal(int number) {
  cancel_token.cancel();
  std::signal(number, SIG_DFL);
}

/// Memory is to follow what is in work, not what was: buffers of a mebibyte and more go back to the system when they
/// are freed. In the heap, where the C library puts them once it has seen a few, they leave gaps, and after a hundred
/// studies those were three times what a study needs.
/// Readers that wait for the disk share the heaps of those that compute: each heap keeps some of what was freed.
void give_back_large_buffers() {
  constexpr int kLargeBytes = 1 << 20, kKeptBytes = 4 << 20;
  mallopt(M_ARENA_MAX, std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

/// A program that was started with a standard stream closed would get the stream's number for the next file it opens,
/// and progress lines would land in a dataset.
void open_standard_streams() {
  int descriptor = 0;
  do {
    descriptor = ::open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

void report_error(const OutputOptions& output, std::string_view code, std::string_view message) {
  naru::cli::print(stderr, "naru: error [{}]: {}\n", code, message);
  if (output.json) naru::cli::print_json({{"schema", "naru.error/1"}, {"code", code}, {"message", message}});
}

int run_action(const naru::cli::Action& action, const OutputOptions& output) {
  try {
    return action(Context{output, cancel_token});
  } catch (const naru::Error& error) {
    report_error(output, naru::name(error.code()), error.what());
    return error.code() == naru::ErrorCode::usage ? naru::cli::kExitUsage : naru::cli::kExitFailed;
  } catch (const std::bad_alloc&) {
    report_error(output, "memory_exceeded", "out of memory: give a smaller --memory or free some");
  } catch (const std::exception& error) {
    const auto* const system = dynamic_cast<const std::system_error*>(&error);
    if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
      report_error(
          output, "memory_exceeded",
          "no further thread can be started: give fewer --threads, or raise the limits on processes and memory "
          "(ulimit -u, -v, -s)");
      return naru::cli::kExitFailed;
    }
    // What a library says may quote a file's content: it is not repeated.
    report_error(output, "internal", "an unexpected failure; please report it with the command and the version");
  }
  return naru::cli::kExitFailed;
}

/// What CLI11 says of the kinds below names options only; other messages repeat arguments, which may hold a patient's
/// name. @param is_bare nothing stood behind the program's name
std::string usage_text(const CLI::App& app, const CLI::ParseError& problem, bool is_bare) {
  if (app.get_subcommands().empty())
    return fmt::format("{}: run naru --help", is_bare ? "a command is missing" : "there is no such command");
  const bool is_safe = dynamic_cast<const CLI::RequiredError*>(&problem) != nullptr ||
                       dynamic_cast<const CLI::ArgumentMismatch*>(&problem) != nullptr ||
                       dynamic_cast<const CLI::ValidationError*>(&problem) != nullptr;
  return fmt::format("{}: run naru COMMAND --help", is_safe ? problem.what() : "an argument is not understood");
}

/// Help, or the version.
void print_help(const CLI::App& app, const CLI::Success& asked, bool as_json) {
  if (as_json && dynamic_cast<const CLI::CallForVersion*>(&asked) != nullptr) {
    naru::cli::print_json({{"schema", "naru.version/1"}, {"name", "naru"}, {"version", naru::kVersion}});
    return;
  }
  std::ostringstream text;
  app.exit(asked, text, text);
  if (as_json) return naru::cli::print_json({{"schema", "naru.help/1"}, {"text", text.str()}});
  naru::cli::print("{}", text.str());
}

/// A reader that went away is no failure; a result that could not be stored is.
int ended(int status) {
  using naru::cli::stdout_problem;
  if (std::fflush(stdout) != 0 && stdout_problem == 0) stdout_problem = errno;
  if (stdout_problem == 0 || stdout_problem == EPIPE) return status;
  report_error({}, "output_unwritable", "stdout could not be written; check free space");
  return naru::cli::kExitFailed;
}

void add_output_options(CLI::App& app, OutputOptions& output) {
  app.add_flag("--json", output.json, "print one JSON document on stdout and nothing else there");
  app.add_flag("--quiet", output.quiet, "no progress and no log lines but warnings");
  app.add_flag("--verbose", output.verbose, "more log lines");
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  give_back_large_buffers();
  naru::cli::use_bundled_files();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // the write fails then, and says so
  CLI::App app("Naru turns DICOM studies into de-identified, AI-ready datasets.", "naru");
  app.set_version_flag("--version", fmt::format("naru {}", naru::kVersion));
  app.require_subcommand(1);
  app.footer("Example:\n  naru prepare /data/export --out /data/dataset");
  OutputOptions output;
  std::map<const CLI::App*, naru::cli::Action> actions;
  for (const naru::cli::Command& command : naru::cli::commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->footer(fmt::format("Example:\n  {}", command.example));
    add_output_options(*sub, output);
    actions[sub] = command.define(*sub);
    for (CLI::App* act : sub->get_subcommands({})) add_output_options(*act, output);  // they may stand behind it
  }
  // The options may not have been read when the parser stops.
  const bool wants_json = std::any_of(argv, argv + argc, [](std::string_view text) { return text == "--json"; });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    print_help(app, help, wants_json);
    return ended(naru::cli::kExitDone);
  } catch (const CLI::ParseError& problem) {
    output.json = wants_json;
    report_error(output, naru::name(naru::ErrorCode::usage), usage_text(app, problem, argc < 2));
    return naru::cli::kExitUsage;
  }
  naru::log::set_level(output.quiet     ? naru::LogLevel::quiet
                       : output.verbose ? naru::LogLevel::verbose
                                        : naru::LogLevel::normal);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return ended(run_action(actions.at(app.get_subcommands().front()), output));
}
