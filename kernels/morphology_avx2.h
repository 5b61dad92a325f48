/// Private to kernels/: the bits of a mask to its voxels, with AVX2. @pre cpu_path() >= CpuPath::avx2
#pragma once

#include <cstdint>

namespace naru::avx2 {

/// Voxel 64 w + i, 0 or 1, of bit i of `from[w] ^ turned`. @param is_streamed past the caches, where `to` allows it
void unpack_words(const std::uint64_t* from, std::uint64_t turned, std::uint8_t* to, std::int64_t words,
                  bool is_streamed);

}  // namespace naru::avx2
