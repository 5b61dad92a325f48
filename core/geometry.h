/// Geometry of voxel grids. THE comment on axes, handedness and voxel centres:
///
/// - The patient frame is DICOM's: right-handed, +x to the patient's Left, +y to Posterior, +z to Superior ("LPS"),
///   millimetres (PS3.3 C.7.6.2.1.1). NIfTI and `affine_ras` in the manifest use RAS: x and y negated, only at the edge
///   (`affine_ras`).
/// - A voxel index (i, j, k) is 0-based; i runs along a row of the image (column index), j down the rows, k along the
///   stack. Memory order: i fastest, then j, then k.
/// - Integer indices are voxel CENTRES: index (0,0,0) maps to the centre of the first voxel (Image Position (Patient)),
///   so a volume's outer faces lie at -0.5 and size-0.5.
/// - `target_from_source` names a map: `p_in_patient = patient_from_voxel * index`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace naru {

using Vec3 = std::array<double, 3>;

double dot(const Vec3& a, const Vec3& b);
Vec3 cross(const Vec3& a, const Vec3& b);
double norm(const Vec3& a);
Vec3 operator+(const Vec3& a, const Vec3& b);
Vec3 operator-(const Vec3& a, const Vec3& b);
Vec3 operator*(double s, const Vec3& a);

/// Affine map of 3-D points: p -> linear * p + offset. Row-major 3x4; the last row 0 0 0 1 is implied.
struct Affine {
  std::array<std::array<double, 4>, 3> rows{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};

  Vec3 operator()(const Vec3& p) const;
  Vec3 column(int index) const;  ///< 0..2: a direction; 3: the offset
  void set_column(int index, const Vec3& value);
};

/// (a * b)(p) == a(b(p)).
Affine operator*(const Affine& a, const Affine& b);

/// Count of voxels along i, j, k.
struct Size3 {
  std::int64_t x = 0, y = 0, z = 0;
  constexpr std::int64_t voxel_count() const { return x * y * z; }
  constexpr std::int64_t operator[](int axis) const { return axis == 0 ? x : axis == 1 ? y : z; }
  bool operator==(const Size3&) const = default;
};

/// A regular grid of voxels in the patient frame (LPS, mm).
struct Grid {
  Size3 size;
  Affine patient_from_voxel;

  Vec3 spacing_mm() const;  ///< distance between voxel centres along i, j, k
  Vec3 center_in_patient() const;
};

/// The 8 outer-voxel centres, i fastest: (0,0,0), (nx-1,0,0), (0,ny-1,0) ...
std::array<Vec3, 8> corners_in_patient(const Grid& grid);

/// The same affine in RAS (rows x and y negated), as NIfTI stores it.
Affine affine_ras(const Affine& patient_from_voxel);

/// Greatest distance in mm by which any corner of `grid` moves when its axes are replaced by the nearest orthogonal
/// ones of the same spacing (i kept, j made orthogonal to it, k along their cross product) about the same centre.
double shear_mm(const Grid& grid);

/// How to reach a target orientation by permutation and flips alone:
/// target axis a runs along source axis `source_axis[a]`, reversed where `flip[a]`.
struct AxisMap {
  std::array<int, 3> source_axis{0, 1, 2};
  std::array<bool, 3> flip{false, false, false};
  bool is_permutation() const { return source_axis != std::array<int, 3>{0, 1, 2}; }
};

/// Three letters out of L/R, P/A, S/I naming the direction in which i, j, k increase, e.g. "LPS" for axial CT.
/// For an oblique grid the letters are those of the nearest permutation (largest components, each patient axis once).
std::string axis_codes(const Affine& patient_from_voxel);

/// The permutation and flips that bring `patient_from_voxel` nearest to `axes` ("RAS", "LPS", ...).
/// @pre is_axis_codes(axes)
AxisMap axis_map(const Affine& patient_from_voxel, std::string_view axes);

/// True for a permutation of one of L/R, one of P/A and one of S/I, in capitals.
bool is_axis_codes(std::string_view axes);

/// The grid of the same voxels after permutation and flips; no voxel centre moves.
Grid reoriented(const Grid& grid, const AxisMap& map);

/// One axis of a resampling: source index of target index t is `first + (t + offset) * step` (in voxels of the source).
///
/// A part of it has the same numbers, so that its weights are the same to the bit: `target_begin` is the first target
/// index that is made, `source_begin` the first source index that is there, `source_total` how many there are in all
/// (0: as many as are there).
struct AxisSteps {
  std::int64_t target_count = 0;
  double step = 1;
  double first = 0;
  std::int64_t target_begin = 0, source_begin = 0, source_total = 0;
  /// Of target 0. 0.5 where a tool counts from the faces of voxels: reckoned in its order, places that are halfway
  /// between voxels round to the side to which they round there. What a crop leaves out comes on top.
  double offset = 0;

  /// The source index of a target, counted from `target_begin`.
  double place(std::int64_t target) const {
    return first + (static_cast<double>(target_begin + target) + offset) * step;
  }
};

/// How a grid of another spacing is laid over a volume. With n voxels of spacing s to be brought to s', round() to even
/// at half but in `naru`:
///
///   convention       count              first centre at    step           beyond the source
///   naru             round(n s / s')    centre kept        s' / s         outer values continue
///   nnunet           round(n s / s')    (step - 1) / 2     n / count      outer values continue
///   monai            round((n-1)s/s'+1) 0                  s' / s         outer values continue
///   torchio          ceil(n s / s')     (step - 1) / 2     s' / s         0 from half a voxel on
///   totalsegmentator round(n s / s')    0                  (n-1)/(count-1) never reached
///   itk              round(n s / s')    0                  s' / s         0 from half a voxel on
///
/// so that nnunet and totalsegmentator do not meet the spacing exactly: the grid says what it truly is. Sources:
/// nnunetv2 default_resampling.py (scikit-image resize), MONAI compute_shape_offset, TorchIO Resample, TotalSegmentator
/// resampling.py (scipy zoom, whose rounding at times puts its last plane outside, as here), and for itk the usual
/// ResampleImageFilter with the origin kept.
///
/// Interpolator::nearest takes the tool's voxels wherever one is the nearest. Halfway between two, nnunet and
/// totalsegmentator take scipy's; monai, torchio and itk either, as the tools do by what rounding leaves.
enum class GridConvention { naru, nnunet, monai, torchio, totalsegmentator, itk };
inline constexpr std::array<std::string_view, 6> kGridConventions = {"naru",    "nnunet",           "monai",
                                                                     "torchio", "totalsegmentator", "itk"};

/// Targets [begin, end) along an axis; those beside them lie beyond the source and are 0 in units.
struct InsideRange {
  std::int64_t begin = 0, end = 0;
};

struct ResampledGrid {
  Grid grid;
  std::array<AxisSteps, 3> axes;
  std::array<InsideRange, 3> inside;
};

/// The grid that covers `grid` with voxels of `spacing_mm`. At least one voxel along each axis. Of `naru`: the extent
/// is kept and the centre of the volume stays where it is.
ResampledGrid resampled(const Grid& grid, const Vec3& spacing_mm, GridConvention convention = GridConvention::naru);

}  // namespace naru
