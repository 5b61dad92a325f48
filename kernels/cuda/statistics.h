/// Private to kernels/: the device halves of kernels/statistics.h. All wait, since they return host values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/statistics_voxel.h"
#include "kernels/whole_sums.h"

namespace naru::cuda {

/// Adds how often each value occurs to `counts`, which has 65,536 bins from T's least value on.
template <class T>
void add_histogram(VolumeView<const T> in, std::vector<std::uint64_t>& counts, Executor& executor);

/// The same where `mask` is not 0.
template <class T>
void add_histogram(VolumeView<const T> in, const std::uint8_t* mask, std::vector<std::uint64_t>& counts,
                   Executor& executor);

/// The same of float values that are finite, by their bins.
void add_histogram(VolumeView<const float> in, const EqualBins& bins, std::vector<std::uint64_t>& counts,
                   Executor& executor);

/// Of all values.
template <class T>
WholeSums whole_sums(VolumeView<const T> in, Executor& executor);

/// The sums of each piece, in order; where `mask` is not null, of the values where it is not 0.
std::vector<FloatSums> piece_sums(VolumeView<const float> in, const std::uint8_t* mask, Executor& executor);

}  // namespace naru::cuda
