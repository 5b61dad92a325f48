/// One planned case from start to end: what people decided about it, its text, its face, its image.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/cancel.h"
#include "core/trace.h"
#include "dicom/deidentify/seen_words.h"
#include "pipeline/case_plan.h"
#include "pipeline/memory_budget.h"
#include "pipeline/pixels/text_device.h"
#include "pipeline/review/rulings.h"
#include "pipeline/staging.h"
#include "pipeline/study_runner.h"

namespace naru {

/// A case that people are to decide about, or took out.
struct CaseHold {
  Disposition disposition = Disposition::quarantined;
  Code reason = Code::text_suspected;
  bool is_face = false;
  bool needs_release = false, can_release = true;  ///< see HeldEntry
  std::string because{};                           ///< likewise
};

/// What became of a case: `record` where it was made, else `failure` or `hold`.
struct CaseEnd {
  CasePlan plan;
  std::optional<CaseRecord> record;
  std::optional<CaseFailure> failure;
  std::optional<CaseHold> hold;
  nlohmann::ordered_json text_evidence =
      nlohmann::ordered_json::array();   ///< lines of pixels.jsonl, of one that is held
  nlohmann::ordered_json face_evidence;  ///< its line of faces.jsonl likewise, or null
  InputHashes hashes;                    ///< of the files that were read
  bool is_resumed = false;
};

/// What all cases of a job have in common. Nothing of it changes while cases are made.
struct CaseJob {
  const Scan& scan;
  const Rulings& rulings;
  const Staging& staging;
  /// The words of the patients of a case: see WordsOfCase. Called from several threads.
  std::function<std::optional<dicom::SeenWords>(const CasePlan& plan)> words;
  const CancelToken& cancel;
  std::set<std::size_t> fine_together;  ///< stacks that show no face alone, but may together (see fine_together.h)
};

/// Makes cases one after the other. Several makers, each on a thread of its own, may share a job and a budget.
class CaseMaker {
 public:
  CaseMaker(const CaseJob& job, Executor executor, MemoryBudget& memory)
      : job_(job),
        executor_(std::move(executor)),
        memory_(memory),
        runner_(executor_, memory),
        text_device_(executor_) {}
  CaseMaker(const CaseMaker&) = delete;
  CaseMaker& operator=(const CaseMaker&) = delete;

  /// Stores the record of a case that it makes in the work folder, and takes one that it finds there for made.
  /// @throws Error: the job cannot go on
  CaseEnd make(CasePlan plan);

 private:
  bool heed_decisions(CaseEnd& end) const;
  bool look_for_text(CaseEnd& end, CaseRecord& looks);
  bool look_for_face(CaseEnd& end, CaseRecord& looks);
  void make_image(CaseEnd& end, CaseRecord looks);
  bool is_released(const CasePlan& plan) const;

  const CaseJob& job_;
  Executor executor_;
  MemoryBudget& memory_;
  StudyRunner runner_;
  TextDevice text_device_;
};

/// The entry of a case that is held, or that people released.
HeldEntry entry_of(const Scan& scan, const CasePlan& plan, const CaseHold& hold);

}  // namespace naru
