#include "pipeline/pixels/stack_face.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "pipeline/pixels/face_limits.h"
#include "pipeline/pixels/head_pose.h"
#include "pipeline/pixels/no_head.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kAirHu = -1000;
constexpr std::uint64_t kBytesPerCell = 40;

constexpr double kLeastAgreement4d = 0.9;  // of the cuts of two volumes, air included

double dice(const Mask& a, const Mask& b) {
  if (a.size != b.size) return 0;
  double both = 0;
  for (std::size_t n = 0; n < a.cells.size(); ++n) both += (a.cells[n] & b.cells[n]) != 0 ? 2 : 0;
  const auto sum = static_cast<double>(a.count() + b.count());
  return sum > 0 ? both / sum : 0;
}

/// One stack, all of it in memory. T is int16, uint16 or float.
template <class T>
class FaceSearch {
 public:
  FaceSearch(const Scan& scan, std::size_t stack, Executor& executor)
      : scan_(scan), index_(stack), stack_(scan.stacks[stack]), executor_(executor) {}

  StackFace run(const CancelToken& cancel, InputHashes& hashes) {
    using Read = std::conditional_t<std::is_same_v<T, float>, float, std::uint16_t>;
    StackFace face;
    face.may_show = true;
    voxels_.resize(static_cast<std::size_t>(stack_.grid.size.voxel_count()));
    const std::span<Read> read(reinterpret_cast<Read*>(voxels_.data()), voxels_.size());
    const SliceRange all{0, stack_.grid.size.z};
    if ((face.failure = read_slices(scan_, index_, all, read, executor_, cancel, hashes))) return face;
    cancel.throw_if_canceled();
    const PatientGrid grid = patient_grid(stack_.grid, kHeadCellMm);
    const std::vector<float> values = seen(grid);
    const HeadShape shape = head_shape(grid, values, is_ct(), executor_);
    const auto pose = register_head(shape, executor_);
    cancel.throw_if_canceled();
    if (!pose || !is_head(*pose)) {
      if (is_surely_no_head(shape, first().body_part, executor_)) return {false, "no_head", {}, {}, {}};
      face.because = name(FaceDoubt::unknown_shape);
      if (pose) face.numbers.overlap = pose->overlap;
      return face;
    }
    FaceCut cut = cut_face(shape, *pose, values, is_ct(), executor_);
    face.numbers = cut.numbers;
    face.because = cut.doubt ? name(*cut.doubt) : "face";
    if (cut.doubt) return face;
    FaceRemoval removal{grid, std::move(cut.removed), air(), 0};
    removal.air_units = stack_.rescale.slope * removal.air + stack_.rescale.intercept;
    remove_face(std::span(voxels_), stack_.grid, all, removal, executor_);
    const HeadShape after = head_shape(grid, seen(grid), is_ct(), executor_);
    face.numbers.moved_share = moved_share(shape, after.inside, face.numbers);
    if (face.numbers.moved_share < kLeastMovedAfter) {
      face.because = name(FaceDoubt::not_cut);
    } else {
      face.cut = std::move(removal);
    }
    return face;
  }

 private:
  static constexpr double kLeastMovedAfter = 0.9;

  const dicom::Instance& first() const { return scan_.candidates[stack_.instances.front()].instance; }
  bool is_ct() const { return first().modality == "CT"; }

  std::vector<float> seen(const PatientGrid& grid) {
    std::vector<float> values(static_cast<std::size_t>(grid.size.voxel_count()));
    const VolumeView<const T> stored{voxels_.data(), stack_.grid.size};
    const bool is_dark_tissue = !is_ct() && first().pixels.photometric_interpretation == "MONOCHROME1";
    const float sign = is_dark_tissue ? -1 : 1;  // of CT the value is what counts, however it is shown
    see_in_patient_axes(stored, stack_.grid, sign * static_cast<float>(stack_.rescale.slope),
                        sign * static_cast<float>(stack_.rescale.intercept), grid, {values.data(), grid.size},
                        executor_);
    return values;
  }

  /// CT: -1000 HU, or the lowest value where it lies above. MR: the darkest value.
  double air() const {
    const auto [low, high] = std::ranges::minmax(voxels_);
    const bool is_turned_over = first().pixels.photometric_interpretation == "MONOCHROME1";
    if (!is_ct()) return static_cast<double>(is_turned_over ? high : low);
    const double stored = std::round((kAirHu - stack_.rescale.intercept) / stack_.rescale.slope);
    return std::clamp(stored, static_cast<double>(low), static_cast<double>(high));
  }

  const Scan& scan_;
  std::size_t index_;
  const dicom::Stack& stack_;
  Executor& executor_;
  std::vector<T> voxels_;
};

double rounded(double value) { return std::round(1000 * value) / 1000; }

Json rounded(const Vec3& point) { return {rounded(point[0]), rounded(point[1]), rounded(point[2])}; }

}  // namespace

bool is_limb(std::string_view body_part) {
  const OtherPart* const part = other_part(body_part);
  return part != nullptr && !part->may_reach_head;
}

bool shows_fine_head(const dicom::Instance& instance) {
  const double thickness = instance.slice_thickness_mm.value_or(0);
  const double step = std::min(thickness, instance.spacing_between_slices_mm.value_or(thickness));
  return std::max({instance.spacing_i_mm, instance.spacing_j_mm, step}) <= kCoarsestMm && !is_limb(instance.body_part);
}

bool is_rendering(const dicom::Instance& instance) {
  return dicom::names_a_rendering(instance.image_type) && !is_limb(instance.body_part);
}

FaceHandling face_handling(std::string_view word) {
  if (word == "keep") return FaceHandling::keep;
  return word == "remove" ? FaceHandling::remove : FaceHandling::quarantine;
}

std::string_view face_statement(FaceHandling handling) {
  constexpr std::array<std::string_view, 3> kStatements = {
      "not examined: a head volume may show the face; handle the images accordingly",
      "removed from CT and MR heads of 3 mm or finer voxels that could be judged; the others of them were held back, "
      "or left where a person had judged so",
      "CT and MR heads of 3 mm or finer voxels that show one, or may, were held back, or left where a person had "
      "judged "
      "so"};
  return kStatements[static_cast<std::size_t>(handling)];
}

std::uint64_t face_memory_bytes(const Scan& scan, std::size_t stack, int thread_count) {
  const dicom::Stack& one = scan.stacks[stack];
  const auto cells = static_cast<std::uint64_t>(patient_grid(one.grid, kHeadCellMm).size.voxel_count());
  const std::uint64_t voxels = static_cast<std::uint64_t>(one.grid.size.voxel_count()) * size_bytes(one.dtype);
  return voxels + cells * kBytesPerCell + slice_buffer_bytes(scan, one, thread_count);
}

StackFace find_face(const Scan& scan, std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, InputHashes& hashes) {
  const dicom::Stack& one = scan.stacks[stack];
  const dicom::Instance& first = scan.candidates[one.instances.front()].instance;
  StackFace face;
  face.may_show = true;
  const auto doubtful = [&](FaceDoubt doubt) { return face.because = name(doubt), face; };
  if (is_rendering(first)) return doubtful(FaceDoubt::kind);
  const std::string_view small = too_small_for_a_face(one.grid);
  if (!small.empty()) return {false, small, {}, {}, {}};
  if (first.modality != "CT" && first.modality != "MR") {
    if (is_limb(first.body_part)) return {false, "no_head", {}, {}, {}};
    return doubtful(FaceDoubt::kind);
  }
  if (face_memory_bytes(scan, stack, executor.thread_count()) > memory_limit_bytes)
    return doubtful(FaceDoubt::too_large);
  try {
    switch (one.dtype) {
      case DType::int16: return FaceSearch<std::int16_t>(scan, stack, executor).run(cancel, hashes);
      case DType::uint16: return FaceSearch<std::uint16_t>(scan, stack, executor).run(cancel, hashes);
      case DType::float32: break;
    }
    return FaceSearch<float>(scan, stack, executor).run(cancel, hashes);
  } catch (const Error&) {
    throw;  // canceled, or the job has no memory left
  } catch (const std::bad_alloc&) {
    return doubtful(FaceDoubt::too_large);
  } catch (const std::exception&) {
    return doubtful(FaceDoubt::unknown_shape);  // of the registration
  }
}

StackFace find_face(const Scan& scan, std::span<const std::size_t> volumes, std::uint64_t memory_limit_bytes,
                    Executor& executor, const CancelToken& cancel, InputHashes& hashes) {
  StackFace first = find_face(scan, volumes.front(), memory_limit_bytes, executor, cancel, hashes);
  for (const std::size_t volume : volumes.subspan(1)) {
    if (first.failure || (first.may_show && !first.cut)) break;
    const StackFace next = find_face(scan, volume, memory_limit_bytes, executor, cancel, hashes);
    if (next.failure) return next;
    const bool agrees =
        first.cut ? next.cut && dice(first.cut->cells, next.cut->cells) >= kLeastAgreement4d : !next.may_show;
    if (agrees) continue;
    first.may_show = true;
    first.because = name(FaceDoubt::disagreement);
    first.cut.reset();
  }
  return first;
}

template <class T>
void remove_face(std::span<T> voxels, const Grid& stack, SliceRange range, const FaceRemoval& removal,
                 Executor& executor) {
  const Size3 size{stack.size.x, stack.size.y, range.count()};
  replace_in_cells(VolumeView<T>{voxels.data(), size}, stack, range.begin, removal.grid, removal.cells.view(),
                   static_cast<T>(removal.air), executor);
}

template void remove_face(std::span<std::int16_t>, const Grid&, SliceRange, const FaceRemoval&, Executor&);
template void remove_face(std::span<std::uint16_t>, const Grid&, SliceRange, const FaceRemoval&, Executor&);
template void remove_face(std::span<float>, const Grid&, SliceRange, const FaceRemoval&, Executor&);

std::vector<dicom::PixelBox> face_boxes(const Grid& stack, std::int64_t k, const FaceRemoval& removal) {
  const std::int64_t width = stack.size.x, height = stack.size.y;
  std::vector<std::int16_t> marks(static_cast<std::size_t>(width * height));
  Executor executor = Executor::cpu(1);
  replace_in_cells(VolumeView<std::int16_t>{marks.data(), {width, height, 1}}, stack, k, removal.grid,
                   removal.cells.view(), std::int16_t{1}, executor);
  std::vector<dicom::PixelBox> boxes, open;  // open: those that end in the row before
  for (std::int64_t y = 0; y < height; ++y) {
    std::vector<dicom::PixelBox> row;
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t begin = x;
      while (x < width && marks[static_cast<std::size_t>(x + y * width)] != 0) ++x;
      if (x > begin) row.push_back({0, begin, y, x - begin, 1});
    }
    for (dicom::PixelBox& run : row) {
      const auto above = std::ranges::find_if(open, [&](const dicom::PixelBox& box) {
        return box.x == run.x && box.width == run.width && box.y + box.height == y;
      });
      if (above != open.end()) {
        run.y = above->y;
        run.height = above->height + 1;
        open.erase(above);
      }
    }
    boxes.insert(boxes.end(), open.begin(), open.end());
    open = std::move(row);
  }
  boxes.insert(boxes.end(), open.begin(), open.end());
  return boxes;
}

Json face_evidence(const StackFace& face, bool is_held) {
  const FaceNumbers& n = face.numbers;
  Json line = {{"schema", "naru.faces/1"},
               {"action", is_held    ? "held"
                          : face.cut ? "removed"
                                     : "kept"},
               {"because", face.because}};
  if (!face.may_show) return line;
  line["average_head"] = {{"overlap", rounded(n.overlap)},
                          {"scale", rounded(n.scale)},
                          {"pitch_yaw_roll_degrees", {rounded(n.pitch), rounded(n.yaw), rounded(n.roll)}}};
  if (n.profile_before_mm.empty()) return line;
  line.update({{"nose_mm_lps", rounded(n.nose_mm)},
               {"nasion_mm_lps", rounded(n.nasion_mm)},
               {"second_nasion_mm_lps", rounded(n.second_nasion_mm)},
               {"nose_prominence_mm", rounded(n.nose_prominence_mm)},
               {"agreement", rounded(n.agreement)},
               {"moved_share", rounded(n.moved_share)},
               {"guard_ml", rounded(n.guard_ml)},
               {"removed_ml", rounded(n.removed_ml)},
               {"profile_before_mm", n.profile_before_mm},
               {"profile_after_mm", n.profile_after_mm}});
  return line;
}

}  // namespace naru
