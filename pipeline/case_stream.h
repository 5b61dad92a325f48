/// The fast way of one volume from its files to its image: thin slabs side by side, each made from end to end by one
/// thread while it is in that thread's cache; then hashed and written in order.
///
/// Files are read once, though slabs overlap: a slab hands the slices that the next one needs as well on to it. Members
/// of gzip are cut by their place in the image alone, so that a slab hands on the bytes of the member that it does not
/// fill. So the file is the same for any number of threads, and the same as that of the whole volume.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/cancel.h"
#include "kernels/statistics.h"
#include "pipeline/case_plan.h"
#include "pipeline/files.h"
#include "pipeline/grid_plan.h"
#include "pipeline/intensity_plan.h"
#include "pipeline/preview.h"
#include "pipeline/restore/bias_field.h"
#include "pipeline/scan.h"
#include "pipeline/slab.h"
#include "pipeline/slices.h"

namespace naru {

/// What a case is made of, however it is made.
struct CaseParts {
  const Scan& scan;
  const CasePlan& plan;
  const GridPlan& grid;
  const std::filesystem::path& out;
  const CancelToken& cancel;
  InputHashes& hashes;                   ///< of the files that were read
  std::optional<BiasField>& bias_field;  ///< that the recipe takes out, once it was estimated
};

/// The slabs that a case is streamed in; empty where it cannot be: it has several volumes, its slabs do not follow each
/// other in the file, more is done to it than resampling, its files lie in archives, or it is too thin.
std::vector<Slab> stream_slabs(const CaseParts& parts, const IntensityPlan& intensity, int thread_count);

/// How many of the slabs can be on their way within `memory_bytes`: some a thread where there is room. 0 where it is
/// too little for each thread to have one. @param is_kept the stack's voxels are in memory, which counts
std::size_t stream_slots(const CaseParts& parts, const IntensityPlan& intensity, const std::vector<Slab>& slabs,
                         bool is_kept, const Executor& executor, std::uint64_t memory_bytes);

template <class In>
struct StreamJob {
  const CaseParts& parts;
  const IntensityPlan& intensity;
  const std::vector<Slab>& slabs;
  VolumeView<const In> kept;   ///< the stack's voxels where they are in memory already, else empty: they are read
  std::filesystem::path path;  ///< of the image
  bool is_hopeful = false;     ///< see hopeful_plan
  int thread_count = 1;
  std::size_t slot_count = 1;  ///< see stream_slots
};

struct StreamedImage {
  FileFacts facts;
  Statistics statistics;  ///< of the voxels as written
  Preview preview;
};

/// In: int16 or uint16 for stored values, float for units. Out: as intensity.dtype says.
/// Memory: job.slot_count slabs, with their sources.
/// @return empty where a plan that was hopeful proved wrong: nothing is left of the file then
/// @throws Failed, the first along the slabs; Error{disk_full, output_unwritable, memory_exceeded, canceled}
template <class In, class Out>
std::optional<StreamedImage> stream_case(const StreamJob<In>& job);

}  // namespace naru
