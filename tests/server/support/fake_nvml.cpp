/// A driver of two GPUs that takes no GPU: the functions of NVML that gpu_memory.cpp asks for.
extern "C" {

struct Memory {
  unsigned long long total, free, used;
};

int nvmlInit_v2() { return 0; }
int nvmlDeviceGetCount_v2(unsigned int* count) { return *count = 2, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** device) {
  static int devices[2];
  return index < 2 ? (*device = &devices[index], devices[index] = static_cast<int>(index), 0) : 2;
}
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  const auto index = static_cast<unsigned long long>(*static_cast<int*>(device));
  *memory = {80000 + index, 70000, 10000 + index};
  return 0;
}
}
