#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/http/open_files.h"
#include "server/jobs/job_claims.h"
#include "server/jobs/job_queue.h"
#include "server/routes/route.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class JobRoutes : public testing::TestWithParam<DatabaseCase> {
 protected:
  JobRoutes() {
    server_.config.data = server_.folder.path();
    in_transaction(*server_.database, Access::write, [&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
          "created_ms, received_ms) VALUES ('study-1', $1, '2.999.1', 'closed', 0, 0, 'CT', 0, 0)",
          {server_.hospital_id});
    });
  }

  Response ask(Method method, std::string_view path, const std::string& token, const json& body = {},
               const std::string& key = "") {
    Request request = request_for(method, path, body.is_null() ? "" : body.dump());
    if (!key.empty()) request.headers.add("Idempotency-Key", key);
    return server_.ask(with_token(std::move(request), token));
  }
  json wanted() const { return {{"kind", "prepare"}, {"name", "set"}, {"study_ids", {"study-1"}}}; }
  std::string submit() { return json_of(ask(Method::post, "/api/v1/jobs", steward_, wanted())).at("id"); }
  JobRow claim() { return claims_.claim(Room{1000, true}).value(); }

  TestServer server_{GetParam()};
  JobClaims claims_{*server_.database,     server_.ledger,           server_.clock,
                    server_.jobs.limits(), std::chrono::seconds(30), "node/1"};
  std::string steward_ = server_.token_of(server_.add_user(server_.hospital_id, "steward", {Role::hospital_steward}));
  std::string auditor_ = server_.token_of(server_.add_user(server_.hospital_id, "auditor", {Role::auditor}));
  std::string company_ = server_.token_of(server_.add_user(server_.company_id, "company", {Role::company}));
  std::string foreign_ =
      server_.token_of(server_.add_user(server_.add_organisation("Other hospital", OrganisationKind::hospital),
                                        "foreign-steward", {Role::hospital_steward}));
};
NARU_FOR_EACH_DATABASE(JobRoutes);

TEST_P(JobRoutes, AJobIsCreatedShownAndListed) {
  const Response made = ask(Method::post, "/api/v1/jobs", steward_, wanted());
  ASSERT_EQ(made.status, 201);
  const std::string id = json_of(made)["id"];
  EXPECT_EQ(made.headers.find("Location"), "/api/v1/jobs/" + id);
  EXPECT_EQ(json_of(ask(Method::get, "/api/v1/jobs/" + id, auditor_)), json_of(made));
  EXPECT_EQ(json_of(ask(Method::get, "/api/v1/jobs?state=QUEUED", auditor_))["items"].size(), 1U);
  EXPECT_EQ(json_of(ask(Method::get, "/api/v1/jobs?state=RUNNING", auditor_))["items"].size(), 0U);
  EXPECT_EQ(problem_code(ask(Method::get, "/api/v1/jobs?state=DANCING", auditor_)), "request_invalid");
  EXPECT_EQ(problem_code(ask(Method::get, "/api/v1/jobs?limit=-1", auditor_)), "request_invalid");
}

TEST_P(JobRoutes, TheSameKeyGivesTheSameJob) {
  const Response first = ask(Method::post, "/api/v1/jobs", steward_, wanted(), "key-1");
  const Response again = ask(Method::post, "/api/v1/jobs", steward_, wanted(), "key-1");
  EXPECT_EQ(json_of(first)["id"], json_of(again)["id"]);
  json other = wanted();
  other["priority"] = 2;
  EXPECT_EQ(problem_code(ask(Method::post, "/api/v1/jobs", steward_, other, "key-1")), "idempotency_mismatch");
  EXPECT_NE(json_of(ask(Method::post, "/api/v1/jobs", steward_, other, "key-2"))["id"], json_of(first)["id"]);
  EXPECT_EQ(json_of(ask(Method::get, "/api/v1/jobs", steward_))["items"].size(), 2U);
}

TEST_P(JobRoutes, EveryRouteAsksForItsRoleAndHidesForeignJobs) {
  const std::string id = submit();
  for (const Route& route : job_routes()) {
    if (route.is_idempotent_creation) continue;
    std::string path(route.pattern);
    const std::size_t at = path.find("{job_id}");
    if (at != std::string::npos) path.replace(at, 8, id);
    const json body = route.method == Method::patch ? json{{"priority", 1}} : json();
    EXPECT_EQ(ask(route.method, path, "").status, 401) << path;
    EXPECT_EQ(ask(route.method, path, company_).status, 403) << path;
    const int of_others = at == std::string::npos ? 200 : 404;
    EXPECT_EQ(ask(route.method, path, foreign_, body).status, of_others) << path;
  }
  EXPECT_EQ(problem_code(ask(Method::post, "/api/v1/jobs", auditor_, wanted())), "forbidden");
  EXPECT_EQ(problem_code(ask(Method::post, "/api/v1/jobs/" + id + "/cancel", auditor_)), "forbidden");
  EXPECT_EQ(problem_code(ask(Method::get, "/api/v1/jobs/" + id + "/report", auditor_)), "forbidden");
}

TEST_P(JobRoutes, PauseResumePriorityAndCancelAnswerWithTheJob) {
  const std::string path = "/api/v1/jobs/" + submit();
  EXPECT_EQ(json_of(ask(Method::post, path + "/pause", steward_))["state"], "PAUSED");
  EXPECT_EQ(json_of(ask(Method::post, path + "/resume", steward_))["state"], "QUEUED");
  EXPECT_EQ(json_of(ask(Method::patch, path, steward_, {{"priority", 5}}))["priority"], 5);
  EXPECT_EQ(problem_code(ask(Method::patch, path, steward_, {{"priority", 50}})), "request_invalid");
  EXPECT_EQ(json_of(ask(Method::post, path + "/cancel", steward_))["state"], "CANCELED");
  EXPECT_EQ(problem_code(ask(Method::post, path + "/pause", steward_)), "conflict");
}

TEST_P(JobRoutes, EventsComeAsAListAsALogAndAsAStream) {
  const std::string path = "/api/v1/jobs/" + submit();
  claim();
  const json all = json_of(ask(Method::get, path + "/events", steward_));
  ASSERT_EQ(all["items"].size(), 2U);
  EXPECT_EQ(all["after"], 2);
  EXPECT_EQ(json_of(ask(Method::get, path + "/events?after=1", steward_))["items"][0], all["items"][1]);
  EXPECT_THAT(std::get<std::string>(ask(Method::get, path + "/log", steward_).body), HasSubstr(" 2 claimed {"));
  Request request = with_token(request_for(Method::get, path + "/events"), steward_);
  request.headers.add("Accept", "text/event-stream");
  request.headers.add("Last-Event-ID", "1");
  const Response response = server_.ask(request);
  EXPECT_EQ(response.headers.find("Content-Type"), "text/event-stream");  // else no browser reads it
  const auto events = std::get<std::shared_ptr<EventSource>>(response.body)->next();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().id, "2");
}

TEST_P(JobRoutes, AStreamOfAJobThatEndedIsNotAskedForForEver) {
  const std::string path = "/api/v1/jobs/" + submit();
  const auto stream_after = [&](std::int64_t number) {
    Request request = with_token(request_for(Method::get, path + "/events"), steward_);
    request.headers.add("Accept", "text/event-stream");
    request.headers.add("Last-Event-ID", std::to_string(number));
    return server_.ask(request).status;
  };
  EXPECT_EQ(stream_after(1), 200) << "more may come";
  const std::int64_t count = json_of(ask(Method::post, path + "/cancel", steward_))["event_count"];
  EXPECT_EQ(stream_after(count - 1), 200) << "one is left to tell";
  EXPECT_EQ(stream_after(count), 204);
}

TEST_P(JobRoutes, TheReportIsForTheStewardOnceItIsThere) {
  const std::string id = submit(), path = "/api/v1/jobs/" + id + "/report";
  EXPECT_EQ(json_of(ask(Method::get, path, steward_))["items"].size(), 0U);
  EXPECT_EQ(problem_code(ask(Method::get, path + "/report.html", steward_)), "not_found");
  const fs::path folder = server_.folder / "reports" / id;
  naru::test::spill(folder / "report.html", "<p>hello</p>");
  naru::test::spill(folder / "crops/region-1.png", "png");
  naru::test::spill(folder / "finished/case-1.json", "{}");
  naru::test::spill(server_.folder / "reports/secret", "of nobody");
  fs::create_symlink("../secret", folder / "link");
  const json items = json_of(ask(Method::get, path, steward_))["items"];
  EXPECT_EQ(items,
            (json{{{"name", "crops/region-1.png"}, {"size_bytes", 3}}, {{"name", "report.html"}, {"size_bytes", 12}}}));
  const Response page = ask(Method::get, path + "/report.html", steward_);
  EXPECT_EQ(std::get<LongBody>(page.body).size_bytes, 12U);
  EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.headers.find("Content-Security-Policy").value_or("")), HasSubstr("sandbox"));
  EXPECT_EQ(ask(Method::get, path + "/crops/region-1.png", steward_).headers.find("Content-Type"), "image/png");
  for (const char* other : {"/link", "/../secret", "/finished/case-1.json", "/crops", "/inputs.jsonl"}) {
    EXPECT_EQ(problem_code(ask(Method::get, path + other, steward_)), "not_found") << other;
  }
  EXPECT_EQ(problem_code(ask(Method::get, path + "/report.html", auditor_)), "forbidden");
}

TEST_P(JobRoutes, AFileOfTheReportIsDownloadedAsDatasetsAre) {
  const std::string id = submit(), path = "/api/v1/jobs/" + id + "/report/inputs.jsonl";
  const fs::path file = server_.folder / "reports" / id / "inputs.jsonl";
  naru::test::spill(file, "0123456789");
  const auto ask_with = [&](const std::string& name, const std::string& value, Method method = Method::get) {
    Request request = with_token(request_for(method, path), steward_);
    if (!name.empty()) request.headers.add(name, value);
    return server_.ask(request);
  };
  const Response whole = ask_with("", "");
  const std::string etag(whole.headers.find("ETag").value());
  EXPECT_EQ(whole.headers.find("Content-Type"), "application/jsonl");
  EXPECT_EQ(ask_with("If-None-Match", etag).status, 304);
  EXPECT_EQ(ask_with("", "", Method::head).headers.find("ETag"), etag);
  const Response part = ask_with("Range", "bytes=4-6");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(std::get<LongBody>(part.body).first, 4U);
  EXPECT_EQ(std::get<LongBody>(part.body).size_bytes, 3U);
  EXPECT_EQ(part.headers.find("Content-Range"), "bytes 4-6/10");
  EXPECT_EQ(ask_with("Range", "bytes=10-").status, 416);
  naru::test::spill(file.string() + ".new", "abcdefghij");
  fs::rename(file.string() + ".new", file);
  EXPECT_NE(ask_with("", "").headers.find("ETag"), etag) << "of another text as long";
  EXPECT_EQ(ask_with("If-Match", etag).status, 412);
}

TEST_P(JobRoutes, AStreamEndsWithItsTokenAndWithTheRightsOfItsAccount) {
  const std::string path = "/api/v1/jobs/" + submit();
  const auto change = [&](std::string_view sql, std::string_view user) {
    in_transaction(*server_.database, Access::write,
                   [&](Transaction& transaction) { transaction.execute(sql, {std::string(user)}); });
  };
  const std::pair<std::string_view, std::string_view> kEnds[] = {
      {"UPDATE tokens SET revoked_ms = 1 WHERE user_id = $1", "revoked"},
      {"UPDATE tokens SET expires_ms = 1 WHERE user_id = $1", "expired"},
      {"UPDATE users SET disabled_ms = 1 WHERE id = $1", "disabled"},
      {"UPDATE users SET roles = 'admin' WHERE id = $1", "another-role"}};
  for (const auto& [sql, login] : kEnds) {
    const std::string user = server_.add_user(server_.hospital_id, login, {Role::auditor});
    Request request = with_token(request_for(Method::get, path + "/events"), server_.token_of(user));
    request.headers.add("Accept", "text/event-stream");
    const auto stream = std::get<std::shared_ptr<EventSource>>(server_.ask(request).body);
    EXPECT_FALSE(stream->next().empty()) << login;
    EXPECT_FALSE(stream->is_over()) << login;
    change(sql, user);
    EXPECT_TRUE(stream->next().empty()) << login;
    EXPECT_TRUE(stream->is_over()) << login;
  }
}

TEST_P(JobRoutes, ServeNoWayBackToPatientsAndNoPictureOfTheirText) {
  const std::string id = submit(), path = "/api/v1/jobs/" + id + "/report";
  const fs::path folder = server_.folder / "reports" / id;
  const char* const kKept[] = {"link.sealed", "crops/region-1.full.png", "record.json.tmp"};
  for (const char* const name : kKept) naru::test::spill(folder / name, "x");
  naru::test::spill(folder / "crops/region-1.png", "png");
  const json items = json_of(ask(Method::get, path, steward_))["items"];
  EXPECT_EQ(items, (json{{{"name", "crops/region-1.png"}, {"size_bytes", 3}}}));
  for (const char* const name : kKept) {
    EXPECT_EQ(problem_code(ask(Method::get, path + "/" + name, steward_)), "not_found") << name;
  }
}

TEST_P(JobRoutes, FindAFileOfTheReportWithoutALookAtTheOthers) {
  const std::string id = submit(), path = "/api/v1/jobs/" + id + "/report";
  const fs::path folder = server_.folder / "reports" / id;
  naru::test::spill(folder / "crops/region-1.png", "png");
  naru::test::spill(server_.folder / "elsewhere/secret", "of nobody");
  fs::create_directory_symlink("../../elsewhere", folder / "linked");
  fs::create_symlink("region-1.png", folder / "crops/region-2.png");
  for (const char* const other :
       {"/linked/secret", "/crops/region-2.png", "/crops//region-1.png", "/crops/./region-1.png",
        "/crops/region-1.png/", "/crops/../crops/region-1.png", "//crops/region-1.png", "/report.html/x"}) {
    EXPECT_EQ(problem_code(ask(Method::get, path + other, steward_)), "not_found") << other;
  }
  if (::geteuid() == 0) return;  // reads every folder
  fs::permissions(folder, fs::perms::owner_exec);
  const Response found = ask(Method::get, path + "/crops/region-1.png", steward_);
  fs::permissions(folder, fs::perms::owner_all);
  EXPECT_EQ(found.status, 200) << "the folder cannot be listed, and need not be";
}

TEST_P(JobRoutes, AFileOfTheReportIsTheOneThatItsEtagIsOfThoughItIsReplacedMeanwhile) {
  const std::string id = submit(), path = "/api/v1/jobs/" + id + "/report/inputs.jsonl";
  const fs::path file = server_.folder / "reports" / id / "inputs.jsonl";
  naru::test::spill(file, "0123456789");
  const Response answer = ask(Method::get, path, steward_);
  naru::test::spill(file.string() + ".new", "abc");
  fs::rename(file.string() + ".new", file);
  const Segment& sent = std::get<LongBody>(answer.body).segments->front();
  ASSERT_TRUE(sent.opened);
  std::string text(16, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(sent.opened->descriptor(), text.data(), 16, 0))));
  EXPECT_EQ(text, "0123456789");
  struct stat facts {};
  ASSERT_EQ(::fstat(sent.opened->descriptor(), &facts), 0);
  const auto etag = answer.headers.find("ETag");
  ASSERT_TRUE(etag);
  EXPECT_EQ(etag->find(fmt::format("\"{:x}-a-", facts.st_ino)), 0U) << *etag;
}

}  // namespace
}  // namespace naru::server::test
