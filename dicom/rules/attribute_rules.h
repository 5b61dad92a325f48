/// PS3.15 Table E.1-1 (edition 2026d, © NEMA): what the Basic Application Level Confidentiality Profile and its options
/// do with each attribute.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dicom/element_walk.h"
#include "dicom/rules/deid_option.h"

namespace naru::dicom {

/// The action codes of PS3.15 Table E.1-1a; `none` in an option's column: the option says nothing of the attribute.
enum class DeidAction : std::uint8_t { none, K, X, Z, D, U, C, X_Z, X_D, Z_D, X_Z_D, X_Z_Ustar };

/// "X/Z/U*" and the like; "" for none.
std::string_view name(DeidAction action);

/// One row of the table. A tag matches where `tag == (found & mask)`: 50xx and 60xx are ranges.
struct AttributeRule {
  Tag tag = 0;
  Tag mask = 0xFFFFFFFF;
  std::string_view name;
  bool is_retired = false;
  bool is_in_standard_iod = false;
  DeidAction basic = DeidAction::none;
  std::array<DeidAction, kDeidOptionColumns> options{};  ///< by DeidOption
};

/// All 657 rows, sorted by tag.
std::span<const AttributeRule> attribute_rules();

/// The row of a tag, or null. Constant time for every tag.
const AttributeRule* find_attribute_rule(Tag tag);

/// What the options make of a row. Where several options speak, the one that protects more wins: C before K (Retain
/// Device Identity keeps a date that Retain Longitudinal Modified Dates shifts: it is shifted). Conditional actions
/// (X/Z ...) are returned as they are: see resolve_by_type.
DeidAction action_of(const AttributeRule& rule, DeidOptions options);

/// Pins the table: SHA-256 of its canonical text, one line a row:
/// "GGGGEEEE/MASK<tab>name<tab>basic<tab>ten option cells separated by commas", sorted by tag.
const std::string& attribute_rules_sha256();

}  // namespace naru::dicom
