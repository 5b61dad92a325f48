#include "server/audit/witness.h"

#include <gtest/gtest.h>

#include "tests/server/audit/trees.h"

namespace naru::server {
namespace {

using test::StoredTree;

class WitnessTest : public ::testing::Test {
 protected:
  const SigningKey log_{"example.com/log", KeyType::log, std::string(32, 'a')};
  const SigningKey other_{"example.com/log", KeyType::log, std::string(32, 'b')};
  const SigningKey witness_{"witness.example", KeyType::witness, std::string(32, 'w')};
  const std::vector<VerifierKey> known_ = {log_.verifier()};
  const StoredTree tree_{20};

  WitnessRequest request(std::uint64_t old_size, std::uint64_t size, const SigningKey& key,
                         const std::string& origin = "example.com/log") const {
    const Checkpoint checkpoint{origin, tree_.head(size), {}};
    const std::string text = to_text(checkpoint);
    auto proof = old_size <= size ? consistency_proof(old_size, size, tree_.source()) : std::vector<Hash>{};
    return {old_size, std::move(proof), {checkpoint, Note{text, {key.sign(text)}}}};
  }
  int admission(const WitnessRequest& request) const {
    const auto result = admit(to_text(request), known_);
    return result.refusal ? result.refusal->status : 0;
  }
};

TEST_F(WitnessTest, AdmitsWhatAKnownLogSigned) { EXPECT_EQ(admission(request(3, 8, log_)), 0); }

TEST_F(WitnessTest, RefusalsAreThoseOfTheSpecification) {
  EXPECT_EQ(admit("nonsense", known_).refusal->status, 400);
  EXPECT_EQ(admit(std::string(kMaxWitnessRequestBytes + 1, 'x'), known_).refusal->status, 400);
  EXPECT_EQ(admission(request(0, 8, log_, "example.com/other")), 404);
  EXPECT_EQ(admission(request(0, 8, other_)), 403);
  EXPECT_EQ(admission(request(9, 8, log_)), 400);
}

TEST_F(WitnessTest, IgnoresSignaturesOfUnknownKeysBesideTheLogs) {
  WitnessRequest both = request(3, 8, log_);
  both.checkpoint.note.signatures.insert(both.checkpoint.note.signatures.begin(), other_.sign("something else\n"));
  EXPECT_EQ(admission(both), 0);
}

TEST_F(WitnessTest, CosignsWhatAddsToWhatItSaw) {
  for (std::uint64_t size = 0; size <= 20; ++size) {
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      EXPECT_FALSE(refusal_of(request(old_size, size, log_), tree_.head(old_size))) << old_size << ' ' << size;
    }
  }
}

TEST_F(WitnessTest, TellsTheSizeThatItSawWhereAnotherIsGiven) {
  const auto refusal = refusal_of(request(3, 8, log_), tree_.head(5));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 409);
  EXPECT_EQ(refusal->content_type, "text/x.tlog.size");
  EXPECT_EQ(refusal->body, "5\n");
}

TEST_F(WitnessTest, FindsALogThatShowsTwoTrees) {
  TreeHead seen = tree_.head(8);
  seen.root = leaf_hash("another history");
  EXPECT_EQ(refusal_of(request(8, 8, log_), seen)->status, 409);
  EXPECT_EQ(refusal_of(request(8, 12, log_), seen)->status, 422);
}

TEST_F(WitnessTest, RefusesAProofThatDoesNotHold) {
  WitnessRequest bad = request(3, 8, log_);
  bad.proof[0][0] ^= std::byte{1};
  EXPECT_EQ(refusal_of(bad, tree_.head(3))->status, 422);
  WitnessRequest first = request(0, 8, log_);
  first.proof.push_back(leaf_hash("x"));
  EXPECT_EQ(refusal_of(first, tree_.head(0))->status, 422) << "must be empty where the old size is zero";
}

TEST_F(WitnessTest, TakesTheRightCosignaturesOfKnownWitnessesAlone) {
  Note note = request(0, 8, log_).checkpoint.note;
  const SigningKey stranger("stranger.example", KeyType::witness, std::string(32, 'x'));
  const std::vector<VerifierKey> keys = {witness_.verifier()};
  const std::string right = to_text(witness_.sign(note.text, 7));
  EXPECT_EQ(cosignatures(note, right, keys).size(), 1U);
  EXPECT_EQ(cosignatures(note, "garbage\n" + to_text(stranger.sign(note.text, 7)) + right + right, keys).size(), 1U);
  EXPECT_TRUE(cosignatures(note, to_text(witness_.sign("another text\n", 7)), keys).empty());
  EXPECT_TRUE(cosignatures(note, right, {}).empty());
  note.signatures.push_back(witness_.sign(note.text, 7));
  EXPECT_TRUE(cosignatures(note, right, keys).empty()) << "it is there already";
  const std::vector<VerifierKey> logs = {log_.verifier()};
  EXPECT_TRUE(cosignatures(Note{note.text, {}}, to_text(log_.sign(note.text)), logs).empty()) << "a log is no witness";
}

}  // namespace
}  // namespace naru::server
