#include "server/gpu_memory.h"

#include <dlfcn.h>

namespace naru::server {

namespace {

/// The few of NVML's functions that are needed, as its header declares them; each returns 0 where all is well.
/// Source: NVML API reference, nvmlInit_v2, nvmlDeviceGetMemoryInfo.
struct Nvml {
  struct Memory {
    unsigned long long total, free, used;
  };
  int (*init)() = nullptr;
  int (*count)(unsigned int* count) = nullptr;
  int (*handle)(unsigned int index, void** device) = nullptr;
  int (*memory)(void* device, Memory* memory) = nullptr;
  bool is_ready = false;
};

template <class Function>
bool load(void* library, Function& function, const char* symbol) {
  function = reinterpret_cast<Function>(::dlsym(library, symbol));
  return function != nullptr;
}

Nvml open_nvml(const std::string& name) {
  Nvml nvml;
  void* const library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nvml;
  nvml.is_ready = load(library, nvml.init, "nvmlInit_v2") && load(library, nvml.count, "nvmlDeviceGetCount_v2") &&
                  load(library, nvml.handle, "nvmlDeviceGetHandleByIndex_v2") &&
                  load(library, nvml.memory, "nvmlDeviceGetMemoryInfo") && nvml.init() == 0;
  return nvml;
}

}  // namespace

std::vector<GpuMemory> gpu_memory(const std::string& library) {
  static const Nvml nvml = open_nvml(library);
  unsigned int count = 0;
  if (!nvml.is_ready || nvml.count(&count) != 0) return {};
  std::vector<GpuMemory> devices;
  for (unsigned int index = 0; index < count; ++index) {
    void* device = nullptr;
    Nvml::Memory memory{};
    if (nvml.handle(index, &device) != 0 || nvml.memory(device, &memory) != 0) return {};  // indices must hold
    devices.push_back({memory.used, memory.total});
  }
  return devices;
}

}  // namespace naru::server
