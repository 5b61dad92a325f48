#include "server/audit_verify.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/server/audit/ledgers.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using naru::test::slurp;
using naru::test::spill;
using test::LedgerTest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A ledger of 600 leaves that was exported, with a receipt and a checkpoint of its beginning.
class AuditVerify : public LedgerTest {
 protected:
  void SetUp() override {
    grow(280);
    spill(folder_ / "old", ledger_.checkpoint());
    LedgerEvent published{"dataset.published", "org-1", "server", "dataset-1", {{"sha256", std::string(64, 'a')}}};
    append(ledger_, published);
    ++size_;
    grow(600);
    ledger_.export_tiles(out());
    spill(folder_ / "r.tlog-proof", ledger_.receipt(280));
    question_.key = ledger_.verifier_key();
  }
  fs::path out() const { return folder_ / "out"; }
  std::vector<std::string> differences(std::vector<fs::path> inputs) {
    question_.inputs = std::move(inputs);
    return audit(question_, {}).differences;
  }
  /// Replaces one byte of a file.
  void flip(const fs::path& file, std::size_t at) {
    std::string bytes = slurp(file);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    spill(file, bytes);
  }
  AuditQuestion question_;
};
// What is checked here are files; the engine that they come from makes no difference.
INSTANTIATE_TEST_SUITE_P(Databases, AuditVerify, testing::Values(test::databases_under_test().front()),
                         [](const auto& each) { return each.param.name; });

TEST_P(AuditVerify, WhatTheLedgerGaveOutIsAsPromised) {
  question_.inputs = {out(), folder_ / "r.tlog-proof", folder_ / "old"};
  question_.sums_sha256 = std::string(64, 'a');
  const AuditResult result = audit(question_, {});
  EXPECT_THAT(result.differences, IsEmpty());
  const nlohmann::json json = to_json(result);
  EXPECT_EQ(json["schema"], "naru.audit/1");
  EXPECT_EQ(json["origin"], "hospital.example/naru");
  EXPECT_EQ(json["whole"], true);
  ASSERT_EQ(json["inputs"].size(), 3U);
  EXPECT_EQ(json["inputs"][0]["index"], 280);
  EXPECT_EQ(json["inputs"][0]["leaf"]["object_id"], "dataset-1");
  EXPECT_EQ(json["inputs"][2]["kind"], "ledger");
  EXPECT_EQ(json["inputs"][2]["entries"], 600);
}

TEST_P(AuditVerify, ALeafOfAStrangerMayBeNestedAsDeepAsItLikes) {
  const std::string leaf = R"({"number":0,"schema":"naru.ledger-leaf/1","detail":)" + std::string(100'000, '[') +
                           std::string(100'000, ']') + "}";
  const SigningKey stranger("hospital.example/naru", KeyType::log, std::string(SigningKey::kSeedBytes, 's'));
  const Checkpoint checkpoint{"hospital.example/naru", {1, leaf_hash(leaf)}, {}};
  const Note note{to_text(checkpoint), {stranger.sign(to_text(checkpoint))}};
  spill(folder_ / "deep", to_text(Receipt{leaf, 0, {}, {checkpoint, note}}));
  question_.inputs = {folder_ / "deep"};
  question_.sums_sha256 = std::string(64, 'a');
  const AuditResult result = audit(question_, {});
  EXPECT_THAT(result.differences, Contains(HasSubstr("is not signed by")));
  EXPECT_LT(to_json(result).dump().size(), 10'000U);
}

TEST_P(AuditVerify, KeysMayBeInFiles) {
  spill(folder_ / "key", ledger_.verifier_key() + "\n");
  question_.key = (folder_ / "key").string();
  EXPECT_THAT(differences({out()}), IsEmpty());
}

TEST_P(AuditVerify, WithoutARightKeyNothingIsChecked) {
  for (const std::string& key : {std::string("nonsense"), ledger_.witness_key(), std::string()}) {
    question_.key = key;
    EXPECT_THROW(differences({out()}), Error);
  }
  question_.key = ledger_.verifier_key();
  EXPECT_THROW(differences({folder_ / "nothing"}), Error);
}

TEST_P(AuditVerify, FindsThatAnotherKeySigned) {
  const SigningKey other("hospital.example/naru", KeyType::log, std::string(32, 'o'));
  question_.key = to_text(other.verifier());
  EXPECT_THAT(differences({folder_ / "r.tlog-proof"}),
              ElementsAre(HasSubstr("r.tlog-proof: the checkpoint is not signed by hospital.example/naru")));
  EXPECT_THAT(differences({out()}), Contains(HasSubstr("checkpoint is not signed")));
}

TEST_P(AuditVerify, EveryChangedByteOfAReceiptIsFound) {
  const std::string receipt = slurp(folder_ / "r.tlog-proof");
  for (std::size_t i = 0; i < receipt.size(); ++i) {
    flip(folder_ / "r.tlog-proof", i);
    EXPECT_THAT(differences({folder_ / "r.tlog-proof"}), testing::Not(IsEmpty())) << "byte " << i;
    spill(folder_ / "r.tlog-proof", receipt);
  }
}

TEST_P(AuditVerify, AChangedByteOfAnyExportedFileIsFound) {
  for (const auto& entry : fs::recursive_directory_iterator(out())) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = slurp(entry.path());
    for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      flip(entry.path(), at);
      EXPECT_THAT(differences({out()}), testing::Not(IsEmpty())) << entry.path() << " byte " << at;
      spill(entry.path(), bytes);
    }
    spill(entry.path(), bytes.substr(0, bytes.size() - 1));
    EXPECT_THAT(differences({out()}), testing::Not(IsEmpty())) << entry.path() << " shortened";
    fs::remove(entry.path());
    EXPECT_THAT(differences({out()}), testing::Not(IsEmpty())) << entry.path() << " removed";
    spill(entry.path(), bytes);
  }
  EXPECT_THAT(differences({out()}), IsEmpty());
}

TEST_P(AuditVerify, SaysWhichLeafDiffers) {
  const fs::path bundle = out() / "tile/entries/001";
  flip(bundle, 10);
  EXPECT_THAT(differences({out()}), ElementsAre(AllOf(HasSubstr("tile/entries/001"), HasSubstr("leaf 256 "))));
}

TEST_P(AuditVerify, ACopyOfTheHashesAloneIsChecked) {
  fs::remove_all(out() / "tile/entries");
  question_.inputs = {out()};
  const AuditResult result = audit(question_, {});
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_EQ(result.inputs[0].entry_count, 0U);
}

TEST_P(AuditVerify, AFullTileStandsForAPartialOne) {
  const std::string checkpoint = slurp(out() / "checkpoint");
  const fs::path copy = folder_ / "copy";
  fs::copy(out(), copy, fs::copy_options::recursive);
  grow(800);
  ledger_.export_tiles(copy);
  spill(copy / "checkpoint", checkpoint);  // copied before the tiles were
  EXPECT_THAT(differences({copy}), IsEmpty());
}

TEST_P(AuditVerify, FindsALedgerThatWasWrittenAnew) {
  execute("DELETE FROM ledger_leaves");
  execute("DELETE FROM ledger_hashes");
  execute("DELETE FROM ledger_checkpoints");
  execute("UPDATE ledger_head SET size = 0");
  size_ = 0;
  clock_.advance(1);
  grow(600);
  ledger_.export_tiles(folder_ / "anew");
  EXPECT_THAT(differences({folder_ / "anew"}), IsEmpty()) << "by itself it is whole";
  EXPECT_THAT(differences({folder_ / "anew", folder_ / "old"}), ElementsAre(HasSubstr("first 280 leaves")));
  EXPECT_THAT(differences({folder_ / "anew", folder_ / "r.tlog-proof"}), Contains(HasSubstr("first 600 leaves")));
  spill(folder_ / "new checkpoint", ledger_.checkpoint());
  EXPECT_THAT(differences({folder_ / "new checkpoint", folder_ / "r.tlog-proof"}),
              Contains(HasSubstr("shows another tree of 600 leaves")));
}

TEST_P(AuditVerify, ACheckpointNeedsALedgerThatIsLongEnough) {
  EXPECT_THAT(differences({folder_ / "old"}), ElementsAre(HasSubstr("give the exported ledger as well")));
  grow(601);
  spill(folder_ / "new", ledger_.checkpoint());
  EXPECT_THAT(differences({folder_ / "new", out()}), ElementsAre(HasSubstr("longer ledger than was given")));
}

TEST_P(AuditVerify, EveryWitnessThatIsAskedForMustHaveCosigned) {
  const SigningKey witness("witness.example", KeyType::witness, std::string(32, 'w'));
  question_.witnesses = {to_text(witness.verifier())};
  EXPECT_THAT(differences({out()}), ElementsAre(HasSubstr("not cosigned by witness.example")));
  const std::vector<VerifierKey> known = {witness.verifier()};
  ledger_.add_cosignatures(600, to_text(witness.sign(checkpoint().note.text, 9)), known);
  ledger_.export_tiles(out());
  EXPECT_THAT(differences({out()}), IsEmpty());
  question_.witnesses = {ledger_.verifier_key()};
  EXPECT_THROW(differences({out()}), Error) << "a log is no witness";
}

TEST_P(AuditVerify, SoManyOfTheWitnessesAsAreRequired) {
  const SigningKey one("one.example", KeyType::witness, std::string(32, '1'));
  const SigningKey two("two.example", KeyType::witness, std::string(32, '2'));
  question_.witnesses = {to_text(one.verifier()), to_text(two.verifier())};
  question_.witnesses_required = 1;
  EXPECT_THAT(differences({out()}), ElementsAre(HasSubstr("cosigned by 0 of the witnesses, 1 are required")));
  const std::vector<VerifierKey> known = {one.verifier()};
  ledger_.add_cosignatures(600, to_text(one.sign(checkpoint().note.text, 9)), known);
  ledger_.export_tiles(out());
  EXPECT_THAT(differences({out()}), IsEmpty());
  question_.witnesses_required = 2;
  EXPECT_THAT(differences({out()}), ElementsAre(HasSubstr("cosigned by 1 of the witnesses, 2 are required")));
  question_.witnesses_required = 3;
  EXPECT_THROW(differences({out()}), Error) << "more than were given";
  question_.witnesses = {to_text(one.verifier()), to_text(one.verifier())};
  question_.witnesses_required = 2;
  EXPECT_THROW(differences({out()}), Error) << "one witness, named twice";
}

TEST_P(AuditVerify, OfAnExportTheLastCosignedCheckpointCountsForTheWitnesses) {
  const SigningKey witness("witness.example", KeyType::witness, std::string(32, 'w'));
  const std::vector<VerifierKey> known = {witness.verifier()};
  ledger_.add_cosignatures(600, to_text(witness.sign(checkpoint().note.text, 9)), known);
  grow(610);
  ledger_.export_tiles(out());
  question_.witnesses = {to_text(witness.verifier())};
  EXPECT_THAT(differences({out()}), IsEmpty());
  // One of another tree shows, however well it is signed.
  const std::string text = to_text(Checkpoint{"hospital.example/naru", {600, Hash{}}, {}});
  spill(out() / "checkpoint.cosigned", to_text(Note{text, {witness.sign(text, 9)}}));
  EXPECT_THAT(differences({out()}), Contains(HasSubstr("not signed by hospital.example/naru")));
}

TEST_P(AuditVerify, AReceiptOfAnotherDatasetIsNotThisOnes) {
  question_.sums_sha256 = std::string(64, 'b');
  EXPECT_THAT(differences({folder_ / "r.tlog-proof"}),
              ElementsAre(HasSubstr("no receipt that was given is this dataset's")));
}

TEST_P(AuditVerify, WhatIsNeitherReceiptNorCheckpointIsSaid) {
  spill(folder_ / "x", "hello\n");
  EXPECT_THAT(differences({folder_ / "x"}), ElementsAre(HasSubstr("neither a receipt nor a checkpoint")));
  fs::create_directory(folder_ / "empty");
  EXPECT_THAT(differences({folder_ / "empty"}), ElementsAre(HasSubstr("no exported ledger")));
}

}  // namespace
}  // namespace naru::server
