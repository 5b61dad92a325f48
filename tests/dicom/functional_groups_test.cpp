// Frames of multi-frame objects, written byte by byte: the truth is what was written.

#include "dicom/functional_groups.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <functional>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {
namespace {

std::string doubles(std::initializer_list<double> values) {
  std::string bytes;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int n = 0; n < 8; ++n) bytes += static_cast<char>(bits >> (8 * n) & 0xFF);
  }
  return bytes;
}

std::string words32(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) {
    for (int n = 0; n < 4; ++n) bytes += static_cast<char>(value >> (8 * n) & 0xFF);
  }
  return bytes;
}

std::string text(std::uint32_t tag, std::string_view vr, std::string value) {
  if (value.size() % 2 != 0) value += ' ';
  return SliceBytes::element(tag, vr, value);
}

std::string mark(std::uint32_t low) { return std::string("\xFE\xFF", 2) + words32({low}).substr(0, 2) + words32({0}); }

/// A sequence of undefined length, or of stated length, with these items.
std::string sequence(std::uint32_t tag, const std::vector<std::string>& items, bool is_stated = false) {
  std::string value;
  for (const std::string& item : items) {
    if (is_stated) {
      value += mark(0xE000).substr(0, 4) + words32({static_cast<std::uint32_t>(item.size())}) + item;
    } else {
      value += SliceBytes::open_item() + item + mark(0xE00D);
    }
  }
  return is_stated ? SliceBytes::element(tag, "SQ", value) : SliceBytes::open_sequence(tag) + value + mark(0xE0DD);
}

struct Multiframe {
  int frames = 3, items = 3;
  bool is_stated = false, has_shared_orientation = true, has_positions = true, has_shared_measures = true;
  std::string sop_class = "1.2.840.10008.5.1.4.1.1.4.1", dimensions = {}, extra_shared = {};
  std::function<std::string(int)> extra_frame = [](int) { return std::string(); };

  dicom::HeaderResult read() const {
    const std::string plane = sequence(0x00209116, {text(0x00200037, "DS", "0\\1\\0\\0\\0\\-1")}, is_stated);
    const std::string measures = sequence(
        0x00289110, {text(0x00180050, "DS", "4") + text(0x00180088, "DS", "5") + text(0x00280030, "DS", "0.75\\0.5")},
        is_stated);
    std::vector<std::string> groups;
    for (int n = 0; n < items; ++n) {
      const std::string position = text(0x00200032, "DS", fmt::format("{}\\2\\3", 5 * n));
      groups.push_back((has_positions ? sequence(0x00209113, {position}, is_stated) : "") + extra_frame(n));
    }
    const std::string shared =
        (has_shared_orientation ? plane : "") + (has_shared_measures ? measures : "") + extra_shared;
    SliceBytes bytes;
    bytes.text(0x00080016, "UI", sop_class).text(0x00280008, "IS", std::to_string(frames));
    bytes.remove(0x00200032).remove(0x00200037).remove(0x00280030);
    bytes.raw(0x7FE00010, "OW", std::string(static_cast<std::size_t>(16 * frames), '\0'));
    bytes.insert(dimensions + sequence(0x52009229, {shared}, is_stated) + sequence(0x52009230, groups, is_stated));
    return header_of(bytes.bytes());
  }
};

TEST(FunctionalGroups, GiveEachFrameItsPlace) {
  for (const bool is_stated : {false, true}) {
    const auto result = Multiframe{.is_stated = is_stated}.read();
    EXPECT_FALSE(result.reason) << is_stated;
    ASSERT_EQ(result.planes.size(), 3u);
    for (std::size_t n = 0; n < 3; ++n) {
      const dicom::Instance& plane = result.planes[n];
      EXPECT_EQ(plane.source, dicom::PlaneSource::multi_frame);
      EXPECT_EQ(plane.plane, n);
      EXPECT_EQ(plane.frame, static_cast<std::int64_t>(n));
      EXPECT_EQ(plane.position_mm, (Vec3{5.0 * static_cast<double>(n), 2, 3}));
      EXPECT_EQ(plane.row_direction, (Vec3{0, 1, 0}));
      EXPECT_EQ(plane.column_direction, (Vec3{0, 0, -1}));
      EXPECT_EQ(plane.spacing_j_mm, 0.75) << "the distance between rows stands first";
      EXPECT_EQ(plane.spacing_i_mm, 0.5);
      EXPECT_EQ(plane.slice_thickness_mm, 4);
      EXPECT_EQ(plane.spacing_between_slices_mm, 5);
      EXPECT_EQ(plane.pixels.frame_count, 3);
    }
  }
}

TEST(FunctionalGroups, TakeTheFramesOwnValueBeforeTheShared) {
  Multiframe file;
  file.extra_shared = sequence(0x00289145, {text(0x00281052, "DS", "1") + text(0x00281053, "DS", "2")});
  file.extra_frame = [](int n) {
    return n == 1 ? sequence(0x00289145, {text(0x00281052, "DS", "10") + text(0x00281053, "DS", "20")}) : "";
  };
  const auto planes = file.read().planes;
  ASSERT_EQ(planes.size(), 3u);
  EXPECT_EQ(planes[0].rescale_slope, 2);
  EXPECT_EQ(planes[1].rescale_slope, 20);
  EXPECT_EQ(planes[1].rescale_intercept, 10);
}

TEST(FunctionalGroups, KnowTheModalityOfEachClass) {
  for (const auto& [sop_class, modality] :
       {std::pair{"1.2.840.10008.5.1.4.1.1.2.1", "CT"}, std::pair{"1.2.840.10008.5.1.4.1.1.2.2", "CT"},
        std::pair{"1.2.840.10008.5.1.4.1.1.4.1", "MR"}, std::pair{"1.2.840.10008.5.1.4.1.1.4.4", "MR"},
        std::pair{"1.2.840.10008.5.1.4.1.1.130", "PT"}, std::pair{"1.2.840.10008.5.1.4.1.1.128.1", "PT"},
        std::pair{"1.2.840.10008.5.1.4.1.1.7.3", "CT"}}) {
    const auto result = Multiframe{.sop_class = sop_class}.read();
    ASSERT_EQ(result.planes.size(), 3u) << sop_class;
    EXPECT_EQ(result.planes[0].modality, modality) << sop_class;
  }
}

TEST(FunctionalGroups, ReadTimeEchoAndDiffusionOfAFrame) {
  Multiframe file;
  file.extra_frame = [](int n) {
    const std::string direction = sequence(0x00189076, {SliceBytes::element(0x00189089, "FD", doubles({0, 0, 2}))});
    return sequence(0x00189114, {SliceBytes::element(0x00189082, "FD", doubles({90.5}))}) +
           sequence(0x00189117, {SliceBytes::element(0x00189087, "FD", doubles({1000})) + direction}) +
           sequence(0x00189118, {SliceBytes::element(0x00209153, "FD", doubles({25.0 * n}))}) +
           sequence(0x00209111, {text(0x00189074, "DT", "20200101010203.5") +
                                 SliceBytes::element(0x00209128, "UL", words32({static_cast<std::uint32_t>(n + 1)}))});
  };
  const auto planes = file.read().planes;
  ASSERT_EQ(planes.size(), 3u);
  EXPECT_EQ(planes[2].echo, "/90.5");
  EXPECT_EQ(planes[2].timing.b_value_s_per_mm2, 1000);
  EXPECT_EQ(planes[2].timing.gradient_direction, (Vec3{0, 0, 1}));
  EXPECT_EQ(planes[2].timing.trigger_time_ms, 50);
  EXPECT_EQ(planes[2].timing.temporal_position, 3);
  EXPECT_EQ(planes[2].timing.acquisition_time_s, 1577836800 + 3723.5);
}

TEST(FunctionalGroups, GiveEachFrameItsWindows) {
  Multiframe image;
  image.extra_frame = [](int n) {
    const std::string centers = fmt::format("{}\\999", 100 * (n + 1));
    return sequence(0x00289132, {text(0x00281050, "DS", centers) + text(0x00281051, "DS", "80\\2")});
  };
  const auto planes = image.read().planes;
  ASSERT_EQ(planes.size(), 3U);
  for (std::size_t n = 0; n < planes.size(); ++n) {
    ASSERT_TRUE(planes[n].window);
    EXPECT_DOUBLE_EQ(planes[n].window->black, 100 * (static_cast<double>(n) + 1) - 40 + 1024);  // through the rescale
    ASSERT_EQ(planes[n].more_windows.size(), 1U);
    EXPECT_DOUBLE_EQ(planes[n].more_windows[0].white, 1000 + 1024);
  }
}

TEST(FunctionalGroups, HaveTheIndicesOfTheDimensionsThatAreNoneOfSpace) {
  Multiframe file{.frames = 4, .items = 4, .has_positions = false};
  const auto pointer = [](std::uint32_t tag) {
    return SliceBytes::element(0x00209165, "AT", words32({tag >> 16 | tag << 16}));
  };
  file.dimensions = sequence(0x00209222, {pointer(0x00209057), pointer(0x00181060)});
  file.extra_frame = [](int n) {
    const auto place = static_cast<std::uint32_t>(n / 2), phase = static_cast<std::uint32_t>(n % 2);
    return sequence(0x00209111, {SliceBytes::element(0x00209157, "UL", words32({place + 1, 7 - phase}))}) +
           sequence(0x00209113, {text(0x00200032, "DS", fmt::format("{}\\0\\0", place))});
  };
  const auto planes = file.read().planes;
  ASSERT_EQ(planes.size(), 4u);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(planes[n].timing.dimension_indices, (std::vector<double>{7 - static_cast<double>(n % 2)}));
    EXPECT_FALSE(planes[n].timing.temporal_position) << "an index is no time";
  }
}

/// Table Position, Slice Location or a private dimension goes with the position; In-Stack Position is known by its
/// name.
TEST(FunctionalGroups, HaveNoIndexOfADimensionThatGoesWithThePosition) {
  for (const std::uint32_t place_tag : {0x00189327U, 0x00201041U, 0x00211188U}) {
    Multiframe file{.frames = 6, .items = 6, .has_positions = false};
    const auto pointer = [](std::uint32_t tag) {
      return SliceBytes::element(0x00209165, "AT", words32({tag >> 16 | tag << 16}));
    };
    file.dimensions = sequence(0x00209222, {pointer(place_tag), pointer(0x00209241)});
    file.extra_frame = [](int n) {
      const auto place = static_cast<std::uint32_t>(n / 2), phase = static_cast<std::uint32_t>(n % 2);
      return sequence(0x00209111, {SliceBytes::element(0x00209157, "UL", words32({place + 1, phase + 1}))}) +
             sequence(0x00209113, {text(0x00200032, "DS", fmt::format("{}\\0\\0", place))}) +
             sequence(0x00189118, {SliceBytes::element(0x00209241, "FD", doubles({50.0 * phase}))});
    };
    const auto planes = file.read().planes;
    ASSERT_EQ(planes.size(), 6u);
    for (std::size_t n = 0; n < 6; ++n) {
      EXPECT_EQ(planes[n].timing.dimension_indices, (std::vector<double>{static_cast<double>(n % 2) + 1}));
      EXPECT_EQ(planes[n].timing.cardiac_phase_percent, 50.0 * static_cast<double>(n % 2));
    }
  }
}

TEST(FunctionalGroups, ReadWhatMagnitudeLabelAndInversionTimeSay) {
  Multiframe file;
  file.extra_frame = [](int n) {
    return sequence(0x00189226, {text(0x00089208, "CS", n == 0 ? "MAGNITUDE" : "PHASE")}) +
           sequence(0x00189115, {SliceBytes::element(0x00189079, "FD", doubles({100.0 * n}))}) +
           sequence(0x00189251, {text(0x00189257, "CS", n == 2 ? "LABEL" : "CONTROL")});
  };
  const auto planes = file.read().planes;
  ASSERT_EQ(planes.size(), 3u);
  EXPECT_EQ(planes[0].complex_component, "MAGNITUDE");
  EXPECT_EQ(planes[1].complex_component, "PHASE");
  EXPECT_EQ(planes[2].timing.inversion_time_ms, 200);
  EXPECT_EQ(planes[1].timing.asl_context, 1);
  EXPECT_EQ(planes[2].timing.asl_context, 2);
}

/// Each of the two files has one of two phases, at places of its own.
TEST(FunctionalGroups, KeepTheirIndicesInAConcatenation) {
  Multiframe file{.frames = 2, .items = 2, .has_positions = false};
  const auto pointer = SliceBytes::element(0x00209165, "AT", words32({0x10600018}));
  for (const std::uint32_t phase : {1U, 2U}) {
    file.dimensions =
        text(0x00209161, "UI", "1.2.3") + SliceBytes::element(0x00209162, "US", words32({phase}).substr(0, 2)) +
        SliceBytes::element(0x00209163, "US", words32({2}).substr(0, 2)) + sequence(0x00209222, {pointer});
    file.extra_frame = [phase](int n) {
      return sequence(0x00209111, {SliceBytes::element(0x00209157, "UL", words32({phase}))}) +
             sequence(0x00209113, {text(0x00200032, "DS", fmt::format("{}\\0\\0", n))});
    };
    const auto planes = file.read().planes;
    ASSERT_EQ(planes.size(), 2u);
    for (const auto& plane : planes) {
      EXPECT_EQ(plane.timing.dimension_indices, std::vector<double>{static_cast<double>(phase)});
      ASSERT_TRUE(plane.concatenation);
      EXPECT_EQ(plane.concatenation->uid, "1.2.3");
      EXPECT_EQ(plane.concatenation->number, phase);
      EXPECT_EQ(plane.concatenation->total, 2);
    }
  }
}

/// Phases of one slice: what all frames have in common may be shared.
TEST(FunctionalGroups, MayShareTheirPlace) {
  Multiframe file{.has_positions = false};
  file.extra_shared = sequence(0x00209113, {text(0x00200032, "DS", "1\\2\\3")});
  file.extra_frame = [](int n) {
    return sequence(0x00189118, {SliceBytes::element(0x00209153, "FD", doubles({40.0 * n}))});
  };
  const auto result = file.read();
  EXPECT_FALSE(result.reason);
  ASSERT_EQ(result.planes.size(), 3u);
  for (const auto& plane : result.planes) {
    EXPECT_EQ(plane.position_mm, (Vec3{1, 2, 3}));
    EXPECT_EQ(plane.timing.trigger_time_ms, 40.0 * static_cast<double>(plane.frame));
  }
}

TEST(FunctionalGroups, NeverInventAPlace) {
  EXPECT_EQ((Multiframe{.has_positions = false}.read().reason), Code::missing_geometry);
  EXPECT_TRUE((Multiframe{.has_positions = false}.read().planes.empty()));
  EXPECT_EQ((Multiframe{.has_shared_orientation = false}.read().reason), Code::missing_geometry);
}

TEST(FunctionalGroups, MustAgreeWithTheNumberOfFrames) {
  EXPECT_EQ((Multiframe{.frames = 3, .items = 2}.read().reason), Code::corrupt);
  EXPECT_EQ((Multiframe{.frames = 2, .items = 3}.read().reason), Code::corrupt);
}

/// Of two phases, whose trigger times are those of each slice; the place may be named by its macro.
TEST(FunctionalGroups, HaveIndicesWhereTimesAreOfEachSlice) {
  for (const std::uint32_t place_tag : {0x00209057U, 0x00209113U}) {
    for (const bool is_stated : {false, true}) {
      Multiframe file{.frames = 4, .items = 4, .has_positions = false};
      const auto pointer = [](std::uint32_t tag) {
        return SliceBytes::element(0x00209165, "AT", words32({tag >> 16 | tag << 16}));
      };
      file.dimensions = sequence(0x00209222, {pointer(place_tag), pointer(0x00209153)});
      file.extra_frame = [&](int n) {
        const auto place = static_cast<std::uint32_t>(n / 2), phase = static_cast<std::uint32_t>(n % 2);
        const std::string position =
            is_stated ? SliceBytes::element(0x00209128, "UL", words32({phase + 5})) : std::string();
        return sequence(0x00209111,
                        {position + SliceBytes::element(0x00209157, "UL", words32({place + 1, phase + 1}))}) +
               sequence(0x00209113, {text(0x00200032, "DS", fmt::format("{}\\0\\0", place))}) +
               sequence(0x00189118, {SliceBytes::element(0x00209153, "FD", doubles({(30.0 + place) * phase}))});
      };
      const auto planes = file.read().planes;
      ASSERT_EQ(planes.size(), 4u);
      for (std::size_t n = 0; n < 4; ++n) {
        EXPECT_EQ(planes[n].timing.dimension_indices, std::vector<double>{static_cast<double>(n % 2 + 1)});
        EXPECT_EQ(planes[n].timing.temporal_position,
                  is_stated ? std::optional<std::int64_t>(static_cast<std::int64_t>(n % 2 + 5)) : std::nullopt);
      }
    }
  }
}

std::string philips_header(const std::string& attributes) {
  return text(0x20050010, "LO", "Philips MR Imaging DD 005") + sequence(0x2005100F, {attributes});
}

std::string rescale(const std::string& intercept, const std::string& slope) {
  return text(0x00281052, "DS", intercept) + text(0x00281053, "DS", slope);
}

/// The converted and the private attributes of each frame, which say something else.
TEST(FunctionalGroups, TakeTheStandardsValueBeforeAnyOther) {
  const std::string other = text(0x00200032, "DS", "9\\9\\9") + text(0x00280030, "DS", "0.8\\0.5") + rescale("0", "1") +
                            text(0x00281054, "LO", "US") + text(0x00200100, "IS", "4");
  for (const std::string& extra : {philips_header(other), sequence(0x00209171, {other})}) {
    for (const bool is_shared : {false, true}) {
      Multiframe file{.has_positions = !is_shared};
      file.extra_shared = sequence(0x00289145, {rescale("-7", "2.5")});
      if (is_shared) file.extra_shared += sequence(0x00209113, {text(0x00200032, "DS", "0\\2\\3")});
      file.extra_frame = [&](int) { return extra; };
      const auto planes = file.read().planes;
      ASSERT_EQ(planes.size(), 3u) << is_shared;
      for (const auto& plane : planes) {
        EXPECT_EQ(plane.position_mm, (Vec3{is_shared ? 0 : 5.0 * static_cast<double>(plane.frame), 2, 3}));
        EXPECT_EQ(plane.spacing_j_mm, 0.75);
        EXPECT_EQ(plane.rescale_slope, 2.5);
        EXPECT_EQ(plane.rescale_intercept, -7);
        EXPECT_EQ(plane.timing.temporal_position, 4) << "what the standard's macros do not say";
      }
    }
  }
}

/// A place is of one source, and so is a rescale.
TEST(FunctionalGroups, TakeNoPartOfAPlaceOrRescaleFromAPrivateHeader) {
  Multiframe file{.has_positions = false};
  file.extra_frame = [](int n) { return philips_header(text(0x00200032, "DS", fmt::format("{}\\2\\3", n))); };
  EXPECT_EQ(file.read().reason, Code::missing_geometry) << "orientation and spacing are the standard's";
  Multiframe scaled;
  scaled.extra_shared = sequence(0x00289145, {rescale("-7", "2.5")});
  scaled.extra_frame = [](int) {
    return philips_header(text(0x00281054, "LO", "US") + sequence(0x00283000, {text(0x00283003, "LO", "x")}));
  };
  const auto result = scaled.read();
  EXPECT_FALSE(result.reason) << "its Modality LUT is of another image";
  ASSERT_EQ(result.planes.size(), 3u);
  EXPECT_EQ(result.planes[0].rescale_slope, 2.5);
  EXPECT_NE(result.planes[0].units, "US");
}

/// As objects without any of the standard's macros of a place.
TEST(FunctionalGroups, BelieveAPrivateHeaderWhereNothingElseIsSaid) {
  Multiframe file{.has_shared_orientation = false, .has_positions = false, .has_shared_measures = false};
  file.extra_frame = [](int n) {
    return philips_header(text(0x00200032, "DS", fmt::format("{}\\2\\3", n)) +
                          text(0x00200037, "DS", "0\\1\\0\\0\\0\\-1") + text(0x00280030, "DS", "0.75\\0.5") +
                          rescale("5", "3"));
  };
  const auto result = file.read();
  EXPECT_FALSE(result.reason);
  ASSERT_EQ(result.planes.size(), 3u);
  EXPECT_EQ(result.planes[2].position_mm, (Vec3{2, 2, 3}));
  EXPECT_EQ(result.planes[2].spacing_i_mm, 0.5);
  EXPECT_EQ(result.planes[2].rescale_slope, 3);
}

/// In Frame Content, or for all of them in the data set, as converters leave it.
TEST(FunctionalGroups, ReadTheStackOfAFrame) {
  Multiframe file;
  EXPECT_EQ(file.read().planes.at(0).stack_id, "");
  file.dimensions = text(0x00209056, "SH", "all");
  file.extra_frame = [](int n) {
    return n == 0 ? std::string() : sequence(0x00209111, {text(0x00209056, "SH", n == 1 ? " 1" : "2 ")});
  };
  const auto planes = file.read().planes;
  ASSERT_EQ(planes.size(), 3u);
  EXPECT_EQ(planes[0].stack_id, "all");
  EXPECT_EQ(planes[1].stack_id, "1");
  EXPECT_EQ(planes[2].stack_id, "2");
}

}  // namespace
}  // namespace naru::test
