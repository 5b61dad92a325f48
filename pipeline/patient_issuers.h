/// Who issued a Patient ID, where some files of a job leave it out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace naru {

/// A Patient ID with and without its issuer is one patient where the job names one issuer only: some devices leave it
/// out.
class PatientIssuers {
 public:
  void add(std::string_view patient_id, std::string_view issuer) {
    if (patient_id.empty() || issuer.empty()) return;
    issuers_[std::string(patient_id)].emplace(issuer);
  }

  /// The issuer that all who name one agree on; empty where nobody does, or where they disagree.
  std::optional<std::string> only_one(std::string_view patient_id) const {
    const auto found = issuers_.find(patient_id);
    if (found == issuers_.end() || found->second.size() != 1) return std::nullopt;
    return *found->second.begin();
  }

 private:
  std::map<std::string, std::set<std::string>, std::less<>> issuers_;
};

}  // namespace naru
