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

/// Where an attribute stands.
struct UnlistedPlace {
  bool cleans =
      false;  ///< inside a sequence whose content an option cleans: texts are cleaned, as clean-descriptors does
  bool is_of_local_scheme = false;  ///< beside a Coding Scheme Designator of nobody else's ("99...", "L", PS3.3 8.2)
};

/// What leaves an attribute that may be missing is removed; else it is emptied or gets a dummy, as the table's
/// conditional actions do.
UnlistedDecision unlisted_decision(Tag tag, Vr value_representation, bool is_contradictory, UnlistedPlace place,
                                   const DeidentifyPolicy& policy);

/// The attribute of the table that says the same as one that it does not list: both go, or both stay. 0 where there is
/// none.
Tag listed_twin(Tag tag);

/// What the options do with a private attribute of the lists of safe ones. One that repeats an attribute of the
/// standard goes where that one does.
PrivateAction private_action(const PrivateRule& rule, const DeidentifyPolicy& policy);

}  // namespace naru::dicom
