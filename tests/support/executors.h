/// The executors that every kernel test runs over.
#pragma once

#include <vector>

#include "kernels/executor.h"

namespace naru::test {

/// CPU with one thread, CPU with all threads (two at least), and the first GPU where there is one. Where there is none,
/// one printed line says that the GPU's half did not run.
std::vector<Executor> executors_under_test();

}  // namespace naru::test
