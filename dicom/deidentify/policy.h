/// What a de-identification does: the profile's options and a hospital's own rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/rules/attribute_rules.h"
#include "dicom/rules/deid_option.h"

namespace naru::dicom {

/// A hospital's own rule for one attribute. Action is X, Z, D, K, C or U.
struct AttributeOverride {
  Tag tag = 0;
  DeidAction action = DeidAction::X;
};

/// A private attribute that a hospital knows to be safe (or not).
struct PrivateOverride {
  std::uint16_t group = 0;
  std::string creator;
  std::uint8_t element = 0;
  bool keep = true;
};

/// A rectangle in which a device burns text, by device and exact matrix (PS3.15 E.3.1). Blanked with clean-pixel-data.
struct PixelRegion {
  std::string modality, manufacturer, model;  ///< as in the header, whatever the case; model may be empty: any
  std::int64_t rows = 0, columns = 0;         ///< of the frame: exact
  std::int64_t x = 0, y = 0, width = 0, height = 0;
};

/// What is to be replaced in one picture, in pixels.
struct PixelBox {
  std::int64_t frame = 0;  ///< 0-based; -1 for all
  std::int64_t x = 0, y = 0, width = 0, height = 0;
  std::optional<std::int64_t> fill{};  ///< of a face: the stored value of air; text is replaced by the background
  bool is_face() const { return fill.has_value(); }
};

/// Which device made a picture, and its size: what rules for devices go by.
struct DeviceFrame {
  std::string_view modality, manufacturer, model;
  std::int64_t rows = 0, columns = 0;
};

struct DeidentifyPolicy {
  DeidOptions options;
  std::vector<AttributeOverride> attributes;
  std::vector<PrivateOverride> private_elements;
  std::vector<PixelRegion> regions;
  bool looks_for_text = false;                        ///< in every picture: what was blanked then has none left
  std::vector<std::string> keep_words, remove_words;  ///< see DescriptorCleaner
  int date_shift_bound_days = 3650;

  /// Rectangles of `regions` for such a picture, in all frames; none without the option clean-pixel-data.
  std::vector<PixelBox> regions_for(const DeviceFrame& frame) const;

  /// True where a rule of the hospital's own keeps what the profile with these options would not: then the result may
  /// not claim the profile (PS3.15 E.1.1).
  bool is_weaker_than_profile() const;
};

/// The patient's names and numbers, also the other and former ones: where one is kept, (0012,0062) is NO.
std::span<const Tag> identity_attributes();

/// True where a rule of the hospital's own keeps one of them.
bool keeps_identity(const AttributeOverride& own);

/// Overlays and curves go as a whole, whatever a rule says: without its bitmap a plane has no meaning, and what a
/// bitmap shows no rule can clean.
bool is_overlay_or_curve(Tag tag);

/// What the policy does with a standard attribute: the hospital's own rule, or else the table's row under the options,
/// decided by the attribute's type where the row leaves a choice. `none` where neither knows it.
/// @param parent the sequence in whose item it stands; 0 for the data set itself
DeidAction resolve_action(const DeidentifyPolicy& policy, std::string_view sop_class_uid, Tag parent, Tag tag);

/// Why options contradict each other; empty where they do not.
std::optional<std::string> contradiction(DeidOptions options);

/// The options and rules that ran, as they are written to (0012,0063), each value at most 64 characters.
std::vector<std::string> method_texts(const DeidentifyPolicy& policy, std::string_view version);

/// One row of `naru deidentify --explain`: what becomes of one tag under a policy.
struct ExplainedRule {
  Tag tag = 0, mask = 0xFFFFFFFF;
  std::string_view name;
  std::string action;  ///< e.g. "X/Z/D", "C", "K"
  std::string cause;   ///< "basic", the option's name, or "site"
};
std::vector<ExplainedRule> explain(const DeidentifyPolicy& policy);

}  // namespace naru::dicom
