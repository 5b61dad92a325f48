#include "pipeline/pixels/face_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "core/text.h"
#include "pipeline/deid_inputs.h"
#include "pipeline/deid_plan.h"
#include "pipeline/pixels/face_classes.h"
#include "pipeline/pixels/face_drawing.h"
#include "pipeline/pixels/face_limits.h"
#include "pipeline/pixels/fine_together.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// Sorts the slices of a de-identification as `prepare` does, those alone that may be delivered: of copies of a slice
/// the one that is. Missing slices do not matter here.
void sort_used(const DeidScan& scan, Scan& slices, Executor& executor, const CancelToken& cancel,
               const OnProgress& on_progress) {
  std::size_t kept = 0;
  for (std::size_t c = 0; c < slices.candidates.size(); ++c) {
    const std::size_t input = slices.input_of_candidate[c];
    if (scan.files.inputs[input].disposition != Disposition::used) continue;
    if (kept != c) slices.candidates[kept] = std::move(slices.candidates[c]);
    slices.input_of_candidate[kept++] = input;
  }
  slices.candidates.resize(kept);
  slices.input_of_candidate.resize(kept);
  sort_candidates(slices, {dicom::GapPolicy::interpolate, false}, executor, cancel, on_progress);
}

/// Of CT, MR or PET.
bool is_volume(const dicom::DeidSource& source) {
  return source.modality == "CT" || source.modality == "MR" || source.modality == "PT" ||
         face_class(source.sop_class_uid) == FaceClass::volume;
}

/// Photographs are stored as secondary captures as well: Modality says so (XC, PS3.3 C.7.3.1.1.1).
bool is_picture(const dicom::DeidSource& source) {
  return face_class(source.sop_class_uid) == FaceClass::picture || source.modality == "XC";
}

bool is_same_list(const DeidScan& scan, const Scan& slices) {
  const auto same = [](const InputRecord& a, const InputRecord& b) {
    return a.path == b.path && a.size_bytes == b.size_bytes;
  };
  return std::ranges::equal(scan.files.inputs, slices.inputs, same);
}

class FacePlanner {
 public:
  FacePlanner(DeidScan& scan, Scan slices, FaceHandling handling, const std::set<std::size_t>& released,
              KnownFaces* known)
      : scan_(scan),
        slices_(std::move(slices)),
        handling_(handling),
        released_(released),
        known_(known),
        members_(slices_.stacks.size()) {
    for (std::size_t c = 0; c < slices_.candidates.size(); ++c) {
      if (slices_.placements[c].stack) members_[*slices_.placements[c].stack].push_back(c);
    }
  }

  void run(std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
           const OnProgress& on_progress) {
    has_drawings_ = !drawings_to_judge().empty();
    Progress progress{"looking for faces", 0, slices_.stacks.size(), "series", 0};
    for (const std::size_t index : released_) plan.released.insert(scan_.sources[index].series_uid);
    for (std::size_t stack = 0; stack < slices_.stacks.size(); ++stack) {
      cancel.throw_if_canceled();
      if (!is_released(stack) && is_used(stack)) look_at(stack, memory_limit_bytes, executor, cancel);
      ++progress.done;
      on_progress(progress);
    }
    hold_interleaved();
    hold_scraps();
    hold_localizers();
    hold_unread();
    hold_outlines();
    hold_drawings(memory_limit_bytes, executor, cancel, on_progress);
    hold_series();
  }

  FacePlan plan;

 private:
  const dicom::Instance& instance(std::size_t candidate) const { return slices_.candidates[candidate].instance; }
  std::size_t input(std::size_t candidate) const { return slices_.input_of_candidate[candidate]; }

  bool is_used(std::size_t stack) const {
    return std::ranges::any_of(members_[stack], [&](std::size_t candidate) {
      return scan_.files.inputs[input(candidate)].disposition == Disposition::used;
    });
  }

  bool is_released(std::size_t stack) const {
    return std::ranges::any_of(members_[stack],
                               [&](std::size_t candidate) { return released_.contains(input(candidate)); });
  }

  void look_at(std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel) {
    const dicom::Stack& one = slices_.stacks[stack];
    StackFace face;
    if (one.verdict == Verdict::reject) {
      face.may_show = may_be_head(members_[stack]);
      face.because = face.may_show ? name(FaceDoubt::unknown_shape) : "no_head";
    } else {
      face = found_face(stack, memory_limit_bytes, executor, cancel);
      if (face.failure) face.because = name(face.failure->code);
    }
    const bool is_wanted = face.cut && handling_ == FaceHandling::remove;
    const bool is_cut = is_wanted && !has_tiles(one);
    if (is_cut) {
      order(one, *face.cut);
      cut_.insert(one.series_uid);
      hold_lost_slices(stack);
    } else if (is_wanted) {
      face.because = name(FaceDoubt::kind);
    }
    if (face.cut && !(is_cut && has_drawings_)) face.cut->cells = Mask();  // nobody asks for them again
    if (face.may_show && !is_cut) doubtful_.insert(one.series_uid);
    if (!face.may_show && face.because != "no_head") scraps_.push_back(stack);
    found_.push_back({stack, std::move(face)});
  }

  StackFace found_face(std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor,
                       const CancelToken& cancel) {
    if (auto before = known_ != nullptr ? known_->find(slices_, stack) : std::nullopt) return *std::move(before);
    InputHashes hashes;
    StackFace face = find_face(slices_, stack, memory_limit_bytes, executor, cancel, hashes);
    if (known_ != nullptr) known_->add(slices_, stack, face);
    return face;
  }

  /// By their headers and places, of slices of one direction that make no stack.
  bool may_be_head(const std::vector<std::size_t>& candidates) const {
    const dicom::Instance& first = instance(candidates.front());
    const Vec3 normal = cross(first.row_direction, first.column_direction);
    std::vector<double> places_mm;
    for (const std::size_t candidate : candidates) places_mm.push_back(dot(normal, instance(candidate).position_mm));
    const bool is_fine = std::max(first.spacing_i_mm, first.spacing_j_mm) <= kCoarsestMm && lie_finely(places_mm);
    return std::ranges::any_of(candidates, [&](std::size_t candidate) {
      const dicom::Instance& one = instance(candidate);
      return shows_fine_head(one) || is_rendering(one) ||
             (!is_limb(one.body_part) && (is_fine || static_cast<double>(candidates.size()) * kFineMm > kThickMm));
    });
  }

  /// A mosaic's file has no place for a cut.
  bool has_tiles(const dicom::Stack& stack) const {
    return std::ranges::any_of(stack.instances, [&](std::size_t candidate) {
      const dicom::Instance& one = instance(candidate);
      return one.columns != one.pixels.columns || one.rows != one.pixels.rows;
    });
  }

  /// Orders the cut in every file of a stack.
  void order(const dicom::Stack& stack, const FaceRemoval& removal) {
    for (std::size_t n = 0; n < stack.instances.size(); ++n) {
      const std::size_t candidate = stack.instances[n];
      const auto k = stack.k_of_instance.empty() ? static_cast<std::int64_t>(n) : stack.k_of_instance[n];
      for (dicom::PixelBox box : face_boxes(stack.grid, k, removal)) {
        box.frame = instance(candidate).frame;
        box.fill = stored_air(stack, n, instance(candidate), removal.air);
        plan.orders[input(candidate)].push_back(box);
      }
    }
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
    const auto& instances = slices_.stacks[stack].instances;
    const std::set<std::size_t> used(instances.begin(), instances.end());
    for (const std::size_t candidate : members_[stack]) {
      if (!used.contains(candidate)) hold(input(candidate));
    }
  }

  /// Stacks that were left alone as too thin or too coarse, and are neither together.
  void hold_interleaved() {
    const std::set<std::size_t> together = fine_together(slices_, scraps_);
    for (const std::size_t stack : together) doubtful_.insert(slices_.stacks[stack].series_uid);
    for (auto& [stack, face] : found_) {
      const bool is_left_alone = !face.may_show && face.because != "no_head";
      if (is_left_alone && doubtful_.contains(slices_.stacks[stack].series_uid)) {
        face.because = name(FaceDoubt::unknown_shape);
      }
    }
  }

  /// Thin or coarse stacks of a series that shows a face: a part of it was set apart by its header.
  void hold_scraps() {
    for (const std::size_t stack : scraps_) {
      const std::string& uid = slices_.stacks[stack].series_uid;
      if (!cut_.contains(uid) && !doubtful_.contains(uid)) continue;
      for (const std::size_t candidate : members_[stack]) {
        if (shows_fine_head(instance(candidate)) || cut_.contains(uid)) hold(input(candidate));
      }
    }
  }

  /// Localizers make no stack. As many fine ones as make a volume may show a face; so may a rendering, and a frame of a
  /// file that was cut elsewhere.
  void hold_localizers() {
    std::map<std::string_view, std::vector<std::size_t>> of_series;
    for (std::size_t c = 0; c < slices_.candidates.size(); ++c) {
      if (slices_.placements[c].stack) continue;
      if (plan.orders.contains(input(c)) || is_rendering(instance(c))) hold(input(c));
      if (shows_fine_head(instance(c))) of_series[instance(c).series_uid].push_back(c);
    }
    for (const auto& [uid, candidates] : of_series) {
      if (static_cast<double>(candidates.size()) * kFineMm < kVolumeMm) continue;
      for (const std::size_t candidate : candidates) hold(input(candidate));
    }
  }

  /// Images of CT, MR and PET of which no slice could be read: renderings, files without geometry, kinds that this
  /// version does not know. What has no pixels shows nothing. And what shows faces but is no slice.
  void hold_unread() {
    const std::set<std::size_t> read(slices_.input_of_candidate.begin(), slices_.input_of_candidate.end());
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      const dicom::DeidSource& source = scan_.sources[index];
      const bool has_pixels = slices_.inputs[index].reason != Code::no_pixels;
      const bool may_show = is_picture(source) || (is_volume(source) && has_pixels);
      if (may_show && !read.contains(index) && !is_limb(source.body_part)) hold(index);
    }
  }

  /// But for those of studies whose volumes were looked at and show no face, or were released by people.
  void hold_outlines() {
    const std::set<std::string_view> faceless = faceless_studies();
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      const dicom::DeidSource& source = scan_.sources[index];
      const bool is_outline = face_class(source.sop_class_uid) == FaceClass::outline;
      if (is_outline && !faceless.contains(source.study_uid)) hold(index);
    }
  }

  /// Studies of which volumes were looked at, or released by people, and none shows a face.
  std::set<std::string_view> faceless_studies() const {
    std::set<std::string_view> seen;
    for (std::size_t stack = 0; stack < members_.size(); ++stack) {
      if (is_used(stack) || is_released(stack)) seen.insert(scan_.sources[input(members_[stack].front())].study_uid);
    }
    for (std::size_t stack = 0; stack < members_.size(); ++stack) {
      const std::string& series = slices_.stacks[stack].series_uid;
      const bool has_face = cut_.contains(series) || doubtful_.contains(series);
      if (has_face) seen.erase(scan_.sources[input(members_[stack].front())].study_uid);
    }
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      if (scan_.files.inputs[index].reason == Code::face_present) seen.erase(scan_.sources[index].study_uid);
    }
    return seen;
  }

  /// Studies that hold pictures, and no volumes.
  std::set<std::string_view> flat_studies() const {
    std::set<std::string_view> flat;
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      const bool has_pixels = slices_.inputs[index].reason != Code::no_pixels;
      const bool is_picture = face_class(scan_.sources[index].sop_class_uid) == FaceClass::other;
      if (is_picture && has_pixels) flat.insert(scan_.sources[index].study_uid);
    }
    for (const dicom::DeidSource& source : scan_.sources) {
      const FaceClass kind = face_class(source.sop_class_uid);
      if (is_volume(source) || kind == FaceClass::picture || kind == FaceClass::outline) flat.erase(source.study_uid);
    }
    return flat;
  }

  CutFrames frames_of_volumes() const {
    CutFrames frames;
    for (const auto& [stack, face] : found_) {
      const std::string_view frame = instance(members_[stack].front()).frame_of_reference_uid;
      const bool is_doubtful = doubtful_.contains(slices_.stacks[stack].series_uid);
      if (is_doubtful && !frame.empty()) frames.in_doubt.insert(frame);
      if (!is_doubtful && face.cut && !frame.empty()) frames.cuts[frame].push_back(&*face.cut);
    }
    return frames;
  }

  /// Segmentations and doses that may draw the face.
  void hold_drawings(std::uint64_t memory_limit_bytes, Executor& executor, const CancelToken& cancel,
                     const OnProgress& on_progress) {
    const std::vector<std::size_t> drawings = drawings_to_judge();
    if (drawings.empty()) return;
    const std::set<std::string_view> faceless = faceless_studies(), flat = flat_studies();
    const CutFrames frames = frames_of_volumes();
    std::mutex mutex;
    std::set<std::size_t> showing;
    for_each_input(scan_, drawings, {memory_limit_bytes}, "looking at drawings", executor, cancel, on_progress,
                   [&](std::size_t index, dicom::Bytes file) {
                     const std::string& study = scan_.sources[index].study_uid;
                     if (!may_draw_face(file, frames, {faceless.contains(study), flat.contains(study)})) return;
                     const std::lock_guard lock(mutex);
                     showing.insert(index);
                   });
    for (const std::size_t index : showing) hold(index);
  }

  std::vector<std::size_t> drawings_to_judge() const {
    std::vector<std::size_t> drawings;
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      const bool is_drawing = face_class(scan_.sources[index].sop_class_uid) == FaceClass::drawing;
      const bool is_open = scan_.files.inputs[index].disposition == Disposition::used;
      if (is_drawing && is_open && !released_.contains(index)) drawings.push_back(index);
    }
    return drawings;
  }

  void hold(std::size_t index) {
    InputRecord& record = scan_.files.inputs[index];
    if (record.disposition != Disposition::used || released_.contains(index)) return;
    hold_back(record, Code::face_present);
    const std::string& uid = scan_.sources[index].series_uid;
    plan.held.insert(uid);
    if (cut_.contains(uid) && !doubtful_.contains(uid)) plan.unreleasable.insert(uid);
  }

  void hold_series() {
    for (std::size_t index = 0; index < scan_.sources.size(); ++index) {
      if (doubtful_.contains(scan_.sources[index].series_uid)) hold(index);
    }
    for (const auto& [stack, face] : found_) {
      const dicom::Stack& one = slices_.stacks[stack];
      Json line = {{"series_uid", valid_utf8(one.series_uid)},
                   {"stack", one.index},
                   {"path", valid_utf8(slices_.inputs[input(members_[stack].front())].path.string())}};
      line.update(face_evidence(face, doubtful_.contains(one.series_uid)));
      plan.evidence.push_back(std::move(line));
    }
  }

  static constexpr double kFineMm = 3, kThickMm = 300, kVolumeMm = 50;

  struct Found {
    std::size_t stack;
    StackFace face;
  };

  DeidScan& scan_;
  Scan slices_;
  FaceHandling handling_;
  const std::set<std::size_t>& released_;
  KnownFaces* known_;
  bool has_drawings_ = false;
  std::vector<std::vector<std::size_t>> members_;  ///< candidates of each stack, usable or not
  std::vector<Found> found_;
  std::vector<std::size_t> scraps_;                    ///< stacks that were left alone as too thin or too coarse
  std::set<std::string, std::less<>> cut_, doubtful_;  ///< UIDs of series
};

}  // namespace

FacePlan plan_faces(DeidScan& scan, const std::vector<InputFile>& files, FaceHandling handling,
                    const std::set<std::size_t>& released, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, const OnProgress& on_progress, KnownFaces* known) {
  FacePlan nothing;
  if (handling == FaceHandling::keep) return nothing;
  Scan slices = read_candidates(files, executor, cancel, on_progress);
  if (!is_same_list(scan, slices)) {  // files came, went or changed between the two passes
    for (const std::size_t index : used_inputs(scan)) hold_back(scan.files.inputs[index], Code::face_present);
    nothing.was_looked = true;
    return nothing;
  }
  sort_used(scan, slices, executor, cancel, on_progress);
  FacePlanner planner(scan, std::move(slices), handling, released, known);
  planner.run(memory_limit_bytes, executor, cancel, on_progress);
  planner.plan.was_looked = true;
  return std::move(planner.plan);
}

}  // namespace naru
