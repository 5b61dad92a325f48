/// Private to *.cu: how many registers ptxas may take.
#pragma once

namespace naru::cuda {

/// For __launch_bounds__: blocks that a multiprocessor has to hold, 0: as ptxas thinks best. What it thinks best on
/// sm_80 are more threads at the price of registers, some of whose values then lie in memory; a smaller number of
/// blocks that is asked for gives each thread the registers that it needs. On sm_90 nothing spills.
constexpr int fewest_blocks([[maybe_unused]] int on_sm_80) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ == 800
  return on_sm_80;
#else
  return 0;
#endif
}

}  // namespace naru::cuda
