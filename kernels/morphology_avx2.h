/// Private to kernels/: 64 voxels of a mask to the bits of a word, and back.
#pragma once

#include <cstdint>

namespace naru::avx2 {

/// Bit i of word w: whether voxel 64 w + i is not 0.
void pack_words(const std::uint8_t* from, std::uint64_t* to, std::int64_t words);

/// The opposite, of the bits of `from ^ turned`: 0 or 1.
void unpack_words(const std::uint64_t* from, std::uint64_t turned, std::uint8_t* to, std::int64_t words);

}  // namespace naru::avx2
