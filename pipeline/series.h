/// What is said of one stack: the same in series.jsonl, in `naru inspect` and on the report's page.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/scan.h"

namespace naru {

/// A stack's place in a 4-D image. Indices into Scan::sequences and into its `stacks`.
struct SequencePlace {
  std::size_t sequence = 0, index = 0;
};

/// One stack with what lies elsewhere in the scan.
struct StackFacts {
  std::size_t stack = 0;                         ///< index into Scan::stacks
  std::optional<std::size_t> first_slice;        ///< candidate: the first that is usable, else the first of the lost
  std::string modality;                          ///< of its first slice
  std::optional<std::string_view> manufacturer;  ///< by its public name
  std::vector<std::size_t> lost;                 ///< candidates that belong to it but cannot be used
  std::size_t slice_count = 0;                   ///< of all its slices, the lost ones among them
  Verdict verdict = Verdict::accept;             ///< the stack's, or reject where it was set aside for all that
  std::vector<Finding> findings;                 ///< the stack's, and why it was set aside
  std::optional<SequencePlace> sequence;
};

/// One for each of Scan::stacks, in order.
std::vector<StackFacts> stack_facts(const Scan& scan);

/// Tells --verbose what became of each stack: counts and codes.
void log_stacks(const Scan& scan);

/// A stack as one JSON object, keys in the contract's order; its 4-D axis where it has one.
nlohmann::ordered_json stack_json(const Scan& scan, const StackFacts& facts, const std::optional<std::string>& case_id);

/// The source of every slice k: `slices`, those that are not delivered with their reason, and k that are interpolated
/// with the two between which they lie; `lost_slices`, that have no k. Holds UIDs and paths: for the report alone.
void add_slices(nlohmann::ordered_json& json, const Scan& scan, const StackFacts& facts);

}  // namespace naru
