#include <fcntl.h>
#include <string.h>  // explicit_bzero
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "cli/command.h"
#include "cli/print.h"
#include "core/log.h"
#include "pipeline/deidentify.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/prepare.h"
#include "pipeline/work_order.h"

namespace naru::cli {

namespace {

constexpr std::size_t kMaxOrderBytes = std::size_t{256} << 20;
constexpr auto kProgressInterval = std::chrono::milliseconds(200);

/// What is in memory is patients'. It must not land in a core file, nor outlive the server, nor take memory from it.
void guard_process() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const FileDescriptor preference(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!preference.is_open() || !preference.write_all("500")) {
    log::detail("the kernel cannot be told to take this process first when memory runs out");
  }
}

/// One line of standard input. @throws Error{usage}
std::string read_order() {
  std::string text;
  char piece[65536];
  while (text.size() <= kMaxOrderBytes) {
    const ssize_t count = ::read(STDIN_FILENO, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(piece, static_cast<std::size_t>(count));
    if (text.back() == '\n') return text;
  }
  throw Error(ErrorCode::usage, "standard input must begin with one line that holds a work order (naru.work/1)");
}

/// Whoever gave the order keeps standard input open as long as the work is wanted. The end of it is as a kill: what
/// is finished waits in the work folder.
void end_with_standard_input() {
  std::thread([] {
    char ignored[256];
    ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, ignored, sizeof ignored);
    } while (count > 0 || (count < 0 && errno == EINTR));
    ::_exit(kExitFailed);
  }).detach();
}

void limit_data(std::uint64_t bytes) {
  if (bytes == 0) return;
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_DATA, &limit);
}

/// Answers reach the server at once.
void say(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

class ProgressLines {
 public:
  /// Calls may come from any thread, but one at a time.
  void show(const Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    const bool is_new_stage = progress.stage != stage_;
    if (!is_new_stage && progress.done != progress.total && now - last_ < kProgressInterval) return;
    stage_ = progress.stage;
    last_ = now;
    say(line_of(WorkProgress{std::string(progress.stage), progress.done, progress.total, std::string(progress.unit),
                             progress.bytes}));
  }

 private:
  std::string_view stage_;
  std::chrono::steady_clock::time_point last_;
};

/// What both kinds of work are given alike.
template <class Options>
Options options_of(const WorkOrder& order) {
  Options job;
  job.inputs = order.inputs;
  job.out = order.out;
  job.report = order.report;
  job.project = order.project;
  job.memory_limit_bytes = order.memory_bytes;
  job.on_existing = order.resume ? OnExisting::resume : OnExisting::refuse;
  if (!order.recipe.empty()) job.recipe = parse_recipe(order.recipe, "recipe");
  return job;
}

/// @return the exit status
int do_prepare(const WorkOrder& order, const ProjectKey& key, Executor& executor, const CancelToken& cancel) {
  auto job = options_of<PrepareOptions>(order);
  job.record = order.record;
  std::istringstream no_paths;
  ProgressLines lines;
  const PrepareResult result = prepare(job, key, executor, no_paths, cancel, [&](const Progress& p) { lines.show(p); });
  say(line_of(WorkResult{to_json(result)}));
  return result.has_rejects ? kExitRejects : kExitDone;
}

int do_deidentify(const WorkOrder& order, const ProjectKey& key, Executor& executor, const CancelToken& cancel) {
  auto job = options_of<DeidentifyOptions>(order);
  job.record = order.record;
  std::istringstream no_paths;
  ProgressLines lines;
  const DeidentifyResult result =
      deidentify(job, key, executor, no_paths, cancel, [&](const Progress& p) { lines.show(p); });
  say(line_of(WorkResult{to_json(result)}));
  return result.has_rejects ? kExitRejects : kExitDone;
}

int do_work(const CancelToken& cancel) {
  std::string text = read_order();
  WorkOrder order = parse_work_order(text);
  end_with_standard_input();
  limit_data(order.max_data_bytes);
  check_project_name(order.project);
  const ProjectKey key = ProjectKey::from_hex(order.key);
  for (std::string* secret : {&text, &order.key}) ::explicit_bzero(secret->data(), secret->size());
  MachineOptions machine;
  machine.device = order.device;
  machine.threads = order.threads;
  Executor executor = make_executor(machine);
  return order.kind == WorkKind::prepare ? do_prepare(order, key, executor, cancel)
                                         : do_deidentify(order, key, executor, cancel);
}

int run(const Context& context) {
  guard_process();
  try {
    return do_work(context.cancel);
  } catch (const Error& error) {
    say(line_of(WorkError{error.code(), error.what()}));
    return error.code() == ErrorCode::usage ? kExitUsage : kExitFailed;
  } catch (const std::bad_alloc&) {
    say(line_of(WorkError{ErrorCode::memory_exceeded, "the job needs more memory than it may use"}));
  } catch (const std::exception&) {
    // What a library says may quote a file's content: it is not repeated.
    say(line_of(WorkError{ErrorCode::internal, "an unexpected failure; please report it with the version"}));
  }
  return kExitFailed;
}

}  // namespace

Action define_worker(CLI::App&) {
  return [](const Context& context) { return run(context); };
}

}  // namespace naru::cli
