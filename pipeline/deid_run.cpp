#include "pipeline/deid_run.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "core/digest.h"

namespace naru {

namespace {

/// What is made of the words of each patient whose files are in work; of few patients at a time.
class PreparedWords {
 public:
  PreparedWords(const DeidScan& scan, const dicom::DeidentifyPolicy& policy) : scan_(scan), policy_(policy) {}

  /// Without all words of the patient nobody can say that a file holds none of them.
  bool are_too_many(const std::string& patient) const {
    const auto found = scan_.patients.find(patient);
    return found != scan_.patients.end() && !found->second.words;
  }

  /// Null where no words of the patient are known.
  std::shared_ptr<const dicom::PatientWords> of(const std::string& patient) {
    const auto found = scan_.patients.find(patient);
    if (found == scan_.patients.end() || !found->second.words) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto made = std::ranges::find(made_, patient, &Made::first);
    if (made != made_.end()) return made->second;
    if (made_.size() == kMostPatients) made_.pop_front();
    made_.emplace_back(patient, std::make_shared<const dicom::PatientWords>(*found->second.words, policy_));
    return made_.back().second;
  }

 private:
  static constexpr std::size_t kMostPatients = 32;
  using Made = std::pair<std::string, std::shared_ptr<const dicom::PatientWords>>;

  const DeidScan& scan_;
  const dicom::DeidentifyPolicy& policy_;
  std::mutex mutex_;
  std::deque<Made> made_;
};

}  // namespace

std::span<const dicom::PixelBox> PixelPlan::boxes_of(std::size_t input) const {
  const auto found = orders.find(input);
  return found == orders.end() ? std::span<const dicom::PixelBox>() : found->second;
}

void run_deid(DeidScan& scan, std::span<const std::size_t> inputs, const dicom::Deidentifier& engine,
              const PixelPlan& pixels, DeidMemory memory, Executor& executor, const CancelToken& cancel,
              const OnProgress& on_progress, const OnDeidentified& on_result) {
  PreparedWords prepared(scan, engine.policy());
  memory.is_expanded = [&](std::size_t index) {
    return scan.sources[index].is_expanded || !pixels.boxes_of(index).empty();
  };
  for_each_input(
      scan, inputs, memory, "de-identifying", executor, cancel, on_progress, [&](std::size_t index, dicom::Bytes file) {
        InputRecord& input = scan.files.inputs[index];
        const dicom::DeidSource& source = scan.sources[index];
        input.sha256 = sha256_hex(file);
        const std::string patient = dicom::patient_identifier(source);
        const auto words = prepared.of(patient);
        dicom::DeidResult result =
            engine.run(file, words.get(), patient, pixels.boxes_of(index), pixels.released.contains(index));
        // The plan rests on what the first pass saw: another file in the same place was not planned. A file
        // without a Patient ID has its study's there (see PatientIssuers).
        const bool is_of_patient = result.source.patient_id.empty() || result.source.patient_id == source.patient_id;
        const bool is_as_planned = result.source.sop_instance_uid == source.sop_instance_uid &&
                                   result.source.study_uid == source.study_uid && is_of_patient;
        if (!result.reason && (!is_as_planned || prepared.are_too_many(patient))) {
          result.reason = Code::deid_incomplete;
          result.stage = "read";
        }
        if (result.reason) hold_back(input, *result.reason);
        on_result(index, result);
      });
}

}  // namespace naru
