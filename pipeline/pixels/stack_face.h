/// The face in one stack of slices: whether it can show one, where it is, and how it is taken away.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "core/cancel.h"
#include "dicom/deidentify/policy.h"
#include "kernels/executor.h"
#include "kernels/patient_grid.h"
#include "pipeline/pixels/face_cut.h"
#include "pipeline/slices.h"

namespace naru {

/// [pixels] face of a recipe.
enum class FaceHandling {
  keep,        ///< nobody looks
  remove,      ///< a face that can be judged is taken away, what cannot is held
  quarantine,  ///< a series that shows a face, or may, is held
};

/// @pre `word` is one that a recipe may give
FaceHandling face_handling(std::string_view word);

/// What a dataset's documents say of faces.
std::string_view face_statement(FaceHandling handling);

/// What is replaced by air.
struct FaceRemoval {
  PatientGrid grid;
  Mask cells;
  double air = 0;        ///< as the stack's voxels are read: a stored value, or units where they are float
  double air_units = 0;  ///< the same in units: HU for CT
};

struct StackFace {
  bool may_show = false;           ///< false: no face can be known from it
  std::string_view because;        ///< why not: "too_coarse", "too_thin", "no_head"; else "face" or the doubt's name
  std::optional<FaceRemoval> cut;  ///< set where the face was found and can be taken away
  FaceNumbers numbers;
  std::optional<CaseFailure> failure;  ///< a slice that could not be read
};

/// What find_face takes of one stack, where it searches it, on `thread_count` threads.
std::uint64_t face_memory_bytes(const Scan& scan, std::size_t stack, int thread_count);

/// A face is looked for where the stack is 3-D and its voxels are 3 mm or less: CT and MR. Reads all slices.
/// Memory: face_memory_bytes, which is the stack's voxels and about 40 bytes a cell of 2 mm; a stack that needs more
/// than the limit is a doubt.
/// @throws Error{canceled, memory_exceeded}
StackFace find_face(const Scan& scan, std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, InputHashes& hashes);

/// The same of the volumes of a 4-D case: what is found in the first counts, if every other one agrees: it shows none
/// either, or its face is gone with the same cut.
StackFace find_face(const Scan& scan, std::span<const std::size_t> volumes, std::uint64_t memory_limit_bytes,
                    Executor& executor, const CancelToken& cancel, InputHashes& hashes);

/// Takes the face out of slices [range.begin, range.end) of a stack. T as read_slices gives it, int16 told apart.
template <class T>
void remove_face(std::span<T> voxels, const Grid& stack, SliceRange range, const FaceRemoval& removal,
                 Executor& executor);

/// The same as rectangles of slice k: what is to be replaced in a file. `frame` is left at 0.
std::vector<dicom::PixelBox> face_boxes(const Grid& stack, std::int64_t k, const FaceRemoval& removal);

/// By a header alone: a slice of 3 mm or less of a part of the body that is a head or may hold one.
bool shows_fine_head(const dicom::Instance& instance);

/// By a header alone: a picture of surfaces, not of a limb's. It is no slice: however coarse, it may show a face.
bool is_rendering(const dicom::Instance& instance);

/// True for a body part (0018,0015) that is known and is far from a head.
bool is_limb(std::string_view body_part);

/// One line of faces.jsonl without what names the stack. @param is_held the series or case as a whole
nlohmann::ordered_json face_evidence(const StackFace& face, bool is_held);

}  // namespace naru
