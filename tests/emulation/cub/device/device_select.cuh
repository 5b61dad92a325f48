/// CUB's selection for the emulated device.
#pragma once

#include "tests/emulation/device.h"

namespace cub {

struct DeviceSelect {
  template <class In, class Out, class Count, class Rule>
  static cudaError_t If(void* scratch, std::size_t& scratch_bytes, In in, Out* out, Count* selected,
                        std::int32_t count, Rule rule, cudaStream_t stream) {
    scratch_bytes = 1;
    if (scratch == nullptr) return cudaSuccess;
    naru::emulation::enqueue({{}, {}, 0, stream}, [=] {
      *selected = 0;
      for (std::int32_t n = 0; n < count; ++n) {
        if (rule(in[n])) out[(*selected)++] = in[n];
      }
    });
    return cudaGetLastError();
  }
};

}  // namespace cub
