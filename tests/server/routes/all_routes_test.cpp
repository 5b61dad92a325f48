/// Every route, as everybody. A new route is covered as soon as it stands in the table; where it takes an id or a body
/// that this test does not know yet, the test fails and says which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "server/routes/route.h"
#include "server/routes/route_table.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

using nlohmann::json;

std::string called(const Route& route) { return std::string(name(route.method)) + ' ' + std::string(route.pattern); }

/// A body with which the route does its work for whoever may; routes that are not here must take none.
const std::map<std::string, json>& bodies() {
  static const std::map<std::string, json> bodies = {
      {"POST /api/v1/organisations", {{"name", "New hospital"}, {"kind", "hospital"}}},
      {"PATCH /api/v1/organisations/{organisation_id}", {{"is_disabled", true}}},
      {"POST /api/v1/organisations/{organisation_id}/admins", {{"login", "new-admin"}, {"password", kPassword}}},
      {"POST /api/v1/users", {{"login", "new-user"}, {"roles", {"auditor"}}}},
      {"PATCH /api/v1/users/{user_id}", {{"is_disabled", true}}},
      {"POST /api/v1/tokens", {{"name", "t"}, {"scopes", {"read"}}, {"expires_ms", 1767225601000}}},
      {"POST /api/v1/session", {{"login", "nobody"}, {"password", kPassword}}},
      {"POST /api/v1/backups", json()},  // none is needed
      {"POST /api/v1/ledger/witness/add-checkpoint", {{"old", 0}}},
      {"POST /api/v1/grants",
       {{"recipient_id", "x"},
        {"purpose", "p"},
        {"decision", "d"},
        {"recipe", "ct-1mm"},
        {"expires_ms", 1767225601000},
        {"study_ids", {"study-1"}}}},
      {"POST /api/v1/grants/{grant_id}/approve", json()},  // none is needed
      {"POST /api/v1/grants/{grant_id}/revoke", json()},
      {"POST /api/v1/grants/{grant_id}/amendments", {{"quota_bytes", 9}}},
      {"POST /api/v1/grants/{grant_id}/amendments/{amendment_id}/approve", json()},  // none is needed
      {"POST /api/v1/grants/{grant_id}/amendments/{amendment_id}/reject", json()},
      {"POST /api/v1/studies/{study_id}/close", json()},
      {"POST /api/v1/uploads", {{"kind", "file"}, {"size_bytes", 9}}},
      {"PATCH /api/v1/uploads/{upload_id}", json()},
      {"POST /api/v1/uploads/{upload_id}/complete", json()},
      {"POST /api/v1/instances", json()},
      {"POST /dicomweb/studies", json()},
      {"POST /dicomweb/studies/{study_uid}", json()},
      {"POST /api/v1/jobs", {{"kind", "prepare"}, {"name", "set"}, {"study_ids", {"study-1"}}}},
      {"PATCH /api/v1/jobs/{job_id}", {{"priority", 1}}},
      {"POST /api/v1/jobs/{job_id}/cancel", json()},  // none is needed
      {"POST /api/v1/jobs/{job_id}/pause", json()},
      {"POST /api/v1/jobs/{job_id}/resume", json()},
      {"PUT /api/v1/session/password", {{"old_password", kPassword}, {"new_password", "another long one"}}},
  };
  return bodies;
}

/// Routes by which the operator's admins see and change what is another organisation's, and why.
const std::set<std::string> kOperatorMay = {
    "GET /api/v1/organisations",                            // it runs the accounts of organisations
    "GET /api/v1/organisations/{organisation_id}",          // the same
    "PATCH /api/v1/organisations/{organisation_id}",        // the same
    "POST /api/v1/organisations/{organisation_id}/admins",  // each gets its first admin from the operator
    "GET /api/v1/ledger/leaves",                            // it answers for the whole ledger
    "GET /api/v1/ledger/tile/entries/{path*}",              // the same
};

bool has_id(const Route& route) { return route.pattern.find('{') != std::string_view::npos; }
bool takes_body(const Route& route) { return bodies().contains(called(route)); }

struct Someone {
  std::string who;
  Roles roles;
  bool is_operator;
  std::string user_id, token;
};

class AllRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  AllRoutes() {
    const std::string victim = server_.add_organisation("Other hospital", OrganisationKind::hospital);
    const std::string user = server_.add_user(victim, "victim", {Role::hospital_steward, Role::admin});
    const NewToken token = server_.make_token(server_.caller(user), "t", kAllScopes, server_.clock.now_ms() + 3600'000);
    foreign_ = {{"organisation_id", victim}, {"user_id", user}, {"token_id", token.token.id}};
    // Of the ledger: a tile, and a leaf that is not there (routes/ledger_test.cpp asks for others' leaves).
    foreign_.insert({{"path*", "000.p/1"}, {"number", "4000000001"}});
    foreign_.emplace("job_id", server_.add_study_with_job(server_.caller(user)));
    add_foreign_data(victim, user);
    for (const auto& [id, kind] : {std::pair(server_.operator_id, OrganisationKind::operator_),
                                   std::pair(server_.hospital_id, OrganisationKind::hospital),
                                   std::pair(server_.company_id, OrganisationKind::company)}) {
      for (int i = 0; i < kRoleCount; ++i) {
        const auto role = static_cast<Role>(i);
        if (!roles_of(kind).has(role)) continue;
        const std::string who = "a-" + std::string(name(kind)) + '-' + std::string(name(role));
        // A second one keeps each organisation its admin, whatever a route does.
        if (role == Role::admin) server_.add_user(id, who + "-2", {role});
        const std::string someone = server_.add_user(id, who, {role});
        people_.push_back({who, {role}, kind == OrganisationKind::operator_, someone, server_.token_of(someone)});
      }
    }
  }

  /// An upload, a grant and a dataset of the other hospital.
  void add_foreign_data(const std::string& victim, const std::string& user) {
    in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO uploads (id, organisation_id, created_by, kind, state, size_bytes, received_bytes, created_ms, "
          "updated_ms) VALUES ('upload-1', $1, $2, 'file', 'open', 9, 0, 0, 0)",
          {victim, user});
      transaction.execute(
          "INSERT INTO grants (id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, quota_bytes, "
          "used_bytes, created_ms, created_by, expires_ms, key_sealed, key_id) VALUES ('grant-1', $1, $1, 'p', 'd', "
          "'ct-1mm', 'download', 'active', 0, 0, 0, $2, $3, 'k', 'k')",
          {victim, user, server_.clock.now_ms() + 3600'000});
      transaction.execute(
          "INSERT INTO grant_amendments (id, grant_id, state, created_by, created_ms, quota_bytes) VALUES "
          "('amendment-1', 'grant-1', 'proposed', $1, 0, 9)",
          {user});
      transaction.execute(
          "INSERT INTO datasets (id, organisation_id, job_id, grant_id, name, state, sha256, file_count, size_bytes, "
          "leaf_number, created_ms) VALUES ('dataset-1', $1, $2, 'grant-1', 'set', 'published', 'x', 0, 0, 0, 0)",
          {victim, foreign_.at("job_id")});
    });
    foreign_.insert({{"study_id", "study-1"},
                     {"study_uid", "2.999.1"},
                     {"upload_id", "upload-1"},
                     {"grant_id", "grant-1"},
                     {"dataset_id", "dataset-1"},
                     {"amendment_id", "amendment-1"},
                     {"backup_id", "backup-1"},
                     {"object_id", "dataset-1.tar"},
                     {"access_id", "tar"}});
  }

  /// The pattern with another organisation's ids.
  std::string foreign_path(const Route& route) {
    std::string path(route.pattern);
    for (std::size_t begin = path.find('{'); begin != std::string::npos; begin = path.find('{')) {
      const std::size_t end = path.find('}', begin);
      const auto found = foreign_.find(path.substr(begin + 1, end - begin - 1));
      if (found == foreign_.end()) {
        ADD_FAILURE() << called(route) << ": foreign_ needs an entry for " << path.substr(begin, end - begin + 1);
        return {};
      }
      path.replace(begin, end - begin + 1, found->second);
    }
    return path;
  }

  Response ask(const Route& route, const std::string& path, const std::string& token) {
    return server_.ask(route.method, path, token, takes_body(route) ? bodies().at(called(route)) : json());
  }

  /// Where no answer of the server may name what is another organisation's.
  std::string named_foreign_id(const Response& response) {
    const auto* text = std::get_if<std::string>(&response.body);
    for (const auto& [name, id] : foreign_) {
      if (text != nullptr && text->find(id) != std::string::npos) return name;
    }
    return {};
  }

  TestServer server_{GetParam()};
  std::map<std::string, std::string> foreign_;
  std::vector<Someone> people_;
  std::vector<Route> routes_ = all_routes();
};
NARU_FOR_EACH_DATABASE(AllRoutes);

TEST_P(AllRoutes, AreThere) {
  EXPECT_GE(routes_.size(), 18U);
  EXPECT_EQ(people_.size(), 10U);
  for (const Route& route : routes_) {
    EXPECT_NE(route.handle != nullptr, route.receive != nullptr) << called(route) << ": one of the two";
    EXPECT_TRUE(route.pattern.starts_with('/')) << called(route);
    EXPECT_EQ(route.door == Door::roles, !route.roles.is_empty() && route.door != Door::link) << called(route);
    const bool may_have_body =
        route.method == Method::post || route.method == Method::put || route.method == Method::patch;
    if (route.handle == nullptr || !may_have_body) continue;
    EXPECT_TRUE(takes_body(route)) << called(route) << ": bodies() needs an entry";
  }
}

TEST_P(AllRoutes, NameTheSamePlaceTheSameWay) {
  std::map<std::string, std::string_view> shapes;
  for (const Route& route : routes_) {
    std::string shape;
    bool is_name = false;
    for (const char c : route.pattern) {
      is_name = c == '{' || (is_name && c != '}');
      if (!is_name) shape += c;
    }
    const auto [found, is_new] = shapes.emplace(shape, route.pattern);
    EXPECT_EQ(found->second, route.pattern);
  }
}

TEST_P(AllRoutes, ThatAreNotOpenRefuseStrangers) {
  for (const Route& route : routes_) {
    if (route.door == Door::open) continue;
    for (const char* token : {"", "naru_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "nonsense"}) {
      const Response response = ask(route, foreign_path(route), token);
      EXPECT_EQ(response.status, 401) << called(route);
      EXPECT_TRUE(response.headers.find("WWW-Authenticate")) << called(route);
    }
  }
}

TEST_P(AllRoutes, RefuseEveryRoleThatTheyDoNotName) {
  int refused_count = 0;
  for (const Route& route : routes_) {
    if (route.door != Door::roles && route.door != Door::link) continue;
    for (const Someone& someone : people_) {
      if (someone.roles.has_any(route.roles)) continue;
      const Response response = ask(route, foreign_path(route), someone.token);
      EXPECT_EQ(response.status, 403) << called(route) << " as " << someone.who;
      EXPECT_EQ(problem_code(response), "forbidden");
      ++refused_count;
    }
  }
  EXPECT_GT(refused_count, 40);
}

TEST_P(AllRoutes, RefuseATokenWithoutTheirScope) {
  std::map<std::pair<std::string, Scope>, std::string> tokens;
  for (const Route& route : routes_) {
    if (route.door == Door::open) continue;
    for (const Someone& someone : people_) {
      if (route.door != Door::signed_in && !someone.roles.has_any(route.roles)) continue;
      const unsigned all_others = kAllScopes & ~(1U << static_cast<unsigned>(route.scope));
      std::string& token = tokens[{someone.user_id, route.scope}];
      if (token.empty()) token = server_.token_of(someone.user_id, all_others);
      EXPECT_EQ(ask(route, foreign_path(route), token).status, 403) << called(route) << " as " << someone.who;
    }
  }
}

TEST_P(AllRoutes, ThatChangeSomethingRefuseASessionWithoutItsCsrfToken) {
  for (const Route& route : routes_) {
    if (route.door == Door::open || route.method == Method::get || route.method == Method::head) continue;
    for (const Someone& someone : people_) {
      const std::string secret = server_.auth.sessions.begin(someone.user_id, std::nullopt);
      const std::string other = server_.auth.sessions.begin(someone.user_id, std::nullopt);
      for (const std::string& token : {std::string(), Sessions::csrf_token(other)}) {
        Request request = request_for(route.method, foreign_path(route));
        request.headers.add("Cookie", "naru-session=" + secret);
        if (!token.empty()) request.headers.add("X-CSRF-Token", token);
        const Response response = server_.ask(request);
        EXPECT_THAT(response.status, testing::AnyOf(401, 403)) << called(route) << " as " << someone.who;
      }
    }
  }
}

TEST_P(AllRoutes, NeverTouchAnotherOrganisation) {
  int asked_count = 0;
  for (const Route& route : routes_) {
    if (!has_id(route) || route.door == Door::open) continue;
    for (const Someone& someone : people_) {
      if (someone.is_operator && kOperatorMay.contains(called(route))) continue;
      const auto ledger = server_.ledger_kinds();
      const Response response = ask(route, foreign_path(route), someone.token);
      const bool has_role = route.door == Door::signed_in || someone.roles.has_any(route.roles);
      // 400 and 415: of the two that look at headers before they look at the id.
      const bool is_early = route.receive != nullptr && (response.status == 400 || response.status == 415);
      EXPECT_TRUE(has_role ? is_early || response.status == 404 || response.status == 401 : response.status == 403)
          << response.status << ' ' << called(route) << " as " << someone.who;
      EXPECT_EQ(server_.ledger_kinds(), ledger) << called(route) << " changed something as " << someone.who;
      EXPECT_EQ(named_foreign_id(response), "") << called(route) << " as " << someone.who;
      ++asked_count;
    }
  }
  EXPECT_GT(asked_count, 20);
}

TEST_P(AllRoutes, ThatListNeverNameAnotherOrganisation) {
  for (const Route& route : routes_) {
    if (has_id(route) || route.method != Method::get || route.door == Door::open) continue;
    for (const Someone& someone : people_) {
      const bool is_operators = someone.is_operator && kOperatorMay.contains(called(route));
      if (is_operators) continue;
      EXPECT_EQ(named_foreign_id(ask(route, std::string(route.pattern), someone.token)), "")
          << called(route) << " as " << someone.who;
      // Whatever may be asked for in the query, ids of others do not help.
      for (const auto& [name, id] : foreign_) {
        const Response response = ask(route, std::string(route.pattern) + '?' + name + '=' + id, someone.token);
        EXPECT_EQ(named_foreign_id(response), "") << called(route) << '?' << name << " as " << someone.who;
      }
    }
  }
}

TEST_P(AllRoutes, AnswerEveryOtherMethodWith405AndAllow) {
  for (const Route& route : routes_) {
    std::set<Method> known;
    for (const Route& other : routes_) {
      if (other.pattern == route.pattern) known.insert(other.method);
    }
    for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::delete_}) {
      if (known.contains(method)) continue;
      const Response response = server_.ask(method, foreign_path(route), people_.front().token);
      EXPECT_EQ(response.status, 405) << name(method) << ' ' << route.pattern;
      const auto allow = response.headers.find("Allow");
      ASSERT_TRUE(allow) << called(route);
      for (const Method allowed : known) EXPECT_NE(allow->find(name(allowed)), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace naru::server::test
