/// Attributes that the table does not list: what the standard knows stays, but dates, persons' names and whole
/// sentences are never left to chance.
#pragma once

#include <string_view>

#include "dicom/deidentify/policy.h"
#include "dicom/element_walk.h"
#include "dicom/rules/deid_option.h"
#include "dicom/rules/private_rules.h"

namespace naru::dicom {

struct UnlistedDecision {
  DeidAction action = DeidAction::X;
  std::string_view removed_as = "X";  ///< how it is counted where it goes
};

/// What leaves an attribute that may be missing is removed; else it is emptied or gets a dummy, as the table's
/// conditional actions do.
/// @param cleans inside a sequence whose content an option cleans: texts are cleaned there, as clean-descriptors does
UnlistedDecision unlisted_decision(Tag tag, Vr value_representation, bool is_contradictory, bool cleans,
                                   const DeidentifyPolicy& policy);

/// What the options do with a private attribute of the lists of safe ones. One that repeats an attribute of the
/// standard goes where that one does.
PrivateAction private_action(const PrivateRule& rule, const DeidentifyPolicy& policy);

}  // namespace naru::dicom
