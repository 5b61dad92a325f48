/// Private to kernels/: the tables of nearest and linear, made on the host in f64, where an executor reaches them.
#pragma once

#include <vector>

#include "kernels/buffer.h"
#include "kernels/resample.h"
#include "kernels/resample_voxel.h"

namespace naru {

class ReachableTaps {
 public:
  ReachableTaps(const Size3& source, const ResampleOptions& options, Executor& executor);
  AxisTaps axes() const;

 private:
  std::vector<AxisTap> on_host_;
  Buffer<AxisTap> on_device_;
  std::int64_t x_count_, y_count_;
};

}  // namespace naru
