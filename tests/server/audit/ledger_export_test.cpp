#include <gmock/gmock.h>

#include <map>

#include "tests/server/audit/ledgers.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using test::LedgerTest;
using ::testing::HasSubstr;

class LedgerExport : public LedgerTest {
 protected:
  fs::path out() const { return folder_ / "out"; }
  std::map<std::string, std::string> files(const fs::path& folder) const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file())
        found[entry.path().lexically_relative(folder).string()] = naru::test::slurp(entry.path());
    }
    return found;
  }
};
NARU_FOR_EACH_DATABASE(LedgerExport);

TEST_P(LedgerExport, HoldsTheFilesOfTheSpecification) {
  grow(300);
  ledger_.export_tiles(out());
  const auto found = files(out());
  std::vector<std::string> names;
  for (const auto& [name, bytes] : found) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1",
                                             "tile/entries/000", "tile/entries/001.p/44"}));
  EXPECT_EQ(found.at("checkpoint"), ledger_.checkpoint());
  const auto leaves = hashes_from_bytes(found.at("tile/0/000")).value();
  GrowingTree tree;
  for (const Hash& hash : leaves) tree.append(hash);
  EXPECT_EQ(hashes_from_bytes(found.at("tile/1/000.p/1")).value().at(0), tree.root());
}

TEST_P(LedgerExport, StepByStepGivesWhatOneStepGives) {
  for (const std::uint64_t size : {0, 3, 3, 255, 256, 257, 600}) {
    grow(size);
    ledger_.export_tiles(out());
  }
  const auto by_steps = files(out());
  ledger_.export_tiles(folder_ / "at once");
  for (const auto& [name, bytes] : files(folder_ / "at once")) EXPECT_EQ(by_steps.at(name), bytes) << name;
  EXPECT_FALSE(fs::exists(out() / "tile/0/000.p")) << "the full tile is there";
}

TEST_P(LedgerExport, OneThatWasCutOffIsCompletedByTheNext) {
  grow(10);
  ledger_.export_tiles(out());
  const std::string before = naru::test::slurp(out() / "checkpoint");
  grow(20);
  ledger_.export_tiles(out());
  // As a crash before the rename of the checkpoint leaves it: a tile whose bytes never came to the disk.
  naru::test::spill(out() / "checkpoint", before);
  naru::test::spill(out() / "tile/0/000.p/20", "");
  ledger_.export_tiles(out());
  EXPECT_EQ(naru::test::slurp(out() / "tile/0/000.p/20").size(), 640U);
  EXPECT_EQ(naru::test::slurp(out() / "checkpoint"), ledger_.checkpoint());
}

TEST_P(LedgerExport, IsRefusedIntoAFolderOfAnotherLedgerOrHistory) {
  grow(5);
  ledger_.export_tiles(out());
  Ledger other(*database_, keys_, clock_, "other.example/naru");
  EXPECT_THROW(other.export_tiles(out()), Error);
  // The same ledger, set back and grown differently.
  execute("DELETE FROM ledger_leaves");
  execute("DELETE FROM ledger_hashes");
  execute("DELETE FROM ledger_checkpoints");
  execute("UPDATE ledger_head SET size = 0");
  size_ = 0;
  clock_.advance(1);
  grow(8);
  EXPECT_THROW(ledger_.export_tiles(out()), Error);
  naru::test::spill(out() / "checkpoint", "nonsense");
  EXPECT_THROW(ledger_.export_tiles(out()), Error);
}

TEST_P(LedgerExport, BringsNewCosignatures) {
  grow(5);
  ledger_.export_tiles(out());
  const SigningKey witness("witness.example", KeyType::witness, std::string(32, 'w'));
  const std::vector<VerifierKey> known = {witness.verifier()};
  ASSERT_EQ(ledger_.add_cosignatures(5, to_text(witness.sign(checkpoint().note.text, 9)), known), 1U);
  ledger_.export_tiles(out());
  EXPECT_THAT(naru::test::slurp(out() / "checkpoint"), HasSubstr("— witness.example "));
}

}  // namespace
}  // namespace naru::server
