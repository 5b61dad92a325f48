/// Whose a file is, where some files of a job leave out the Patient ID or who issued it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace naru {

/// Some devices leave out the Issuer of Patient ID, some the Patient ID itself. A file without a Patient ID is that of
/// the one patient whom its study names; a Patient ID with and without its issuer is one patient where the study, else
/// the whole job, names one issuer only.
class PatientIssuers {
 public:
  void add(std::string_view study_uid, std::string_view patient_id, std::string_view issuer) {
    if (patient_id.empty()) return;
    for (Issuers* const known : {&of_job_, &of_study_[std::string(study_uid)]}) {
      auto& issuers = (*known)[std::string(patient_id)];
      if (!issuer.empty()) issuers.emplace(issuer);
    }
  }

  /// Fills in what others say and this file does not.
  void complete(std::string_view study_uid, std::string& patient_id, std::string& issuer) const {
    const auto study = of_study_.find(study_uid);
    const bool has_study = !study_uid.empty() && study != of_study_.end();
    if (patient_id.empty() && has_study && study->second.size() == 1) patient_id = study->second.begin()->first;
    if (patient_id.empty() || !issuer.empty()) return;
    if (has_study) issuer = only_one(study->second, patient_id);
    if (issuer.empty()) issuer = only_one(of_job_, patient_id);
  }

 private:
  using Issuers = std::map<std::string, std::set<std::string>, std::less<>>;  ///< by Patient ID

  /// Empty where nobody names one, or where they disagree.
  static std::string only_one(const Issuers& issuers, std::string_view patient_id) {
    const auto found = issuers.find(patient_id);
    return found != issuers.end() && found->second.size() == 1 ? *found->second.begin() : std::string();
  }

  std::map<std::string, Issuers, std::less<>> of_study_;
  Issuers of_job_;
};

}  // namespace naru
