/// Private to kernels/: which instruction set the CPU paths use. Every path gives the same bits, but for
/// those of kernels/text_network.h.
#pragma once

/// Of a function that is chosen where cpu_path() is avx2 or more: all that it calls is compiled for AVX2 and FMA within
/// it.
#define NARU_AVX2_FLAT __attribute__((target("avx2,fma"), flatten))

namespace naru {

/// Each has what those before it have.
enum class CpuPath { baseline, avx2, avx512 };

/// The best that this CPU has, or what a ForcedCpuPath asks for.
CpuPath cpu_path();

/// Makes `cpu_path()` answer `path` while it lives, for tests and benchmarks. One at a time.
/// @pre the CPU has it
class ForcedCpuPath {
 public:
  explicit ForcedCpuPath(CpuPath path);
  ~ForcedCpuPath();
  ForcedCpuPath(const ForcedCpuPath&) = delete;
  ForcedCpuPath& operator=(const ForcedCpuPath&) = delete;
};

}  // namespace naru
