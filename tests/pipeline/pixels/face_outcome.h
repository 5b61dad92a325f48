/// What becomes of a head, generated or real.
#pragma once

#include <string>
#include <vector>

#include "pipeline/pixels/face_cut.h"

namespace naru::test {

struct Outcome {
  HeadShape shape;
  HeadPose pose;
  FaceCut cut;
};

inline Outcome look_at_head(const PatientGrid& grid, const std::vector<float>& values, bool is_ct, int threads = 2) {
  Executor executor = Executor::cpu(threads);
  HeadShape shape = head_shape(grid, values, is_ct, executor);
  const auto pose = register_head(shape, executor);
  FaceCut nothing;
  nothing.doubt = FaceDoubt::unknown_shape;
  if (!pose) return {std::move(shape), {}, std::move(nothing)};
  FaceCut cut = cut_face(shape, *pose, values, is_ct, executor);
  return {std::move(shape), *pose, std::move(cut)};
}

/// Empty where the face can be taken away.
inline std::string doubt_of(const Outcome& outcome) {
  return std::string(outcome.cut.doubt ? name(*outcome.cut.doubt) : "");
}

}  // namespace naru::test
