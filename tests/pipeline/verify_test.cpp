#include "pipeline/verify.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <sstream>

#include "pipeline/case_store.h"
#include "pipeline/prepare.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test::PhantomOptions phantom;
    phantom.size = {16, 16, 6};
    write_series(phantom, folder_ / "in");
    test::spill(folder_ / "k.key", std::string(64, '3'));
    ::chmod((folder_ / "k.key").c_str(), 0600);
    prepare_with(std::nullopt);
    line_ = Json::parse(test::slurp(out_ / "manifest.jsonl"));
    image_ = line_["image"].get<std::string>();
  }
  void prepare_with(const std::optional<Recipe>& recipe) {
    PrepareOptions options;
    options.inputs = {(folder_ / "in").string()};
    options.out = out_;
    options.recipe = recipe;
    options.memory_limit_bytes = 1 << 30;
    options.on_existing = OnExisting::replace;
    std::istringstream no_input;
    prepare(options, ProjectKey::load(folder_ / "k.key"), executor_, no_input, cancel_, [](const Progress&) {});
  }
  std::vector<std::string> differences() {
    return verify(out_, 1 << 30, executor_, cancel_, [](const Progress&) {}).differences;
  }
  /// Writes a changed document and corrects what states its checksum, as a careful forger would.
  void forge(const Json& json, const std::string& file = "manifest.jsonl") { write_with_sum(file, json.dump() + "\n"); }
  void write_with_sum(const std::string& file, const std::string& text) {
    const std::string before = hash_file(out_ / file)->sha256;
    test::spill(out_ / file, text);
    const auto correct = [&](std::string of) {
      return of.replace(of.find(before), 64, hash_file(out_ / file)->sha256);
    };
    test::spill(out_ / "SHA256SUMS", correct(test::slurp(out_ / "SHA256SUMS")));
    if (file == "manifest.jsonl") write_with_sum("croissant.json", correct(test::slurp(out_ / "croissant.json")));
  }
  /// Takes a file away with its line in SHA256SUMS.
  void remove_with_sum(const std::string& file) {
    std::string sums = test::slurp(out_ / "SHA256SUMS");
    sums.erase(sums.find("  " + file + "\n") - 64, 64 + 2 + file.size() + 1);
    test::spill(out_ / "SHA256SUMS", sums);
    std::filesystem::remove(out_ / file);
  }
  void add_with_sum(const std::string& file, const std::string& text) {
    test::spill(out_ / file, text);
    const std::string sums = test::slurp(out_ / "SHA256SUMS");
    test::spill(out_ / "SHA256SUMS", sums + hash_file(out_ / file)->sha256 + "  " + file + "\n");
  }

  test::TempFolder folder_;
  std::filesystem::path out_ = folder_ / "out";
  Executor executor_ = Executor::cpu(1);
  CancelToken cancel_;
  Json line_;
  std::string image_;
};

TEST_F(VerifyTest, ConfirmsAWholeDataset) { EXPECT_THAT(differences(), ::testing::IsEmpty()); }

TEST_F(VerifyTest, NamesAChangedByte) {
  std::string bytes = test::slurp(out_ / image_);
  bytes[bytes.size() / 2] ^= 1;
  test::spill(out_ / image_, bytes);
  EXPECT_THAT(differences(), Contains(HasSubstr(image_ + ": has another SHA-256")));
}

TEST_F(VerifyTest, NamesMissingAndAddedFiles) {
  std::filesystem::remove(out_ / image_);
  test::spill(out_ / "images/notes.txt", "x");
  EXPECT_THAT(differences(), Contains(HasSubstr(image_ + ": is missing")));
  EXPECT_THAT(differences(), Contains(HasSubstr("images/notes.txt: is not in SHA256SUMS")));
}

TEST_F(VerifyTest, ConfirmsAVolumeTurnedBy45Degrees) {
  const double half = std::sqrt(0.5);
  test::PhantomOptions turned;
  turned.size = {12, 10, 6};
  turned.row_direction = {half, half, 0};
  turned.column_direction = {-half, half, 0};
  std::filesystem::remove_all(folder_ / "in");
  write_series(turned, folder_ / "in");
  for (const std::string axes : {"RAS", "ARS", "SPL"}) {
    prepare_with(
        parse_recipe("schema = \"naru.recipe/1\"\nname = \"turned\"\n[orient]\naxes = \"" + axes + "\"\n", "test"));
    EXPECT_THAT(differences(), ::testing::IsEmpty()) << axes;
  }
}

TEST_F(VerifyTest, NamesEachForgedPromise) {
  const std::pair<const char*, Json> forgeries[] = {
      {"shape", {1, 2, 3}},
      {"dtype", "float32"},
      {"sha256", std::string(64, '0')},
      {"size_bytes", 1},
      {"spacing_mm", {2, 2, 2}},
      {"recipe_sha256", std::string(64, '0')},
      {"affine_ras", {{1, 0, 0, 5}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}},
  };
  for (const auto& [key, value] : forgeries) {
    Json forged = line_;
    forged[key] = value;
    forge(forged);
    EXPECT_THAT(differences(), ::testing::Not(::testing::IsEmpty())) << key;
  }
  Json forged = line_;
  forged["statistics"]["mean"] = 1e6;
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("other statistics")));
}

TEST_F(VerifyTest, ClipBoundsHoldAsTheVoxelTypeHoldsThem) {
  const struct {
    const char *clip, *dtype;
    double min, max;  // what a sound dataset may reach
  } cases[] = {
      {"[0.6, 10.6]", "int16", 1, 11},
      {"[40000, 50000]", "int16", 32767, 32767},
      {"[-2000, 0.1]", "float32", -2000, static_cast<double>(0.1F)},
      {"[-2000, -900.1]", "float32", -2000, static_cast<double>(-900.1F)},
  };
  for (const auto& c : cases) {
    for (const std::string when : {"before", "after"}) {
      prepare_with(parse_recipe(
          "schema = \"naru.recipe/1\"\nname = \"clipped\"\n[intensity]\nclip = " + std::string(c.clip) +
              "\nclip_when = \"" + when + "\"\nnormalize = \"none\"\n[output]\ndtype = \"" + c.dtype + "\"\n",
          "test"));
      EXPECT_THAT(differences(), ::testing::IsEmpty()) << c.clip << when;
      Json line = Json::parse(test::slurp(out_ / "manifest.jsonl"));
      EXPECT_GE(line["statistics"]["min"].get<double>(), c.min);
      EXPECT_LE(line["statistics"]["max"].get<double>(), c.max);
      line["statistics"]["max"] = c.max + 1;
      forge(line);
      EXPECT_THAT(differences(), Contains(HasSubstr("outside the recipe's clip range"))) << c.clip << when;
    }
  }
}

TEST_F(VerifyTest, NamesAVoxelTypeThatTheRecipeDoesNotPromise) {
  Json dataset = Json::parse(test::slurp(out_ / "dataset.json"));
  Json& item = dataset["recipes"][0];
  item["recipe"]["output"]["dtype"] = line_["dtype"] == "int16" ? "float32" : "int16";
  const std::string text = item["recipe"].dump();
  item["sha256"] = sha256_hex(text);
  forge(dataset, "dataset.json");
  Json line = line_;
  line["recipe_sha256"] = item["sha256"];
  forge(line);
  EXPECT_THAT(differences(),
              ::testing::ElementsAre(HasSubstr("has another recipe"), HasSubstr("has not the recipe's voxel type")));
}

TEST_F(VerifyTest, NamesEachForgedOrMissingCount) {
  const Json dataset = Json::parse(test::slurp(out_ / "dataset.json"));
  for (const std::string key : {"cases", "patients", "studies", "series", "by_modality", "by_split"}) {
    Json forged = dataset;
    if (key.starts_with("by_")) {
      forged["counts"][key] = {{"XX", 1}};
    } else {
      forged["counts"][key] = 99;
    }
    forge(forged, "dataset.json");
    EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr("counts." + key + " "))) << key;
    if (key == "cases") continue;
    forged["counts"].erase(key);
    forge(forged, "dataset.json");
    EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr("counts." + key + " "))) << key;
  }
}

TEST_F(VerifyTest, NamesAMalformedAffine) {
  Json forged = line_;
  forged["affine_ras"].erase(3);
  forged["affine_ras"].erase(2);
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("lacks a key")));
  forged["affine_ras"] = Json::array({{1}, {2}, {3}});
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("lacks a key")));
}

// A path that is too long cannot be opened by anybody, root included.
TEST_F(VerifyTest, NamesAFolderThatCannotBeListed) {
  const std::string name(250, 'd');
  int folder = ::open(out_.c_str(), O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 17; ++depth) {
    ASSERT_EQ(::mkdirat(folder, name.c_str(), 0700), 0);
    const int inner = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY);
    ::close(folder);
    folder = inner;
  }
  ::close(folder);
  EXPECT_THAT(differences(), Contains(HasSubstr("cannot be listed")));
}

TEST_F(VerifyTest, NamesAMissingKey) {
  Json forged = line_;
  forged.erase("affine_ras");
  forge(forged);
  EXPECT_THAT(differences(), Contains(HasSubstr("lacks a key")));
}

/// Two million levels would take more than the stack of a program has.
TEST_F(VerifyTest, SurvivesDocumentsNestedWithoutEnd) {
  const std::string deep = std::string(2'000'000, '[') + std::string(2'000'000, ']');
  for (const char* file : {"manifest.jsonl", "dataset.json"}) {
    const std::string whole = test::slurp(out_ / file);
    test::spill(out_ / file,
                whole.substr(0, whole.find('{') + 1) + "\"deep\":" + deep + "," + whole.substr(whole.find('{') + 1));
    EXPECT_THAT(differences(), Contains(HasSubstr(std::string(file) + ": has another SHA-256")));
    test::spill(out_ / file, whole);
  }
  Json forged = line_;
  forged["shape"] = "deep";
  std::string text = forged.dump();
  test::spill(out_ / "manifest.jsonl", text.replace(text.find("\"deep\""), 6, deep) + "\n");
  EXPECT_THAT(differences(), Contains(HasSubstr("another shape")));
}

TEST_F(VerifyTest, RefusesWhatIsNoDataset) {
  EXPECT_THROW(verify(folder_ / "in", 1 << 30, executor_, cancel_, [](const Progress&) {}), Error);
  EXPECT_THROW(verify(folder_ / "absent", 1 << 30, executor_, cancel_, [](const Progress&) {}), Error);
}

/// What is clipped before it is interpolated by weights of both signs goes beyond the clip.
TEST_F(VerifyTest, ConfirmsWhatOvershootsItsClip) {
  for (const std::string interpolator : {"bspline", "lanczos"}) {
    prepare_with(
        parse_recipe("schema = \"naru.recipe/1\"\nname = \"clipped\"\n[resample]\nspacing_mm = [1, 1, 1]\n"
                     "interpolator = \"" +
                         interpolator +
                         "\"\n[intensity]\nclip = [-20, 30]\nclip_when = \"before\"\n[output]\n"
                         "dtype = \"float32\"\n",
                     "test"));
    const Json line = Json::parse(test::slurp(out_ / "manifest.jsonl"));
    EXPECT_GT(line["statistics"]["max"].get<double>(), 30);
    EXPECT_THAT(differences(), ::testing::IsEmpty()) << interpolator;
  }
}

/// 0 units beside the source are none of the values that were clipped before.
TEST_F(VerifyTest, ConfirmsWhatLiesBesideTheSource) {
  prepare_with(
      parse_recipe("schema = \"naru.recipe/1\"\nname = \"clipped\"\n[resample]\nspacing_mm = [3, 3, 3]\n"
                   "convention = \"torchio\"\n[intensity]\nclip = [100, 300]\nclip_when = \"before\"\n",
                   "test"));
  const Json line = Json::parse(test::slurp(out_ / "manifest.jsonl"));
  EXPECT_EQ(line["statistics"]["min"].get<double>(), 0);
  EXPECT_THAT(differences(), ::testing::IsEmpty());
}

/// As a server delivers it. What only has a receipt's name, or lies elsewhere, is a stranger like any other.
TEST_F(VerifyTest, ConfirmsADatasetWithItsReceipt) {
  const std::string receipt = "c2sp.org/tlog-proof@v1\nindex 0\n";
  const std::filesystem::path file = out_ / "receipt.tlog-proof";
  const auto is_stranger = ::testing::ElementsAre(HasSubstr("receipt.tlog-proof: is "));
  test::spill(file, receipt);
  EXPECT_THAT(differences(), ::testing::IsEmpty());
  const std::vector<std::string> others = {"notes\n", "c2sp.org/tlog-proof@v10\n", "",
                                           receipt + std::string(std::size_t{1} << 20, 'x')};
  for (const std::string& other : others) {
    test::spill(file, other);
    EXPECT_THAT(differences(), is_stranger) << other.size();
  }
  std::filesystem::remove(file);
  test::spill(out_ / "images/receipt.tlog-proof", receipt);
  EXPECT_THAT(differences(), is_stranger);
  std::filesystem::remove(out_ / "images/receipt.tlog-proof");
  test::spill(folder_ / "elsewhere", receipt);
  std::filesystem::create_symlink(folder_ / "elsewhere", file);
  EXPECT_THAT(differences(), is_stranger);
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(differences(), is_stranger);
}

TEST_F(VerifyTest, NamesAPromisedFileThatWentWithItsSum) {
  const std::string image = test::slurp(out_ / image_);
  remove_with_sum(image_);
  std::filesystem::remove(out_ / "images");
  EXPECT_THAT(differences(), ::testing::ElementsAre(image_ + ": is in manifest.jsonl but not in SHA256SUMS"));
  add_with_sum(image_, image);
  for (const std::string document : {"README.md", "croissant.json"}) {
    const std::string text = test::slurp(out_ / document);
    remove_with_sum(document);
    EXPECT_THAT(differences(), Contains(document + ": is missing"));
    add_with_sum(document, text);
  }
  Json with_mask = line_;
  with_mask["redaction"] = {{"image", "redactions/" + line_["case"].get<std::string>() + ".nii.gz"},
                            {"sha256", std::string(64, '0')},
                            {"size_bytes", 1}};
  forge(with_mask);
  EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr("nii.gz: is in manifest.jsonl but not in SHA256SUMS")));
  forge(line_);
  EXPECT_THAT(differences(), ::testing::IsEmpty());
}

TEST_F(VerifyTest, NamesAFileThatNoCaseNamesWhateverItsSum) {
  for (const std::string file : {"images/extra.nii.gz", "images/notes.txt", "splits.json"}) {
    add_with_sum(file, "one");
    EXPECT_THAT(differences(), ::testing::ElementsAre(file + ": is in SHA256SUMS but not in manifest.jsonl"));
    remove_with_sum(file);
  }
  EXPECT_THAT(differences(), ::testing::IsEmpty());
}

TEST_F(VerifyTest, NamesAnImageOfTwoCases) {
  Json second = line_;
  second["case"] = line_["case"].get<std::string>() + "-more";
  write_with_sum("manifest.jsonl", line_.dump() + "\n" + second.dump() + "\n");
  EXPECT_THAT(differences(), Contains(image_ + ": is named twice in manifest.jsonl"));
  // By another path to the same file.
  second["image"] = "images/./" + image_.substr(7);
  write_with_sum("manifest.jsonl", line_.dump() + "\n" + second.dump() + "\n");
  const std::string sums = test::slurp(out_ / "SHA256SUMS");
  test::spill(out_ / "SHA256SUMS",
              sums + line_["sha256"].get<std::string>() + "  " + second["image"].get<std::string>() + "\n");
  EXPECT_THAT(differences(), Contains(HasSubstr("SHA256SUMS: names a file twice")));
}

TEST_F(VerifyTest, NamesAnImageThatIsNotWhereItsLayoutPutsIt) {
  const std::string elsewhere = "images/other.nii.gz";
  const std::string image = test::slurp(out_ / image_);
  remove_with_sum(image_);
  add_with_sum(elsewhere, image);
  Json forged = line_;
  forged["image"] = elsewhere;
  forge(forged);
  EXPECT_THAT(differences(),
              ::testing::ElementsAre(elsewhere + ": is not at " + image_ + ", where the recipe's layout puts it"));
}

TEST_F(VerifyTest, CountsAgainWhatNnunetReads) {
  prepare_with(load_recipe("ct-nnunet"));
  EXPECT_THAT(differences(), ::testing::IsEmpty());
  const Json dataset = Json::parse(test::slurp(out_ / "dataset.json"));
  EXPECT_EQ(dataset["numTraining"], 1);
  const std::pair<const char*, Json> forgeries[] = {
      {"numTraining", 99}, {"channel_names", {{"0", "MR"}}}, {"file_ending", ".nii"}};
  for (const auto& [key, value] : forgeries) {
    Json forged = dataset;
    forged[key] = value;
    forge(forged, "dataset.json");
    EXPECT_THAT(differences(), ::testing::ElementsAre(HasSubstr(std::string("dataset.json: ") + key + " is missing")));
  }
}

/// Whatever interpolates, the map to [0, 1] comes last.
TEST_F(VerifyTest, HoldsWhatIsNormalisedToItsRange) {
  const std::string head = "schema = \"naru.recipe/1\"\nname = \"unit\"\n[resample]\nspacing_mm = [1.5, 1.5, 1.5]\n";
  const auto make = [&](const std::string& interpolator, const std::string& normalize, const std::string& clip) {
    prepare_with(parse_recipe(head + "interpolator = \"" + interpolator + "\"\n[intensity]\nclip = " + clip +
                                  "\nclip_when = \"before\"\nnormalize = \"" + normalize + "\"\n",
                              "test"));
    EXPECT_THAT(differences(), ::testing::IsEmpty()) << interpolator << normalize << clip;
  };
  make("nearest", "window", "[999.1, 999.2]");  // f32 leads far beyond 1e-6
  for (const std::string interpolator : {"linear", "bspline", "lanczos"}) {
    for (const std::string normalize : {"window", "minmax", "percentile"}) make(interpolator, normalize, "[-20, 30]");
  }
  for (const auto& [key, value] : {std::pair{"max", 1.01}, std::pair{"min", -0.01}}) {
    Json forged = Json::parse(test::slurp(out_ / "manifest.jsonl"));
    forged["statistics"][key] = value;
    forge(forged);
    EXPECT_THAT(differences(), Contains(HasSubstr("outside [0, 1]"))) << key;
  }
}

TEST_F(VerifyTest, ComparesCroissantWithTheManifest) {
  const Json whole = Json::parse(test::slurp(out_ / "croissant.json"));
  const auto told = [&](const Json& forged) {
    forge(forged, "croissant.json");
    return differences();
  };
  Json forged = whole;
  forged["distribution"][0]["sha256"] = std::string(64, '0');
  EXPECT_THAT(told(forged), ::testing::ElementsAre(HasSubstr("another SHA-256 of manifest.jsonl")));
  forged = whole;
  forged["distribution"][0]["contentUrl"] = "other.jsonl";
  EXPECT_THAT(told(forged), Contains(HasSubstr("another SHA-256 of other.jsonl")));
  EXPECT_THAT(told(forged), Contains(HasSubstr("does not name manifest.jsonl")));
  forged = whole;
  forged["distribution"][1]["includes"] = "pictures/*.nii*";
  EXPECT_THAT(told(forged), ::testing::ElementsAre(HasSubstr("does not lead to every image")));
  forged = whole;
  forged["name"] = "another";
  EXPECT_THAT(told(forged), ::testing::ElementsAre(HasSubstr("another name")));
  forged = whole;
  forged.erase("distribution");
  EXPECT_THAT(told(forged), ::testing::ElementsAre(HasSubstr("lacks a key")));
  EXPECT_THAT(told(whole), ::testing::IsEmpty());
}

TEST_F(VerifyTest, NamesALineThatIsNoJsonAndTheImageThatNobodyVouchesForThen) {
  write_with_sum("manifest.jsonl", "{\n");
  EXPECT_THAT(differences(), Contains("manifest.jsonl: line 1 lacks a key or is no JSON"));
  EXPECT_THAT(differences(), Contains(image_ + ": is in SHA256SUMS but not in manifest.jsonl"));
}

/// Files that SHA256SUMS names are read for it; others are read for their line.
TEST_F(VerifyTest, ComparesAnImageWithItsLineWhetherSha256sumsNamesItOrNot) {
  std::string changed = test::slurp(out_ / image_);
  changed.back() = static_cast<char>(changed.back() ^ 1);
  const std::string differs = image_ + ": has another SHA-256 than manifest.jsonl says";
  test::spill(out_ / image_, changed);
  EXPECT_THAT(differences(), Contains(differs));
  remove_with_sum(image_);
  test::spill(out_ / image_, changed);
  EXPECT_THAT(differences(), Contains(differs));
  EXPECT_THAT(differences(), Contains(image_ + ": is not in SHA256SUMS"));
}

}  // namespace
}  // namespace naru
