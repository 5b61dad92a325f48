#include "dicom/pixels.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "tests/dicom/loaded_series.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::test {

namespace {

/// How values are stored.
struct Depth {
  int bits_allocated, bits_stored;
  bool is_signed;
};
constexpr std::array kDepths = {Depth{16, 16, true}, Depth{16, 16, false}, Depth{16, 12, false},
                                Depth{16, 12, true}, Depth{8, 8, false},   Depth{8, 8, true}};

PhantomOptions phantom_of(const Depth& depth, std::string_view syntax_uid) {
  PhantomOptions options;
  options.modality = "MR";
  options.size = {37, 21, 2};
  options.rescale = depth.is_signed ? Rescale{2, 100} : Rescale{2, 0};
  options.bits_allocated = depth.bits_allocated;
  options.bits_stored = depth.bits_stored;
  options.is_signed = depth.is_signed;
  options.transfer_syntax_uid = syntax_uid;
  return options;
}

/// The stored values of slice k as mathematics has them.
std::vector<int> true_values(const PhantomOptions& options, std::int64_t k) {
  const Grid grid = phantom_grid(options);
  const PhantomField field(options);
  const double low = options.is_signed ? -std::ldexp(1.0, options.bits_stored - 1) : 0;
  const double high = low + std::ldexp(1.0, options.bits_stored) - 1;
  std::vector<int> values;
  for (std::int64_t j = 0; j < grid.size.y; ++j) {
    for (std::int64_t i = 0; i < grid.size.x; ++i) {
      const Vec3 index{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)};
      const double units = field(grid.patient_from_voxel(index));
      const double stored = std::round((units - options.rescale->intercept) / options.rescale->slope);
      values.push_back(static_cast<int>(std::clamp(stored, low, high)));
    }
  }
  return values;
}

std::optional<std::vector<int>> values_of(const std::filesystem::path& file) {
  const auto header = read_header(file);
  if (header.reason || header.planes.empty()) return std::nullopt;
  return read_values(file, header.planes[0]);
}

TEST(Pixels, AreBitExactInEveryLosslessSyntaxAndDepth) {
  dicom::initialize();
  for (const SyntaxName& syntax : all_syntaxes()) {
    if (!syntax.is_lossless) continue;
    for (const Depth& depth : kDepths) {
      // DCMTK's JPEG-LS encoder stops the program at signed values of less than 16 bits.
      if (syntax.name == "jpeg-ls" && depth.is_signed && depth.bits_stored == 12) continue;
      const PhantomOptions options = phantom_of(depth, syntax.uid);
      const TempFolder folder;
      const auto written = write_series(options, folder.path());
      for (std::int64_t k = 0; k < options.size.z; ++k) {
        EXPECT_EQ(values_of(written.files[static_cast<std::size_t>(k)]), true_values(options, k))
            << syntax.name << ' ' << depth.bits_allocated << '/' << depth.bits_stored << (depth.is_signed ? 's' : 'u');
      }
    }
  }
}

/// Pearson's correlation.
double correlation(const std::vector<int>& a, const std::vector<int>& b) {
  const double n = static_cast<double>(a.size());
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    sa += x, sb += y, saa += x * x, sbb += y * y, sab += x * y;
  }
  return (n * sab - sa * sb) / std::sqrt((n * saa - sa * sa) * (n * sbb - sb * sb));
}

/// DCMTK's lossy JPEG encoder stretches the values, so that the truth is known up to a linear map.
TEST(Pixels, AreNearTheTruthInLossySyntaxes) {
  dicom::initialize();
  for (const SyntaxName& syntax : all_syntaxes()) {
    if (syntax.is_lossless) continue;
    const bool is_8_bit = syntax.name == "jpeg-baseline";
    const PhantomOptions options = phantom_of(is_8_bit ? Depth{8, 8, false} : Depth{16, 12, false}, syntax.uid);
    const TempFolder folder;
    const auto written = write_series(options, folder.path());
    const auto values = values_of(written.files[0]);
    ASSERT_TRUE(values) << syntax.name;
    EXPECT_GT(correlation(*values, true_values(options, 0)), 0.99) << syntax.name;
  }
}

TEST(Pixels, AreWithinTheStatedErrorInNearLosslessJpegLs) {
  dicom::initialize();
  const PhantomOptions options = phantom_of({16, 12, false}, "1.2.840.10008.1.2.4.81");
  const TempFolder folder;
  const auto values = values_of(write_series(options, folder.path()).files[0]);
  const auto truth = true_values(options, 0);
  ASSERT_TRUE(values);
  for (std::size_t n = 0; n < truth.size(); ++n) ASSERT_LE(std::abs((*values)[n] - truth[n]), 1);
}

std::filesystem::path write_bytes(const TempFolder& folder, const SliceBytes& slice) {
  const auto path = folder.path() / "slice.dcm";
  const std::string bytes = slice.bytes();
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string words_in(std::initializer_list<unsigned> values) {
  std::string bytes;
  for (const unsigned value : values) bytes += {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8)};
  return bytes;
}

/// What `read_pixels` says of eight values of 16 bits, and the values themselves.
struct StoredBits {
  std::optional<Code> problem;
  std::vector<int> values;

  StoredBits(unsigned bits_stored, unsigned high_bit, bool is_signed, std::initializer_list<unsigned> words,
             const std::string& extra = {}) {
    const TempFolder folder;
    SliceBytes slice;
    slice.number(0x00280101, static_cast<std::uint16_t>(bits_stored));
    slice.number(0x00280102, static_cast<std::uint16_t>(high_bit)).number(0x00280103, is_signed ? 1 : 0);
    slice.insert(extra).raw(0x7FE00010, "OW", words_in(words));
    const auto path = write_bytes(folder, slice);
    const auto header = read_header(path);
    EXPECT_FALSE(header.reason);
    std::vector<std::uint16_t> out(8);
    problem = dicom::read_pixels(path, header.planes.at(0), out);
    for (const std::uint16_t bits : out) values.push_back(dicom::stored_number(bits, false));
  }
};

/// Group 6000 as it was when overlays stood in the pixels: Overlay Bits Allocated, and no Overlay Data.
std::string overlay_in_pixels() { return SliceBytes::element(0x60000100, "US", words_in({16})); }

TEST(Pixels, ClearTheOverlayThatStandsAboveBitsStored) {
  const StoredBits read(12, 11, false, {0xF001, 0x1FFF, 0x0800, 0xF7FF, 0, 0, 0, 0x8000}, overlay_in_pixels());
  EXPECT_FALSE(read.problem);
  EXPECT_EQ(read.values, (std::vector<int>{1, 4095, 2048, 2047, 0, 0, 0, 0}));
}

TEST(Pixels, RefuseValuesThatAreLargerThanBitsStoredHolds) {
  EXPECT_EQ(StoredBits(12, 11, false, {0, 1, 2, 4095, 4096, 0, 0, 0}).problem, Code::unused_bits_set);
  EXPECT_EQ(StoredBits(12, 11, false, {0, 1, 2, 0xFFFF, 0, 0, 0, 0}).problem, Code::unused_bits_set)
      << "a negative value of pixels that are said to be unsigned";
  EXPECT_EQ(StoredBits(12, 11, true, {0, 1, 0x07FF, 0x1000, 0, 0, 0, 0}).problem, Code::unused_bits_set);
  EXPECT_EQ(StoredBits(12, 11, true, {0, 1, 0xF7FF, 0, 0, 0, 0, 0}).problem, Code::unused_bits_set)
      << "-2049 is no number of 12 bits";
  EXPECT_EQ(StoredBits(12, 11, true, {0xFFFF, 0x0800, 0, 0, 0, 0, 0, 0}).problem, Code::unused_bits_set)
      << "beside -1 with its sign extended 2048 is no -2048";
  EXPECT_FALSE(StoredBits(12, 11, false, {0, 1, 2, 4095, 0, 0, 0, 0}).problem);
}

TEST(Pixels, ExtendTheSignFromBitsStored) {
  const StoredBits extended(12, 11, true, {0xFFFF, 0xF800, 0x07FF, 0, 1, 0xFFFE, 0, 0});
  EXPECT_FALSE(extended.problem);
  EXPECT_EQ(extended.values, (std::vector<int>{-1, -2048, 2047, 0, 1, -2, 0, 0}));
  const StoredBits plain(12, 11, true, {0x0FFF, 0x0800, 0x07FF, 0, 1, 0x0FFE, 0, 0});
  EXPECT_FALSE(plain.problem);
  EXPECT_EQ(plain.values, (std::vector<int>{-1, -2048, 2047, 0, 1, -2, 0, 0}));
}

TEST(Pixels, ShiftDownFromAHighBitAboveBitsStored) {
  const StoredBits read(12, 15, false, {0x0010, 0xFFF0, 0x8000, 0x0020, 0, 0, 0, 0});
  EXPECT_FALSE(read.problem);
  EXPECT_EQ(read.values, (std::vector<int>{1, 4095, 2048, 2, 0, 0, 0, 0}));
  const StoredBits below(12, 15, false, {0x001F, 0x0005, 0, 0, 0, 0, 0, 0});
  EXPECT_FALSE(below.problem) << "no value becomes another";
  EXPECT_EQ(below.values, (std::vector<int>{1, 0, 0, 0, 0, 0, 0, 0}));
  const StoredBits overlay(12, 15, false, {0x001F, 0x000F, 0, 0, 0, 0, 0, 0}, overlay_in_pixels());
  EXPECT_FALSE(overlay.problem);
  EXPECT_EQ(overlay.values, (std::vector<int>{1, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Pixels, AreUint16OnlyWhereInt16WouldNotDo) {
  dicom::PixelFormat format;
  format.bits_stored = 16;
  EXPECT_TRUE(dicom::is_uint16(format));
  format.is_signed = true;
  EXPECT_FALSE(dicom::is_uint16(format));
  format.is_signed = false;
  format.bits_stored = 15;
  EXPECT_FALSE(dicom::is_uint16(format));
}

TEST(Pixels, RefuseAStreamOfAnotherSizeThanTheHeaderSays) {
  dicom::initialize();
  for (const SyntaxName& syntax : all_syntaxes()) {
    const bool is_8_bit = syntax.name == "jpeg-baseline";
    const TempFolder folder;
    const auto written =
        write_series(phantom_of(is_8_bit ? Depth{8, 8, false} : Depth{16, 12, false}, syntax.uid), folder.path());
    auto header = read_header(written.files[0]);
    ASSERT_TRUE(!header.planes.empty()) << syntax.name;
    if (!header.planes[0].pixels.is_encapsulated) continue;
    header.planes[0].pixels.rows *= 4;
    EXPECT_FALSE(read_values(written.files[0], header.planes[0])) << syntax.name;
  }
}

/// What `read_pixels` says of one compressed frame of 4 x 2 values, wrapped as PS3.5 A.4 has it.
std::optional<Code> outcome_of_frame(const char* syntax_uid, const std::string& frame) {
  const auto item = [](const std::string& value) {
    return std::string("\xFE\xFF\0\xE0", 4) + static_cast<char>(value.size()) + std::string(3, '\0') + value;
  };
  const std::string fragments = item("") + item(frame) + std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
  const TempFolder folder;
  const auto path = write_bytes(
      folder,
      SliceBytes().transfer_syntax(syntax_uid).stated_pixel_length(0xFFFFFFFF).raw(0x7FE00010, "OB", fragments));
  const auto header = read_header(path);
  EXPECT_FALSE(header.reason);
  std::vector<std::uint16_t> out(8);
  return dicom::read_pixels(path, header.planes[0], out);
}

TEST(Pixels, RefuseJpegLsStreamsWithParametersOfTheirOwn) {
  dicom::initialize();
  const std::string start("\xFF\xD8\xFF\xF7\0\x0B\x10\0\x02\0\x04\x01\x01\x11\0", 15);
  const std::string presets("\xFF\xF8\0\x0D\x01\0\0\0\x01\0\x02\0\x03\0\x03", 15);
  const std::string scan("\xFF\xDA\0\x08\x01\x01\0\0\0\0\0\0\0\0\xFF\xD9", 16);
  EXPECT_EQ(outcome_of_frame("1.2.840.10008.1.2.4.80", start + presets + scan), Code::corrupt);
}

TEST(Pixels, RefuseMarkersWithoutLengthInAJpegHeader) {
  dicom::initialize();
  const std::string start("\xFF\xD8\xFF\x01\0\x04\0\0", 8);  // at which DCMTK's search never ends
  const std::string rest("\xFF\xC3\0\x0B\x10\0\x02\0\x04\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\x01\0\0\0\0", 25);
  EXPECT_EQ(outcome_of_frame("1.2.840.10008.1.2.4.57", start + rest), Code::corrupt);
}

/// DCMTK's decoder fills what is missing before the end mark. All eight values are one bit each, and nothing else.
TEST(Pixels, RefuseJpegStreamsThatBreakOffBeforeTheirEndMark) {
  dicom::initialize();
  const std::string frame("\xFF\xD8\xFF\xC3\0\x0B\x10\0\x02\0\x04\x01\x01\x11\0", 15);
  const std::string table = std::string("\xFF\xC4\0\x14\0\x01", 6) + std::string(16, '\0');
  const std::string scan("\xFF\xDA\0\x08\x01\x01\0\x01\0\0", 10), end("\xFF\xD9", 2);
  const char* const lossless = "1.2.840.10008.1.2.4.57";
  EXPECT_EQ(outcome_of_frame(lossless, frame + table + scan + std::string(1, '\0') + end), std::nullopt);
  EXPECT_EQ(outcome_of_frame(lossless, frame + table + scan + end), Code::corrupt);
  EXPECT_EQ(outcome_of_frame(lossless, frame + table + scan + std::string(1, '\0') + end), std::nullopt) << "again";
}

TEST(Pixels, OfAFileThatShrankAreTruncated) {
  const TempFolder folder;
  const auto path = write_bytes(folder, SliceBytes());
  const auto header = read_header(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  std::vector<std::uint16_t> out(8);
  EXPECT_EQ(dicom::read_pixels(path, header.planes[0], out), Code::truncated);
}

long peak_resident_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// A file of 16 x 16 deflated values that a gigabyte of zeros follows.
TEST(Pixels, OfADeflatedFileAreReadWithoutWhatFollowsThem) {
  PhantomOptions options = phantom_of({16, 16, true}, "1.2.840.10008.1.2.1.99");
  options.size = {16, 16, 2};
  const TempFolder folder;
  const auto path = write_series(options, folder.path()).files[0];
  const auto header = read_header(path);
  ASSERT_TRUE(!header.planes.empty());
  constexpr long kPaddingKib = 1 << 20;
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + std::uintmax_t{kPaddingKib} * 1024);
  const long before_kib = peak_resident_kib();
  EXPECT_EQ(read_values(path, header.planes[0]), true_values(options, 0));
  EXPECT_LT(peak_resident_kib() - before_kib, kPaddingKib / 16);
}

/// A deflate stream that holds `bytes` as they are (RFC 1951 3.2.4).
std::string stored_blocks(std::string_view bytes) {
  std::string stream;
  for (bool is_last = false; !is_last;) {
    const std::string_view block = bytes.substr(0, 65535);
    bytes.remove_prefix(block.size());
    is_last = bytes.empty();
    stream += static_cast<char>(is_last ? 1 : 0);
    const auto size = static_cast<unsigned>(block.size());
    stream += words_in({size, ~size & 0xFFFF});
    stream += block;
  }
  return stream;
}

/// Longer than the pieces in which it is read, on both sides of the pixels' start.
TEST(Pixels, OfALargeDeflatedFileAreWhole) {
  constexpr int kRows = 300, kColumns = 700;
  std::vector<int> values;
  std::string stored;
  for (int n = 0; n < kRows * kColumns; ++n) {
    values.push_back(static_cast<std::int16_t>(n * 40503));
    stored += words_in({static_cast<unsigned>(n) * 40503 & 0xFFFF});
  }
  const std::string uid("1.2.840.10008.1.2.1.99");
  const std::string file = SliceBytes()
                               .transfer_syntax(uid)
                               .number(0x00280010, kRows)
                               .number(0x00280011, kColumns)
                               .raw(0x00291010, "OB", std::string(200'000, 'x'))
                               .raw(0x7FE00010, "OW", stored)
                               .bytes();
  const std::size_t meta_bytes = 128 + 4 + 8 + uid.size();
  const TempFolder folder;
  std::ofstream(folder / "slice.dcm", std::ios::binary)
      << file.substr(0, meta_bytes) << stored_blocks(std::string_view(file).substr(meta_bytes));
  EXPECT_EQ(values_of(folder / "slice.dcm"), values);
}

TEST(Pixels, OfADeflatedFileThatIsCutAreTruncated) {
  const auto options = phantom_of({16, 16, true}, "1.2.840.10008.1.2.1.99");
  const TempFolder folder;
  const auto path = write_series(options, folder.path()).files[0];
  const auto header = read_header(path);
  ASSERT_TRUE(!header.planes.empty());
  std::vector<std::uint16_t> out(37 * 21);
  for (const std::uintmax_t size : {std::filesystem::file_size(path) / 2, std::uintmax_t{0}}) {
    std::filesystem::resize_file(path, size);
    EXPECT_EQ(dicom::read_pixels(path, header.planes[0], out), Code::truncated);
  }
}

TEST(Pixels, OfADeflatedFileStartWhereHeadersMayEnd) {
  const auto path = "/dev/null";
  dicom::Instance instance;
  instance.rows = instance.columns = instance.pixels.rows = instance.pixels.columns = 1;
  instance.pixels.bits_allocated = 16;
  instance.pixels.transfer_syntax_uid = "1.2.840.10008.1.2.1.99";
  std::vector<std::uint16_t> out(1);
  instance.pixels.offset_bytes = dicom::kHeaderPrefixBytes;
  EXPECT_EQ(dicom::read_pixels(path, instance, out), Code::truncated);
  instance.pixels.offset_bytes = dicom::kHeaderPrefixBytes + 1;
  EXPECT_EQ(dicom::read_pixels(path, instance, out), Code::too_large);
}

TEST(Pixels, NeedNoBuffersWhereTheyAreStoredPlain) {
  dicom::Instance instance;
  instance.rows = instance.columns = instance.pixels.rows = instance.pixels.columns = 512;
  const auto bytes = [&](const char* syntax_uid, int bits_allocated) {
    instance.pixels.transfer_syntax_uid = syntax_uid;
    instance.pixels.bits_allocated = bits_allocated;
    return dicom::decode_buffer_bytes(instance);
  };
  constexpr std::uint64_t kValues = 512 * 512;
  EXPECT_EQ(bytes("1.2.840.10008.1.2", 16), 0u);
  EXPECT_EQ(bytes("1.2.840.10008.1.2.2", 16), 0u);
  EXPECT_EQ(bytes("1.2.840.10008.1.2.1", 8), kValues);
  EXPECT_GT(bytes("1.2.840.10008.1.2.1.99", 16), 0u);
  EXPECT_LT(bytes("1.2.840.10008.1.2.1.99", 16), kValues) << "inflated straight into its place";
  EXPECT_GT(bytes("1.2.840.10008.1.2.1.99", 8), kValues);
  // The coded frame may be twice as long as the pixels; it is there with the decoded one.
  EXPECT_GT(bytes("1.2.840.10008.1.2.4.70", 16), 6 * kValues);
}

TEST(Pixels, OfAFileThatIsGoneAreUnreadable) {
  const auto header = header_of(SliceBytes().bytes());
  std::vector<std::uint16_t> out(8);
  EXPECT_EQ(dicom::read_pixels("/nonexistent/slice.dcm", header.planes[0], out), Code::unreadable);
}

/// Every lossy or damaged stream ends in values or in a code, never in a crash.
TEST(Pixels, SurviveDamagedStreams) {
  dicom::initialize();
  for (const SyntaxName& syntax : all_syntaxes()) {
    const bool is_8_bit = syntax.name == "jpeg-baseline";
    PhantomOptions options = phantom_of(is_8_bit ? Depth{8, 8, false} : Depth{16, 12, false}, syntax.uid);
    options.size.z = 1;
    const TempFolder folder;
    const auto path = write_series(options, folder.path()).files[0];
    const auto original = read_file(path);
    const auto header = read_header(path);
    ASSERT_TRUE(!header.planes.empty());
    if (!header.planes[0].pixels.is_encapsulated) continue;
    const std::size_t start = header.planes[0].pixels.offset_bytes;
    for (std::size_t at = start; at < original.size(); at += 7) {
      auto damaged = original;
      damaged[at] ^= std::byte{0x55};
      std::ofstream(path, std::ios::binary)
          .write(reinterpret_cast<const char*>(damaged.data()), static_cast<std::streamsize>(damaged.size()));
      const auto values = read_values(path, header.planes[0]);
      EXPECT_TRUE(!values || values->size() == static_cast<std::size_t>(options.size.x * options.size.y));
    }
  }
}

TEST(Pixels, CanBeReadByManyThreadsAtOnce) {
  dicom::initialize();
  const TempFolder folder;
  PhantomOptions options = phantom_of({16, 12, false}, "1.2.840.10008.1.2.4.70");
  options.size.z = 8;
  const auto written = write_series(options, folder.path());
  std::vector<int> right(written.files.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t k = 0; k < written.files.size(); ++k) {
      threads.emplace_back([&, k] {
        right[k] = values_of(written.files[k]) == true_values(options, static_cast<std::int64_t>(k)) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(right, std::vector<int>(written.files.size(), 1));
}

/// Group 6000 and Overlay Bit Position.
std::string overlay_in_bit(unsigned position) {
  return overlay_in_pixels() + SliceBytes::element(0x60000102, "US", words_in({position}));
}

TEST(Pixels, AnOverlayExcusesTheBitAloneThatItStatesItsPositionIn) {
  EXPECT_EQ(StoredBits(12, 11, false, {0x8001, 0x1000, 0, 0, 0, 0, 0, 0}, overlay_in_bit(15)).problem,
            Code::unused_bits_set)
      << "4096 is no number of 12 bits, and no overlay";
  const StoredBits read(12, 11, false, {0x8001, 0x8FFF, 0, 0, 0, 0, 0, 0}, overlay_in_bit(15));
  EXPECT_FALSE(read.problem);
  EXPECT_EQ(read.values, (std::vector<int>{1, 4095, 0, 0, 0, 0, 0, 0}));
  const StoredBits extended(12, 11, true, {0x7FFF, 0xF800, 0x87FF, 0, 1, 0, 0, 0}, overlay_in_bit(15));
  EXPECT_FALSE(extended.problem) << "the sign goes up to the overlay";
  EXPECT_EQ(extended.values, (std::vector<int>{-1, -2048, 2047, 0, 1, 0, 0, 0}));
  EXPECT_EQ(StoredBits(12, 11, false, {0x1000, 0, 0, 0, 0, 0, 0, 0}, overlay_in_bit(16)).problem,
            Code::unused_bits_set);
}

TEST(Pixels, DeclaredPaddingMayGoBeyondBitsStored) {
  const auto padding = [](unsigned value) { return SliceBytes::element(0x00280120, "US", words_in({value})); };
  const StoredBits as_unsigned(12, 11, false, {0xF830, 0x0830, 0, 4095, 0, 0, 0, 0}, padding(63536));
  EXPECT_FALSE(as_unsigned.problem);
  EXPECT_EQ(as_unsigned.values, (std::vector<int>{-2000, 0x0830, 0, 4095, 0, 0, 0, 0})) << "no image value becomes it";
  EXPECT_EQ(StoredBits(12, 11, false, {0xF831, 0xF830, 0, 0, 0, 0, 0, 0}, padding(63536)).problem,
            Code::unused_bits_set);
  const StoredBits plain(12, 11, true, {0xF830, 0x0FFF, 0x0800, 1, 0, 0, 0, 0}, padding(63536));
  EXPECT_FALSE(plain.problem) << "its sign alone is extended";
  EXPECT_EQ(plain.values, (std::vector<int>{-2000, -1, -2048, 1, 0, 0, 0, 0}));
  const StoredBits far(12, 11, true, {0x8000, 0xFFFF, 1, 0, 0, 0, 0, 0}, padding(0x8000));
  EXPECT_FALSE(far.problem);
  EXPECT_EQ(far.values, (std::vector<int>{-32768, -1, 1, 0, 0, 0, 0, 0}));
}

}  // namespace

}  // namespace naru::test
