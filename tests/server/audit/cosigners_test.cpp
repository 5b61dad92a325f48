#include "server/audit/cosigners.h"

#include <gmock/gmock.h>

#include "server/auth/https_client.h"
#include "server/config.h"
#include "tests/server/audit/ledgers.h"
#include "tests/server/support/error_code.h"

namespace naru::server {
namespace {

using std::chrono::seconds;
using test::LedgerTest;
using ::testing::ElementsAre;

/// Hands requests to another ledger, as its route does.
class WitnessServer final : public HttpsClient {
 public:
  explicit WitnessServer(Ledger& ledger) : ledger_(ledger) {}
  OutgoingReply send(const OutgoingRequest& request) override {
    ++count;
    EXPECT_EQ(request.url, "https://busan.example/witness/add-checkpoint");
    if (is_down) throw Error(ErrorCode::store_unavailable, "down");
    if (answer) return *answer;
    const WitnessAnswer said = ledger_.add_checkpoint(request.text.value());
    return {said.status, said.body};
  }

  int count = 0;
  bool is_down = false;
  std::optional<OutgoingReply> answer;

 private:
  Ledger& ledger_;
};

class CosignersTest : public LedgerTest {
 protected:
  void make(std::string key = "") {
    if (key.empty()) key = other_.witness_key();
    cosigners_ = std::make_unique<Cosigners>(
        ledger_, *database_, clock_, server_,
        std::vector<WitnessConfig>{{"busan", "https://busan.example/witness", key}}, seconds(60),
        [this](const std::string&, WitnessOutcome outcome) { outcomes_.emplace_back(name(outcome)); });
  }
  void SetUp() override {
    make();
    grow(20);
    ledger_.checkpoint();
  }
  void ask_at(int second) { cosigners_->ask_due(std::chrono::steady_clock::time_point{} + seconds(second)); }
  bool is_cosigned(const SignedCheckpoint& checkpoint) {
    return is_signed_by(checkpoint.note, parse_verifier_key(other_.witness_key()).value());
  }
  /// As whoever has the database could: everything after `size` leaves never happened.
  void set_back(int size) {
    execute("DELETE FROM ledger_leaves WHERE number >= " + std::to_string(size));
    execute("DELETE FROM ledger_checkpoints WHERE size > " + std::to_string(size));
    for (int level = 0; level < 10; ++level) {
      execute("DELETE FROM ledger_hashes WHERE level = " + std::to_string(level) +
              " AND number >= " + std::to_string(size >> level));
    }
    execute("UPDATE ledger_head SET size = " + std::to_string(size));
    size_ = static_cast<std::uint64_t>(size);
    ledger_.checkpoint();
  }

  const std::unique_ptr<Database> others_ = GetParam().make();
  KeyStore others_keys_{folder_ / "other.key", true};
  std::vector<std::string> known_ = {ledger_.verifier_key()};
  Ledger other_{*others_, others_keys_, clock_, "busan.example/naru", known_};
  WitnessServer server_{other_};
  std::vector<std::string> outcomes_;
  std::unique_ptr<Cosigners> cosigners_;
};
NARU_FOR_EACH_DATABASE(CosignersTest);

TEST_P(CosignersTest, GetEachNewCheckpointCosigned) {
  ask_at(0);
  EXPECT_TRUE(is_cosigned(checkpoint()));
  const auto states = witness_states(*database_);
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].cosigned_size, 20U);
  EXPECT_EQ(states[0].outcome, "cosigned");
  ask_at(60);
  EXPECT_EQ(server_.count, 1) << "nothing is new";
  grow(33);
  EXPECT_FALSE(is_cosigned(checkpoint()));
  ask_at(120);
  EXPECT_TRUE(is_cosigned(checkpoint()));
  EXPECT_THAT(outcomes_, ElementsAre("cosigned", "cosigned"));
}

TEST_P(CosignersTest, AskNoMoreOftenThanTheyMay) {
  ask_at(0);
  grow(21);
  ledger_.checkpoint();
  ask_at(59);
  EXPECT_EQ(server_.count, 1);
  ask_at(60);
  EXPECT_EQ(server_.count, 2);
}

TEST_P(CosignersTest, AskEverMoreSeldomWhileNobodyAnswers) {
  server_.is_down = true;
  for (int second = 0; second < 24 * 3600; second += 10) ask_at(second);
  EXPECT_GE(server_.count, 24);
  EXPECT_LE(server_.count, 31);
  server_.is_down = false;
  ask_at(48 * 3600);
  EXPECT_EQ(outcomes_.back(), "cosigned");
}

TEST_P(CosignersTest, GoOnFromWhatTheWitnessSaysThatItSaw) {
  ask_at(0);
  execute("DELETE FROM witnesses");  // as after a backup was restored
  grow(40);
  ledger_.checkpoint();
  ask_at(60);
  EXPECT_EQ(server_.count, 3);
  EXPECT_EQ(outcomes_.back(), "cosigned");
}

TEST_P(CosignersTest, CountOnlyTheKeyOfTheConfiguration) {
  make(to_text(SigningKey("busan.example/naru/witness", KeyType::witness, std::string(32, 'x')).verifier()));
  ask_at(0);
  EXPECT_THAT(outcomes_, ElementsAre("bad_answer"));
  EXPECT_FALSE(is_cosigned(checkpoint()));
  EXPECT_EQ(test::code_of([&] { make(other_.verifier_key()); }), ErrorCode::config_invalid) << "a log's key is none";
}

TEST_P(CosignersTest, SayThatTheLogWasSetBack) {
  ask_at(0);
  set_back(10);
  ask_at(60);
  execute("DELETE FROM witnesses");
  ask_at(1000);
  EXPECT_THAT(outcomes_, ElementsAre("cosigned", "rolled_back", "rolled_back"));
}

TEST_P(CosignersTest, SayThatTheLogIsAnotherOne) {
  ask_at(0);
  set_back(10);
  size_ = 100;  // other leaves than before
  grow(130);
  ledger_.checkpoint();
  ask_at(60);
  execute("DELETE FROM witnesses");
  ask_at(1000);
  EXPECT_THAT(outcomes_, ElementsAre("cosigned", "another_tree", "another_tree"));
  EXPECT_FALSE(is_cosigned(checkpoint()));
}

TEST_P(CosignersTest, KnowWhatTheAnswersOfTheSpecificationMean) {
  int second = 0;
  for (const auto& [status, body] :
       {std::pair(403, ""), std::pair(404, ""), std::pair(500, ""), std::pair(200, "nonsense\n"), std::pair(409, "x\n"),
        std::pair(409, "12"), std::pair(302, ""), std::pair(429, "")}) {
    server_.answer = OutgoingReply{status, body};
    ask_at(second += 8000);
  }
  EXPECT_THAT(outcomes_, ElementsAre("not_known", "not_known", "unreachable", "bad_answer", "bad_answer", "bad_answer",
                                     "bad_answer", "unreachable"));
}

TEST_P(CosignersTest, ReceiptsTakeTheCheckpointThatWasCosigned) {
  ask_at(0);
  grow(21);
  ledger_.checkpoint();
  const Receipt old = parse_receipt(ledger_.receipt(5)).value();
  EXPECT_EQ(old.checkpoint.checkpoint.tree.size, 20U);
  EXPECT_TRUE(is_cosigned(old.checkpoint));
  const Receipt fresh = parse_receipt(ledger_.receipt(20)).value();
  EXPECT_EQ(fresh.checkpoint.checkpoint.tree.size, 21U) << "the cosigned one does not hold it yet";
}

TEST_P(CosignersTest, AnExportHasTheLastCosignedCheckpointBesideTheLast) {
  ledger_.export_tiles(folder_ / "out");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/checkpoint.cosigned"));
  ask_at(0);
  grow(21);
  ledger_.export_tiles(folder_ / "out");
  const auto cosigned = parse_signed_checkpoint(naru::test::slurp(folder_ / "out/checkpoint.cosigned")).value();
  EXPECT_EQ(cosigned.checkpoint.tree.size, 20U);
  EXPECT_TRUE(is_cosigned(cosigned));
}

}  // namespace
}  // namespace naru::server
