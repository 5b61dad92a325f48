#include "kernels/pick_avx512.h"

#include <algorithm>

#include "kernels/avx512.h"

namespace naru::avx512 {

std::optional<std::vector<Picks>> picks_of(std::span<const std::int32_t> places, std::int64_t row_values) {
  constexpr std::int64_t kReach = 2 * kPickedTogether;
  std::vector<Picks> picks;
  for (std::size_t begin = 0; begin < places.size(); begin += kPickedTogether) {
    const auto group = places.subspan(begin, std::min(kPickedTogether, places.size() - begin));
    const auto [least, greatest] = std::ranges::minmax(group);
    Picks made{{}, std::min<std::int64_t>(least, row_values - kReach)};
    if (made.base < 0 || greatest - made.base >= kReach) return std::nullopt;
    for (std::size_t i = 0; i < kPickedTogether; ++i) {
      made.offsets[i] = static_cast<std::uint16_t>(group[std::min(i, group.size() - 1)] - made.base);
    }
    picks.push_back(made);
  }
  return picks;
}

NARU_AVX512 void pick(const std::uint16_t* row, std::span<const Picks> picks, std::uint16_t* to) {
  for (const Picks& group : picks) {
    const __m512i low = _mm512_loadu_si512(row + group.base);
    const __m512i high = _mm512_loadu_si512(row + group.base + kPickedTogether);
    _mm512_storeu_si512(to, _mm512_permutex2var_epi16(low, _mm512_load_si512(group.offsets.data()), high));
    to += kPickedTogether;
  }
}

}  // namespace naru::avx512
