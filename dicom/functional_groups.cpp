#include "dicom/functional_groups.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "dicom/plane_values.h"
#include "dicom/vendor_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kDimensionIndexSequence = 0x00209222, kDimensionIndexPointer = 0x00209165,
              kDimensionIndexValues = 0x00209157;
constexpr Tag kInStackPosition = 0x00209057;
constexpr Tag kPlanePositionSequence = 0x00209113, kPlaneOrientationSequence = 0x00209116;
constexpr Tag kConcatenationUid = 0x00209161, kInConcatenationNumber = 0x00209162,
              kInConcatenationTotalNumber = 0x00209163;
constexpr Tag kDiffusion = 0x00189117, kDiffusionGradientDirection = 0x00189076;

/// The standard's macros whose attributes are read: what comes first counts.
constexpr std::array kMacros = {
    Tag{0x00209113},  // Plane Position
    Tag{0x00209116},  // Plane Orientation
    Tag{0x00289110},  // Pixel Measures
    Tag{0x00289145},  // Pixel Value Transformation
    Tag{0x00289132},  // Frame VOI LUT
    Tag{0x00209111},  // Frame Content
    Tag{0x00189226},  // MR Image Frame Type
    Tag{0x00189329},  // CT Image Frame Type
    Tag{0x00189751},  // PET Frame Type
    Tag{0x00189114},  // MR Echo
    Tag{0x00189115},  // MR Modifier
    Tag{0x00189251},  // MR Arterial Spin Labeling
    Tag{0x00189117},  // MR Diffusion
    Tag{0x00189118},  // Cardiac Synchronization
    Tag{0x00209310},  // Temporal Position
    Tag{0x00189314},  // CT Reconstruction
};
/// What converters found no macro for.
constexpr std::array kUnassigned = {Tag{0x00209170}, Tag{0x00209171}};  // Shared, Per-Frame Converted Attributes
/// Philips writes a whole classic header for each frame.
constexpr HeaderValues::Private kPhilipsFrame{0x2005, "Philips MR Imaging DD 005", 0x0F};
/// Where the standard's macros say one of these, that header says none: its position is another point, its spacing is
/// rounded, its rescale is that of another image.
constexpr std::array kPlace = {kImagePositionPatient, kImageOrientationPatient, kPixelSpacing};
constexpr std::array kRescale = {kRescaleIntercept, kRescaleSlope, kRescaleType, kModalityLutSequence};

void add_first_item(HeaderValues& values, const HeaderValues::Element& sequence, std::span<const Tag> except = {}) {
  const auto item = ItemWalk(sequence.value, sequence.encoding).next();
  if (item) values.add_item(*item, sequence.encoding, except);
}

/// What one item of the functional groups says: a frame's, or that of all frames.
struct Groups {
  HeaderValues standard;  ///< the standard's macros; behind them those that all frames share
  HeaderValues other;     ///< what converters and Philips add; behind it that of all frames, then the data set
};

/// @param groups empty, with what lies behind
void read_groups(Bytes item, Encoding encoding, Groups& groups) {
  HeaderValues macros(nullptr), diffusion(nullptr);
  macros.add_item(item, encoding);
  for (const Tag macro : kMacros) add_first_item(groups.standard, macros.find(macro));
  add_first_item(diffusion, macros.find(kDiffusion));
  add_first_item(groups.standard, diffusion.find(kDiffusionGradientDirection));
  for (const Tag macro : kUnassigned) add_first_item(groups.other, macros.find(macro));
  std::vector<Tag> known;
  for (const std::span<const Tag> group : {std::span<const Tag>(kPlace), std::span<const Tag>(kRescale)}) {
    const auto is_stated = [&](Tag tag) { return !groups.standard.find(tag).value.empty(); };
    if (std::ranges::any_of(group, is_stated)) known.insert(known.end(), group.begin(), group.end());
  }
  add_first_item(groups.other, macros.find(kPhilipsFrame), known);
}

/// What a frame says, or all of them together.
HeaderValues values_of(const Groups& groups) { return HeaderValues(&groups.standard, &groups.other); }

Groups shared_by_frames(const HeaderValues& header) {
  Groups shared{HeaderValues(nullptr), HeaderValues(&header)};
  const auto sequence = header.find(kSharedFunctionalGroups);
  const auto item = ItemWalk(sequence.value, sequence.encoding).next();
  if (item) read_groups(*item, sequence.encoding, shared);
  return shared;
}

Groups frame_of(Bytes item, Encoding encoding, const Groups& shared) {
  Groups frame{HeaderValues(&shared.standard), HeaderValues(&shared.other)};
  read_groups(item, encoding, frame);
  return frame;
}

/// All three in functional groups; those of the data set itself are of one frame at most. Frames of a slice that moves
/// share their position, too.
bool has_geometry(const Groups& shared, const Groups& frame) {
  return std::ranges::all_of(kPlace, [&](Tag tag) {
    return !frame.standard.find(tag).value.empty() || frame.other.has_own(tag) || shared.other.has_own(tag);
  });
}

/// Which of a frame's dimension indices say neither which stack it is of nor where it lies.
std::vector<std::size_t> free_dimensions(const HeaderValues& header) {
  std::vector<std::size_t> free;
  const auto sequence = header.find(kDimensionIndexSequence);
  ItemWalk items(sequence.value, sequence.encoding);
  constexpr std::size_t kMaxDimensions = 64;
  for (std::size_t n = 0; n < kMaxDimensions; ++n) {
    const auto item = items.next();
    if (!item) break;
    HeaderValues dimension(nullptr);
    dimension.add_item(*item, sequence.encoding);
    const auto pointer = dimension.find(kDimensionIndexPointer);
    if (pointer.value.size() < 4) continue;
    const bool big = pointer.encoding.is_big_endian;
    const Tag tag = Tag{read_u16(pointer.value, 0, big)} << 16 | read_u16(pointer.value, 2, big);
    constexpr std::array kPlaces = {kStackId,
                                    kInStackPosition,
                                    kImagePositionPatient,
                                    kImageOrientationPatient,
                                    kPlanePositionSequence,
                                    kPlaneOrientationSequence};
    const bool is_place = std::ranges::find(kPlaces, tag) != kPlaces.end();
    if (!is_place) free.push_back(n);
  }
  return free;
}

using Indices = std::vector<double>;

Indices indices_of(const HeaderValues& frame, const std::vector<std::size_t>& free) {
  const auto values = frame.find(kDimensionIndexValues);
  Indices indices;
  for (const std::size_t n : free) {
    indices.push_back(binary_number(values.value, n, vr("UL"), values.encoding.is_big_endian).value_or(0));
  }
  return indices;
}

/// Drops each dimension that is one of space by another name (Table Position, Slice Location, a private one): each of
/// its indices goes with one position, and each position with one of them.
void drop_places(std::vector<Indices>& indices, const std::vector<Instance>& planes) {
  const std::size_t count = indices.empty() ? 0 : indices.front().size();
  for (std::size_t d = count; d > 0; --d) {
    std::map<double, Vec3> position_of;
    std::map<Vec3, double> index_of;
    bool is_place = true;
    for (std::size_t n = 0; n < planes.size() && is_place; ++n) {
      const double index = indices[n][d - 1];
      const Vec3& position = planes[n].position_mm;
      is_place = position_of.emplace(index, position).first->second == position &&
                 index_of.emplace(position, index).first->second == index;
    }
    if (!is_place || index_of.size() < 2) continue;
    for (Indices& frame : indices) frame.erase(frame.begin() + static_cast<std::ptrdiff_t>(d - 1));
  }
}

std::optional<Code> read_frame(const HeaderValues& frame, VoiLuts& luts, Instance& plane) {
  read_description(frame, plane);
  const auto position = read_position(frame, plane);
  const auto orientation = read_orientation(frame, plane);
  if (position || orientation) return Code::missing_geometry;
  read_timing(frame, plane);
  plane.philips_scale = read_philips_scale(frame);
  const auto problem = read_rescale(frame, plane);
  read_windows(frame, plane.rescale_slope, plane.rescale_intercept, luts, plane.window, plane.more_windows);
  return problem;
}

std::optional<ConcatenationPart> concatenation_of(const HeaderValues& header) {
  const std::string uid = header.text(kConcatenationUid);
  if (uid.empty()) return std::nullopt;
  return ConcatenationPart{uid, header.number(kInConcatenationNumber).value_or(0),
                           header.number(kInConcatenationTotalNumber).value_or(0)};
}

}  // namespace

std::vector<Instance> read_frames(const HeaderValues& header, const Instance& file, std::optional<Code>& problem) {
  const auto note = [&](Code code) { problem = problem ? problem : code; };
  const Groups shared = shared_by_frames(header);
  VoiLuts luts;
  const auto free = free_dimensions(header);
  const auto groups = header.find(kPerFrameFunctionalGroups);
  ItemWalk items(groups.value, groups.encoding);
  std::vector<Instance> planes;
  std::vector<Indices> indices;
  std::int64_t count = 0;
  for (; count <= file.pixels.frame_count; ++count) {
    const auto item = items.next();
    if (!item) break;
    const Groups own = frame_of(*item, groups.encoding, shared);
    const HeaderValues frame = values_of(own);
    Instance plane = file;
    plane.source = PlaneSource::multi_frame;
    plane.frame = count;
    plane.plane = static_cast<std::size_t>(count);
    const bool is_placed = file.pixels.frame_count == 1 || has_geometry(shared, own);
    const auto bad = is_placed ? read_frame(frame, luts, plane) : std::optional(Code::missing_geometry);
    if (bad) note(*bad);
    if (bad == Code::missing_geometry) continue;
    planes.push_back(std::move(plane));
    indices.push_back(indices_of(frame, free));
  }
  if (count == 0 && items.is_sound()) note(Code::missing_geometry);
  if (count != file.pixels.frame_count || !items.is_sound()) note(Code::corrupt);
  const auto part = concatenation_of(header);
  if (!part) drop_places(indices, planes);  // files of a concatenation must agree
  for (std::size_t n = 0; n < planes.size(); ++n) {
    planes[n].concatenation = part;
    planes[n].timing.dimension_indices = std::move(indices[n]);
  }
  return planes;
}

std::vector<ShownValues> read_shown_frames(const HeaderValues& header, const PixelFormat& format) {
  const Groups shared = shared_by_frames(header);
  const auto groups = header.find(kPerFrameFunctionalGroups);
  ItemWalk items(groups.value, groups.encoding);
  VoiLuts luts;
  std::vector<ShownValues> frames;
  for (auto item = items.next(); item && std::ssize(frames) < format.frame_count; item = items.next()) {
    const Groups frame = frame_of(*item, groups.encoding, shared);
    frames.push_back(read_shown(values_of(frame), format, luts));
  }
  if (frames.empty()) frames.push_back(read_shown(values_of(shared), format, luts));
  return frames;
}

}  // namespace naru::dicom
