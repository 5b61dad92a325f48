/// The memory of this machine's GPUs as their driver sees it, for the metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace naru::server {

struct GpuMemory {
  std::uint64_t used_bytes = 0, total_bytes = 0;
};

/// One entry a device, in the driver's order; empty where there is no driver or no GPU. It asks NVML, the library of
/// nvidia-smi, which makes no CUDA context: this process keeps no memory of a GPU. Safe to use from any thread.
/// @param library is opened on the first call, and those of other names are then not looked at
std::vector<GpuMemory> gpu_memory(const std::string& library = "libnvidia-ml.so.1");

}  // namespace naru::server
