#include "dicom/functional_groups.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "dicom/plane_values.h"
#include "dicom/vendor_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kDimensionIndexSequence = 0x00209222, kDimensionIndexPointer = 0x00209165,
              kDimensionIndexValues = 0x00209157;
constexpr Tag kStackId = 0x00209056, kInStackPosition = 0x00209057;
constexpr Tag kPlanePositionSequence = 0x00209113, kPlaneOrientationSequence = 0x00209116;
constexpr Tag kConcatenationUid = 0x00209161, kInConcatenationNumber = 0x00209162,
              kInConcatenationTotalNumber = 0x00209163;
constexpr Tag kDiffusionGradientDirection = 0x00189076;

/// The macros whose attributes are read, the standard's before the converted: what comes first counts.
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
    Tag{0x00189117},  // MR Diffusion
    Tag{0x00189118},  // Cardiac Synchronization
    Tag{0x00209310},  // Temporal Position
    Tag{0x00189314},  // CT Reconstruction
    Tag{0x00209170},  // Unassigned Shared Converted Attributes
    Tag{0x00209171},  // Unassigned Per-Frame Converted Attributes
};
/// Philips writes a whole classic header for each frame.
constexpr HeaderValues::Private kPhilipsFrame{0x2005, "Philips MR Imaging DD 005", 0x0F};

void add_first_item(HeaderValues& values, const HeaderValues::Element& sequence) {
  const auto item = ItemWalk(sequence.value, sequence.encoding).next();
  if (item) values.add_item(*item, sequence.encoding);
}

/// The attributes of all macros of one item of the functional groups.
HeaderValues flattened(Bytes item, Encoding encoding, const HeaderValues* parent) {
  HeaderValues macros(nullptr), values(parent);
  macros.add_item(item, encoding);
  for (const Tag macro : kMacros) add_first_item(values, macros.find(macro));
  HeaderValues diffusion(nullptr);
  add_first_item(diffusion, macros.find(0x00189117));
  add_first_item(values, diffusion.find(kDiffusionGradientDirection));
  add_first_item(values, macros.find(kPhilipsFrame));
  return values;
}

/// All three in functional groups; those of the data set itself are of one frame at most. Frames of a slice that moves
/// share their position, too.
bool has_geometry(const HeaderValues& shared, const HeaderValues& frame) {
  const auto is_there = [&](Tag tag) { return frame.has_own(tag) || shared.has_own(tag); };
  return is_there(kImagePositionPatient) && is_there(kImageOrientationPatient) && is_there(kPixelSpacing);
}

/// What all frames have, the data set's own attributes behind it.
HeaderValues shared_by_frames(const HeaderValues& header) {
  const auto groups = header.find(kSharedFunctionalGroups);
  const auto item = ItemWalk(groups.value, groups.encoding).next();
  return item ? flattened(*item, groups.encoding, &header) : HeaderValues(&header);
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

/// True where two planes of one place agree in all that the header says of their time.
bool are_alike_anywhere(const std::vector<Instance>& planes) {
  const auto key = [](const Instance& plane) {
    const PlaneTiming& t = plane.timing;
    return std::tuple(plane.position_mm, plane.row_direction, plane.column_direction, plane.echo, plane.image_type,
                      std::tuple(t.temporal_position, t.trigger_time_ms, t.acquisition_time_s, t.b_value_s_per_mm2,
                                 t.gradient_direction));
  };
  std::map<decltype(key(planes.front())), int> counts;
  return std::ranges::any_of(planes, [&](const Instance& plane) { return ++counts[key(plane)] > 1; });
}

/// Where no frame states its temporal position, or those that are stated leave frames alike, the indices do: times may
/// be those of each slice.
void number_by_dimensions(const std::vector<Indices>& indices, std::vector<Instance>& planes) {
  const auto is_stated = [](const Instance& plane) { return plane.timing.temporal_position.has_value(); };
  if (planes.size() != indices.size()) return;
  if (std::ranges::any_of(planes, is_stated) && !are_alike_anywhere(planes)) return;
  std::map<Indices, std::int64_t> ranks;
  for (const Indices& index : indices) ranks.emplace(index, 0);
  if (ranks.size() < 2) return;
  std::int64_t rank = 0;
  for (auto& [index, number] : ranks) number = ++rank;
  for (std::size_t n = 0; n < planes.size(); ++n) planes[n].timing.temporal_position = ranks[indices[n]];
}

/// The files of a concatenation share their indices (PS3.3 C.7.6.17), but ranks among the frames of one say nothing.
void number_by_index(const std::vector<Indices>& indices, std::vector<Instance>& planes) {
  for (std::size_t n = 0; n < planes.size(); ++n) {
    auto& position = planes[n].timing.temporal_position;
    if (!position) position = static_cast<std::int64_t>(indices[n].front());
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
  const HeaderValues shared = shared_by_frames(header);
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
    const HeaderValues frame = flattened(*item, groups.encoding, &shared);
    Instance plane = file;
    plane.source = PlaneSource::multi_frame;
    plane.frame = count;
    plane.plane = static_cast<std::size_t>(count);
    const bool is_placed = file.pixels.frame_count == 1 || has_geometry(shared, frame);
    const auto bad = is_placed ? read_frame(frame, luts, plane) : std::optional(Code::missing_geometry);
    if (bad) note(*bad);
    if (bad == Code::missing_geometry) continue;
    planes.push_back(std::move(plane));
    indices.push_back(indices_of(frame, free));
  }
  if (count == 0 && items.is_sound()) note(Code::missing_geometry);
  if (count != file.pixels.frame_count || !items.is_sound()) note(Code::corrupt);
  const auto part = concatenation_of(header);
  for (Instance& plane : planes) plane.concatenation = part;
  if (part && free.size() == 1) {
    number_by_index(indices, planes);
  } else {
    number_by_dimensions(indices, planes);
  }
  return planes;
}

std::vector<ShownValues> read_shown_frames(const HeaderValues& header, const PixelFormat& format) {
  const HeaderValues shared = shared_by_frames(header);
  const auto groups = header.find(kPerFrameFunctionalGroups);
  ItemWalk items(groups.value, groups.encoding);
  VoiLuts luts;
  std::vector<ShownValues> frames;
  for (auto item = items.next(); item && std::ssize(frames) < format.frame_count; item = items.next()) {
    frames.push_back(read_shown(flattened(*item, groups.encoding, &shared), format, luts));
  }
  if (frames.empty()) frames.push_back(read_shown(shared, format, luts));
  return frames;
}

}  // namespace naru::dicom
