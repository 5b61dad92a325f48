// Faces of real heads, where NARU_REAL_DICOM names an unpacked tree of them.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>

#include "pipeline/inputs.h"
#include "pipeline/pixels/stack_face.h"
#include "tests/pipeline/pixels/face_outcome.h"

namespace naru {
namespace {

using test::doubt_of;
using test::look_at_head;
using test::Outcome;

class RealHeads : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const tree = std::getenv("NARU_REAL_DICOM");
    if (tree == nullptr) {
      std::puts("  no real files: NARU_REAL_DICOM is not set to a folder; nothing was checked here");
      GTEST_SKIP();
    }
    tree_ = tree;
  }

  Scan scan(const std::string& folder) {
    std::istringstream no_input;
    const std::vector<std::string> inputs = {(tree_ / folder).string()};
    return scan_inputs(list_inputs(inputs, no_input, {}), {}, executor_, {}, [](const Progress&) {});
  }

  std::filesystem::path tree_;
  Executor executor_ = Executor::cpu(2);
};

TEST_F(RealHeads, LoseTheirFacesWhereTheyHaveOne) {
  struct Known {
    const char* folder;
    const char* because;
  };
  constexpr std::array<Known, 5> kKnown = {{{"a/ct_siemens_sensation16_head_2mm", "face"},
                                            {"a/mr_siemens_skyra_t1_mprage_sag", "face"},
                                            {"c/mr_siemens_xa30_t1_enhanced", "face"},
                                            {"a/ct_ge_lightspeed_chest_2p5mm", "no_head"},
                                            {"g/mr_ge_refaced_deid_sequence", "unknown_shape"}}};
  for (const auto& [folder, because] : kKnown) {
    const Scan found = scan(folder);
    ASSERT_FALSE(found.stacks.empty()) << folder;
    for (std::size_t stack = 0; stack < found.stacks.size(); ++stack) {
      InputHashes hashes;
      const StackFace face = find_face(found, stack, std::uint64_t{4} << 30, executor_, {}, hashes);
      EXPECT_EQ(face.because, because) << folder;
      EXPECT_EQ(face.cut.has_value(), face.because == "face");
      if (!face.cut) continue;
      EXPECT_GT(face.numbers.guard_ml, 1000);
      EXPECT_GE(face.numbers.moved_share, 0.9);
      EXPECT_GE(face.numbers.agreement, 0.85);
    }
  }
}

/// A real head in memory, voxel by voxel and as the search for its face sees it.
struct Head {
  Grid stack;
  std::vector<std::uint16_t> voxels;  ///< bits as stored
  bool is_ct = false, is_signed = false;
  float slope = 1, intercept = 0;

  PatientGrid grid() const { return patient_grid(stack, kHeadCellMm); }

  std::vector<float> seen(const PatientGrid& grid, Executor& executor) const {
    std::vector<float> values(static_cast<std::size_t>(grid.size.voxel_count()));
    const VolumeView<float> out{values.data(), grid.size};
    if (is_signed) {
      const auto* const stored = reinterpret_cast<const std::int16_t*>(voxels.data());
      see_in_patient_axes(VolumeView<const std::int16_t>{stored, stack.size}, stack, slope, intercept, grid, out,
                          executor);
    } else {
      see_in_patient_axes(VolumeView<const std::uint16_t>{voxels.data(), stack.size}, stack, slope, intercept, grid,
                          out, executor);
    }
    return values;
  }

  float air() const { return is_ct ? -1000 : 0; }
};

/// A stack of slices that shows a head with its face.
struct RealHead {
  const char* folder;
  std::size_t stack;
};
std::ostream& operator<<(std::ostream& out, const RealHead& head) {
  return out << head.folder << ", stack " << head.stack;
}

class EveryRealHead : public RealHeads, public ::testing::WithParamInterface<RealHead> {
 protected:
  void SetUp() override {
    RealHeads::SetUp();
    if (IsSkipped()) return;
    const auto& [folder, number] = GetParam();
    const Scan found = scan(folder);
    ASSERT_GT(found.stacks.size(), number);
    const dicom::Stack& stack = found.stacks[number];
    ASSERT_NE(stack.dtype, DType::float32);
    head_.stack = stack.grid;
    head_.is_ct = found.candidates[stack.instances[0]].instance.modality == "CT";
    head_.is_signed = stack.dtype == DType::int16;
    head_.slope = static_cast<float>(stack.rescale.slope);
    head_.intercept = static_cast<float>(stack.rescale.intercept);
    head_.voxels.resize(static_cast<std::size_t>(stack.grid.size.voxel_count()));
    InputHashes hashes;
    ASSERT_FALSE(read_slices(found, number, {0, stack.grid.size.z}, std::span(head_.voxels), executor_, {}, hashes));
    grid_ = head_.grid();
    values_ = head_.seen(grid_, executor_);
    whole_ = look_at_head(grid_, values_, head_.is_ct);
    ASSERT_EQ(doubt_of(whole_), "");
  }

  Head head_;
  PatientGrid grid_;
  std::vector<float> values_;  ///< of grid_
  Outcome whole_;
};

TEST_P(EveryRealHead, LosesNoVoxelOfItsGuardAndNoneOutsideOfTheCut) {
  constexpr std::uint16_t kMark = 0xA5A5;
  FaceRemoval removal{grid_, whole_.cut.removed, 0, 0};
  removal.air = kMark;
  std::vector<std::uint16_t> after = head_.voxels;
  remove_face(std::span(after), head_.stack, {0, head_.stack.size.z}, removal, executor_);
  std::int64_t cut = 0, guard = 0, guard_cut = 0, wrong = 0;
  std::size_t n = 0;
  for (std::int64_t z = 0; z < head_.stack.size.z; ++z) {
    for (std::int64_t y = 0; y < head_.stack.size.y; ++y) {
      for (std::int64_t x = 0; x < head_.stack.size.x; ++x, ++n) {
        const Vec3 index{static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
        const auto [i, j, k] = grid_.cell_at(head_.stack.patient_from_voxel(index));
        const bool is_cut = whole_.cut.removed.at(i, j, k), is_guard = whole_.cut.guard.at(i, j, k);
        cut += is_cut ? 1 : 0;
        guard += is_guard ? 1 : 0;
        guard_cut += is_guard && after[n] != head_.voxels[n] ? 1 : 0;
        wrong += after[n] != (is_cut ? kMark : head_.voxels[n]) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(cut, 0);
  EXPECT_GT(guard, 0);
  EXPECT_EQ(guard_cut, 0);
  EXPECT_EQ(wrong, 0);
}

TEST_P(EveryRealHead, IsRefusedOnceItIsDefaced) {
  for (std::size_t n = 0; n < values_.size(); ++n) {
    if (whole_.cut.removed.cells[n] != 0) values_[n] = head_.air();
  }
  EXPECT_NE(doubt_of(look_at_head(grid_, values_, head_.is_ct)), "");
}

TEST_P(EveryRealHead, IsRefusedOnceItIsStrippedToTheBrain) {
  for (std::size_t n = 0; n < values_.size(); ++n) {
    if (whole_.cut.guard.cells[n] == 0 && !std::isnan(values_[n])) values_[n] = head_.air();
  }
  EXPECT_NE(doubt_of(look_at_head(grid_, values_, head_.is_ct)), "");
}

TEST_P(EveryRealHead, IsRefusedWhereTheScanEndsInItsFace) {
  const Vec3 nose = whole_.cut.numbers.nose_mm;
  const auto unscanned = [&](const auto& is_lost) {
    std::vector<float> rest = values_;
    std::size_t n = 0;
    for (std::int64_t z = 0; z < grid_.size.z; ++z) {
      for (std::int64_t y = 0; y < grid_.size.y; ++y) {
        for (std::int64_t x = 0; x < grid_.size.x; ++x, ++n) {
          if (is_lost(grid_.center(x, y, z))) rest[n] = std::numeric_limits<float>::quiet_NaN();
        }
      }
    }
    return doubt_of(look_at_head(grid_, rest, head_.is_ct));
  };
  EXPECT_NE(unscanned([&](const Vec3& p) { return p[2] < nose[2]; }), "") << "below the nose";
  EXPECT_NE(unscanned([&](const Vec3& p) { return p[1] < nose[1] + 20; }), "") << "in front";
}

TEST_P(EveryRealHead, IsRefusedWhereItIsTurned) {
  for (const double degrees : {-40, 90}) {
    const double angle = degrees * 3.14159265358979323846 / 180, c = std::cos(angle), s = std::sin(angle);
    Head turned = head_;
    for (int column = 0; column < 4; ++column) {
      const Vec3 v = head_.stack.patient_from_voxel.column(column);
      turned.stack.patient_from_voxel.set_column(column, {c * v[0] - s * v[1], s * v[0] + c * v[1], v[2]});
    }
    const PatientGrid grid = turned.grid();
    EXPECT_NE(doubt_of(look_at_head(grid, turned.seen(grid, executor_), head_.is_ct)), "") << degrees;
  }
}

/// All of ../shared/dicom of which the search says "face".
INSTANTIATE_TEST_SUITE_P(Faces, EveryRealHead,
                         ::testing::Values(RealHead{"a/ct_siemens_sensation16_head_2mm", 0},
                                           RealHead{"a/mr_siemens_skyra_t1_mprage_sag", 0},
                                           RealHead{"c/mr_siemens_xa30_t1_enhanced", 0},
                                           RealHead{"c/mr_siemens_xa30_t1_enhanced", 1}));

}  // namespace
}  // namespace naru
