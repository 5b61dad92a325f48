/// How a receipt is told from other files: the ledger's proof that a dataset was published, which the server puts
/// beside the files that it delivers. SHA256SUMS cannot name it, since the proof is about SHA256SUMS.
///
/// Source: https://c2sp.org/tlog-proof
#pragma once

#include <cstddef>
#include <string_view>

namespace naru {

inline constexpr std::string_view kReceiptFile = "receipt.tlog-proof";
inline constexpr std::string_view kReceiptHeader = "c2sp.org/tlog-proof@v1";  ///< its first line
inline constexpr std::size_t kMaxReceiptBytes = std::size_t{1} << 20;

/// By the first line. Whether it is right, `naru audit verify` says.
inline bool is_receipt(std::string_view text) {
  return text.starts_with(kReceiptHeader) && text.substr(kReceiptHeader.size()).starts_with('\n');
}

}  // namespace naru
