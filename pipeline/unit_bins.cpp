#include "pipeline/unit_bins.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "kernels/buffer.h"

namespace naru {

void UnitBins::widen(const Statistics& part) {
  if (part.count == 0) return;
  low_ = is_empty_ ? part.min : std::min(low_, part.min);
  high_ = is_empty_ ? part.max : std::max(high_, part.max);
  is_empty_ = false;
}

dicom::Rescale UnitBins::units_of_bins() const {
  const double width = (high_ - low_) / static_cast<double>(kBinCount - 1);
  return {width > 0 ? width : 1, low_};
}

void UnitBins::add(VolumeView<const float> voxels, Executor& executor) {
  const auto count = voxels.size.voxel_count();
  Buffer<float> copy;
  const float* values = voxels.data;
  if (executor.is_cuda()) {
    copy = Buffer<float>::on_host(static_cast<std::size_t>(count), executor);
    detail::copy_bytes(copy.data(), voxels.data, static_cast<std::size_t>(count) * sizeof(float), executor);
    executor.wait();
    values = copy.data();
  }
  const dicom::Rescale bins = units_of_bins();
  constexpr std::int64_t kVoxelsPerPiece = 1 << 20;
  std::mutex mutex;
  executor.parallel_for(count, kVoxelsPerPiece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint32_t> counts(kBinCount);
    for (std::int64_t v = begin; v < end; ++v) {
      if (!std::isfinite(values[v])) continue;
      const double bin = std::clamp(std::round((static_cast<double>(values[v]) - bins.intercept) / bins.slope), 0.0,
                                    static_cast<double>(kBinCount - 1));
      ++counts[static_cast<std::size_t>(bin)];
    }
    const std::lock_guard lock(mutex);
    for (std::size_t b = 0; b < kBinCount; ++b) histogram_.counts[b] += counts[b];
  });
}

}  // namespace naru
