#include "pipeline/pixels/stack_face.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "pipeline/allow_list.h"
#include "pipeline/pixels/head_pose.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kCoarsestMm = 3.03;  // 3 mm, and what rounding adds
constexpr double kThinnestMm = 50;    // along every axis: less shows no face
constexpr double kAirHu = -1000;
constexpr double kTrunkWidthMm = 240;
constexpr std::uint64_t kBytesPerCell = 40;

/// Body parts that are no head, by the names of public_body_part, and whether a scan of them may reach up to one.
struct OtherPart {
  std::string_view name;
  bool may_reach_head;
};
constexpr auto kOtherParts = std::to_array<OtherPart>({
    {"ABDOMEN", true},  {"ABDOMENPELVIS", true},  {"ADRENAL", true},        {"ANKLE", false},    {"AORTA", true},
    {"ARM", false},     {"BACK", true},           {"BLADDER", true},        {"BREAST", true},    {"CALF", false},
    {"CHEST", true},    {"CHESTABDOMEN", true},   {"CHESTABDPELVIS", true}, {"CLAVICLE", true},  {"COCCYX", true},
    {"COLON", true},    {"CORONARYARTERY", true}, {"ELBOW", false},         {"ESOPHAGUS", true}, {"FEMUR", false},
    {"FINGER", false},  {"FOOT", false},          {"FOREARM", false},       {"HAND", false},     {"HEART", true},
    {"HIP", false},     {"KIDNEY", true},         {"KNEE", false},          {"LEG", false},      {"LIVER", true},
    {"LSPINE", true},   {"LUNG", true},           {"PANCREAS", true},       {"PELVIS", true},    {"PROSTATE", true},
    {"SHOULDER", true}, {"SSPINE", true},         {"THIGH", false},         {"TSPINE", true},    {"UTERUS", true},
    {"WRIST", false},
});

const OtherPart* other_part(std::string_view body_part) {
  const auto name = public_body_part(body_part);
  if (!name) return nullptr;
  const auto found = std::ranges::find(kOtherParts, *name, &OtherPart::name);
  return found == kOtherParts.end() ? nullptr : &*found;
}

/// How wide the outline is where the scan ends above; 0 where the outline ends below that.
double width_at_top_mm(const HeadShape& shape) {
  constexpr std::int64_t kTopCells = 3;
  const Size3& size = shape.grid.size;
  std::int64_t first = size.x, last = -1;
  for (std::int64_t z = std::max<std::int64_t>(0, size.z - kTopCells); z < size.z; ++z) {
    for (std::int64_t y = 0; y < size.y; ++y) {
      for (std::int64_t x = 0; x < size.x; ++x) {
        if (!shape.inside.at(x, y, z)) continue;
        first = std::min(first, x);
        last = std::max(last, x);
      }
    }
  }
  return last < first ? 0 : static_cast<double>(last - first + 1) * shape.grid.cell_mm;
}

/// True for a trunk or a limb: by its name where no head can be near, else by a cut across it at the top of the scan.
bool is_surely_no_head(const HeadShape& shape, std::string_view body_part) {
  const OtherPart* const part = other_part(body_part);
  if (part != nullptr && !part->may_reach_head) return true;
  const double width = width_at_top_mm(shape);
  return width >= kTrunkWidthMm || (part != nullptr && width > 0);
}

std::string_view too_small_for_a_face(const Grid& grid) {
  const Vec3 spacing = grid.spacing_mm();
  const std::array<double, 3> extent = {spacing[0] * static_cast<double>(grid.size.x),
                                        spacing[1] * static_cast<double>(grid.size.y),
                                        spacing[2] * static_cast<double>(grid.size.z)};
  if (std::ranges::max(spacing) > kCoarsestMm) return "too_coarse";
  return std::ranges::min(extent) < kThinnestMm ? "too_thin" : "";
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
      if (is_surely_no_head(shape, first().body_part)) return {false, "no_head", {}, {}, {}};
      face.because = name(FaceDoubt::unknown_shape);
      if (pose) face.numbers.overlap = pose->overlap;
      return face;
    }
    FaceCut cut = cut_face(shape, *pose, values, is_ct(), executor_);
    face.numbers = cut.numbers;
    face.because = cut.doubt ? name(*cut.doubt) : "face";
    if (cut.doubt) return face;
    FaceRemoval removal{grid, std::move(cut.removed), air()};
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

bool is_other_part(std::string_view body_part) { return other_part(body_part) != nullptr; }

bool shows_fine_head(const dicom::Instance& instance) {
  const double thickness = instance.slice_thickness_mm.value_or(instance.spacing_between_slices_mm.value_or(0));
  const bool is_fine = std::max({instance.spacing_i_mm, instance.spacing_j_mm, thickness}) <= kCoarsestMm;
  return is_fine && !is_other_part(instance.body_part);
}

FaceHandling face_handling(std::string_view word) {
  if (word == "keep") return FaceHandling::keep;
  return word == "remove" ? FaceHandling::remove : FaceHandling::quarantine;
}

std::string_view face_statement(FaceHandling handling) {
  constexpr std::array<std::string_view, 3> kStatements = {
      "not examined: a head volume may show the face; handle the images accordingly",
      "removed from CT and MR heads of 3 mm or finer voxels that could be judged, the others of them held back",
      "CT and MR heads of 3 mm or finer voxels that show one, or may, were held back"};
  return kStatements[static_cast<std::size_t>(handling)];
}

StackFace find_face(const Scan& scan, std::size_t stack, std::uint64_t memory_limit_bytes, Executor& executor,
                    const CancelToken& cancel, InputHashes& hashes) {
  const dicom::Stack& one = scan.stacks[stack];
  const dicom::Instance& first = scan.candidates[one.instances.front()].instance;
  const std::string_view small = too_small_for_a_face(one.grid);
  if (!small.empty()) return {false, small, {}, {}, {}};
  const OtherPart* const part = other_part(first.body_part);
  if (part != nullptr && !part->may_reach_head) return {false, "no_head", {}, {}, {}};
  StackFace face;
  face.may_show = true;
  const auto doubtful = [&](FaceDoubt doubt) { return face.because = name(doubt), face; };
  if (first.modality != "CT" && first.modality != "MR") return doubtful(FaceDoubt::kind);
  const auto cells = static_cast<std::uint64_t>(patient_grid(one.grid, kHeadCellMm).size.voxel_count());
  const std::uint64_t voxels = static_cast<std::uint64_t>(one.grid.size.voxel_count()) * size_bytes(one.dtype);
  const std::uint64_t needed = voxels + cells * kBytesPerCell + slice_buffer_bytes(scan, one, executor.thread_count());
  if (needed > memory_limit_bytes) return doubtful(FaceDoubt::too_large);
  switch (one.dtype) {
    case DType::int16: return FaceSearch<std::int16_t>(scan, stack, executor).run(cancel, hashes);
    case DType::uint16: return FaceSearch<std::uint16_t>(scan, stack, executor).run(cancel, hashes);
    case DType::float32: break;
  }
  return FaceSearch<float>(scan, stack, executor).run(cancel, hashes);
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
               {"guard_cells_cut", n.guard_cells_cut},
               {"removed_ml", rounded(n.removed_ml)},
               {"profile_before_mm", n.profile_before_mm},
               {"profile_after_mm", n.profile_after_mm}});
  return line;
}

}  // namespace naru
