#include "kernels/dispatch.h"

#include <array>
#include <atomic>

#include "kernels/executor.h"

namespace naru {

namespace {

CpuPath best_path() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CpuPath::baseline;
  const bool has_avx512 =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has_avx512 ? CpuPath::avx512 : CpuPath::avx2;
}

std::atomic<CpuPath>& chosen_path() {
  static std::atomic<CpuPath> path{best_path()};
  return path;
}

}  // namespace

CpuPath cpu_path() { return chosen_path().load(std::memory_order_relaxed); }

ForcedCpuPath::ForcedCpuPath(CpuPath path) { chosen_path().store(path); }
ForcedCpuPath::~ForcedCpuPath() { chosen_path().store(best_path()); }

std::string cpu_dispatch() {
  constexpr std::array kNames = {"baseline", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(cpu_path())];
}

}  // namespace naru
