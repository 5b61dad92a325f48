#include "tests/support/executors.h"

#include <algorithm>
#include <cstdio>

namespace naru::test {

namespace {

bool gpu_is_present() {
  static const bool present = [] {
    const CudaStatus status = cuda_status();
    if (status.devices.empty()) {
      std::puts(status.built_in ? "NOTE: no GPU here: the CUDA half of these tests did not run"
                                : "NOTE: built without CUDA: the CUDA half of these tests did not run");
    }
    return !status.devices.empty();
  }();
  return present;
}

}  // namespace

std::vector<Executor> executors_under_test() {
  std::vector<Executor> executors;
  executors.push_back(Executor::cpu(1));
  executors.push_back(Executor::cpu(std::max(2, Executor::cpu(0).thread_count())));
  if (gpu_is_present()) executors.push_back(Executor::cuda(0, 0));
  return executors;
}

}  // namespace naru::test
