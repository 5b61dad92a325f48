/// Where work runs, and memory that it can reach.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

namespace naru {

/// A place where kernels run: a number of CPU threads, or one stream of one CUDA device.
///
/// Work given to a CUDA executor is asynchronous and ordered; it has finished once `wait()` returned or a kernel
/// returned a host value. A CPU executor has finished when the call returns. One worker owns one executor; an executor
/// is not for use by two threads at a time. Kernels give the same bytes for any number of CPU threads.
///
/// @throws of every kernel, where its header names no other: Error{memory_exceeded} or std::bad_alloc where what it
/// takes beside its views has no room, Error{device_unavailable} where the device fails.
class Executor {
 public:
  /// @param thread_count 1 or more; 0 means one per hardware thread that the process may use, which is also the most
  static Executor cpu(int thread_count);

  /// One stream on CUDA device `device_index`; host work beside it runs on `thread_count` CPU threads, as above.
  /// @throws Error{device_unavailable} without a CUDA build, driver, or such a device
  static Executor cuda(int device_index, int thread_count);

  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  ~Executor();

  bool is_cuda() const;
  int thread_count() const;         ///< of the CPU part: also what a CUDA executor's host work uses
  std::string description() const;  ///< "cpu", or "cuda:" and the device's name

  /// Blocks until all work given so far has finished. @throws Error{device_unavailable} where the device failed
  void wait();

  /// Host memory that buffers of this executor, and of those like it, leave behind is kept for the next ones up to so
  /// many bytes, from now on; 32 MiB until this is called. Nothing on a CPU executor, whose system keeps it.
  void keep_host_memory(std::uint64_t most_bytes);
  std::uint64_t kept_host_memory() const;

  /// Calls `body(begin, end)` over [0, count) in pieces of at most `grain`, on this executor's CPU threads, and returns
  /// when all have. Pieces are fixed by `grain` alone, never by the number of threads. Exceptions are passed on.
  void parallel_for(std::int64_t count, std::int64_t grain,
                    const std::function<void(std::int64_t, std::int64_t)>& body);

  struct State;  // private to kernels/
  State& state() { return *state_; }

 private:
  explicit Executor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What the machine offers, without creating anything: for `naru doctor`. Empty without a CUDA build, driver or GPU
/// that our kernels are compiled for (compute capability 8.0 and later).
struct CudaDevice {
  int index = 0;
  std::string name;
  std::uint64_t memory_bytes = 0;
  int compute_major = 0, compute_minor = 0;
};
struct CudaStatus {
  bool built_in = false;   ///< this program was built with the CUDA backend
  int driver_version = 0;  ///< as CUDA writes it, e.g. 13000; 0 without a driver
  int runtime_version = 0;
  std::vector<CudaDevice> devices;
};
CudaStatus cuda_status();

/// The CPU instruction sets that kernels choose from at run time, best first: "avx512", "avx2" or
/// "baseline".
std::string cpu_dispatch();

}  // namespace naru
