#include "pipeline/prepare.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <sstream>

#include "pipeline/outputs/nifti.h"
#include "pipeline/verify.h"
#include "tests/dicom/slice_bytes.h"
#include "tests/pipeline/prepare_fixture.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Fault;
using test::Json;
using test::lines_of;
using test::PhantomOptions;
using test::PrepareTest;
using ::testing::HasSubstr;

/// The corners of the manifest's affine, back in LPS, against the phantom's own grid after reorientation.
void expect_same_corners(const Json& line, const Grid& grid) {
  const auto rows = line["affine_ras"].get<std::vector<std::array<double, 4>>>();
  Affine ras;
  for (std::size_t r = 0; r < 3; ++r) ras.rows[r] = rows[r];
  const auto shape = line["shape"].get<std::array<std::int64_t, 3>>();
  const auto found = corners_in_patient({{shape[0], shape[1], shape[2]}, affine_ras(ras)});
  const auto expected = corners_in_patient(reoriented(grid, axis_map(grid.patient_from_voxel, "RAS")));
  for (std::size_t c = 0; c < 8; ++c) EXPECT_LT(norm(found[c] - expected[c]), 1e-3) << "corner " << c;
}

TEST_F(PrepareTest, KeepsEveryVoxelAndPlaceOnTheNativeGrid) {
  for (const auto& [row, column] : {std::pair<Vec3, Vec3>{{1, 0, 0}, {0, 1, 0}},
                                    {{0, 1, 0}, {0, 0, -1}},
                                    {{0.8, 0.6, 0}, {-0.6 * 0.6, 0.8 * 0.6, 0.8}}}) {
    const test::TempFolder fresh;
    PhantomOptions options;
    options.size = {20, 24, 9};
    options.row_direction = row;
    options.column_direction = column;
    const auto series = write_series(options, folder_ / "in");
    run("original-grid", OnExisting::replace);
    const Json line = manifest_line();
    expect_same_corners(line, series.grid);
    const auto image = read_nifti(folder_ / "out" / line["image"].get<std::string>(), 1 << 24).image;
    ASSERT_TRUE(image);
    const test::PhantomField field(options);
    const Affine patient_from_voxel = affine_ras(image->affine_ras);
    std::size_t offset = 0;
    for (std::int64_t k = 0; k < image->size.z; ++k) {
      for (std::int64_t j = 0; j < image->size.y; ++j) {
        for (std::int64_t i = 0; i < image->size.x; ++i, offset += 2) {
          std::int16_t value = 0;
          std::memcpy(&value, image->voxels.data() + offset, 2);
          ASSERT_NEAR(value, field(patient_from_voxel({double(i), double(j), double(k)})), 0.51)
              << i << ' ' << j << ' ' << k;
        }
      }
    }
    fs::remove_all(folder_ / "in");
  }
}

TEST_F(PrepareTest, ResamplesToOneMillimetreAroundTheSameCentre) {
  PhantomOptions options;
  const auto series = write_series(options, folder_ / "in");
  run("ct-1mm");
  const Json line = manifest_line();
  EXPECT_EQ(line["spacing_mm"], (Json{1.0, 1.0, 1.0}));
  EXPECT_EQ(line["shape"], (Json{51, 51, 25}));  // round(64 * 0.8), round(20 * 1.25)
  const auto rows = line["affine_ras"].get<std::vector<std::array<double, 4>>>();
  Affine ras;
  for (std::size_t r = 0; r < 3; ++r) ras.rows[r] = rows[r];
  const Vec3 center = Grid{{51, 51, 25}, affine_ras(ras)}.center_in_patient();
  EXPECT_LT(norm(center - series.grid.center_in_patient()), 1e-9);
}

TEST_F(PrepareTest, GivesTheSameBytesTwiceAndForAnyNumberOfThreads) {
  PhantomOptions ct, mr;
  write_series(ct, folder_ / "in/ct");
  mr.modality = "MR";
  mr.rescale.reset();
  mr.series_uid = "2.999.1.1.2";
  write_series(mr, folder_ / "in/mr");
  run("", OnExisting::refuse, 1, "one");
  run("", OnExisting::refuse, 4, "four");
  EXPECT_EQ(contents(folder_ / "one"), contents(folder_ / "four"));
  EXPECT_EQ(lines_of(folder_ / "one/manifest.jsonl").size(), 2U);
}

TEST_F(PrepareTest, MakesCasesSideBySideWithTheBytesOfOneAfterTheOther) {
  for (int n = 0; n < 7; ++n) {
    PhantomOptions options;
    options.size = {40, 30 + n, 12};
    options.series_uid = "2.999.6." + std::to_string(n);
    if (n == 3) options.fault = Fault::truncated;
    write_series(options, folder_ / "in" / std::to_string(n));
  }
  run("ct-1mm", OnExisting::refuse, 1, "one");
  run("ct-1mm", OnExisting::refuse, 0, "side");
  // The encoder's buffers alone leave no room for a second case.
  const std::uint64_t little = std::uint64_t{static_cast<unsigned>(Executor::cpu(0).thread_count())} << 24;
  const PrepareResult narrow = run("ct-1mm", OnExisting::refuse, 0, "narrow", little);
  EXPECT_EQ(narrow.case_count, 6U);
  EXPECT_LE(narrow.memory_used_bytes, little);
  EXPECT_EQ(contents(folder_ / "side"), contents(folder_ / "one"));
  EXPECT_EQ(contents(folder_ / "narrow"), contents(folder_ / "one"));
  EXPECT_EQ(test::slurp(folder_ / "side.report/inputs.jsonl"), test::slurp(folder_ / "one.report/inputs.jsonl"));
}

TEST_F(PrepareTest, SaysWhereTheTimeWent) {
  test::write_series({}, folder_ / "in");
  const PrepareResult result = run("ct-1mm");
  const Json json = to_json(result);
  double most = 0;
  for (const auto& [stage, time] : json["stages"].items()) {
    EXPECT_LE(time["seconds"], result.seconds) << stage;
    EXPECT_NEAR(time["share"].get<double>() * result.seconds, time["seconds"].get<double>(), 1e-9) << stage;
    most = std::max(most, time["seconds"].get<double>());
  }
  EXPECT_EQ(json["stages"].size(), kStageCount);
  for (const char* stage : {"scan", "read", "compute", "encode", "write"}) {
    EXPECT_GT(json["stages"][stage]["seconds"], 0) << stage;
  }
  EXPECT_EQ(json["stages"]["copy"]["seconds"], 0);  // no device, one volume
  EXPECT_GT(most, 0);
  EXPECT_THAT(test::slurp(folder_ / "out.report/report.html"), HasSubstr("time by stage"));
}

TEST_F(PrepareTest, TracesEveryStageOfEveryCaseWithoutPatientData) {
  for (const char* number : {"1", "2"}) {
    PhantomOptions options;
    options.series_uid = std::string("2.999.6.") + number;
    options.token = "TOKEN7";
    write_series(options, folder_ / "in" / number);
  }
  trace_ = folder_ / "t.json";
  run("ct-1mm");
  const std::string text = test::slurp(trace_);
  std::map<std::string, std::set<std::string>> stages;  // of each case
  const Json trace = Json::parse(text);
  for (const Json& event : trace.at("traceEvents")) {
    if (event["ph"] == "X") stages[event["args"].value("case", "")].insert(event["cat"].get<std::string>());
  }
  EXPECT_EQ(stages.size(), 3U);  // the job itself, and each case
  for (const Json& line : lines_of(folder_ / "out/manifest.jsonl")) {
    const auto& of_case = stages[line["case"]];
    for (const char* stage : {"case", "read", "compute", "encode", "write"})
      EXPECT_TRUE(of_case.contains(stage)) << stage;
  }
  for (const char* secret : {"TOKEN7", "2.999.6", "in/"}) EXPECT_EQ(text.find(secret), std::string::npos) << secret;
}

TEST_F(PrepareTest, WritesNoTraceIntoWhatItReadsOrDelivers) {
  test::write_series({}, folder_ / "in");
  for (const char* name : {"out", "out/t.json", "out.report/t.json", "in/t.json", "absent/t.json"}) {
    trace_ = folder_ / name;
    EXPECT_EQ(code_of_run("ct-1mm"), ErrorCode::usage) << name;
    EXPECT_FALSE(fs::exists(folder_ / "out")) << name;
    EXPECT_FALSE(fs::exists(trace_)) << name;
  }
}

TEST_F(PrepareTest, ChoosesTheRecipeByModality) {
  PhantomOptions ct, mr;
  write_series(ct, folder_ / "in/ct");
  mr.modality = "MR";
  mr.rescale.reset();
  mr.series_uid = "2.999.1.1.2";
  write_series(mr, folder_ / "in/mr");
  run();
  std::map<std::string, std::string> recipes;
  for (const Json& line : lines_of(folder_ / "out/manifest.jsonl")) recipes[line["modality"]] = line["recipe"];
  EXPECT_EQ(recipes, (std::map<std::string, std::string>{{"CT", "ct-1mm"}, {"MR", "mr-1mm"}}));
}

TEST_F(PrepareTest, WritesWhatVerifyConfirms) {
  test::write_series({}, folder_ / "in");
  run();
  Executor executor = Executor::cpu(1);
  const VerifyResult result = verify(folder_ / "out", 1 << 30, executor, cancel_, on_progress_);
  EXPECT_THAT(result.differences, ::testing::IsEmpty());
  EXPECT_EQ(result.case_count, 1U);
}

TEST_F(PrepareTest, CroissantNamesColumnsThatTheManifestHas) {
  test::write_series({}, folder_ / "in");
  run();
  const Json croissant = Json::parse(test::slurp(folder_ / "out/croissant.json"));
  EXPECT_EQ(croissant["@context"]["column"], "cr:column");
  for (const Json& field : croissant["recordSet"][0]["field"]) {
    EXPECT_TRUE(manifest_line().contains(field["source"]["extract"].value("column", ""))) << field["name"];
  }
}

/// What Croissant 1.0 asks for and no program can know is the recipe's to say, and made up by nobody.
TEST_F(PrepareTest, CroissantSaysOfItsPublicationWhatTheRecipeSays) {
  test::write_series({}, folder_ / "in");
  run();
  const Json silent = Json::parse(test::slurp(folder_ / "out/croissant.json"));
  EXPECT_THAT(silent["license"], ::testing::HasSubstr("Not stated"));
  for (const char* key : {"url", "creator", "datePublished", "version"}) EXPECT_FALSE(silent.contains(key)) << key;
  test::spill(folder_ / "my.toml",
              "schema = \"naru.recipe/1\"\nname = \"my\"\n[output]\nlicense = \"CC-BY-4.0\"\n"
              "url = \"https://hospital.example/liver\"\ncreator = \"A Hospital\"\nversion = \"1.2.0\"\n"
              "date_published = \"2026-11-28\"\n");
  run((folder_ / "my.toml").string(), OnExisting::replace);
  const Json stated = Json::parse(test::slurp(folder_ / "out/croissant.json"));
  EXPECT_EQ(stated["license"], "CC-BY-4.0");
  EXPECT_EQ(stated["url"], "https://hospital.example/liver");
  EXPECT_EQ(stated["creator"]["name"], "A Hospital");
  EXPECT_EQ(stated["version"], "1.2.0");
  EXPECT_EQ(stated["datePublished"], "2026-11-28");
  EXPECT_EQ(Json::parse(test::slurp(folder_ / "out/dataset.json"))["recipe"]["output"]["license"], "CC-BY-4.0");
}

TEST_F(PrepareTest, LetsNoByteOfTheHeaderReachTheDataset) {
  const std::string token = "ZQXJTOKEN";
  PhantomOptions options;
  options.token = token;
  options.patient_id = token + "ID";
  options.file_prefix = token;
  write_series(options, folder_ / "in" / (token + "^folder"));
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  run("original-grid");
  std::string everything = testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout();
  for (const auto& [name, bytes] : contents(folder_ / "out")) everything += name + '\n' + bytes;
  const auto image = read_nifti(folder_ / "out" / manifest_line()["image"].get<std::string>(), 1 << 24).image;
  ASSERT_TRUE(image);
  everything.append(reinterpret_cast<const char*>(image->voxels.data()), image->voxels.size());
  EXPECT_THAT(everything, ::testing::Not(::testing::HasSubstr(token)));
  for (const std::string& uid : {options.study_uid + ".", options.series_uid, std::string("2.999")}) {
    EXPECT_THAT(everything, ::testing::Not(::testing::HasSubstr("\"" + uid))) << uid;
  }
  // The token was really there: the hospital's own report names the source path.
  EXPECT_THAT(test::slurp(folder_ / "out.report/inputs.jsonl"), ::testing::HasSubstr(token));
}

TEST_F(PrepareTest, FreeTextInTheAttributesOfUnitsStays) {
  PhantomOptions options;
  options.size = {8, 8, 3};
  for (const fs::path& file : write_series(options, folder_ / "in").files) {
    std::string bytes = test::slurp(file);
    const std::size_t slope = bytes.find(std::string("\x28\0\x53\x10", 4) + "DS");
    ASSERT_NE(slope, std::string::npos);
    const std::size_t length = static_cast<unsigned char>(bytes[slope + 6]);
    bytes.insert(slope + 8 + length, test::SliceBytes::element(0x00281054, "LO", "Lee Younghee"));
    test::spill(file, bytes);
  }
  run("original-grid");
  EXPECT_TRUE(manifest_line()["units"].is_null());
  for (const auto& [name, bytes] : contents(folder_ / "out")) {
    EXPECT_EQ(bytes.find("Younghee"), std::string::npos) << name;
  }
  EXPECT_EQ(test::slurp(folder_ / "out.report/series.jsonl").find("Younghee"), std::string::npos);
}

TEST_F(PrepareTest, RejectsEachFaultWithItsCodeAndDeliversTheRest) {
  const struct {
    Fault fault;
    const char* reason;
    const char* others;
  } cases[] = {
      {Fault::missing_slices, "rejected:gap", ""},
      {Fault::truncated, "rejected:truncated", "rejected:gap"},
      {Fault::short_pixel_data, "rejected:corrupt", "rejected:gap"},
      {Fault::variable_spacing, "rejected:variable_spacing", ""},
  };
  for (const auto& c : cases) {
    write_good_and(c.fault);
    const PrepareResult result = run("ct-1mm", OnExisting::replace);
    EXPECT_EQ(result.case_count, 1U) << c.reason;
    EXPECT_TRUE(result.has_rejects) << c.reason;
    const auto found = reasons();
    EXPECT_TRUE(found.contains(c.reason)) << c.reason << ": " << Json(found);
    EXPECT_TRUE(*c.others == '\0' || found.contains(c.others)) << c.reason << ": " << Json(found);
    fs::remove_all(folder_ / "in");
  }
}

TEST_F(PrepareTest, ASliceThatCannotBeDecodedIsAGap) {
  PhantomOptions options;
  options.transfer_syntax_uid = "1.2.840.10008.1.2.4.80";
  const auto files = write_series(options, folder_ / "in").files;
  std::string bytes = test::slurp(files.at(files.size() / 2));
  bytes.replace(bytes.size() - 200, 160, 160, '\xff');
  test::spill(files[files.size() / 2], bytes);
  const std::string start = "schema = \"naru.recipe/1\"\nname = \"r\"\n[geometry]\ngap = ";
  EXPECT_EQ(code_of_run(start + "\"reject\"\n"), ErrorCode::nothing_delivered);
  for (const auto& [gap, slices] : {std::pair("interpolate", 1.0), {"keep_longest_run", 0.5}}) {
    run(start + "\"" + gap + "\"\n", OnExisting::replace);
    EXPECT_EQ(reasons()["rejected:corrupt"], 1) << gap;
    const Json line = manifest_line();
    EXPECT_EQ(line["findings"][0]["code"], "gap");
    EXPECT_NEAR(line["shape"][2].get<double>(), slices * static_cast<double>(files.size()), 1) << gap;
  }
}

TEST_F(PrepareTest, AccountsForEveryFileGiven) {
  write_good_and(Fault::localizer);
  test::spill(folder_ / "in/notes.txt", "not DICOM at all");
  test::spill(folder_ / "in/empty", "");
  run();
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "in")) files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(lines_of(folder_ / "out.report/inputs.jsonl").size(), files);
  const auto found = reasons();
  EXPECT_EQ(found.at("rejected:not_dicom"), 2);
  EXPECT_EQ(found.at("excluded:localizer"), 1);
}

TEST_F(PrepareTest, AbsurdSizesCostOneLineAndNoMemory) {
  for (const Fault fault : {Fault::zero_rows, Fault::absurd_rows, Fault::absurd_frames}) {
    write_good_and(fault);
    const PrepareResult result = run("", OnExisting::replace);
    EXPECT_EQ(result.case_count, 1U);
    EXPECT_TRUE(result.has_rejects);
    fs::remove_all(folder_ / "in");
  }
}

TEST_F(PrepareTest, ReportsButPublishesNothingWhereNothingIsUsable) {
  test::spill(folder_ / "in/notes.txt", "not DICOM at all");
  EXPECT_EQ(code_of_run(), ErrorCode::nothing_delivered);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_TRUE(fs::exists(folder_ / "out.report/report.html"));
  EXPECT_EQ(reasons().at("rejected:not_dicom"), 1);
}

TEST_F(PrepareTest, ExcludesWhatTheRecipeDoesNotSelect) {
  test::write_series({}, folder_ / "in");
  EXPECT_EQ(code_of_run("mr-1mm"), ErrorCode::nothing_delivered);
  EXPECT_EQ(reasons().at("excluded:not_selected"), 20);
}

TEST_F(PrepareTest, MakesACaseThatTheMemoryBoundCannotHoldSlabBySlab) {
  PhantomOptions large;
  large.size = {512, 512, 40};
  write_series(large, folder_ / "in/large");
  PhantomOptions small;
  small.series_uid = "2.999.1.1.3";
  write_series(small, folder_ / "in/small");
  const PrepareResult result = run("ct-1mm", OnExisting::refuse, 1, "out", std::uint64_t{24} << 20);
  EXPECT_EQ(result.case_count, 2U);
  EXPECT_LE(result.memory_used_bytes, std::uint64_t{24} << 20);
  EXPECT_TRUE(reasons().empty());
}

TEST_F(PrepareTest, KeepsPatientsTogetherInASplitAndApartFromTheirNames) {
  for (int patient = 0; patient < 12; ++patient) {
    for (int series = 0; series < 2; ++series) {
      PhantomOptions options;
      options.size = {8, 8, 3};
      options.patient_id = "PAT" + std::to_string(patient);
      options.study_uid = "2.999.5." + std::to_string(patient);
      options.series_uid = options.study_uid + "." + std::to_string(series);
      write_series(options, folder_ / "in" / options.series_uid);
    }
  }
  run("schema = \"naru.recipe/1\"\nname = \"s\"\n[split]\ntrain = 0.5\nval = 0.25\ntest = 0.25\n");
  std::map<std::string, std::set<std::string>> splits;
  for (const Json& line : lines_of(folder_ / "out/manifest.jsonl")) splits[line["patient"]].insert(line["split"]);
  EXPECT_EQ(splits.size(), 12U);
  std::set<std::string> seen;
  for (const auto& [patient, found] : splits) {
    EXPECT_EQ(found.size(), 1U) << patient;
    seen.insert(*found.begin());
  }
  EXPECT_GT(seen.size(), 1U);
}

/// Else the series of one study could fall into two splits.
TEST_F(PrepareTest, ASeriesWithoutAPatientIdIsOfThePatientOfItsStudy) {
  PhantomOptions options;
  options.size = {8, 8, 3};
  for (const char* id : {"PAT1", ""}) {
    options.patient_id = id;
    options.series_uid = options.study_uid + (*id == 0 ? ".1" : ".2");
    write_series(options, folder_ / "in" / options.series_uid);
  }
  run();
  const auto lines = lines_of(folder_ / "out/manifest.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["patient"], lines[1]["patient"]);
}

TEST_F(PrepareTest, APatientIdWithAndWithoutItsOneIssuerIsOnePatient) {
  PhantomOptions options;
  options.size = {8, 8, 3};
  options.patient_id = "PAT1";
  for (const bool has_issuer : {false, true}) {
    options.study_uid = has_issuer ? "2.999.5.1" : "2.999.5.2";
    options.series_uid = options.study_uid + ".1";
    const fs::path folder = folder_ / "in" / options.series_uid;
    write_series(options, folder);
    if (!has_issuer) continue;
    for (const auto& file : fs::directory_iterator(folder)) {
      std::string bytes = test::slurp(file.path());
      const std::string patient_id = test::SliceBytes::element(0x00100020, "LO", "PAT1");
      const std::size_t at = bytes.find(patient_id);
      ASSERT_NE(at, std::string::npos);
      bytes.insert(at + patient_id.size(), test::SliceBytes::element(0x00100021, "LO", "HOSPITAL"));
      test::spill(file.path(), bytes);
    }
  }
  run();
  const auto lines = lines_of(folder_ / "out/manifest.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0]["study"], lines[1]["study"]);
  EXPECT_EQ(lines[0]["patient"], lines[1]["patient"]);
}

TEST_F(PrepareTest, NnunetLayoutHasWhatNnunetReads) {
  test::write_series({}, folder_ / "in");
  run("ct-nnunet");
  const Json dataset = Json::parse(test::slurp(folder_ / "out/dataset.json"));
  EXPECT_EQ(dataset["channel_names"]["0"], "CT");
  EXPECT_EQ(dataset["numTraining"], 1);
  EXPECT_EQ(dataset["file_ending"], ".nii.gz");
  EXPECT_THAT(manifest_line()["image"].get<std::string>(),
              ::testing::MatchesRegex("imagesTr/case-[0-9a-f]+_0000\\.nii\\.gz"));
}

TEST_F(PrepareTest, ReportPageIsSelfContainedAndShowsEveryCase) {
  write_good_and(Fault::gantry_tilt);
  run();
  const std::string page = test::slurp(folder_ / "out.report/report.html");
  EXPECT_THAT(page, ::testing::HasSubstr(manifest_line()["case"].get<std::string>()));
  EXPECT_THAT(page, ::testing::HasSubstr("gantry_tilt"));
  EXPECT_THAT(page, ::testing::Not(::testing::HasSubstr("http://")));
  EXPECT_THAT(page, ::testing::Not(::testing::HasSubstr("https://")));
  EXPECT_THAT(page, ::testing::Not(::testing::HasSubstr("<script")));
  std::size_t pictures = 0;
  for (std::size_t at = 0; (at = page.find("data:image/png;base64,", at)) != std::string::npos; ++at) ++pictures;
  EXPECT_EQ(pictures, 6U);
}

TEST_F(PrepareTest, SealedLinksLeadBackToTheSource) {
  test::write_series({}, folder_ / "in");
  run();
  const std::string sealed = test::slurp(folder_ / "out.report/link.sealed");
  EXPECT_THAT(sealed, ::testing::Not(::testing::HasSubstr("PHANTOM-1")));
  const Json link = Json::parse(ProjectKey::load(folder_ / "k.key").unseal(std::as_bytes(std::span(sealed))));
  EXPECT_EQ(link["patient_id"], "PHANTOM-1");
  EXPECT_EQ(link["case"], manifest_line()["case"]);
}

TEST_F(PrepareTest, SearchesWhatPeopleWroteToBePublished) {
  PhantomOptions options;
  options.patient_id = "HZ883412";
  write_series(options, folder_ / "in");
  const auto refusal = [&](const std::string& recipe) -> std::string {
    try {
      run("schema = \"naru.recipe/1\"\n" + recipe);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal("name = \"t\"\n[output]\ncreator = \"HZ883412\"\n"), HasSubstr("[output]"));
  EXPECT_THAT(refusal("name = \"hz883412\"\n"), HasSubstr("nothing was published"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  const std::string blanks = "name = \"t\"\n[deidentify]\noptions = [\"clean-pixel-data\"]\n";
  const std::string box = "rows = 2\ncolumns = 2\nx = 0\ny = 0\nwidth = 1\nheight = 1\n";
  const std::string region = "[[pixels.regions]]\nmodality = \"CT\"\n" + box;
  for (const std::string& said :
       {blanks + region + "manufacturer = \"GE MEDICAL SYSTEMS\"\nmodel = \"HZ883412\"\n",
        blanks + region + "manufacturer = \"HZ883412\"\n",
        std::string(
            "name = \"t\"\n[deidentify]\nprivate = [{group = \"0019\", creator = \"HZ883412\", element = \"0C\", "
            "keep = false}]\n")}) {
    EXPECT_THAT(refusal(said), HasSubstr("nothing was published")) << said;
    EXPECT_FALSE(fs::exists(folder_ / "out")) << said;
  }
  EXPECT_EQ(refusal("name = \"t\"\n[output]\ncreator = \"A Hospital\"\n"), "");
  EXPECT_THAT(test::slurp(folder_ / "out/croissant.json"), HasSubstr("A Hospital"));
}

/// A recipe with two words to remove, one of them a patient's id.
std::string recipe_of_words(const std::string& other) {
  return "schema = \"naru.recipe/1\"\nname = \"w\"\n[deidentify]\nkeep_words = [\"Gated\"]\nremove_words = [\"" +
         other + "\", \"HZ883412\"]\n";
}

TEST_F(PrepareTest, TheHospitalsListsOfWordsStayWithTheHospital) {
  PhantomOptions options;
  options.patient_id = "HZ883412";
  write_series(options, folder_ / "in");
  const std::string recipe = recipe_of_words("Zonnebloem");
  run(recipe);
  const Recipe whole = parse_recipe(recipe, "test");
  Recipe told = whole;
  told.keep_words = told.remove_words = {};
  for (const auto& [name, bytes] : contents(folder_ / "out")) {
    for (const char* word : {"Zonnebloem", "Gated", "HZ883412"})
      EXPECT_THAT(bytes, ::testing::Not(HasSubstr(word))) << name;
    EXPECT_THAT(bytes, ::testing::Not(HasSubstr(recipe_sha256(whole))))
        << name << ": a hash over them lets a guess be tested";
  }
  const Json dataset = Json::parse(test::slurp(folder_ / "out/dataset.json"));
  EXPECT_EQ(dataset["words_withheld"], 3);
  EXPECT_EQ(dataset["recipes"][0]["sha256"], recipe_sha256(told));
  EXPECT_EQ(manifest_line()["recipe_sha256"], recipe_sha256(told));
  EXPECT_THAT(test::slurp(folder_ / "out/README.md"), HasSubstr(recipe_sha256(told)));
  Executor executor = Executor::cpu(1);
  EXPECT_THAT(verify(folder_ / "out", 1 << 30, executor, cancel_, on_progress_).differences, ::testing::IsEmpty());
  const Json record = Json::parse(test::slurp(folder_ / "out.report/record.json"));
  EXPECT_EQ(record["policies"][0]["policy_sha256"], recipe_sha256(whole)) << "the hospital's own record";
  EXPECT_EQ(run(recipe, OnExisting::resume).resumed_count, 1U);
  EXPECT_EQ(code_of_run(recipe_of_words("Zonnebloemen"), OnExisting::resume), ErrorCode::output_exists);
}

TEST_F(PrepareTest, ResumeWithOtherListsOfWordsDoesTheWorkAnew) {
  for (int series = 0; series < 2; ++series) {
    PhantomOptions options;
    options.series_uid = "2.999.6." + std::to_string(series);
    write_series(options, folder_ / "in" / options.series_uid);
  }
  const auto interrupt = [&] {
    on_progress_ = [&](const Progress& p) {
      if (p.unit == "cases" && p.done == 1) throw Error(ErrorCode::disk_full, "as if");
    };
    EXPECT_EQ(code_of_run(recipe_of_words("Zonnebloem"), OnExisting::resume), ErrorCode::disk_full);
    on_progress_ = [](const Progress&) {};
  };
  interrupt();
  EXPECT_EQ(run(recipe_of_words("Roos"), OnExisting::resume).resumed_count, 0U);
  fs::remove_all(folder_ / "out");
  fs::remove_all(folder_ / "out.report");
  interrupt();
  EXPECT_GE(run(recipe_of_words("Zonnebloem"), OnExisting::resume).resumed_count, 1U) << "of the same it does not";
}

/// OUT is published before the trace is written: a full disk there is no failure of the job.
TEST_F(PrepareTest, PublishesWhereTheTraceFindsItsDiskFull) {
  test::write_series({}, folder_ / "in");
  trace_ = folder_ / "t.json";
  fs::create_symlink("/dev/full", folder_ / "t.json.tmp");
  ::testing::internal::CaptureStderr();
  const PrepareResult result = run("ct-1mm");
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(result.case_count, 1U);
  EXPECT_TRUE(fs::exists(folder_ / "out/manifest.jsonl"));
  EXPECT_FALSE(fs::exists(trace_));
  EXPECT_THAT(told, ::testing::HasSubstr("the file of --trace was not written (disk_full)"));
  EXPECT_THAT(told, ::testing::Not(::testing::HasSubstr("a file of the dataset")));
}

TEST_F(PrepareTest, TellsHowManyStudiesAreThrough) {
  for (const auto& [study, series] :
       {std::pair("2.999.8.1", "2.999.8.1.1"), {"2.999.8.1", "2.999.8.1.2"}, {"2.999.8.2", "2.999.8.2.1"}}) {
    PhantomOptions options;
    options.study_uid = study;
    options.series_uid = series;
    write_series(options, folder_ / "in" / series);
  }
  std::vector<std::uint64_t> through;
  on_progress_ = [&](const Progress& p) {
    if (p.unit != "cases") return;
    EXPECT_EQ(p.studies, 2U);
    through.push_back(p.studies_done);
  };
  EXPECT_EQ(run("original-grid").case_count, 3U);
  // One of them has two cases, which are anywhere in the order.
  EXPECT_THAT(through, ::testing::AnyOf(::testing::ElementsAre(0, 1, 2), ::testing::ElementsAre(1, 1, 2)));
}

/// Bits Stored of 12, and a value of 4096 and more: read as stated it would be nearly 0. Nothing is made up, or left
/// out, in place of such a slice.
TEST_F(PrepareTest, RefusesTheSeriesWhoseValuesBitsStoredDoesNotHold) {
  PhantomOptions options;
  options.modality = "MR";
  options.bits_stored = 12;
  options.is_signed = false;
  options.rescale.reset();
  const auto files = write_series(options, folder_ / "in").files;
  std::string bytes = test::slurp(files.at(files.size() / 2));
  bytes.back() = '\x10';
  test::spill(files[files.size() / 2], bytes);
  const std::string start = "schema = \"naru.recipe/1\"\nname = \"r\"\n[geometry]\ngap = ";
  for (const char* const gap : {"\"reject\"\n", "\"interpolate\"\n", "\"keep_longest_run\"\n"}) {
    EXPECT_EQ(code_of_run(start + gap, OnExisting::replace), ErrorCode::nothing_delivered) << gap;
    EXPECT_EQ(reasons()["rejected:unused_bits_set"], static_cast<int>(files.size())) << gap;
    const Json stack = lines_of(folder_ / "out.report/series.jsonl").at(0);
    EXPECT_EQ(stack["findings"].back()["code"], "unused_bits_set") << gap;
  }
}

}  // namespace
}  // namespace naru
