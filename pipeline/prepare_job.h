/// The inside of `prepare`: reads what is given, and makes the cases that are planned.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/cancel.h"
#include "core/trace.h"
#include "kernels/executor.h"
#include "pipeline/case_held.h"
#include "pipeline/case_maker.h"
#include "pipeline/prepare.h"
#include "pipeline/review/rulings.h"
#include "pipeline/scan.h"
#include "pipeline/staging.h"

namespace naru {

/// Where the report of a job goes.
std::filesystem::path report_folder(const PrepareOptions& options);

/// Cases that were made, in order; plans that failed are dropped.
struct MadeCases {
  std::vector<CasePlan> plans;
  std::vector<nlohmann::ordered_json> lines;
  // Of cases that were made, and of those held for their text or their face.
  nlohmann::ordered_json text_evidence = nlohmann::ordered_json::array();
  nlohmann::ordered_json face_evidence = nlohmann::ordered_json::array();
  std::vector<CaseHeld> reviewed;  ///< cases for people to decide, and those about which they decided
  std::vector<CaseEnd> left_out;   ///< cases that failed or are held: what the scan has yet to say of their files
  InputHashes hashes;              ///< of the files that were read
  std::size_t resumed = 0;
  std::uint64_t memory_used_bytes = 0;
};

class PrepareJob {
 public:
  PrepareJob(const PrepareOptions& options, const Rulings& rulings, Executor& executor, const CancelToken& cancel,
             const OnProgress& on_progress)
      : options_(options), rulings_(rulings), executor_(executor), cancel_(cancel), on_progress_(on_progress) {}

  Scan scan(std::istream& standard_input) const;
  PlanOptions plan_options(Scan& scan) const;

  /// Some cases side by side, as memory allows: while one is computed another is read and a third is written. They are
  /// taken up, and counted, in their order, so that nothing that is written depends on which was first.
  MadeCases make_cases(Scan& scan, std::vector<CasePlan>& plans, const Staging& staging, Trace& trace) const;

  /// Tells the scan what became of its files.
  static void mark(Scan& scan, const MadeCases& made);

 private:
  std::uint64_t memory_beside_headers_of(const Scan& scan) const;

  /// One thread makes one case after the other. More cases than these only take memory.
  std::size_t cases_in_flight() const;

  /// On the device where it works.
  Executor another_executor() const;

  /// Of the device's memory each maker takes some before it has a case: where that is too much there are fewer.
  std::vector<std::unique_ptr<CaseMaker>> case_makers(const CaseJob& job, std::size_t most, MemoryBudget& memory) const;

  /// Whether people released a case hangs on the checksums of its files, which must be known before it is made.
  void hash_judged_faces(Scan& scan, const std::vector<CasePlan>& plans) const;

  static std::set<std::size_t> stacks_fine_together(const Scan& scan, const std::vector<CasePlan>& plans);
  static std::uint64_t source_bytes(const Scan& scan, const CasePlan& plan);
  static void reject_case(Scan& scan, const CasePlan& plan, const CaseFailure& failure);
  void take(const Scan& scan, CaseEnd end, const Staging& staging, MadeCases& made) const;
  void take_record(const Scan& scan, CasePlan plan, CaseRecord record, const Staging& staging, MadeCases& made) const;

  const PrepareOptions& options_;
  const Rulings& rulings_;
  Executor& executor_;
  const CancelToken& cancel_;
  const OnProgress& on_progress_;
};

}  // namespace naru
