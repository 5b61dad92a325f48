// Real files, where NARU_REAL_DICOM names an unpacked tree of them; each test prints a line where there is none,
// by which ctest knows that it was skipped (real_files_properties.cmake). A hang ends at ctest's time limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "core/digest.h"
#include "dicom/pixels.h"
#include "tests/dicom/loaded_series.h"

namespace naru::test {

namespace {

namespace fs = std::filesystem;

/// The tree, or empty after saying so.
std::optional<fs::path> real_tree() {
  const char* const folder = std::getenv("NARU_REAL_DICOM");
  if (folder != nullptr && fs::is_directory(folder)) return folder;
  std::puts("  no real files: NARU_REAL_DICOM is not set to a folder; nothing was checked here");
  return std::nullopt;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

TEST(RealFiles, NeitherCrashNorHangTheReader) {
  const auto tree = real_tree();
  if (!tree) return;
  dicom::initialize();
  std::map<std::string_view, int> counts;
  for (const auto& path : files_below(*tree)) {
    const auto header = read_header(path);
    EXPECT_TRUE(!header.planes.empty() || header.reason);
    const bool is_readable = !header.planes.empty() && !header.reason && read_values(path, header.planes[0]);
    ++counts[is_readable ? "readable" : header.reason ? name(*header.reason) : "undecodable"];
  }
  for (const auto& [code, count] : counts)
    std::printf("  %.*s %d\n", static_cast<int>(code.size()), code.data(), count);
}

/// Series whose slices and spacing were measured from their positions by other programs.
struct KnownSeries {
  const char* folder;
  std::int64_t slice_count;
  double spacing_mm;
  Verdict verdict;
  std::size_t volume_count = 1;
};
constexpr std::array kKnown = {
    KnownSeries{"a/ct_ge_lightspeed_chest_2p5mm", 100, 2.5, Verdict::accept},
    KnownSeries{"a/mr_siemens_skyra_t1_mprage_sag", 192, 0.9, Verdict::accept},
    KnownSeries{"a/mr_philips_achieva_flair_t2star/Flair", 22, 6, Verdict::accept},
    KnownSeries{"a/mr_philips_achieva_flair_t2star/Epi", 22, 6, Verdict::accept},
    KnownSeries{"b/mr_siemens_prisma_jpll_multifragment", 96, 2, Verdict::accept},
    KnownSeries{"b/series_same_in_5_codecs/anatomical", 4, 1, Verdict::accept},
    KnownSeries{"d/mr_siemens_prone", 35, 4.8, Verdict::accept},
    KnownSeries{"f/rtstruct_lung_ct60", 60, 3, Verdict::accept},
    KnownSeries{"g/mr_ge_refaced_deid_sequence", 196, 1.2, Verdict::accept},
    // Its Rescale Intercept changes from slice to slice, by whole stored units.
    KnownSeries{"a/ct_siemens_sensation16_head_2mm", 174, 1, Verdict::repair},
    // Four slices whose positions shear by 15 degrees (the spacing here is along the shear); one file has no tilt tag.
    KnownSeries{"d/ct_siemens_gantry_tilt_pair", 4, 5, Verdict::repair},
    // Ten volumes in time.
    KnownSeries{"a/mr_ge_mr750_epi_fmri", 15, 5, Verdict::accept, 10},
};

TEST(RealFiles, OfKnownSeriesGiveTheMeasuredSpacing) {
  const auto tree = real_tree();
  if (!tree) return;
  dicom::initialize();
  for (const KnownSeries& known : kKnown) {
    SCOPED_TRACE(known.folder);
    const LoadedSeries series(files_below(*tree / known.folder));
    ASSERT_EQ(series.sorted.stacks.size(), known.volume_count);
    EXPECT_EQ(series.sorted.sequences.size(), known.volume_count > 1 ? 1u : 0u);
    const dicom::Stack& stack = series.sorted.stacks[0];
    EXPECT_EQ(stack.verdict, known.verdict);
    EXPECT_EQ(stack.grid.size.z, known.slice_count);
    EXPECT_NEAR(stack.grid.spacing_mm()[2], known.spacing_mm, 1e-3);
  }
}

/// The same image in several syntaxes decodes to the same values in the lossless ones.
TEST(RealFiles, OfOneImageAgreeInEveryLosslessSyntax) {
  const auto tree = real_tree();
  if (!tree) return;
  dicom::initialize();
  std::map<std::string, std::vector<int>> first_of_identifier;
  for (const auto& path : files_below(*tree / "b/series_same_in_5_codecs")) {
    const auto header = read_header(path);
    if (header.planes.empty() || header.reason || path.string().find("compressed") == std::string::npos) continue;
    const auto values = read_values(path, header.planes[0]);
    ASSERT_TRUE(values) << path;
    const auto [known, is_new] = first_of_identifier.emplace(header.sop_instance_uid, *values);
    EXPECT_TRUE(is_new || known->second == *values) << path;
  }
  EXPECT_EQ(first_of_identifier.size(), 4u);
}

TEST(RealFiles, OfOneImageHoldTheOriginalValues) {
  const auto tree = real_tree();
  if (!tree) return;
  dicom::initialize();
  const fs::path folder = *tree / "b/ct_same_image_14_syntaxes";
  const auto file = [&](const std::string& name) { return folder / ("CTImage.dcm_" + name + ".dcm"); };
  const auto values = [&](const std::string& name) {
    const auto header = read_header(file(name));
    return !header.planes.empty() ? read_values(file(name), header.planes[0]) : std::nullopt;
  };
  const auto original = values("LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1");
  ASSERT_TRUE(original);
  for (const char* name :
       {"JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80", "JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81",
        "JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57",
        "JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70"}) {
    const auto decoded = values(name);
    ASSERT_TRUE(decoded) << name;
    double worst = 0;
    for (std::size_t n = 0; n < original->size(); ++n)
      worst = std::max<double>(worst, std::abs((*decoded)[n] - (*original)[n]));
    EXPECT_LE(worst, std::string_view(name).starts_with("JPEGLSLossy") ? 8 : 0) << name;
  }
}

/// All frames of a file, as tests/oracle/decoded_pixels.py has them; empty where one cannot be decoded.
std::string digest_of_frames(const fs::path& path, const dicom::PixelFormat& format) {
  const dicom::FrameReader reader(path, format);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(format.rows * format.columns));
  Sha256 digest;
  for (std::int64_t frame = 0; frame < format.frame_count; ++frame) {
    if (reader.read_frame(frame, values)) return "";
    digest.update(std::as_bytes(std::span(values)));
  }
  return digest.finish();
}

/// Each row was decoded to the same values by two other programs.
TEST(RealFiles, DecodeToWhatTwoOtherDecodersGive) {
  const auto tree = real_tree();
  if (!tree) return;
  dicom::initialize();
  std::ifstream table(NARU_ROOT "/tests/oracle/decoded_pixels.tsv");
  std::string name, digest;
  int count = 0;
  while (std::getline(table, name, '\t') && std::getline(table, digest)) {
    const auto header = read_header(*tree / name);
    if (header.planes.empty() || header.reason) continue;  // screenshots and other objects without geometry
    EXPECT_EQ(digest_of_frames(*tree / name, header.planes[0].pixels), digest) << name;
    ++count;
  }
  std::printf("  %d files decode to what two other decoders give\n", count);
  EXPECT_GT(count, 100);
}

}  // namespace

}  // namespace naru::test
