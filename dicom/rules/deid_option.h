/// The options of PS3.15 Annex E that a de-identification may add to the Basic Profile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace naru::dicom {

/// The first ten in the order of the columns of PS3.15 Table E.1-1; the last two are no columns.
enum class DeidOption : std::uint8_t {
  retain_safe_private,
  retain_uids,
  retain_device_identity,
  retain_institution_identity,
  retain_patient_characteristics,
  retain_longitudinal_full_dates,
  retain_longitudinal_modified_dates,
  clean_descriptors,
  clean_structured_content,
  clean_graphics,
  clean_pixel_data,
  clean_recognizable_visual_features,
};
inline constexpr std::size_t kDeidOptionColumns = 10, kDeidOptions = 12;

/// A set of options, as bits.
class DeidOptions {
 public:
  constexpr DeidOptions() = default;
  constexpr void add(DeidOption option) { bits_ |= bit(option); }
  constexpr void remove(DeidOption option) { bits_ &= ~bit(option); }
  constexpr bool has(DeidOption option) const { return (bits_ & bit(option)) != 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(DeidOptions, DeidOptions) = default;

 private:
  static constexpr std::uint32_t bit(DeidOption option) { return 1U << static_cast<unsigned>(option); }
  std::uint32_t bits_ = 0;
};

/// One row for each option, in the enum's order.
struct DeidOptionInfo {
  DeidOption option;
  std::string_view name;     ///< as recipes spell it, e.g. "clean-descriptors"
  std::string_view code;     ///< of CID 7050, for (0012,0064)
  std::string_view meaning;  ///< of that code
  std::string_view clause;   ///< of PS3.15
};
const std::array<DeidOptionInfo, kDeidOptions>& deid_options();

/// The option of this name; empty where there is none.
std::optional<DeidOption> deid_option_from_name(std::string_view name);

}  // namespace naru::dicom
