/// One receiver for all ways in: who comes while another commits shares the next commit, whichever way each came.
#include <gtest/gtest.h>

#include <thread>

#include "server/ingest/receiver.h"
#include "server/ingest/watched_folder.h"
#include "tests/server/ingest/route_call.h"
#include "tests/server/support/held_database.h"
#include "tests/server/support/wait_until.h"

namespace naru::server {
namespace {

using test::Answered;
using test::call;
using test::find_route;
using test::HeldDatabase;
using test::IngestWorld;
using test::instances;

class AllWaysIn : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  Answered post(const std::string& file, const std::string& organisation_id = "org-a") {
    Request request = test::request_of({}, file);
    request.caller.organisation_id = organisation_id;
    return call(world, find_route(upload_routes(), Method::post, "/api/v1/instances"), std::move(request));
  }

  Answered stow(const std::string& file) {
    Request request;
    request.caller = {"user-1", "org-a", {Role::hospital_steward}, ~0U, false};
    request.headers.add("Content-Type", "multipart/related; type=\"application/dicom\"; boundary=xyz");
    request.body = "--xyz\r\nContent-Type: application/dicom\r\n\r\n" + file + "\r\n--xyz--\r\n";
    return call(world, find_route(stow_routes(), Method::post, "/dicomweb/studies"), std::move(request));
  }

  /// One instance is about to be committed; the others come and wait for it.
  void while_one_commits(const std::string& file, const std::vector<std::function<void()>>& others) {
    database->hold();
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { EXPECT_EQ(post(file).status, 201); });
    database->wait_for_writer();
    for (const auto& other : others) threads.emplace_back(other);
    EXPECT_TRUE(test::wait_until([&] { return world.receiver.waiting_count() == others.size(); }));
    database->let_go();
  }

  std::unique_ptr<HeldDatabase> made = std::make_unique<HeldDatabase>(GetParam().make());
  HeldDatabase* database = made.get();
  IngestWorld world{std::move(made)};
};
NARU_FOR_EACH_DATABASE(AllWaysIn);

TEST_P(AllWaysIn, ShareTheCommitAfterTheOneUnderWay) {
  const auto files = instances(5);
  WatchedFolder folder(world.folder / "watched", "org-b", world.services);
  naru::test::spill(world.folder / "watched/file", files[4]);
  folder.look(CancelToken());  // seen once
  while_one_commits(
      files[0],
      {[&] { EXPECT_EQ(post(files[1]).status, 201); }, [&] { EXPECT_EQ(post(files[2]).status, 201); },
       [&] { EXPECT_EQ(stow(files[3]).status, 200); }, [&] { EXPECT_EQ(folder.look(CancelToken()).stored, 1U); }});
  EXPECT_EQ(database->write_count(), 2) << "the first alone, then the four that waited";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 5);
  EXPECT_EQ(world.number("SELECT count(*) FROM studies"), 2) << "one of each organisation";
}

TEST_P(AllWaysIn, FailAlone) {
  const auto files = instances(4);
  while_one_commits(files[0], {[&] { EXPECT_EQ(post(files[1]).status, 201); },
                               [&] { EXPECT_EQ(post(files[2], "org-that-is-not-there").error, ErrorCode::conflict); },
                               [&] { EXPECT_EQ(stow(files[3]).status, 200); }});
  EXPECT_EQ(database->write_count(), 5) << "the first, the three together, which fails, and each of them alone";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 3);
}

}  // namespace
}  // namespace naru::server
