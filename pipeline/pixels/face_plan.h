/// Faces in a de-identification: looked for in every stack of slices, held series by series.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/deid_run.h"
#include "pipeline/deid_scan.h"
#include "pipeline/inputs.h"
#include "pipeline/pixels/stack_face.h"

namespace naru {

struct FacePlan {
  bool was_looked = false;                                            ///< false where the recipe asks for nothing
  PixelOrders orders;                                                 ///< what is replaced by air in each input
  nlohmann::ordered_json evidence = nlohmann::ordered_json::array();  ///< lines of faces.jsonl, by stack
  std::set<std::string> held, released;  ///< UIDs of series: held here, and left alone since people released them
};

/// Sorts the slices of all used inputs into stacks and looks for a face in each. A series is held back whole, as
/// `face_present`, where a stack of it shows what cannot be judged, where slices that may show a face make no stack,
/// and where the handling says so. What the headers alone show to be no stack of a head is left alone: single
/// localizers, thick slices, other parts of the body.
/// @param files what `scan` was made of
/// @param released inputs of series that people judged: they are not looked at
/// @throws Error{canceled, memory_exceeded}
FacePlan plan_faces(DeidScan& scan, const std::vector<InputFile>& files, FaceHandling handling,
                    const std::set<std::size_t>& released, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress);

}  // namespace naru
