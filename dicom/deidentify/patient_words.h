/// What identifies one patient in several files: a name that stands in one file is taken out of the others too.
#pragma once

#include <memory>

#include "dicom/deidentify/descriptors.h"
#include "dicom/deidentify/identifiers.h"
#include "dicom/deidentify/policy.h"
#include "dicom/deidentify/proof.h"

namespace naru::dicom {

/// The words, with all that is made of them, once. Files of one series hold the same words beside these as a rule, such
/// as the dates of a study: what was made for the last few of such sets is kept. Thread-safe.
class PatientWords {
 public:
  PatientWords(Identifiers identifiers, const DeidentifyPolicy& policy);
  ~PatientWords();
  PatientWords(PatientWords&&) noexcept;
  PatientWords& operator=(PatientWords&&) noexcept;

  const Identifiers& identifiers() const;
  const ProofSearch& search() const;

  /// For these words and those of one file. UIDs do not stand in free text as a rule, and are found there by their
  /// looks: no cleaner is made for them.
  /// @param own of the file, without UIDs and without what `identifiers()` holds, sorted
  std::shared_ptr<const DescriptorCleaner> cleaner(const Identifiers& own) const;

  /// For the words of one file alone: those above have their search. @param own as for `cleaner`
  std::shared_ptr<const ProofSearch> search_of(const Identifiers& own) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::dicom
