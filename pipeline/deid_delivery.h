/// From the engine's results to the DICOM files of OUT: written, recorded, read back.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_records.h"
#include "pipeline/deid_report.h"
#include "pipeline/deid_run.h"
#include "pipeline/deid_scan.h"
#include "pipeline/deid_writer.h"
#include "pipeline/staging.h"

namespace naru {

/// What ties a record to a job, so that --resume takes over nothing that would be made otherwise now: recipe in full,
/// tables, key, version.
std::string deid_job_sha256(const Recipe& recipe, const ProjectKey& key);

class DeidDelivery {
 public:
  /// @param scan gets the dispositions of what is withheld
  /// @param pixels what is done to them; must outlive this
  DeidDelivery(DeidScan& scan, const Staging& staging, const ProjectKey& key, std::string job_sha256,
               const PixelPlan& pixels, dicom::DeidProbe probe);

  /// Takes over what an earlier run finished: where record and written file are whole, and the input, its patient's
  /// words and the job are the same. @return the inputs that are left
  std::vector<std::size_t> resume(const std::vector<std::size_t>& inputs, Executor& executor,
                                  const CancelToken& cancel);

  /// Writes one result, reads it back and records it; holds back an instance whose names are no names, and one that
  /// fails on the way: nothing of it stays. Thread-safe. @throws Error{disk_full, output_unwritable}
  void take(std::size_t input, const dicom::DeidResult& result);

  /// Withholds an instance of which nothing was written. Thread-safe.
  void hold(std::size_t input, Code reason, std::string_view stage);

  /// After the last `take`: takes back what was delivered of the series named, since a file of each was withheld.
  void withdraw_series(const std::set<std::string>& series_uids, Code reason);

  /// After that: sorts what is delivered, and holds back all that would have stood at one path.
  /// @throws Error{disk_full, output_unwritable} where the disk refused what `take` wrote
  void settle();

  const std::vector<DeidDelivered>& delivered() const { return delivered_; }  ///< sorted by file
  const std::vector<DeidHeld>& held() const { return held_; }                 ///< sorted by input
  std::size_t resumed_count() const { return resumed_count_; }
  /// Everything that was removed from any instance but UIDs, of which each instance's own were looked for in what the
  /// manifest says of it.
  dicom::Identifiers identifiers() const;
  const dicom::DeidCounts& counts() const { return counts_; }  ///< of all delivered ones together
  /// Of deid.jsonl. @throws Error{output_unwritable}
  std::string line_of(const DeidDelivered& one) { return records_.read_line(one.record); }

 private:
  std::string fingerprint(std::size_t input) const;
  void write(std::size_t input, const dicom::DeidResult& result);
  void withdraw(const DeidDelivered& one, Code reason, std::string_view stage);
  void erase_withdrawn();
  void remove_file(const std::string& file);
  bool is_written(const std::string& file, const dicom::DeidOutput& output);
  void add(const dicom::Identifiers& identifiers, const dicom::DeidCounts& counts);

  DeidScan& scan_;
  std::filesystem::path out_;
  std::string job_sha256_;
  const PixelPlan& pixels_;
  dicom::DeidProbe probe_;
  DeidRecords records_;
  DeidWriter writer_;
  std::mutex mutex_;
  std::vector<DeidDelivered> delivered_;
  std::vector<DeidHeld> held_;
  std::set<std::string> contested_;  ///< paths that more than one instance would have had
  std::vector<std::set<std::string>> identifiers_;
  dicom::DeidCounts counts_;
  std::size_t resumed_count_ = 0;
};

}  // namespace naru
