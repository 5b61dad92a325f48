/// The second pass of a de-identification: every chosen file read whole, once, and given to the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "dicom/deidentify/deidentify.h"
#include "kernels/executor.h"
#include "pipeline/deid_inputs.h"
#include "pipeline/deid_scan.h"

namespace naru {

/// Called once for every input that could be read, from several threads at a time. The result's output refers to
/// memory that is gone after the call.
using OnDeidentified = std::function<void(std::size_t input, const dicom::DeidResult& result)>;

/// What is to be blanked in the pixels of each input.
using PixelOrders = std::map<std::size_t, std::vector<dicom::PixelBox>>;

/// What a run knows of the pixels of its inputs.
struct PixelPlan {
  PixelOrders orders;
  std::set<std::size_t> released;  ///< inputs that people looked at and released, though their kind shows text

  std::span<const dicom::PixelBox> boxes_of(std::size_t input) const;
};

/// Runs the engine on each of `inputs` (indices into the scan; see for_each_input). Sets `sha256` of each, and
/// `rejected` or `quarantined` with the reason where the file cannot be read, changed since the first pass, or the
/// engine withholds it; `on_result` is called then too, with the reason set, if the engine ran.
/// @throws Error{canceled}, and what `on_result` throws
void run_deid(DeidScan& scan, std::span<const std::size_t> inputs, const dicom::Deidentifier& engine,
              const PixelPlan& pixels, DeidMemory memory, Executor& executor, const CancelToken& cancel,
              const OnProgress& on_progress, const OnDeidentified& on_result);

}  // namespace naru
