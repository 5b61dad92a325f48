#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tests/emulation/device.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace {

using naru::emulation::kWarp;
using naru::emulation::Meeting;

[[noreturn]] void fail(const char* why) {
  std::fprintf(stderr, "emulated device: %s\n", why);
  std::abort();
}

std::recursive_mutex& device_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// Where a row of calls stands. swapcontext would ask the kernel for its signals at every switch. What sets or takes a
/// place is no business of the optimizer: others change registers meanwhile.
struct Place {
  void* registers[5] = {};  // as __builtin_setjmp wants it

  [[gnu::noipa, gnu::no_sanitize_address]] void go_on() { __builtin_longjmp(registers, 1); }
};

/// A stack on which threads of a block run, one after the other while none waits.
struct Fiber {
  static constexpr std::size_t kStackBytes = 256 * 1024;
  Place place;
  ucontext_t start{};
  bool has_begun = false;
  std::unique_ptr<char[]> stack{new char[kStackBytes]};
  void* sanitizer_stack = nullptr;
  unsigned thread = 0;
  bool is_done = false;
};

struct Warp {
  unsigned ended = 0, wanted = 0, arrived = 0;
  std::uint64_t generation = 0;
  Meeting open, closed;
};

/// Runs the threads of one block at a time.
class Block {
 public:
  static Block& mine() {
    static Block block;
    return block;
  }

  void run(const dim3& shape, const std::function<void()>& thread) {
    thread_ = &thread;
    count_ = shape.x * shape.y * shape.z;
    next_ = ended_ = arrived_ = 0;
    warps_.assign((count_ + kWarp - 1) / kWarp, {});
    if (count_ % kWarp != 0) warps_.back().ended = ~0U << count_ % kWarp;
    std::size_t live = 0;
    while (ended_ < count_) {
      const std::uint64_t before = steps_;
      if (next_ < count_) {  // another that waits leaves the rest to a new fiber
        if (live == fibers_.size()) fibers_.push_back(std::make_unique<Fiber>());
        begin(*fibers_[live++]);
        continue;
      }
      for (std::size_t n = 0; n < live; ++n) {
        if (!fibers_[n]->is_done) resume(*fibers_[n]);
      }
      if (steps_ == before && ended_ < count_) fail("threads wait for others that never come");
    }
  }

  void wait_for_block() {
    const std::uint64_t generation = generation_;
    ++arrived_;
    open_barrier();
    while (generation == generation_) yield();
    ++steps_;
  }

  const Meeting& meet(unsigned mask, int value) {
    const unsigned lane = current_->thread % kWarp;
    Warp& warp = warps_[current_->thread / kWarp];
    const std::uint64_t generation = warp.generation;
    if (warp.arrived != 0 && warp.wanted != mask) fail("lanes of a warp meet with different masks");
    warp.wanted = mask;
    Meeting& open = warp.open;
    open.least = warp.arrived == 0 ? value : std::min(open.least, value);
    open.greatest = warp.arrived == 0 ? value : std::max(open.greatest, value);
    open.values[lane] = value;
    warp.arrived |= 1U << lane;
    close_meeting(warp);
    while (generation == warp.generation) yield();
    ++steps_;
    return warp.closed;
  }

  unsigned lanes_left() const { return ~warps_[current_->thread / kWarp].ended; }

 private:
  void begin(Fiber& fiber) {
    fiber.is_done = false;
    if (!fiber.has_begun) {
      getcontext(&fiber.start);
      fiber.start.uc_stack.ss_sp = fiber.stack.get();
      fiber.start.uc_stack.ss_size = Fiber::kStackBytes;
      fiber.start.uc_link = nullptr;
      makecontext(
          &fiber.start, [] { mine().live(); }, 0);
    }
    resume(fiber);
  }

  /// What a fiber does from block to block.
  void live() {
    Fiber& fiber = *current_;
    arrive(nullptr, &main_stack_);
    for (;;) {
      run_threads(fiber);
      fiber.is_done = true;
      yield();
    }
  }

  void run_threads(Fiber& fiber) {
    while (next_ < count_) {
      fiber.thread = next_++;
      set_thread(fiber.thread);
      (*thread_)();
      ++steps_;
      ++ended_;
      Warp& warp = warps_[fiber.thread / kWarp];
      warp.ended |= 1U << fiber.thread % kWarp;
      close_meeting(warp);
      open_barrier();
    }
  }

  void open_barrier() {
    if (arrived_ == 0 || arrived_ < count_ - ended_) return;
    arrived_ = 0;
    ++generation_;
  }

  static void close_meeting(Warp& warp) {
    if (warp.arrived == 0 || warp.arrived != (warp.wanted & ~warp.ended)) return;
    warp.closed = warp.open;
    warp.closed.lanes = warp.arrived;
    warp.arrived = 0;
    ++warp.generation;
  }

  static void set_thread(unsigned n) {
    threadIdx = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
  }

  [[gnu::noipa, gnu::no_sanitize_address]] void resume(Fiber& fiber) {
    current_ = &fiber;
    set_thread(fiber.thread);
    void* own = nullptr;
    leave(&own, {fiber.stack.get(), Fiber::kStackBytes});
    if (__builtin_setjmp(main_.registers) == 0) {
      if (fiber.has_begun) fiber.place.go_on();
      fiber.has_begun = true;
      setcontext(&fiber.start);
    }
    arrive(own, nullptr);
  }

  [[gnu::noipa, gnu::no_sanitize_address]] void yield() {
    Fiber& fiber = *current_;
    leave(&fiber.sanitizer_stack, main_stack_);
    if (__builtin_setjmp(fiber.place.registers) == 0) main_.go_on();
    arrive(fiber.sanitizer_stack, &main_stack_);
  }

  // The sanitizer is told of each switch, on both sides.
  struct Stack {
    const void* bottom = nullptr;
    std::size_t size_bytes = 0;
  };
  static void leave([[maybe_unused]] void** own, [[maybe_unused]] const Stack& stack) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(own, stack.bottom, stack.size_bytes);
#endif
  }
  static void arrive([[maybe_unused]] void* own, [[maybe_unused]] Stack* before) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(own, before ? &before->bottom : nullptr, before ? &before->size_bytes : nullptr);
#endif
  }

  const std::function<void()>* thread_ = nullptr;
  unsigned count_ = 0, next_ = 0, ended_ = 0, arrived_ = 0;
  std::uint64_t generation_ = 0, steps_ = 0;
  std::vector<Warp> warps_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber* current_ = nullptr;
  Place main_;
  Stack main_stack_;
};

struct Allocation {
  std::size_t size_bytes = 0;
  bool is_device = false;
};

long long number_in(const char* variable, long long otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

struct Device {
  std::map<const char*, Allocation> allocations;  // by their beginning
  std::list<cudaStream_t> streams;
  std::map<const void*, std::size_t> shared_allowed;
  std::vector<std::byte> shared;
  std::size_t used_bytes = 0, pinned_bytes = 0;
  long long launches = 0;  // since NARU_EMULATED_LAUNCHES was set
  naru::emulation::Counts counts;
  cudaError_t last = cudaSuccess;

  static Device& the() {
    static Device device;
    return device;
  }

  cudaError_t failed(cudaError_t error) { return last = error; }

  bool is_lost() {
    if (std::getenv("NARU_EMULATED_LAUNCHES") == nullptr) launches = 0;
    return launches > number_in("NARU_EMULATED_LAUNCHES", std::numeric_limits<long long>::max());
  }

  bool is_registered(const void* pointer) const {
    auto it = allocations.upper_bound(static_cast<const char*>(pointer));
    if (it == allocations.begin()) return false;
    --it;
    return static_cast<const char*>(pointer) < it->first + it->second.size_bytes;
  }
};

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kSharedBytes = 48 * 1024, kMostSharedBytes = 227 * 1024;
constexpr unsigned kMostThreads = 1024, kMostBlocks = 65535;  // of a block; along y and z
constexpr std::size_t kDeviceBytes = std::size_t{8} << 30;

/// Of a block that asks for more than kSharedBytes.
std::size_t most_shared_bytes() {
  return static_cast<std::size_t>(number_in("NARU_EMULATED_SHARED_BYTES", kMostSharedBytes));
}

}  // namespace

struct CUstream_st {
  std::list<std::function<void()>> queue;

  void run() {
    while (!queue.empty()) {
      const auto work = std::move(queue.front());
      queue.pop_front();
      work();
    }
  }
};

namespace naru::emulation {

void wait_for_block() { Block::mine().wait_for_block(); }
const Meeting& meet(unsigned mask, int value) { return Block::mine().meet(mask, value); }
unsigned lanes_left() { return Block::mine().lanes_left(); }
void* shared_memory() { return Device::the().shared.data(); }

cudaError_t allow_shared(const void* kernel, std::size_t size_bytes) {
  const std::lock_guard lock(device_mutex());
  if (size_bytes > most_shared_bytes()) return Device::the().failed(cudaErrorInvalidValue);
  Device::the().shared_allowed[kernel] = size_bytes;
  return cudaSuccess;
}

Counts counts() {
  const std::lock_guard lock(device_mutex());
  return Device::the().counts;
}

void enqueue(const Config& config, std::function<void()> thread) {
  const std::lock_guard lock(device_mutex());
  Device& device = Device::the();
  const auto& [grid, block, shared_bytes, stream] = config;
  ++device.launches;
  ++device.counts.launches;
  if (device.is_lost()) return;
  std::size_t most_shared = kSharedBytes;
  for (const auto& [kernel, allowed] : device.shared_allowed) most_shared = std::max(most_shared, allowed);
  const bool has_threads = block.x * block.y * block.z != 0 && grid.x * std::uint64_t{grid.y} * grid.z != 0;
  if (!has_threads || block.x * block.y * block.z > kMostThreads || grid.x > 0x7fff'ffffU || grid.y > kMostBlocks ||
      grid.z > kMostBlocks || shared_bytes > most_shared) {
    device.failed(cudaErrorInvalidConfiguration);
    return;
  }
  stream->queue.push_back([config, thread = std::move(thread)] {
    gridDim = config.grid;
    blockDim = config.block;
    for (unsigned z = 0; z < config.grid.z; ++z) {
      for (unsigned y = 0; y < config.grid.y; ++y) {
        for (unsigned x = 0; x < config.grid.x; ++x) {
          constexpr std::byte kRubbish{0xA5};
          Device::the().shared.assign(config.shared_bytes, kRubbish);
          blockIdx = {x, y, z};
          Block::mine().run(config.block, thread);
        }
      }
    }
  });
}

}  // namespace naru::emulation

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
  }
  return "unknown";
}

cudaError_t cudaGetLastError() {
  const std::lock_guard lock(device_mutex());
  Device& device = Device::the();
  return device.is_lost() ? cudaErrorLaunchFailure : std::exchange(device.last, cudaSuccess);
}

cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  *properties = {"emulated", kDeviceBytes, 9, 0, 4, most_shared_bytes()};
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  const std::lock_guard lock(device_mutex());
  if (Device::the().is_lost()) return cudaErrorLaunchFailure;
  return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t*, int) { return cudaSuccess; }
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard lock(device_mutex());
  *stream = new CUstream_st;
  Device::the().streams.push_back(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  stream->run();
  Device::the().streams.remove(stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  if (Device::the().is_lost()) return cudaErrorLaunchFailure;
  if (!stream->queue.empty()) ++Device::the().counts.waits;
  stream->run();
  return cudaSuccess;
}

namespace {

void* allocate(std::size_t size_bytes, bool is_device) {
  Device& device = Device::the();
  void* pointer = std::aligned_alloc(kAlignment, (size_bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (pointer == nullptr) fail("no memory");
  constexpr int kRubbish = 0xA5;  // nothing may count on zeros
  std::memset(pointer, kRubbish, size_bytes);
  device.allocations[static_cast<const char*>(pointer)] = {size_bytes, is_device};
  return pointer;
}

void release(void* pointer) {
  Device& device = Device::the();
  const auto it = device.allocations.find(static_cast<const char*>(pointer));
  if (it == device.allocations.end()) fail("memory is freed that was not allocated");
  (it->second.is_device ? device.used_bytes : device.pinned_bytes) -= it->second.size_bytes;
  device.allocations.erase(it);
  std::free(pointer);
}

}  // namespace

/// What was freed in the stream before is there again.
cudaError_t cudaMallocAsync(void** pointer, std::size_t size_bytes, cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  Device& device = Device::the();
  const auto room = static_cast<std::size_t>(number_in("NARU_EMULATED_BYTES", kDeviceBytes));
  if (device.used_bytes + size_bytes > room) stream->run();
  if (device.used_bytes + size_bytes > room) return device.failed(cudaErrorMemoryAllocation);
  device.used_bytes += size_bytes;
  *pointer = allocate(size_bytes, true);
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  stream->queue.push_back([pointer] { release(pointer); });
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t size_bytes, unsigned) {
  const std::lock_guard lock(device_mutex());
  Device& device = Device::the();
  const auto room = static_cast<std::size_t>(number_in("NARU_EMULATED_PINNED_BYTES", kDeviceBytes));
  if (device.pinned_bytes + size_bytes > room) return device.failed(cudaErrorMemoryAllocation);
  device.pinned_bytes += size_bytes;
  *pointer = allocate(size_bytes, false);
  return cudaSuccess;
}

/// Waits for the device, as CUDA's does.
cudaError_t cudaFreeHost(void* pointer) {
  const std::lock_guard lock(device_mutex());
  for (const cudaStream_t stream : Device::the().streams) stream->run();
  release(pointer);
  return cudaSuccess;
}

/// From pageable memory a copy of it is taken at once, or late; into pageable memory the call returns when all is
/// there.
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size_bytes, cudaMemcpyKind, cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  Device& device = Device::the();
  device.counts.copied_bytes += static_cast<long long>(size_bytes);
  if (device.is_registered(from) || std::getenv("NARU_EMULATED_LATE_COPIES") != nullptr) {
    stream->queue.push_back([=] { std::memcpy(to, from, size_bytes); });
  } else {
    const auto* bytes = static_cast<const char*>(from);
    stream->queue.push_back(
        [to, kept = std::vector<char>(bytes, bytes + size_bytes)] { std::memcpy(to, kept.data(), kept.size()); });
  }
  return device.is_registered(to) ? cudaSuccess : cudaStreamSynchronize(stream);
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t size_bytes, cudaStream_t stream) {
  const std::lock_guard lock(device_mutex());
  stream->queue.push_back([=] { std::memset(to, value, size_bytes); });
  return cudaSuccess;
}
