#include "server/routes/idempotency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "core/error.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

std::atomic<int> made = 0;
std::latch* entered = nullptr;  // a handler that waits counts down the one and waits for the other
std::latch* let_go = nullptr;

/// Creates an organisation, so that what was created can be counted.
Response create(Services& services, Request& request) {
  if (entered != nullptr) {
    entered->count_down();
    let_go->wait();
  }
  return create_once(services, request, [&](Transaction& transaction) {
    const std::string name = json::parse(request.body).at("name");
    const auto organisation = services.auth->accounts.create_organisation(
        transaction, "server", name + std::to_string(++made), OrganisationKind::company);
    if (name == "fails") throw Error(ErrorCode::conflict, "not now");
    Response response = json_response({{"id", organisation.id}}, 201);
    response.headers.add("Location", "/things/" + organisation.id);
    return response;
  });
}

Response forgets(Services&, Request&) { return json_response({{"id", "x"}}, 201); }

class Idempotency : public testing::TestWithParam<DatabaseCase> {
 protected:
  static std::vector<Route> routes() {
    const auto row = [](std::string_view pattern, Response (*handle)(Services&, Request&)) {
      return Route{Method::post, pattern, Door::signed_in, {}, Scope::jobs, handle, nullptr, kSmallBodyBytes, true};
    };
    return {row("/things", create), row("/others", create), row("/forgetful", forgets)};
  }

  Response post(const std::string& key, const std::string& name, std::string_view path = "/things",
                const std::string& token = "") {
    Request request = request_for(Method::post, path, json({{"name", name}}).dump());
    if (!key.empty()) request.headers.add("Idempotency-Key", key);
    return server_.ask(with_token(request, token.empty() ? token_ : token));
  }

  std::int64_t count(std::string_view what) {
    return in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
      return transaction.query("SELECT COUNT(*) FROM " + std::string(what)).at(0).integer(0);
    });
  }

  TestServer server_{GetParam(), routes()};
  std::string user_id_ = server_.add_user(server_.hospital_id, "kim", {Role::reviewer});
  std::string token_ = server_.token_of(user_id_);
  std::int64_t before_ = count("organisations");
};
NARU_FOR_EACH_DATABASE(Idempotency);

TEST_P(Idempotency, GivesTheSameAnswerAndCreatesOnce) {
  const Response first = post("key-1", "a");
  ASSERT_EQ(first.status, 201);
  for (int i = 0; i < 3; ++i) {
    const Response again = post("key-1", "a");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(std::get<std::string>(again.body), std::get<std::string>(first.body));
    EXPECT_EQ(again.headers.find("Location"), first.headers.find("Location"));
    EXPECT_EQ(again.headers.find("Content-Type"), "application/json");
  }
  EXPECT_EQ(count("organisations"), before_ + 1);
}

TEST_P(Idempotency, RefusesAnotherRequestUnderTheKey) {
  ASSERT_EQ(post("key-1", "a").status, 201);
  for (const Response& response :
       {post("key-1", "b"), post("key-1", "a", "/others"), post("key-1", "a", "/things?x=1")}) {
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(problem_code(response), "idempotency_mismatch");
  }
  EXPECT_EQ(count("organisations"), before_ + 1);
}

TEST_P(Idempotency, KeepsOrganisationsApart) {
  const std::string buyer = server_.add_user(server_.company_id, "buyer", {Role::company});
  const Response first = post("key-1", "a"), second = post("key-1", "a", "/things", server_.token_of(buyer));
  EXPECT_EQ(second.status, 201);
  EXPECT_NE(std::get<std::string>(first.body), std::get<std::string>(second.body));
}

TEST_P(Idempotency, CreatesEachTimeWithoutAKey) {
  EXPECT_EQ(post("", "a").status, 201);
  EXPECT_EQ(post("", "a").status, 201);
  EXPECT_EQ(count("organisations"), before_ + 2);
  EXPECT_EQ(count("idempotency"), 0);
}

TEST_P(Idempotency, LeavesAKeyUnusedWhereNothingWasCreated) {
  EXPECT_EQ(post("key-1", "fails").status, 409);
  EXPECT_EQ(count("idempotency"), 0);
  EXPECT_EQ(count("organisations"), before_) << "creation and key are one transaction";
  EXPECT_EQ(post("key-1", "a").status, 201);
}

TEST_P(Idempotency, NeverLeavesARowInFlight) {
  post("key-1", "a");
  post("key-2", "fails");
  EXPECT_EQ(count("idempotency WHERE state = 'in_flight'"), 0);
  EXPECT_EQ(count("idempotency WHERE state = 'done'"), 1);
}

TEST_P(Idempotency, SaysThatTheSameRequestIsBeingWorkedOn) {
  std::latch has_entered(1), may_go(1);
  entered = &has_entered;
  let_go = &may_go;
  Response first;
  std::jthread slow([&] { first = post("key-1", "a"); });
  has_entered.wait();
  const Response second = post("key-1", "a");
  may_go.count_down();
  slow.join();
  entered = let_go = nullptr;
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(problem_code(second), "idempotency_in_flight");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(std::get<std::string>(post("key-1", "a").body), std::get<std::string>(first.body));
}

/// Two servers over one database, or one that was restarted: the memory of the process does not help.
TEST_P(Idempotency, CreatesOnceForManyServersAtOnce) {
  constexpr int kServers = 6;
  std::vector<std::string> answers(kServers);
  {
    std::vector<std::jthread> servers;
    for (int i = 0; i < kServers; ++i) {
      servers.emplace_back([&, i] {
        NaruApplication application(server_.services, routes());
        Request request = with_token(request_for(Method::post, "/things", json({{"name", "a"}}).dump()), token_);
        request.headers.add("Idempotency-Key", "key-1");
        application.admit(request);
        answers[static_cast<std::size_t>(i)] = std::get<std::string>(application.respond(request).body);
      });
    }
  }
  EXPECT_THAT(answers, testing::Each(answers.front()));
  EXPECT_EQ(count("organisations"), before_ + 1);
}

TEST_P(Idempotency, TakesKeysOf1To128PrintableCharacters) {
  EXPECT_EQ(post(std::string(128, 'k'), "a").status, 201);
  EXPECT_EQ(post(std::string(129, 'k'), "a").status, 400);
  for (const char* bad : {"a\tb", "\xEA\xB9\x80", "a\x7f"}) EXPECT_EQ(post(bad, "a").status, 400);
  Request request = request_for(Method::post, "/things", R"({"name":"a"})");
  request.headers.add("Idempotency-Key", "");
  EXPECT_EQ(server_.ask(with_token(request, token_)).status, 400);
}

TEST_P(Idempotency, DoesNotLetAHandlerForgetItsKey) {
  EXPECT_EQ(post("key-1", "a", "/forgetful").status, 500);
  EXPECT_EQ(post("", "a", "/forgetful").status, 201);
}

TEST_P(Idempotency, KeepsNoHashFromWhichAPasswordCouldBeGuessed) {
  post("key-1", "a");
  const std::string body = json({{"name", "a"}}).dump();
  in_transaction(*server_.database, Access::read, [&](Transaction& transaction) {
    const Row row = transaction.query("SELECT payload_sha256 FROM idempotency").at(0);
    Request request = request_for(Method::post, "/things", body);
    request.headers.add("Idempotency-Key", "key-1");
    read_idempotency_key(server_.services, request);
    EXPECT_EQ(row.text(0), request.idempotency->payload_hmac);
    KeyStore other(server_.folder / "other.key", true);
    const Services& own = server_.services;
    Services with_other_key{own.config,   own.clock, own.database, other,       own.ledger,    own.content,
                            own.receiver, own.jobs,  own.listings, own.metrics, own.transfers, own.auth};
    read_idempotency_key(with_other_key, request);
    EXPECT_NE(row.text(0), request.idempotency->payload_hmac) << "it hangs on the master key";
  });
}

}  // namespace
}  // namespace naru::server::test
