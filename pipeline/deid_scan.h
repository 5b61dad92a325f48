/// The first pass of a de-identification: who and what every input file says it is, and by which words its patient is
/// named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "dicom/deidentify/deidentify.h"
#include "kernels/executor.h"
#include "pipeline/scan.h"

namespace naru {

/// What all files of one patient hold together of names, ids, places and addresses: a name that stands in one file only
/// is taken out of its siblings too. UIDs and dates are left to each file's own: they are mapped and shifted, not
/// words. A patient of more words than the bound is held back.
struct PatientWords {
  std::optional<dicom::Identifiers> words;  ///< empty where they are more than kMaxPatientWords
  std::string sha256;                       ///< of them; "" where they are empty
};
inline constexpr std::size_t kMaxPatientWords = 100'000;

struct DeidScan {
  Scan files;  ///< its `inputs`, one per file given; nothing else of it is filled
  /// By input; empty where the file cannot be read. A file without Issuer of Patient ID has the one that all other
  /// files with its Patient ID have: some devices leave it out.
  std::vector<dicom::DeidSource> sources;
  std::map<std::string, PatientWords, std::less<>> patients;  ///< by dicom::patient_identifier
};

/// Sets what becomes of an input that will not be delivered: `rejected` where the file itself cannot be used,
/// `quarantined` where it could be but its de-identification is in doubt.
void hold_back(InputRecord& input, Code reason);

/// Reads the beginning of every file and archive member, as much as its header takes. Bad content gives `rejected`, a
/// DICOMDIR `excluded`; all else is `used` so far.
/// Memory: up to dicom::kHeaderPrefixBytes a reader, about 1 KiB a file, and the words of every patient.
/// @throws Error{canceled}
DeidScan scan_for_deid(const std::vector<InputFile>& files, const dicom::DeidentifyPolicy& policy, Executor& executor,
                       const CancelToken& cancel, const OnProgress& on_progress);

/// What the headers of some files hold of their patients.
struct HeaderWords {
  std::vector<InputFile> files;
  std::map<std::string, PatientWords, std::less<>> patients;                ///< by dicom::patient_identifier
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> files_of;  ///< indices into `files`, by patient
};

/// As scan_for_deid, and keeps nothing but that.
HeaderWords collect_header_words(std::vector<InputFile> files, const dicom::DeidentifyPolicy& policy,
                                 Executor& executor, const CancelToken& cancel, const OnProgress& on_progress);

}  // namespace naru
