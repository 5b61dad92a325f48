/// Permutes and flips axes: out(t) = in(s) with s[map.source_axis[a]] = map.flip[a] ? n-1-t[a] : t[a]. Exact.
#pragma once

#include "core/geometry.h"
#include "core/volume.h"
#include "kernels/executor.h"

namespace naru {

/// @param in  source voxels
/// @param out size[a] == in.size[map.source_axis[a]]; must not overlap `in`
/// Both in memory that `executor` reaches. T: int16, uint16, float. Asynchronous on CUDA.
template <class T>
void orient(VolumeView<const T> in, VolumeView<T> out, const AxisMap& map, Executor& executor);

}  // namespace naru
