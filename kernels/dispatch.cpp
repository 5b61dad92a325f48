#include "kernels/dispatch.h"

#include <atomic>

#include "kernels/executor.h"

namespace naru {

namespace {

CpuPath best_path() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? CpuPath::avx2 : CpuPath::baseline;
}

std::atomic<CpuPath>& chosen_path() {
  static std::atomic<CpuPath> path{best_path()};
  return path;
}

}  // namespace

CpuPath cpu_path() { return chosen_path().load(std::memory_order_relaxed); }

ForcedCpuPath::ForcedCpuPath(CpuPath path) { chosen_path().store(path); }
ForcedCpuPath::~ForcedCpuPath() { chosen_path().store(best_path()); }

std::string cpu_dispatch() { return cpu_path() == CpuPath::avx2 ? "avx2" : "baseline"; }

}  // namespace naru
