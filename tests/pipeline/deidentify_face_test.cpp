#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include "pipeline/deidentify.h"
#include "pipeline/review/review.h"
#include "tests/pipeline/deid_job.h"
#include "tests/pipeline/pixels/drawn_mask.h"
#include "tests/pipeline/pixels/head_series.h"

namespace naru {
namespace {

using test::GeneratedHead;
using test::HeadSeries;
using test::Json;
using test::lines_of;
using ::testing::HasSubstr;
using ::testing::Not;

class DeidentifyFaceTest : public test::DeidJobTest {
 protected:
  DeidentifyFaceTest() { options_.recipe.face = "remove"; }

  void put_head(const std::string& patient, const HeadSeries& head) {
    for (std::int64_t z = 0; z < head.slice_count(); ++z) put(place(patient, z), head.slice(patient, z));
  }
  static std::string place(const std::string& patient, std::int64_t z) { return patient + "/" + std::to_string(z); }

  std::vector<Json> faces() const { return lines_of(report() / "faces.jsonl"); }
  /// Of the stack that is a head's.
  Json face() const {
    for (const Json& line : faces()) {
      if (line["path"].get<std::string>().find("PAT-1") != std::string::npos) return line;
    }
    return nullptr;
  }

  /// Every voxel that is delivered: as it was, or air. @return how many became air
  std::size_t changed_voxels(const HeadSeries& head) const {
    std::size_t changed = 0;
    const Size3& size = head.grid().size;
    for (const Json& line : manifest()) {
      const std::string file = test::slurp(options_.out / line["file"].get<std::string>());
      const std::string z_text =
          std::string(file.substr(file.find("IS", file.find(std::string("\x20\x00\x13\x00", 4)))));
      const std::int64_t z = std::stoi(z_text.substr(4)) - 1;
      const std::size_t first = file.size() - static_cast<std::size_t>(2 * size.x * size.y);
      std::size_t here = 0;
      for (std::int64_t y = 0; y < size.y; ++y) {
        for (std::int64_t x = 0; x < size.x; ++x) {
          const int value = test::stored_at(file, first + static_cast<std::size_t>(2 * (x + size.x * y)));
          if (value == head.stored(x, y, z)) continue;
          ++here;
          EXPECT_EQ(value, head.stored_air());
          EXPECT_NE(head.tissue(x, y, z), GeneratedHead::Tissue::brain) << x << " " << y << " " << z;
        }
      }
      if (line["pixels"] == "kept") {
        EXPECT_EQ(here, 0U);
        EXPECT_THAT(file, Not(HasSubstr("113102")));
      } else {
        EXPECT_EQ(line["pixels_reason"], "face");
        EXPECT_THAT(file, HasSubstr("113102"));
        EXPECT_THAT(file, HasSubstr(std::string("\x28\x00\x02\x03"
                                                "CS\x02\x00NO",
                                                10)));
      }
      EXPECT_THAT(file, Not(HasSubstr("113101")));
      changed += here;
    }
    return changed;
  }
};

TEST_F(DeidentifyFaceTest, ReplacesTheFaceByAirAndTouchesNothingElse) {
  for (const bool is_ct : {true, false}) {
    const HeadSeries head(GeneratedHead{.is_ct = is_ct});
    put_head("PAT-1", head);
    options_.out = folder_ / (is_ct ? "ct" : "mr");
    EXPECT_EQ(run().instance_count, static_cast<std::size_t>(head.slice_count()));
    ASSERT_EQ(faces().size(), 1U);
    const Json line = faces()[0];
    EXPECT_EQ(line["action"], "removed") << line;
    EXPECT_GE(line["moved_share"], 0.9);
    EXPECT_GT(changed_voxels(head), 5000U);
  }
}

TEST_F(DeidentifyFaceTest, HoldsAFaceWhereTheRecipeSaysSo) {
  options_.recipe.face = "quarantine";
  put_head("PAT-1", HeadSeries({}));
  put_series("PAT-2", 3);
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 3U);
  EXPECT_EQ(result.by_reason.at("face_present"), result.by_disposition.at("quarantined"));
  EXPECT_EQ(face()["action"], "held");
  EXPECT_EQ(face()["because"], "face");
}

TEST_F(DeidentifyFaceTest, HoldsAHeadThatItCannotJudgeAndDeliversTheOthers) {
  put_head("PAT-1", HeadSeries(GeneratedHead{.has_nose = false}));
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_EQ(face()["because"], "no_face");
  EXPECT_THAT(test::slurp(report() / "faces.jsonl"), Not(HasSubstr("Vermeulen")));
}

TEST_F(DeidentifyFaceTest, HoldsAHeadOnATableThatIsAsBroadAsATrunk) {
  const PatientGrid broad{{160, 110, 93}, {-240, -60, -130}, 3};
  put_head("PAT-1", HeadSeries(GeneratedHead{.lies_on_table = true}, broad));
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_EQ(face()["action"], "held");
}

TEST_F(DeidentifyFaceTest, LetsPeopleReleaseWhatItHeld) {
  const HeadSeries head(GeneratedHead{.has_nose = false});
  put_head("PAT-1", head);
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
  const HeldEntry held = read_review(report()).entries.at(0).held;
  EXPECT_EQ(held.because, "face: no_face");
  EXPECT_THAT(held.path, HasSubstr("/in/PAT-1/"));
  const std::string id = held.id;
  EXPECT_THAT(id, ::testing::StartsWith("face-"));
  EXPECT_THROW(decide(report(), {{id + "=redact"}, "A. Steward", "looked at it"}), Error);
  decide(report(), {{id + "=keep"}, "A. Steward", "no face is left"});
  options_.on_existing = OnExisting::resume;
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, static_cast<std::size_t>(head.slice_count()) + 3);
  EXPECT_EQ(result.resumed_count, 3U);
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels"], "kept");
}

TEST_F(DeidentifyFaceTest, LetsPeopleExcludeWhatItHeld) {
  put_head("PAT-1", HeadSeries(GeneratedHead{.has_nose = false}));
  put_series("PAT-2", 3);
  run();
  decide(report(), {{read_review(report()).entries.at(0).held.id + "=exclude"}, "A. Steward", "not needed"});
  options_.on_existing = OnExisting::resume;
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, 3U);
  EXPECT_FALSE(result.by_disposition.contains("quarantined"));
  EXPECT_EQ(result.by_reason.at("face_present"), result.by_disposition.at("excluded"));
}

TEST_F(DeidentifyFaceTest, HoldsSlicesOfAHeadThatMakeNoVolume) {
  const HeadSeries head({});
  put_head("PAT-1", head);
  for (std::int64_t z = 0; z < head.slice_count(); z += 2) {  // a second slice at every other place
    test::SliceBytes other = head.slice("PAT-1", z);
    other.text(0x00080018, "UI", "2.999.77." + std::to_string(z + 1)).text(0x00200013, "IS", "900");
    other.raw(0x7FE00010, "OW", std::string(static_cast<std::size_t>(2 * head.grid().size.x * head.grid().size.y), 7));
    put("PAT-1/other" + std::to_string(z), other);
  }
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
}

TEST_F(DeidentifyFaceTest, HoldsFineSlicesThatMakeNoVolumeHoweverThickTheyAre) {
  const HeadSeries head({});
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    test::SliceBytes slice = head.slice("PAT-1", z).text(0x00180050, "DS", "6");
    put(place("PAT-1", z), slice);
    if (z % 16 != 0) continue;  // a second slice at its place
    slice.text(0x00080018, "UI", "2.999.77." + std::to_string(z + 1)).text(0x00200013, "IS", "900");
    slice.raw(0x7FE00010, "OW", std::string(static_cast<std::size_t>(2 * head.grid().size.x * head.grid().size.y), 7));
    put("PAT-1/other" + std::to_string(z), slice);
  }
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_EQ(face()["because"], "unknown_shape");
}

TEST_F(DeidentifyFaceTest, HoldsObjectsThatShowFacesThoughTheyAreNoSlices) {
  const auto picture = [](const std::string& patient, const char* sop_class, const char* modality) {
    test::SliceBytes slice = test::slice_of(patient, 1);
    return slice.text(0x00080016, "UI", sop_class).text(0x00080060, "CS", modality).text(0x00280301, "CS", "NO");
  };
  put("a", picture("PAT-1", "1.2.840.10008.5.1.4.1.1.13.1.2", "DX"));  // X-Ray 3D Craniofacial
  put("b", picture("PAT-2", "1.2.840.10008.5.1.4.1.1.77.1.4", "XC"));  // a photograph
  put("c", picture("PAT-3", "1.2.840.10008.5.1.4.1.1.13.1.1", "XA").text(0x00180015, "CS", "KNEE"));
  put("d", picture("PAT-4", "1.2.840.10008.5.1.4.1.1.601.3", "TG"));                 // a thermogram
  put("e", picture("PAT-5", "1.2.840.10008.5.1.4.1.1.2", "OT").remove(0x00200032));  // a slice without a place
  put("f", picture("PAT-6", "1.2.840.10008.5.1.4.1.1.77.1.4.1", "XC"));              // a film of a person
  put("g", picture("PAT-7", "1.2.840.10008.5.1.4.1.1.77.1", "GM"));                  // visible light, retired
  put("h", picture("PAT-8", "1.2.840.10008.5.1.4.1.1.1", "XC"));                     // a photograph, whatever its class
  put("i", picture("PAT-9", "1.2.840.10008.5.1.4.1.1.30", "OT"));                    // a map computed from a volume
  for (const char* const other : {"77.1.1", "77.1.1.1", "77.1.5.1", "77.1.6", "77.1.7", "6.2"}) {
    const std::string sop_class = std::string("1.2.840.10008.5.1.4.1.1.") + other;
    put(std::string("other") + other, picture(std::string("PAT-") + other, sop_class.c_str(), "OT"));
  }
  run();
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    const std::string path = line["path"];
    const bool is_left_alone = path.ends_with("c") || path.find("/other") != std::string::npos;
    EXPECT_EQ(line["reason"], is_left_alone ? Json(nullptr) : Json("face_present")) << path;
  }
}

TEST_F(DeidentifyFaceTest, HoldsRenderingsThatAreStoredAsSlices) {
  const auto view = [](const std::string& patient, const std::string& name, double degrees, int number) {
    const double angle = degrees * std::numbers::pi / 180;
    test::SliceBytes slice = test::slice_of(patient, number);
    slice.text(0x00080008, "CS", "DERIVED\\SECONDARY\\" + name).text(0x00180050, "DS", "1");
    slice.text(0x00200037, "DS", fmt::format("{:.6f}\\{:.6f}\\0\\0\\0\\-1", std::cos(angle), std::sin(angle)));
    return slice;
  };
  const auto put_views = [&](const std::string& patient, const std::string& name, int count) {
    for (int n = 0; n < count; ++n) put(place(patient, n), view(patient, name, 30.0 * n, n + 1));
  };
  put_views("PAT-1", "VRT", 1);
  put_views("PAT-2", "LOCALIZER\\VRT", 1);
  put_views("PAT-3", "OTHER", 4);
  put_views("PAT-4", "OTHER", 3);  // no more than there are planes
  put(place("PAT-5", 0), view("PAT-5", "VRT", 0, 1).text(0x00180015, "CS", "KNEE"));
  for (int n = 0; n < 4; ++n) {
    put(place("PAT-6", n), view("PAT-6", "OTHER", 30.0 * n, n + 1).text(0x00180015, "CS", "HEART"));
  }
  put_views("PAT-7", "PROJECTION IMAGE", 5);
  run();
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    const std::string path = line["path"];
    const bool is_held = path.find("PAT-1/") != std::string::npos || path.find("PAT-2/") != std::string::npos ||
                         path.find("PAT-3/") != std::string::npos;
    EXPECT_EQ(line["reason"], is_held ? Json("face_present") : Json(nullptr)) << path;
  }
}

TEST_F(DeidentifyFaceTest, HoldsOutlinesOfAFace) {
  put_head("PAT-1", HeadSeries({}));
  put_series("PAT-2", 3);  // thick slices
  for (const std::string patient : {"PAT-1", "PAT-2", "PAT-3"}) {
    test::SliceBytes outline = test::slice_of(patient, 1, 2);
    outline.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.3").text(0x00080060, "CS", "RTSTRUCT");
    put(patient + "/outline", outline.remove(0x7FE00010));
  }
  run();
  std::map<std::string, Json> reasons;
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    const std::filesystem::path path = line["path"].get<std::string>();
    if (path.filename() == "outline") reasons[path.parent_path().filename()] = line["reason"];
  }
  EXPECT_EQ(reasons.at("PAT-1"), "face_present");
  EXPECT_EQ(reasons.at("PAT-2"), nullptr);
  EXPECT_EQ(reasons.at("PAT-3"), "face_present");  // of which volume, nobody can say
}

TEST_F(DeidentifyFaceTest, LetsPeopleTakeBackTheReleaseOfAnOutline) {
  put_series("PAT-2", 3);
  test::SliceBytes outline = test::slice_of("PAT-3", 1, 2);
  outline.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.3").text(0x00080060, "CS", "RTSTRUCT");
  put("PAT-3/outline", outline.remove(0x7FE00010));
  EXPECT_EQ(run().instance_count, 3U);
  const std::string id = read_review(report()).entries.at(0).held.id;
  options_.on_existing = OnExisting::resume;
  decide(report(), {{id + "=keep"}, "A. Steward", "of a hand"});
  EXPECT_EQ(run().instance_count, 4U);
  EXPECT_EQ(read_review(report()).entries.at(0).state(), ReviewState::made);
  decide(report(), {{id + "=exclude"}, "A. Steward", "it was a head"});
  EXPECT_EQ(run().instance_count, 3U);
}

TEST_F(DeidentifyFaceTest, HoldsOutlinesWhereNobodyLookedAtTheVolume) {
  const auto outline = [](const std::string& patient) {
    test::SliceBytes file = test::slice_of(patient, 1, 2);
    file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.3").text(0x00080060, "CS", "RTSTRUCT");
    return file.remove(0x7FE00010);
  };
  put_series("PAT-1", 3);  // thick slices, and a volume of a face that is no slices
  test::SliceBytes volume = test::slice_of("PAT-1", 1, 3);
  put("PAT-1/volume", volume.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.13.1.2"));
  put("PAT-1/outline", outline("PAT-1"));
  EXPECT_EQ(run().instance_count, 3U);

  put_head("PAT-2", HeadSeries({}));
  put("PAT-2/outline", outline("PAT-2"));
  options_.recipe.modality = {"RTSTRUCT", "RTPLAN"};  // volumes are left out, and not looked at
  test::SliceBytes plan = test::slice_of("PAT-3", 1).text(0x00080060, "CS", "RTPLAN");
  put("plan", plan.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.5").remove(0x7FE00010));
  options_.out = folder_ / "other";
  EXPECT_EQ(run().instance_count, 1U);
}

/// The reasons of files named so, by patient.
std::map<std::string, Json> reasons_of(const std::filesystem::path& report, const std::string& name) {
  std::map<std::string, Json> reasons;
  for (const Json& line : lines_of(report / "inputs.jsonl")) {
    const std::filesystem::path path = line["path"].get<std::string>();
    if (path.filename() == name) reasons[path.parent_path().filename()] = line["reason"];
  }
  return reasons;
}

TEST_F(DeidentifyFaceTest, HoldsSegmentationsThatDrawTheFaceAndDeliversThoseOfATumour) {
  using Tissue = GeneratedHead::Tissue;
  const HeadSeries head({});
  const auto is_skin = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return head.tissue(x, y, z) == Tissue::soft;
  };
  const auto is_air = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return head.tissue(x, y, z) == Tissue::air;
  };
  const auto is_tumour = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return head.tissue(x, y, z) == Tissue::brain && x > 35 && y > 40;
  };
  const std::string frame = "2.999.5.1";
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    put(place("PAT-1", z), head.slice("PAT-1", z).text(0x00200052, "UI", frame));
  }
  const auto put_mask = [&](const std::string& name, const test::DrawnMask& mask, int series) {
    put("PAT-1/" + name, mask.bytes("PAT-1", series));
  };
  put_mask("skin", {head, is_skin}, 2);
  put_mask("air", {head, is_air, 8}, 3);
  put_mask("tumour", {head, is_tumour}, 4);
  put_mask("fraction", {head, is_tumour, 8}, 5);
  put_mask("nowhere", {head, is_tumour, 1, false}, 6);
  put_mask("elsewhere", {head, is_tumour, 1, true, "2.999.5.2"}, 7);
  put_series("PAT-2", 3);  // thick slices
  put("PAT-2/skin", test::DrawnMask{head, is_skin}.bytes("PAT-2", 2));
  put("PAT-3/skin", test::DrawnMask{head, is_skin, 1, true, "2.999.5.3"}.bytes("PAT-3", 2));
  const auto reason = [&](const std::string& patient, const std::string& name) {
    return reasons_of(report(), name).at(patient);
  };
  run();
  EXPECT_EQ(face()["action"], "removed");
  EXPECT_EQ(reason("PAT-1", "skin"), "face_present");
  EXPECT_EQ(reason("PAT-1", "air"), "face_present");
  EXPECT_EQ(reason("PAT-1", "tumour"), nullptr);
  EXPECT_EQ(reason("PAT-1", "fraction"), nullptr);
  EXPECT_EQ(reason("PAT-1", "nowhere"), "face_present");
  EXPECT_EQ(reason("PAT-1", "elsewhere"), "face_present");
  EXPECT_EQ(reason("PAT-2", "skin"), "face_present");  // it names the frame of a volume that was cut
  EXPECT_EQ(reason("PAT-3", "skin"), "face_present");  // of which volume, nobody can say

  options_.recipe.face = "quarantine";
  options_.out = folder_ / "other";
  run();
  EXPECT_EQ(reason("PAT-1", "tumour"), "face_present");

  options_.recipe.face = "keep";
  options_.out = folder_ / "kept";
  run();
  EXPECT_EQ(reason("PAT-1", "skin"), nullptr);
}

TEST_F(DeidentifyFaceTest, DeliversSegmentationsOfStudiesWithoutAFace) {
  const HeadSeries head({});
  const auto all = [](std::int64_t, std::int64_t, std::int64_t) { return true; };
  put_series("PAT-2", 3);  // thick slices
  put("PAT-2/mask", test::DrawnMask{head, all}.bytes("PAT-2", 2));
  EXPECT_EQ(run().instance_count, 4U);
}

TEST_F(DeidentifyFaceTest, DeliversSegmentationsOfRadiographs) {
  const HeadSeries head({});
  const auto all = [](std::int64_t, std::int64_t, std::int64_t) { return true; };
  const auto put_mask = [&](const std::string& patient, bool has_positions) {
    put(patient + "/mask", test::DrawnMask{head, all, 1, has_positions}.bytes(patient, 2));
  };
  for (const std::string patient : {"PAT-1", "PAT-2", "PAT-3"}) {
    test::SliceBytes picture = test::slice_of(patient, 1);
    picture.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1").text(0x00080060, "CS", "CR").remove(0x00200032);
    put(patient + "/picture", picture);
  }
  put_mask("PAT-1", false);
  put_mask("PAT-2", true);  // of a volume that was not given
  put_mask("PAT-4", false);
  put("PAT-3/volume", test::slice_of("PAT-3", 1, 3).text(0x00080060, "CS", "OT").remove(0x00200032));
  put_mask("PAT-3", false);
  run();
  const std::map<std::string, Json> reasons = reasons_of(report(), "mask");
  EXPECT_EQ(reasons.at("PAT-1"), nullptr);
  for (const char* const patient : {"PAT-2", "PAT-3", "PAT-4"}) EXPECT_EQ(reasons.at(patient), "face_present");
}

TEST_F(DeidentifyFaceTest, HoldsSlicesOfTwoSeriesThatAreFineTogetherAlone) {
  const HeadSeries head({});
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    const std::string study = "2.999.4.77";
    const std::string series = study + (z % 2 == 0 ? ".1" : ".2");  // of 6 mm each
    put(place("PAT-1", z), head.slice("PAT-1", z).text(0x0020000D, "UI", study).text(0x0020000E, "UI", series));
    // Of another study, and of a frame of its own: nobody can lay them over each other.
    put(place("PAT-3", z), head.slice("PAT-3", z)
                               .text(0x0020000E, "UI", "2.999.4.78" + std::string(z % 2 == 0 ? ".1" : ".2"))
                               .text(0x00200052, "UI", "2.999.4.79" + std::string(z % 2 == 0 ? ".1" : ".2")));
  }
  const auto count = static_cast<std::size_t>(head.slice_count());
  const DeidentifyResult result = run();
  EXPECT_EQ(result.instance_count, count);
  EXPECT_EQ(result.by_reason.at("face_present"), count);
  EXPECT_EQ(face()["because"], "unknown_shape");
}

TEST_F(DeidentifyFaceTest, SearchesAFaceThatItKnowsNoMore) {
  const HeadSeries head({});
  put_head("PAT-1", head);
  put_head("PAT-2", HeadSeries(GeneratedHead{.has_nose = false}));
  run();
  const Json before = face();
  decide(report(), {{read_review(report()).entries.at(0).held.id + "=keep"}, "A. Steward", "no face is left"});
  options_.on_existing = OnExisting::resume;
  options_.memory_limit_bytes = std::uint64_t{8} << 20;  // too little to search one
  const DeidentifyResult result = run();
  EXPECT_EQ(result.resumed_count, static_cast<std::size_t>(head.slice_count()));
  EXPECT_EQ(face(), before);
  EXPECT_EQ(face()["action"], "removed");
}

TEST_F(DeidentifyFaceTest, HoldsSlicesThatAreFineTogetherAlone) {
  const HeadSeries head({});
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    const std::string kind = z % 2 == 0 ? "EVEN" : "ODD";  // two stacks of 6 mm each
    put(place("PAT-1", z), head.slice("PAT-1", z).text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL\\" + kind));
  }
  put_series("PAT-2", 3);
  EXPECT_EQ(run().instance_count, 3U);
  EXPECT_EQ(face()["action"], "held");
  EXPECT_EQ(face()["because"], "unknown_shape");
}

TEST_F(DeidentifyFaceTest, CutsTheCopyOfASliceThatIsDelivered) {
  const HeadSeries head({});
  put_head("PAT-1", head);
  for (std::int64_t z = 20; z < 32; ++z) {  // exported twice, and listed first
    std::string copy = head.slice("PAT-1", z).bytes();
    copy[0] = static_cast<char>(z);  // of the preamble
    test::spill(folder_ / "in" / "PAT-0" / std::to_string(z), copy);
  }
  EXPECT_EQ(run().instance_count, static_cast<std::size_t>(head.slice_count()));
  const std::size_t changed = changed_voxels(head);
  options_.out = folder_ / "once";
  options_.inputs = {(folder_ / "in" / "PAT-1").string()};
  run();
  EXPECT_EQ(changed_voxels(head), changed);
}

TEST_F(DeidentifyFaceTest, HoldsWhatWasLostFromTheVolume) {
  const HeadSeries head({});
  put_head("PAT-1", head);
  put(place("PAT-1", 10), head.slice("PAT-1", 10).raw(0x7FE00010, "OW", "cut short"));
  put_series("PAT-2", 3);
  run();
  for (const Json& line : lines_of(report() / "inputs.jsonl")) {
    const bool is_cut_short = line["path"].get<std::string>().ends_with("PAT-1/10");
    EXPECT_TRUE(!is_cut_short || line["disposition"] != "used");
  }
}

TEST_F(DeidentifyFaceTest, LooksAtNothingWhereTheRecipeKeepsFaces) {
  options_.recipe.face = "keep";
  put_head("PAT-1", HeadSeries({}));
  run();
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels"], "kept");
  EXPECT_FALSE(std::filesystem::exists(report() / "faces.jsonl"));
}

TEST_F(DeidentifyFaceTest, LeavesOtherPartsOfTheBodyAsTheyAre) {
  const HeadSeries head(GeneratedHead{.is_limb = true});
  for (std::int64_t z = 0; z < head.slice_count(); ++z) {
    put(place("PAT-1", z), head.slice("PAT-1", z).text(0x00180015, "CS", "KNEE"));
  }
  EXPECT_EQ(run().instance_count, static_cast<std::size_t>(head.slice_count()));
  EXPECT_EQ(face()["action"], "kept");
  for (const Json& line : manifest()) EXPECT_EQ(line["pixels"], "kept");
}

TEST_F(DeidentifyFaceTest, GoesOnWithTheSameBytesAfterAnInterruption) {
  put_head("PAT-1", HeadSeries({}));
  run();
  const auto whole = test::contents(options_.out);
  options_.on_existing = OnExisting::resume;
  EXPECT_EQ(run().resumed_count, whole.size() - 4);  // what is no instance
  EXPECT_EQ(test::contents(options_.out), whole);
}

}  // namespace
}  // namespace naru
