/// Text in the slices of a case that `naru prepare` makes: looked for before the case is made, blanked as it is read.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/cancel.h"
#include "kernels/executor.h"
#include "pipeline/case_plan.h"
#include "pipeline/pixels/text_decision.h"
#include "pipeline/pixels/text_reader.h"
#include "pipeline/review/rulings.h"
#include "pipeline/slices.h"

namespace naru {

/// The words of the patients of a case, or nothing where they cannot all be had: then the case is held. Asked for only
/// where something is blanked; may throw.
using WordsOfCase = std::function<std::optional<dicom::SeenWords>()>;

/// What rules of the recipe name for the device of a slice: see DeidentifyPolicy::regions_for.
std::vector<dicom::PixelBox> regions_of(const Recipe& recipe, const dicom::Instance& slice);

/// The same for all slices of a stack together, blanked in every slice.
std::vector<dicom::PixelBox> regions_of(const Recipe& recipe, const Scan& scan, const dicom::Stack& stack);

/// Warns of each rule of the recipe that fits no slice of the scan: perhaps its device or its matrix is misspelt.
void warn_of_idle_regions(const Recipe& recipe, const Scan& scan);

/// What one slice shows; may throw. See TextDetector::find.
using FindInSlice =
    std::function<std::vector<FoundText>(VolumeView<const float> slice, const dicom::ShownValues& shown)>;

struct CaseText {
  std::optional<Code> hold;                         ///< text_suspected: the case is not made
  bool needs_release = false, can_release = true;   ///< see HeldEntry
  std::string_view because{};                       ///< likewise
  std::optional<CaseFailure> failure;               ///< a slice that could not be read: as StudyRunner has it
  std::vector<std::vector<dicom::PixelBox>> boxes;  ///< by stack of the plan; `frame` is the slice k, -1 for all
  std::vector<JudgedText> found;                    ///< `file` is an index into Scan::inputs, `frame` the slice k
  std::vector<const Decision*> later;  ///< about what only a second look had found; they lie in the rulings
  InputHashes hashes;                  ///< of the files that were read
};

/// Which picture of a case, as pixels.jsonl says it.
nlohmann::ordered_json place_in(const CasePlan& plan, const JudgedText& text);

/// The files of a case: indices into Scan::inputs.
std::set<std::size_t> files_of(const Scan& scan, const CasePlan& plan);

/// What find_text takes on `thread_count` threads where nothing limits it.
std::uint64_t text_memory_bytes(const Scan& scan, const CasePlan& plan, int thread_count);

/// Looks at every slice of the case, those that are interpolated included. A case is judged as a series is, and by what
/// people decided. Where text is to be blanked, all slices are looked at once more, blanked, and what stands around is
/// read: a case that still shows text, or one of `words`, is held. Memory: slices are read some at a time, and by so
/// many threads as `memory_limit_bytes` has room for, one at least.
/// @throws Error{canceled, memory_exceeded}
CaseText find_text(const Scan& scan, const CasePlan& plan, const FindInSlice& find, std::uint64_t memory_limit_bytes,
                   const Executor& executor, const CancelToken& cancel, const Rulings& rulings = {},
                   const WordsOfCase& words = {});

/// Slice k of a stack, as its detector is shown it.
using UseSlice = std::function<void(std::int64_t k, VolumeView<const float> slice, const dicom::ShownValues& shown)>;

/// Reads some slices of a stack, a few at a time, in order. @return why one could not be read
/// @throws Error{canceled, memory_exceeded}, and what `use` throws
std::optional<CaseFailure> show_slices(const Scan& scan, std::size_t stack, const std::set<std::int64_t>& slices,
                                       Executor& executor, const CancelToken& cancel, const UseSlice& use);

/// Blanks the boxes in slices [begin, end) of a stack, each with its darkest value; where MONOCHROME1 or a negative
/// rescale makes large values black, with its largest. `voxels`: i fastest, then j, then k; T as the stack's dtype
/// says.
template <class T>
void blank_text(std::span<T> voxels, const Scan& scan, const dicom::Stack& stack, SliceRange range,
                std::span<const dicom::PixelBox> boxes);

/// The same for one slice. @param slice its index, which `frame` of a box names
template <class T>
void blank_slice(std::span<T> voxels, std::int64_t width, std::int64_t slice, std::span<const dicom::PixelBox> boxes,
                 bool is_inverted);

/// Marks the boxes in slices [begin, end) of a stack of `size`.
void mark_text(std::span<std::int16_t> marks, Size3 size, SliceRange range, std::span<const dicom::PixelBox> boxes,
               std::int16_t mark);

}  // namespace naru
