/// Pseudonyms: keyed functions of identifiers (HMAC-SHA-256). Whoever lacks the key can neither recompute nor test one.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace naru {

class PseudonymKey {
 public:
  static constexpr std::size_t kSizeBytes = 32;
  using Bytes = std::array<std::byte, kSizeBytes>;

  explicit PseudonymKey(const Bytes& bytes) : bytes_(bytes) {}
  ~PseudonymKey();
  PseudonymKey(const PseudonymKey&) = default;
  PseudonymKey& operator=(const PseudonymKey&) = default;

  /// HMAC(key, kind || 0 || identifier).
  Bytes tag(std::string_view kind, std::string_view identifier) const;

  /// `kind` and the first 64 bits as 16 hexadecimal digits, e.g. "patient-1f0c9a52be47d360".
  std::string pseudonym(std::string_view kind, std::string_view identifier) const;

  /// A UID in the form 2.25.N (PS3.5 B.2), N being the first 128 bits of tag("uid", uid) with the version and variant
  /// bits of a UUID of version 8 (RFC 9562). The same UID gives the same UID, wherever it stands: spaces and NULs at
  /// its end are padding and do not count.
  std::string uid(std::string_view uid) const;

  /// Whole days to add to every date of a patient: -`bound` to -1, evenly distributed, from the first 64 bits of
  /// tag("date-shift", patient_identifier). `bound` is positive.
  int date_shift_days(std::string_view patient_identifier, int bound) const;

 private:
  Bytes bytes_;
};

}  // namespace naru
