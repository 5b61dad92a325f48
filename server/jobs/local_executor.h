/// Jobs as child processes of this one: `naru worker`.
///
/// A job works in DATA/jobs/JOB and leaves OUT there; its report goes to DATA/reports/JOB. The lock of the work folder
/// (pipeline/staging.h) keeps two attempts apart. A child ends with the thread that started it (PR_SET_PDEATHSIG) and
/// with the socket that is its standard input, so none survives the server.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "server/jobs/executor.h"

namespace naru::server {

struct LocalExecutorOptions {
  std::filesystem::path data;                                               ///< absolute
  std::filesystem::path program = "/proc/self/exe";                         ///< `naru`
  std::function<std::filesystem::path(const std::string& sha256)> path_of;  ///< of a received file
};

class LocalExecutor final : public JobExecutor {
 public:
  explicit LocalExecutor(LocalExecutorOptions options);

  std::unique_ptr<RunningWork> start(const JobOrder& order) override;
  std::filesystem::path result_folder(const std::string& job_id) const override;
  std::vector<std::string> kept() const override;
  void clear(const std::string& job_id) override;

 private:
  std::filesystem::path job_folder(const std::string& job_id) const;
  WorkOrder order_for_worker(const JobOrder& order) const;
  LocalExecutorOptions options_;
};

}  // namespace naru::server
