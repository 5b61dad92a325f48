#include "pipeline/pixels/face_plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/text.h"
#include "pipeline/deid_plan.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// The slices of a de-identification as `prepare` sees them. Missing slices do not matter here.
Scan slices_of(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
               const OnProgress& on_progress) {
  return scan_inputs(files, {dicom::GapPolicy::interpolate, false}, executor, cancel, on_progress);
}

bool is_same_list(const DeidScan& scan, const Scan& slices) {
  const auto same = [](const InputRecord& a, const InputRecord& b) {
    return a.path == b.path && a.size_bytes == b.size_bytes;
  };
  return std::ranges::equal(scan.files.inputs, slices.inputs, same);
}

class FacePlanner {
 public:
  FacePlanner(DeidScan& scan, Scan slices, FaceHandling handling, const std::set<std::size_t>& released)
      : scan_(scan), slices_(std::move(slices)), handling_(handling), released_(released) {}

  void run(std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
           const OnProgress& on_progress) {
    Progress progress{"looking for faces", 0, slices_.stacks.size(), "series", 0};
    for (std::size_t stack = 0; stack < slices_.stacks.size(); ++stack) {
      cancel.throw_if_canceled();
      if (is_released(stack)) {
        plan.released.insert(slices_.stacks[stack].series_uid);
      } else if (is_used(stack)) {
        look_at(stack, memory_limit_bytes, executor, cancel);
      }
      ++progress.done;
      on_progress(progress);
    }
    for (const OtherImage& other : slices_.others) hold_if_coloured(other);
    hold_series();
  }

  FacePlan plan;

 private:
  const dicom::Instance& instance(std::size_t candidate) const { return slices_.candidates[candidate].instance; }
  std::size_t input(std::size_t candidate) const { return slices_.input_of_candidate[candidate]; }

  /// All slices that belong to a stack, usable or not.
  std::vector<std::size_t> members(std::size_t stack) const {
    std::vector<std::size_t> found;
    for (std::size_t c = 0; c < slices_.candidates.size(); ++c) {
      if (slices_.placements[c].stack == stack) found.push_back(c);
    }
    return found;
  }

  bool is_used(std::size_t stack) const {
    return std::ranges::any_of(members(stack), [&](std::size_t candidate) {
      return scan_.files.inputs[input(candidate)].disposition == Disposition::used;
    });
  }

  bool is_released(std::size_t stack) const {
    return std::ranges::any_of(members(stack),
                               [&](std::size_t candidate) { return released_.contains(input(candidate)); });
  }

  void look_at(std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel) {
    const dicom::Stack& one = slices_.stacks[stack];
    StackFace face;
    if (one.verdict == Verdict::reject) {
      face.may_show = may_be_head(members(stack));
      face.because = face.may_show ? name(FaceDoubt::unknown_shape) : "no_head";
    } else {
      InputHashes hashes;
      face = find_face(slices_, stack, memory_limit_bytes, executor, cancel, hashes);
      if (face.failure) face.because = name(face.failure->code);
    }
    const bool is_kept = !face.may_show;
    const bool is_cut = face.cut && handling_ == FaceHandling::remove && order(one, *face.cut);
    if (!is_kept && !is_cut) {
      held_.insert(one.series_uid);
    } else if (is_cut) {
      hold_lost_slices(stack);
    }
    Json line = {{"series_uid", valid_utf8(one.series_uid)},
                 {"stack", one.index},
                 {"path", valid_utf8(slices_.inputs[input(members(stack).front())].path.string())}};
    line.update(face_evidence(face, !is_kept && !is_cut));
    plan.evidence.push_back(std::move(line));
  }

  /// By their headers alone, of slices that make no stack.
  bool may_be_head(const std::vector<std::size_t>& candidates) const {
    return std::ranges::any_of(candidates, [&](std::size_t candidate) { return shows_fine_head(instance(candidate)); });
  }

  /// Orders the cut in every file of a stack. @return false where a file has no place for it: a mosaic
  bool order(const dicom::Stack& stack, const FaceRemoval& removal) {
    const bool has_tiles = std::ranges::any_of(stack.instances, [&](std::size_t candidate) {
      const dicom::Instance& one = instance(candidate);
      return one.columns != one.pixels.columns || one.rows != one.pixels.rows;
    });
    if (has_tiles) return false;
    for (std::size_t n = 0; n < stack.instances.size(); ++n) {
      const std::size_t candidate = stack.instances[n];
      const auto k = stack.k_of_instance.empty() ? static_cast<std::int64_t>(n) : stack.k_of_instance[n];
      for (dicom::PixelBox box : face_boxes(stack.grid, k, removal)) {
        box.frame = instance(candidate).frame;
        box.fill = stored_air(stack, n, instance(candidate), removal.air);
        plan.orders[input(candidate)].push_back(box);
      }
    }
    return true;
  }

  /// What the file itself stores for air.
  static std::int64_t stored_air(const dicom::Stack& stack, std::size_t n, const dicom::Instance& instance,
                                 double air) {
    if (!stack.slice_rescales.empty()) {
      air = (air - stack.slice_rescales[n].intercept) / stack.slice_rescales[n].slope;
    } else if (!stack.stored_offsets.empty()) {
      air -= stack.stored_offsets[n];
    }
    const int bits = instance.pixels.bits_stored;
    const double low = instance.pixels.is_signed ? -std::exp2(bits - 1) : 0;
    const double high = std::exp2(instance.pixels.is_signed ? bits - 1 : bits) - 1;
    return std::llround(std::clamp(air, low, high));
  }

  /// A slice that could not be read into the stack was not cut with it.
  void hold_lost_slices(std::size_t stack) {
    const auto& used = slices_.stacks[stack].instances;
    for (const std::size_t candidate : members(stack)) {
      if (std::ranges::find(used, candidate) == used.end()) hold(input(candidate));
    }
  }

  /// A rendering in colour may show a face, whatever its kind says.
  void hold_if_coloured(const OtherImage& other) {
    const dicom::DeidSource& source = scan_.sources[other.input];
    const bool is_volume_kind = source.modality == "CT" || source.modality == "MR" || source.modality == "PT";
    if (other.format.samples_per_pixel > 1 && is_volume_kind && !is_other_part(source.body_part)) hold(other.input);
  }

  void hold(std::size_t index) {
    InputRecord& record = scan_.files.inputs[index];
    if (record.disposition != Disposition::used || released_.contains(index)) return;
    hold_back(record, Code::face_present);
    plan.held.insert(scan_.sources[index].series_uid);
  }

  void hold_series() {
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      if (held_.contains(scan_.sources[index].series_uid)) hold(index);
    }
  }

  DeidScan& scan_;
  Scan slices_;
  FaceHandling handling_;
  const std::set<std::size_t>& released_;
  std::set<std::string, std::less<>> held_;
};

}  // namespace

FacePlan plan_faces(DeidScan& scan, const std::vector<InputFile>& files, FaceHandling handling,
                    const std::set<std::size_t>& released, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress) {
  FacePlan nothing;
  if (handling == FaceHandling::keep) return nothing;
  Scan slices = slices_of(files, executor, cancel, on_progress);
  if (!is_same_list(scan, slices)) {  // files came, went or changed between the two passes
    for (const std::size_t index : used_inputs(scan)) hold_back(scan.files.inputs[index], Code::face_present);
    nothing.was_looked = true;
    return nothing;
  }
  FacePlanner planner(scan, std::move(slices), handling, released);
  planner.run(memory_limit_bytes, executor, cancel, on_progress);
  planner.plan.was_looked = true;
  return std::move(planner.plan);
}

}  // namespace naru
