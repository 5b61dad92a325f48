/// The ledger's routes, as everybody sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/audit/checkpoint.h"
#include "server/audit/tiles.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

using ::testing::HasSubstr;

class LedgerRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  LedgerRoutes() {
    in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      own_ = server_.ledger.append(transaction, {"job.created", server_.hospital_id, "server", "job-own"});
      other_ = server_.ledger.append(transaction, {"job.created", server_.company_id, "server", "job-other"});
    });
    server_.ledger.checkpoint();
  }
  Response get(const std::string& path, const std::string& token = "") {
    return server_.ask(request(Method::get, path, token));
  }
  static Request request(Method method, const std::string& path, const std::string& token) {
    return with_token(request_for(method, "/api/v1/ledger/" + path), token);
  }
  static std::string text(const Response& response) { return std::get<std::string>(response.body); }
  static std::string header(const Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or(""));
  }
  std::string token(const std::string& organisation_id, Role role) {
    return server_.token_of(server_.add_user(organisation_id, "user-" + std::to_string(++user_count_), {role}));
  }

  TestServer server_{GetParam()};
  const std::string auditor_ = token(server_.hospital_id, Role::auditor);
  const std::string steward_ = token(server_.hospital_id, Role::hospital_steward);
  const std::string operator_ = token(server_.operator_id, Role::admin);
  std::uint64_t own_ = 0, other_ = 0;

 private:
  int user_count_ = 0;
};
NARU_FOR_EACH_DATABASE(LedgerRoutes);

TEST_P(LedgerRoutes, CheckpointAndKeysAreForEverybody) {
  const Response checkpoint = get("checkpoint");
  EXPECT_EQ(checkpoint.status, 200);
  EXPECT_EQ(header(checkpoint, "Content-Type"), "text/plain; charset=utf-8");
  const std::string key = text(get("key"));
  ASSERT_TRUE(key.ends_with('\n'));
  const auto verifier = parse_verifier_key(key.substr(0, key.size() - 1));
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(is_signed_by(parse_signed_checkpoint(text(checkpoint)).value().note, *verifier));
  EXPECT_EQ(text(get("witness/key")), server_.ledger.witness_key() + "\n");
}

TEST_P(LedgerRoutes, HashTilesAreForEverybodyAndNeverChange) {
  const std::uint64_t size = parse_signed_checkpoint(text(get("checkpoint"))).value().checkpoint.tree.size;
  const Response tile = get("tile/0/000.p/" + std::to_string(size));
  EXPECT_EQ(tile.status, 200);
  EXPECT_EQ(text(tile).size(), size * sizeof(Hash));
  EXPECT_THAT(header(tile, "Cache-Control"), HasSubstr("immutable"));
  for (const char* const none :
       {"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/0/0", "tile/x/000", "tile/0"}) {
    EXPECT_EQ(get(none).status, 404) << none;
  }
}

TEST_P(LedgerRoutes, EntriesAreForThoseWhoRunTheServer) {
  EXPECT_EQ(get("tile/entries/000.p/1", operator_).status, 200);
  EXPECT_EQ(get("tile/entries/000.p/1", auditor_).status, 404) << "they are of all organisations";
  EXPECT_EQ(get("tile/entries/000.p/1", steward_).status, 403);
  EXPECT_EQ(get("tile/entries/000.p/1").status, 401);
  EXPECT_EQ(get("tile/entries").status, 404) << "no way around by the route of hashes";
}

TEST_P(LedgerRoutes, LeavesAreOfTheCallersOrganisation) {
  const auto mine = json_of(get("leaves?limit=1000", auditor_));
  EXPECT_EQ(mine["schema"], "naru.ledger-leaves/1");
  EXPECT_FALSE(mine["items"].empty());
  for (const auto& leaf : mine["items"]) EXPECT_EQ(leaf["organisation_id"], server_.hospital_id);
  EXPECT_EQ(mine["next"], nullptr);
  const auto all = json_of(get("leaves?limit=1000", operator_));
  EXPECT_GT(all["items"].size(), mine["items"].size());
  EXPECT_EQ(get("leaves", steward_).status, 403);
}

TEST_P(LedgerRoutes, PagesGoOnWhereTheLastOneEnded) {
  std::vector<int> numbers;
  nlohmann::json next = 0;
  while (!next.is_null()) {
    const auto page = json_of(get("leaves?limit=2&from=" + next.dump(), operator_));
    for (const auto& leaf : page["items"]) numbers.push_back(leaf["number"]);
    next = page["next"];
  }
  ASSERT_EQ(numbers.size(), other_ + 1);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<int>(i));
  for (const char* const wrong : {"leaves?limit=0", "leaves?limit=1001", "leaves?from=-1", "leaves?from=x",
                                  "leaves?limit=", "leaves?from=99999999999999999999"}) {
    EXPECT_EQ(get(wrong, operator_).status, 400) << wrong;
  }
  EXPECT_EQ(json_of(get("leaves?from=4611686018427387903", operator_))["items"].size(), 0U);
}

TEST_P(LedgerRoutes, AReceiptIsForTheOrganisationThatItIsAbout) {
  const Response receipt = get("receipts/" + std::to_string(own_), steward_);
  ASSERT_EQ(receipt.status, 200);
  EXPECT_EQ(parse_receipt(text(receipt)).value().index, own_);
  EXPECT_EQ(get("receipts/" + std::to_string(other_), steward_).status, 404);
  EXPECT_EQ(get("receipts/" + std::to_string(other_), auditor_).status, 404);
  EXPECT_EQ(get("receipts/" + std::to_string(other_), operator_).status, 200);
  EXPECT_EQ(get("receipts/" + std::to_string(other_ + 1000), operator_).status, 404);
  EXPECT_EQ(get("receipts/x", operator_).status, 400);
  EXPECT_EQ(get("receipts/0").status, 401);
}

TEST_P(LedgerRoutes, AWitnessAnswersAsTheSpecificationSays) {
  Request malformed = request(Method::post, "witness/add-checkpoint", "");
  malformed.body = "old 0\n";
  EXPECT_EQ(server_.ask(malformed).status, 400);
  Request unknown = request(Method::post, "witness/add-checkpoint", "");
  unknown.body = server_.ledger.witness_request(0);
  const Response response = server_.ask(unknown);
  EXPECT_EQ(response.status, 404) << "this server was told of no other ledger";
  EXPECT_EQ(header(response, "Content-Type"), "text/plain; charset=utf-8");
}

}  // namespace
}  // namespace naru::server::test
