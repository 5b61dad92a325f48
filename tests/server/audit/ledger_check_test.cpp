/// What `check_at_start` finds: each way to change the database that keeps a ledger.
#include <gmock/gmock.h>

#include "tests/server/audit/ledgers.h"

namespace naru::server {
namespace {

using test::LedgerTest;
using ::testing::HasSubstr;

class LedgerCheck : public LedgerTest {
 protected:
  /// A ledger with a checkpoint within and one at the end.
  void make() {
    grow(7);
    checkpoint();
    grow(13);
    checkpoint();
  }
};
NARU_FOR_EACH_DATABASE(LedgerCheck);

TEST_P(LedgerCheck, AWholeLedgerIsWhole) {
  EXPECT_EQ(problem(), "") << "an empty one too";
  ledger_.checkpoint();
  EXPECT_EQ(problem(), "");
  make();
  EXPECT_EQ(problem(), "");
  grow(15);
  EXPECT_EQ(problem(), "") << "leaves after the last checkpoint are in order";
}

TEST_P(LedgerCheck, ALedgerOfSeveralPagesIsWholeAndALateChangeIsFound) {
  grow(1024);
  checkpoint();
  grow(2500);
  checkpoint();
  EXPECT_EQ(problem(), "");
  execute(
      "UPDATE ledger_hashes SET sha256 = (SELECT sha256 FROM ledger_hashes WHERE level = 0 AND number = 0) "
      "WHERE level = 11 AND number = 0");
  EXPECT_THAT(problem(), HasSubstr("hash 0 of level 11"));
}

TEST_P(LedgerCheck, FindsALeafThatWasChanged) {
  make();
  execute("UPDATE ledger_leaves SET leaf = REPLACE(leaf, 'user-1', 'user-2') WHERE number = 4");
  EXPECT_THAT(problem(), HasSubstr("hash 4 of level 0"));
}

TEST_P(LedgerCheck, FindsALeafThatWasChangedWithItsHash) {
  make();
  execute("UPDATE ledger_leaves SET leaf = '{}' WHERE number = 4");
  execute("UPDATE ledger_hashes SET sha256 = '" + to_hex(leaf_hash("{}")) + "' WHERE level = 0 AND number = 4");
  EXPECT_THAT(problem(), HasSubstr("hash 2 of level 1"));
}

TEST_P(LedgerCheck, FindsAHistoryThatWasWrittenAnew) {
  make();
  const std::string before = ledger_.leaves(12, 1).at(0);
  execute("DELETE FROM ledger_leaves WHERE number >= 12");
  execute(
      "DELETE FROM ledger_hashes WHERE (number + 1) * CASE level WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 8 END "
      "> 12");
  execute("UPDATE ledger_head SET size = 12");
  size_ = 12;
  clock_.advance(1);  // all that differs is the time
  grow(13);
  EXPECT_NE(ledger_.leaves(12, 1).at(0), before);
  EXPECT_THAT(problem(), HasSubstr("first 13 leaves are not those of their checkpoint"));
}

TEST_P(LedgerCheck, FindsALeafThatWasRemoved) {
  make();
  execute("DELETE FROM ledger_leaves WHERE number = 4");
  EXPECT_THAT(problem(), HasSubstr("it has 12 leaves and says 13"));
}

TEST_P(LedgerCheck, FindsALeafThatWasMoved) {
  make();
  execute("UPDATE ledger_leaves SET number = 99 WHERE number = 4");
  EXPECT_THAT(problem(), HasSubstr("leaf 4 is missing"));
}

TEST_P(LedgerCheck, FindsATreeThatWasSetBack) {
  make();
  execute("UPDATE ledger_head SET size = 9");
  EXPECT_THAT(problem(), HasSubstr("it has 13 leaves and says 9"));
  execute("DELETE FROM ledger_leaves WHERE number >= 9");
  EXPECT_THAT(problem(), HasSubstr("more or fewer hashes"));
  execute(
      "DELETE FROM ledger_hashes WHERE (number + 1) * CASE level WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 8 END "
      "> 9");
  EXPECT_THAT(problem(), HasSubstr("shorter than its last checkpoint"));
}

TEST_P(LedgerCheck, FindsAHashThatWasRemovedOrAdded) {
  make();
  execute("INSERT INTO ledger_hashes (level, number, sha256) VALUES (5, 0, '" + to_hex(Hash{}) + "')");
  EXPECT_THAT(problem(), HasSubstr("more or fewer hashes"));
  execute("DELETE FROM ledger_hashes WHERE level = 1 AND number = 0");
  EXPECT_THAT(problem(), HasSubstr("hash 0 of level 1 is missing"));
}

TEST_P(LedgerCheck, FindsACheckpointWithinThatWasChanged) {
  make();
  execute("UPDATE ledger_checkpoints SET note = (SELECT note FROM ledger_checkpoints WHERE size = 13) WHERE size = 7");
  EXPECT_THAT(problem(), HasSubstr("first 7 leaves are not those of their checkpoint"));
  execute("UPDATE ledger_checkpoints SET note = 'nonsense' WHERE size = 7");
  EXPECT_NE(problem(), "");
}

TEST_P(LedgerCheck, FindsThatAllCheckpointsWereRemoved) {
  make();
  execute("DELETE FROM ledger_checkpoints");
  EXPECT_THAT(problem(), HasSubstr("without a checkpoint"));
}

TEST_P(LedgerCheck, AServerThatWasKilledBeforeItsFirstCheckpointStartsAgain) {
  grow(3);
  EXPECT_EQ(problem(), "");
  Ledger other(*database_, keys_, clock_, "other.example/naru");
  EXPECT_NO_THROW(other.check_at_start(folder_ / "ledger")) << "nothing was signed under the first name";
}

TEST_P(LedgerCheck, FindsThatItIsNotWhatWasExported) {
  make();
  ledger_.export_tiles(folder_ / "ledger");
  grow(15);
  EXPECT_EQ(problem(), "");
  execute("DELETE FROM ledger_checkpoints WHERE size > 7");
  execute("DELETE FROM ledger_leaves WHERE number >= 12");
  execute(
      "DELETE FROM ledger_hashes WHERE (number + 1) * CASE level WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 8 END "
      "> 12");
  execute("UPDATE ledger_head SET size = 12");
  EXPECT_THAT(problem(), HasSubstr("not what was exported before"));
  size_ = 12;
  clock_.advance(1);
  grow(15);
  EXPECT_THAT(problem(), HasSubstr("not what was exported before"));
}

TEST_P(LedgerCheck, FindsASignatureThatIsNotTheLedgers) {
  make();
  const SigningKey forger(ledger_.origin(), KeyType::log, std::string(32, 'f'));
  const std::string text = checkpoint().note.text;
  in_transaction(*database_, Access::write, [&](Transaction& transaction) {
    transaction.execute("UPDATE ledger_checkpoints SET note = $1 WHERE size = 13",
                        {to_text(Note{text, {forger.sign(text)}})});
  });
  EXPECT_THAT(problem(), HasSubstr("not signed by its key"));
}

TEST_P(LedgerCheck, FindsThatItIsTheLedgerOfAnotherOrigin) {
  make();
  Ledger other(*database_, keys_, clock_, "other.example/naru");
  EXPECT_THROW(other.check_at_start(folder_ / "ledger"), Error);
}

TEST_P(LedgerCheck, DoesNotOpenUnderAnotherMasterKey) {
  make();
  KeyStore other(folder_ / "other.key", true);
  EXPECT_THROW(Ledger(*database_, other, clock_, "hospital.example/naru"), Error);
}

}  // namespace
}  // namespace naru::server
