#include "server/audit/ledger.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "tests/server/audit/ledgers.h"

namespace naru::server {
namespace {

using test::LedgerTest;
using ::testing::HasSubstr;

class LedgerAppend : public LedgerTest {};
NARU_FOR_EACH_DATABASE(LedgerAppend);

TEST_P(LedgerAppend, NumbersLeavesFromZeroWithoutGaps) {
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(append(ledger_, event(static_cast<int>(i))), i);
  const auto leaves = ledger_.leaves(1, 3);
  ASSERT_EQ(leaves.size(), 3U);
  EXPECT_THAT(leaves[0], HasSubstr(R"("number":1)"));
  EXPECT_THAT(leaves[2], HasSubstr(R"("object_id":"job-3")"));
  EXPECT_EQ(ledger_.leaves(3, 100).size(), 2U);
  EXPECT_TRUE(ledger_.leaves(5, 100).empty());
}

TEST_P(LedgerAppend, LeavesNothingOfATransactionThatIsRolledBack) {
  append(ledger_, event(0));
  EXPECT_THROW(in_transaction(*database_, Access::write,
                              [&](Transaction& transaction) {
                                ledger_.append(transaction, event(1));
                                throw std::runtime_error("what follows fails");
                              }),
               std::runtime_error);
  EXPECT_EQ(append(ledger_, event(2)), 1U);
  EXPECT_EQ(checkpoint().checkpoint.tree.size, 2U);
  EXPECT_EQ(problem(), "");
}

TEST_P(LedgerAppend, RefusesFreeTextAndTheTransactionWithIt) {
  LedgerEvent bad = event(0);
  bad.detail["note"] = "KIM MINSU";
  EXPECT_THROW(append(ledger_, bad), Error);
  EXPECT_EQ(append(ledger_, event(0)), 0U);
}

TEST_P(LedgerAppend, HasTheTreeOfItsLeavesAtEverySize) {
  GrowingTree tree;
  for (int i = 0; i < 70; ++i) {
    append(ledger_, event(i));
    tree.append(leaf_hash(ledger_.leaves(static_cast<std::uint64_t>(i), 1).at(0)));
    const auto found = checkpoint().checkpoint.tree;
    EXPECT_EQ(found, (TreeHead{tree.size(), tree.root()}));
  }
  EXPECT_EQ(problem(), "");
}

TEST_P(LedgerAppend, NumbersStaySerialWithManyWriters) {
  constexpr int kThreads = 8, kEach = 25;
  std::vector<std::thread> threads;
  std::array<std::vector<std::uint64_t>, kThreads> numbers;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        numbers[static_cast<std::size_t>(t)].push_back(append(ledger_, event(t * kEach + i)));
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 20; ++i) ledger_.checkpoint();  // signs while others append
  });
  for (std::thread& thread : threads) thread.join();
  std::set<std::uint64_t> all;
  for (const auto& mine : numbers) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(*all.rbegin(), static_cast<std::uint64_t>(kThreads * kEach - 1));
  EXPECT_EQ(checkpoint().checkpoint.tree.size, static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(problem(), "");
}

TEST_P(LedgerAppend, AClockThatJumpsBackChangesNoOrder) {
  grow(3);
  checkpoint();
  clock_.advance(-86'400'000);
  grow(5);
  EXPECT_EQ(checkpoint().checkpoint.tree.size, 5U);
  clock_.set(-1);
  grow(6);
  EXPECT_EQ(checkpoint().checkpoint.tree.size, 6U);
  EXPECT_EQ(problem(), "");
}

class LedgerCheckpoint : public LedgerTest {};
NARU_FOR_EACH_DATABASE(LedgerCheckpoint);

TEST_P(LedgerCheckpoint, IsSignedByTheLedgersKey) {
  grow(3);
  const SignedCheckpoint signed_checkpoint = checkpoint();
  EXPECT_EQ(signed_checkpoint.checkpoint.origin, "hospital.example/naru");
  EXPECT_TRUE(is_signed_by(signed_checkpoint.note, parse_verifier_key(ledger_.verifier_key()).value()));
  EXPECT_FALSE(is_signed_by(signed_checkpoint.note, parse_verifier_key(ledger_.witness_key()).value()));
}

TEST_P(LedgerCheckpoint, StaysAsItIsUntilTheTreeGrows) {
  const std::string empty = ledger_.checkpoint();
  EXPECT_THAT(empty, HasSubstr("\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")) << "SHA-256 of nothing";
  EXPECT_EQ(ledger_.checkpoint(), empty);
  EXPECT_EQ(ledger_.published_checkpoint(), empty);
  grow(2);
  const std::string first = ledger_.published_checkpoint();
  EXPECT_NE(first, empty) << "one of nothing is of no use once there is something";
  grow(3);
  EXPECT_EQ(ledger_.published_checkpoint(), first);
  const std::string next = ledger_.checkpoint();
  EXPECT_NE(next, first);
  EXPECT_EQ(ledger_.published_checkpoint(), next);
}

TEST_P(LedgerCheckpoint, KeysAndOriginOutliveTheProcess) {
  grow(2);
  const std::string made = ledger_.checkpoint();
  Ledger again(*database_, keys_, clock_, "hospital.example/naru");
  EXPECT_EQ(again.verifier_key(), ledger_.verifier_key());
  EXPECT_EQ(again.checkpoint(), made);
  Ledger random(*database_, keys_, clock_, ""), random_again(*database_, keys_, clock_, "");
  EXPECT_TRUE(random.origin().starts_with("naru.local/"));
  EXPECT_EQ(random.origin(), random_again.origin());
}

TEST_P(LedgerCheckpoint, RefusesOriginsAndKeysThatAreNone) {
  EXPECT_THROW(Ledger(*database_, keys_, clock_, "two words"), Error);
  EXPECT_THROW(Ledger(*database_, keys_, clock_, "a+b"), Error);
  const std::vector<std::string> keys = {"nonsense"}, witness = {ledger_.witness_key()};
  EXPECT_THROW(Ledger(*database_, keys_, clock_, "a", keys), Error);
  EXPECT_THROW(Ledger(*database_, keys_, clock_, "a", witness), Error) << "a witness is no log";
}

TEST_P(LedgerCheckpoint, IsRefusedWhereItWouldContradictTheLastOne) {
  grow(5);
  checkpoint();
  // The third leaf and all that follows from it, made anew as somebody with the database alone would.
  execute("UPDATE ledger_hashes SET sha256 = '" + to_hex(leaf_hash("x")) + "' WHERE level = 2 AND number = 0");
  grow(6);
  EXPECT_THROW(ledger_.checkpoint(), Error);
}

TEST_P(LedgerCheckpoint, IsRefusedWhereTheTreeShrank) {
  grow(5);
  checkpoint();
  execute("UPDATE ledger_head SET size = 3");
  EXPECT_THROW(ledger_.checkpoint(), Error);
}

class LedgerReceipt : public LedgerTest {};
NARU_FOR_EACH_DATABASE(LedgerReceipt);

TEST_P(LedgerReceipt, HoldsForEveryLeafAndCarriesIt) {
  grow(37);
  const VerifierKey key = parse_verifier_key(ledger_.verifier_key()).value();
  for (std::uint64_t number = 0; number < 37; ++number) {
    const auto receipt = parse_receipt(ledger_.receipt(number));
    ASSERT_TRUE(receipt);
    EXPECT_EQ(receipt->index, number);
    EXPECT_EQ(receipt->extra, ledger_.leaves(number, 1).at(0));
    EXPECT_TRUE(is_signed_by(receipt->checkpoint.note, key));
    EXPECT_TRUE(
        verify_inclusion(leaf_hash(receipt->extra), number, receipt->checkpoint.checkpoint.tree, receipt->proof));
  }
}

TEST_P(LedgerReceipt, OfALeafYoungerThanTheLastCheckpointMakesANewOne) {
  grow(2);
  checkpoint();
  grow(4);
  EXPECT_EQ(parse_receipt(ledger_.receipt(3))->checkpoint.checkpoint.tree.size, 4U);
  try {
    ledger_.receipt(4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
  }
}

class LedgerWitness : public LedgerTest {
 protected:
  const std::unique_ptr<Database> other_database_ = GetParam().make();
  const std::vector<std::string> known_ = {ledger_.verifier_key()};
  KeyStore other_keys_{folder_ / "other.key", true};
  Ledger witness_{*other_database_, other_keys_, clock_, "other.example/naru", known_};
  const std::vector<VerifierKey> witnesses_ = {parse_verifier_key(witness_.witness_key()).value()};
};
NARU_FOR_EACH_DATABASE(LedgerWitness);

TEST_P(LedgerWitness, CosignsALogThatGrows) {
  std::uint64_t old_size = 0;
  for (const std::uint64_t size : {0, 1, 7, 8, 20}) {
    grow(size);
    ledger_.checkpoint();
    const WitnessAnswer answer = witness_.add_checkpoint(ledger_.witness_request(old_size));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(ledger_.add_cosignatures(size, answer.body, witnesses_), 1U);
    EXPECT_EQ(ledger_.add_cosignatures(size, answer.body, witnesses_), 0U) << "it is there already";
    EXPECT_TRUE(is_signed_by(checkpoint().note, witnesses_[0]));
    old_size = size;
  }
  EXPECT_EQ(problem(), "");
  EXPECT_THROW(ledger_.witness_request(21), Error);
}

TEST_P(LedgerWitness, TellsWhatItSawWhereAskedFromAnotherSize) {
  grow(5);
  ledger_.checkpoint();
  ASSERT_EQ(witness_.add_checkpoint(ledger_.witness_request(0)).status, 200);
  const WitnessAnswer answer = witness_.add_checkpoint(ledger_.witness_request(3));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  EXPECT_EQ(answer.body, "5\n");
}

TEST_P(LedgerWitness, AnOldCheckpointThatIsReplayedIsRefused) {
  grow(3);
  ledger_.checkpoint();
  const std::string old_request = ledger_.witness_request(0);
  ASSERT_EQ(witness_.add_checkpoint(old_request).status, 200);
  grow(6);
  ledger_.checkpoint();
  ASSERT_EQ(witness_.add_checkpoint(ledger_.witness_request(3)).status, 200);
  EXPECT_EQ(witness_.add_checkpoint(old_request).status, 409);
}

TEST_P(LedgerWitness, ALogSetBackAndGrownDifferentlyIsFound) {
  grow(4);
  ledger_.checkpoint();
  ASSERT_EQ(witness_.add_checkpoint(ledger_.witness_request(0)).status, 200);
  // Somebody with the database and the master key writes another history.
  execute("DELETE FROM ledger_leaves");
  execute("DELETE FROM ledger_hashes");
  execute("DELETE FROM ledger_checkpoints");
  execute("UPDATE ledger_head SET size = 0");
  size_ = 0;
  clock_.advance(1);
  grow(4);
  ledger_.checkpoint();
  EXPECT_EQ(problem(), "") << "by itself the other history is whole";
  EXPECT_EQ(witness_.add_checkpoint(ledger_.witness_request(4)).status, 409);
  grow(6);
  ledger_.checkpoint();
  EXPECT_EQ(witness_.add_checkpoint(ledger_.witness_request(4)).status, 422);
}

TEST_P(LedgerWitness, KnowsNoLogButThoseItWasTold) {
  EXPECT_EQ(ledger_.add_checkpoint(witness_.witness_request(0)).status, 404);
  EXPECT_EQ(ledger_.add_checkpoint("old 0\n").status, 400);
}

TEST_P(LedgerWitness, OfTwoRequestsAtOnceOneIsCosigned) {
  grow(4);
  ledger_.checkpoint();
  const std::string first = ledger_.witness_request(0);
  grow(9);
  ledger_.checkpoint();
  const std::string second = ledger_.witness_request(0);
  std::array<int, 2> statuses{};
  std::thread a([&] { statuses[0] = witness_.add_checkpoint(first).status; });
  std::thread b([&] { statuses[1] = witness_.add_checkpoint(second).status; });
  a.join();
  b.join();
  EXPECT_EQ(statuses[0] + statuses[1], 200 + 409);
}

class LedgerTiles : public LedgerTest {};
NARU_FOR_EACH_DATABASE(LedgerTiles);

TEST_P(LedgerTiles, AreThoseOfThePublishedTree) {
  grow(5);
  EXPECT_EQ(ledger_.tile({false, 0, 0, 5}), std::nullopt) << "nothing is published yet";
  ledger_.checkpoint();
  const auto hashes = hashes_from_bytes(ledger_.tile({false, 0, 0, 5}).value()).value();
  const auto leaves = leaves_from_bundle(ledger_.tile({true, 0, 0, 5}).value()).value();
  ASSERT_EQ(hashes.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(hashes[i], leaf_hash(leaves[i]));
  EXPECT_EQ(ledger_.tile({false, 0, 0, 6}), std::nullopt);
  EXPECT_EQ(ledger_.tile({false, 0, 0, 256}), std::nullopt);
  EXPECT_EQ(ledger_.tile({false, 1, 0, 1}), std::nullopt);
  EXPECT_EQ(ledger_.tile({false, 63, 0, 1}), std::nullopt);
}

}  // namespace
}  // namespace naru::server
