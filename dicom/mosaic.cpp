#include "dicom/mosaic.h"

#include <algorithm>
#include <cmath>

#include "dicom/plane_values.h"

namespace naru::dicom {

namespace {

using Private = HeaderValues::Private;

/// Values of Image Type for one image tiled with many slices.
constexpr std::array<std::string_view, 2> kTiledImageTypes = {"MOSAIC", "VFRAME"};
constexpr Private kCsaImageHeader{0x0029, "SIEMENS CSA HEADER", 0x10};
constexpr Private kSiemensImagesInMosaic{0x0019, "SIEMENS MR HEADER", 0x0A};
constexpr Private kUihImages{0x0065, "Image Private Header", 0x50}, kUihTiles{0x0065, "Image Private Header", 0x51};

/// The largest known mosaics have 12 x 12 tiles.
constexpr std::int64_t kMaxTiles = 4096;

// Siemens CSA header: little endian; "SV10" and 4 bytes, or nothing; count; 77; then elements of a name of 64 bytes,
// vm, VR (4 bytes), syngo type, item count, 77 or 205; each item has four lengths, of which in SV10 the second and in
// the older form the first, less the first element's item count, is its own; values are padded to 4 bytes.
constexpr std::size_t kCsaNameBytes = 64, kCsaElementBytes = 84, kCsaItemBytes = 16;
constexpr std::size_t kMaxCsaElements = 1024, kMaxCsaItems = 1024;

class CsaReader {
 public:
  explicit CsaReader(Bytes bytes) : bytes_(bytes) {
    is_new_ = bytes.size() >= 8 && name_of(bytes.first(4)) == "SV10";
    offset_ = is_new_ ? 8 : 0;
  }

  std::vector<double> find(std::string_view name) {
    const auto count = word(0);
    if (!count || !word(4)) return {};
    offset_ += 8;
    for (std::size_t n = 0; n < std::min<std::size_t>(*count, kMaxCsaElements); ++n) {
      if (bytes_.size() - offset_ < kCsaElementBytes) return {};
      const bool is_wanted = name_of(bytes_.subspan(offset_, kCsaNameBytes)) == name;
      const std::uint32_t items = *word(76);
      if (n == 0) first_items_ = items;
      offset_ += kCsaElementBytes;
      auto numbers = read_items(items);
      if (!numbers) return {};
      if (is_wanted) return *numbers;
    }
    return {};
  }

 private:
  std::optional<std::uint32_t> word(std::size_t at) const {
    if (offset_ > bytes_.size() || bytes_.size() - offset_ < at + 4) return std::nullopt;
    return read_u32(bytes_, offset_ + at, false);
  }
  static std::string_view name_of(Bytes field) {
    const std::string_view text(reinterpret_cast<const char*>(field.data()), field.size());
    return text.substr(0, text.find('\0'));
  }
  std::optional<std::vector<double>> read_items(std::uint32_t count) {
    if (count > kMaxCsaItems) return std::nullopt;
    std::vector<double> numbers;
    for (std::uint32_t n = 0; n < count; ++n) {
      const auto first = word(0), second = word(4);
      if (!first || !second) return std::nullopt;
      const std::uint32_t length = is_new_ ? *second : *first - first_items_;
      if (bytes_.size() - offset_ < kCsaItemBytes) return std::nullopt;
      offset_ += kCsaItemBytes;
      if (length > bytes_.size() - offset_) return is_new_ ? std::nullopt : std::optional(numbers);
      if (const auto number = decimal(name_of(bytes_.subspan(offset_, length)))) numbers.push_back(*number);
      offset_ = std::min<std::size_t>(bytes_.size(), offset_ + (length + 3) / 4 * 4);
    }
    return numbers;
  }

  Bytes bytes_;
  std::size_t offset_ = 0;
  bool is_new_ = false;
  std::uint32_t first_items_ = 0;
};

/// The image cut into tiles that lie nowhere yet; empty where that many tiles do not fit.
/// @param is_square as many rows of tiles as columns, the last ones black (Siemens); else as many as it takes
std::vector<Instance> cut_into_tiles(const Instance& image, std::int64_t count, bool is_square) {
  if (count < 1 || count > kMaxTiles) return {};
  const auto across = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::int64_t columns = image.pixels.columns / across;
  if (columns < 1 || image.pixels.columns % across != 0) return {};
  const std::int64_t down = is_square ? across : (count + across - 1) / across;
  const std::int64_t rows = image.pixels.rows / down;
  if (rows < 1 || image.pixels.rows % down != 0) return {};
  std::vector<Instance> tiles;
  for (std::int64_t n = 0; n < count; ++n) {
    Instance& tile = tiles.emplace_back(image);
    tile.source = PlaneSource::mosaic;
    tile.plane = static_cast<std::size_t>(n);
    tile.columns = columns;
    tile.rows = rows;
    tile.tile_i = n % across * columns;
    tile.tile_j = n / across * rows;
  }
  return tiles;
}

std::vector<Instance> siemens_tiles(const HeaderValues& header, const Instance& image) {
  const Bytes csa = header.private_value(kCsaImageHeader);
  const auto counts = csa_numbers(csa, "NumberOfImagesInMosaic");
  const auto normal_numbers = csa_numbers(csa, "SliceNormalVector");
  if (counts.empty() || normal_numbers.size() < 3 || !image.spacing_between_slices_mm) return {};
  const Vec3 stated{normal_numbers[0], normal_numbers[1], normal_numbers[2]};
  Vec3 normal = cross(image.row_direction, image.column_direction);
  // The normal is that of the image; only its sense is Siemens' to choose.
  constexpr double kMinCosine = 0.99;
  const double cosine = dot(stated, normal) / norm(stated);
  if (!(std::abs(cosine) >= kMinCosine)) return {};
  if (cosine < 0) normal = -1.0 * normal;
  constexpr double kMaxCount = 1e6;
  auto tiles = cut_into_tiles(image, static_cast<std::int64_t>(std::clamp(counts[0], 0.0, kMaxCount)), true);
  for (Instance& tile : tiles) {
    const double i_mm = 0.5 * static_cast<double>(image.pixels.columns - tile.columns) * image.spacing_i_mm;
    const double j_mm = 0.5 * static_cast<double>(image.pixels.rows - tile.rows) * image.spacing_j_mm;
    tile.position_mm = image.position_mm + i_mm * image.row_direction + j_mm * image.column_direction +
                       static_cast<double>(tile.plane) * *image.spacing_between_slices_mm * normal;
  }
  return tiles;
}

std::vector<Instance> uih_tiles(const HeaderValues& header, const Instance& image) {
  const auto count = header.real(kUihImages, vr("DS"));
  if (!count || !(*count >= 1 && *count <= static_cast<double>(kMaxTiles))) return {};
  auto tiles = cut_into_tiles(image, static_cast<std::int64_t>(*count), false);
  const auto sequence = header.find(kUihTiles);
  ItemWalk items(sequence.value, sequence.encoding);
  for (Instance& tile : tiles) {
    const auto item = items.next();
    if (!item) return {};
    HeaderValues values(&header);
    values.add_item(*item, sequence.encoding);
    if (!values.has_own(kImagePositionPatient) || read_position(values, tile)) return {};
    read_timing(values, tile);
  }
  return items.next() ? std::vector<Instance>{} : tiles;
}

}  // namespace

std::vector<double> csa_numbers(Bytes csa_header, std::string_view name) { return CsaReader(csa_header).find(name); }

bool is_mosaic(const HeaderValues& header, const std::vector<std::string>& image_type) {
  if (std::ranges::find_first_of(image_type, kTiledImageTypes) != image_type.end()) return true;
  return header.real(kSiemensImagesInMosaic, vr("US")).value_or(1) > 1;
}

bool has_tile_positions(const HeaderValues& header) { return !header.private_value(kUihTiles).empty(); }

std::vector<Instance> read_tiles(const HeaderValues& header, const Instance& image) {
  return has_tile_positions(header) ? uih_tiles(header, image) : siemens_tiles(header, image);
}

}  // namespace naru::dicom
