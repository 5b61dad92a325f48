#include "server/jobs/local_executor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>  // explicit_bzero
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <utility>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"

namespace naru::server {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
constexpr int kSendTimeoutSeconds = 60;
/// Beside the working memory that --memory bounds: code, stacks, tables of the inputs.
constexpr std::uint64_t kBesideWorkingMemoryBytes = std::uint64_t{2} << 30;

/// What of our environment a worker needs. No secret is passed on by default.
constexpr std::array<std::string_view, 13> kPassedOn = {
    "PATH=",   "HOME=", "TMPDIR=",          "LANG=",        "LC_",           "LD_LIBRARY_PATH=", "CUDA_",
    "NVIDIA_", "OMP_",  "TESSDATA_PREFIX=", "DCMDICTPATH=", "ASAN_OPTIONS=", "TSAN_OPTIONS="};

std::vector<char*> environment() {
  std::vector<char*> kept;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (std::ranges::any_of(kPassedOn, [&](std::string_view begin) { return text.starts_with(begin); })) {
      kept.push_back(*entry);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

/// Our end and the worker's.
struct Pair {
  FileDescriptor ours, theirs;
};

Pair socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw Error(ErrorCode::memory_exceeded, "no more files can be opened for a worker: raise the limit of open files");
  }
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// The child's process number. @throws Error{memory_exceeded}
pid_t spawn(const fs::path& program, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C on the server is for the server: it stops its workers itself
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = "naru", command = "worker", quiet = "--quiet";
  char* const arguments[] = {name.data(), command.data(), quiet.data(), nullptr};
  const std::vector<char*> variables = environment();
  pid_t process = -1;
  const int failure = ::posix_spawn(&process, program.c_str(), &actions, &attributes, arguments, variables.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) throw Error(ErrorCode::memory_exceeded, "a worker process cannot be started");
  return process;
}

class LocalWork final : public RunningWork {
 public:
  LocalWork(pid_t process, FileDescriptor input, FileDescriptor output)
      : process_(process), input_(std::move(input)), output_(std::move(output)) {}
  ~LocalWork() override {
    if (process_ <= 0) return;
    LocalWork::kill();
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  }

  /// A worker that ends before it has read everything says why by itself.
  void send(std::string_view text) const {
    const timeval limit{kSendTimeoutSeconds, 0};
    ::setsockopt(input_.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (!text.empty()) {
      const ssize_t sent = ::send(input_.number(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  WorkNews poll(milliseconds wait) override {
    WorkNews news;
    if (!is_at_end_) {
      read_some(wait, news);
    } else if (!reap()) {
      std::this_thread::sleep_for(std::min(wait, milliseconds(10)));
    }
    if (is_at_end_ && process_ < 0) news.end = std::exchange(end_, {});
    return news;
  }

  void ask_to_stop() override { send_signal(SIGTERM); }
  void kill() override { send_signal(SIGKILL); }

 private:
  void send_signal(int number) const {
    if (process_ > 0) ::kill(process_, number);
  }

  void read_some(milliseconds wait, WorkNews& news) {
    pollfd waiting{output_.number(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(wait.count())) <= 0) return;
    std::array<char, 65536> piece;
    const ssize_t count = ::read(output_.number(), piece.data(), piece.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
      is_at_end_ = true;
      reap();
      return;
    }
    line_.append(piece.data(), static_cast<std::size_t>(count));
    take_lines(news);
    if (line_.size() <= kMaxLineBytes) return;
    line_.clear();  // this is no worker of ours
    kill();
  }

  void take_lines(WorkNews& news) {
    std::size_t start = 0;
    for (std::size_t end; (end = line_.find('\n', start)) != std::string::npos; start = end + 1) {
      WorkLine line = parse_work_line(std::string_view(line_).substr(start, end - start));
      if (line.progress) news.progress = std::move(line.progress);
      if (line.result) end_.result = std::move(line.result);
      if (line.error) end_.error = std::move(line.error);
    }
    line_.erase(0, start);
  }

  /// True once the process is gone. A result counts only where the process says so too.
  bool reap() {
    int status = 0;
    const pid_t found = ::waitpid(process_, &status, WNOHANG);
    if (found == 0 || (found < 0 && errno == EINTR)) return false;
    constexpr int kDone = 0, kRejects = 3;
    const int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    if (exit_status != kDone && exit_status != kRejects) end_.result.reset();
    process_ = -1;
    return true;
  }

  pid_t process_;
  FileDescriptor input_, output_;
  std::string line_;
  bool is_at_end_ = false;
  WorkEnd end_;
};

void make_private_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
  if (failure) throw write_error(failure.value(), "the data folder of the server");
}

}  // namespace

LocalExecutor::LocalExecutor(LocalExecutorOptions options) : options_(std::move(options)) {}

fs::path LocalExecutor::job_folder(const std::string& job_id) const { return options_.data / "jobs" / job_id; }

fs::path LocalExecutor::result_folder(const std::string& job_id) const { return job_folder(job_id) / "out"; }

WorkOrder LocalExecutor::order_for_worker(const JobOrder& order) const {
  WorkOrder work;
  work.job = order.job_id;
  work.kind = order.kind;
  for (const std::string& sha256 : order.input_sha256) work.inputs.push_back(options_.path_of(sha256).string());
  work.recipe = order.recipe;
  work.key = order.key;
  work.out = result_folder(order.job_id).string();
  work.report = (options_.data / "reports" / order.job_id).string();
  work.project = order.project;
  work.device = order.device;
  work.threads = order.threads;
  work.memory_bytes = order.memory_bytes;
  if (order.device == "cpu") work.max_data_bytes = 2 * order.memory_bytes + kBesideWorkingMemoryBytes;
  work.resume = true;
  work.record = order.record;
  return work;
}

std::unique_ptr<RunningWork> LocalExecutor::start(const JobOrder& order) {
  make_private_folder(job_folder(order.job_id));
  make_private_folder(options_.data / "reports");
  Pair input = socket_pair(), output = socket_pair();
  const pid_t process = spawn(options_.program, input.theirs.number(), output.theirs.number());
  auto work = std::make_unique<LocalWork>(process, std::move(input.ours), std::move(output.ours));
  input.theirs = FileDescriptor(-1);
  output.theirs = FileDescriptor(-1);
  WorkOrder to_send = order_for_worker(order);
  std::string text = json_line(to_json(to_send));
  work->send(text);
  ::explicit_bzero(text.data(), text.size());
  ::explicit_bzero(to_send.key.data(), to_send.key.size());
  return work;
}

std::vector<std::string> LocalExecutor::kept() const {
  std::vector<std::string> ids;
  std::error_code failure;
  for (fs::directory_iterator it(options_.data / "jobs", failure), end; !failure && it != end; it.increment(failure)) {
    ids.push_back(it->path().filename().string());
  }
  return ids;
}

void LocalExecutor::clear(const std::string& job_id) {
  std::error_code ignored;
  fs::remove_all(job_folder(job_id), ignored);
}

}  // namespace naru::server
