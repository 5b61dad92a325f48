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
#include "pipeline/pixels/known_faces.h"
#include "pipeline/pixels/stack_face.h"

namespace naru {

struct FacePlan {
  bool was_looked = false;                                            ///< false where the recipe asks for nothing
  PixelOrders orders;                                                 ///< what is replaced by air in each input
  nlohmann::ordered_json evidence = nlohmann::ordered_json::array();  ///< lines of faces.jsonl, by stack
  std::set<std::string> held, released;  ///< UIDs of series: held here, and left alone since people released them
  std::set<std::string> unreleasable;  ///< held only for what could not be cut with the rest: to keep it shows the face
};

/// Sorts the slices of all used inputs into stacks and looks for a face in each. A series is held back whole, as
/// `face_present`, where a stack of it shows what cannot be judged and where the handling says so; single files of it
/// where they make no stack, could not be read as slices, or were set apart from a stack that is cut, and outlines and
/// segmentations that may show a face. Left alone are single localizers, thick slices, limbs and trunks.
/// @param files what `scan` was made of
/// @param released inputs of series that people judged: they are not looked at
/// @param known what an earlier run found; may be null
/// @throws Error{canceled, memory_exceeded}
FacePlan plan_faces(DeidScan& scan, const std::vector<InputFile>& files, FaceHandling handling,
                    const std::set<std::size_t>& released, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress, KnownFaces* known = nullptr);

}  // namespace naru
