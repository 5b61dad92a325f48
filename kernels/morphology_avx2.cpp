#include "kernels/morphology_avx2.h"

#include "kernels/avx2.h"

namespace naru::avx2 {

namespace {

NARU_AVX2_INLINE __m256i voxels_of(std::uint32_t bits) {
  // Byte i of the register gets the byte of `bits` that holds bit i, and of it that bit alone.
  const __m256i byte_of = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit_of = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
  const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), byte_of);
  const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, bit_of), bit_of);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(1));
}

template <bool kIsStreamed>
NARU_AVX2 void unpack(const std::uint64_t* from, std::uint64_t turned, std::uint8_t* to, std::int64_t words) {
  for (std::int64_t w = 0; w < words; ++w, to += 64) {
    const std::uint64_t word = from[w] ^ turned;
    put<kIsStreamed>(reinterpret_cast<__m256i*>(to), voxels_of(static_cast<std::uint32_t>(word)));
    put<kIsStreamed>(reinterpret_cast<__m256i*>(to + 32), voxels_of(static_cast<std::uint32_t>(word >> 32)));
  }
}

}  // namespace

void unpack_words(const std::uint64_t* from, std::uint64_t turned, std::uint8_t* to, std::int64_t words,
                  bool is_streamed) {
  is_streamed = is_streamed && reinterpret_cast<std::uintptr_t>(to) % sizeof(__m256i) == 0;
  is_streamed ? unpack<true>(from, turned, to, words) : unpack<false>(from, turned, to, words);
}

}  // namespace naru::avx2
