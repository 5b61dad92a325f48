/// The voxels of a case before they are resampled: read, blanked, restored.
#pragma once

#include <optional>
#include <span>

#include "core/cancel.h"
#include "kernels/buffer.h"
#include "pipeline/case_plan.h"
#include "pipeline/restore/bias_field.h"
#include "pipeline/slices.h"

namespace naru {

/// A failure that ends the case, carried through the steps.
struct Failed {
  CaseFailure failure;
};

/// In: int16 or uint16 for stored values, as the stack's dtype says; float for units, where its slices have no common
/// stored values or the recipe restores them. Work runs on a CPU executor of its own, beside the one of the case.
/// Every function throws Failed where slices cannot be read, and Error{canceled, memory_exceeded}.
template <class In>
class CaseSource {
 public:
  /// How a blanked voxel of the source is marked: so high that the least share of it in a resampled one rounds to more
  /// than 0.
  static constexpr std::int16_t kMark = 10'000;

  CaseSource(const Scan& scan, const CasePlan& plan, Executor& executor, const CancelToken& cancel, InputHashes& hashes,
             std::optional<BiasField>& bias_field);

  /// Estimates the bias field that the recipe takes out where none is known yet, from the first volume, `step` slices
  /// at a time: coils do not change between the volumes of a case. Before the first `read`.
  void learn_field(std::int64_t step);

  /// Slices of one volume in host memory (pinned for a GPU).
  Buffer<In> read(std::size_t volume, SliceRange range);

  /// The same into memory that is there. @pre the recipe restores nothing
  void read_into(std::span<In> host, std::size_t volume, SliceRange range);

  /// Writes kMark to the voxels that are blanked, else 0; nothing is read.
  void mark_into(std::span<std::int16_t> host, std::size_t volume, SliceRange range);

  Executor& reader() { return reader_; }

 private:
  std::size_t voxel_count(SliceRange range) const;
  template <class Stored>
  Buffer<Stored> read_stored(std::size_t volume, SliceRange range);
  template <class Stored>
  void read_stored_into(std::span<Stored> host, std::size_t volume, SliceRange range);
  template <class Stored>
  Buffer<float> in_units(const Buffer<Stored>& stored);
  Buffer<float> read_units(std::size_t volume, SliceRange range);
  Buffer<float> restored(std::size_t volume, SliceRange range);
  void denoise(Buffer<float>& units);

  const Scan& scan_;
  const CasePlan& plan_;
  const dicom::Stack& stack_;
  Executor& executor_;  ///< of the case: whose memory is pinned
  Executor reader_;     ///< reads and decodes beside the executor's work
  const CancelToken& cancel_;
  InputHashes& hashes_;              ///< one slab is read at a time
  std::optional<BiasField>& field_;  ///< of all passes over the case
};

}  // namespace naru
