#include "server/ingest/uploads.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "pipeline/file_descriptor.h"
#include "tests/server/ingest/route_call.h"
#include "tests/support/archive_writer.h"

namespace naru::server {
namespace {

using test::Answered;
using test::call;
using test::find_route;
using test::IngestWorld;
using test::instances;
using test::request_of;

constexpr std::string_view kUpload = "/api/v1/uploads/{upload_id}";

class UploadRoutes : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  Answered open(const std::string& kind, std::size_t size, const std::string& more = "") {
    return call(world, find_route(upload_routes(), Method::post, "/api/v1/uploads"),
                request_of({}, R"({"kind": ")" + kind + R"(", "size_bytes": )" + std::to_string(size) + more + "}"));
  }
  std::string opened(const std::string& kind, std::size_t size, const std::string& more = "") {
    const Answered answered = open(kind, size, more);
    EXPECT_EQ(answered.status, 201);
    EXPECT_EQ(answered.headers.find("Location"), "/api/v1/uploads/" + answered.json.at("id").get<std::string>());
    return answered.json.at("id");
  }
  Answered patch(const std::string& id, std::size_t offset, std::string_view bytes) {
    Request request = request_of({id}, std::string(bytes));
    request.headers.add("Upload-Offset", std::to_string(offset));
    return call(world, find_route(upload_routes(), Method::patch, kUpload), std::move(request));
  }
  /// A request that has sent these bytes, the first of the upload, and goes on.
  struct Sending {
    Sending(UploadRoutes& test, const std::string& id, std::span<const char> bytes) : request(request_of({id})) {
      request.headers.add("Upload-Offset", "0");
      sink = find_route(upload_routes(), Method::patch, kUpload).receive(test.world.services, request);
      sink->write(std::as_bytes(bytes));
    }
    Request request;
    std::unique_ptr<BodySink> sink;
  };
  Answered show(const std::string& id) {
    return call(world, find_route(upload_routes(), Method::get, kUpload), request_of({id}));
  }
  Answered complete(const std::string& id) {
    return call(world, find_route(upload_routes(), Method::post, "/api/v1/uploads/{upload_id}/complete"),
                request_of({id}));
  }
  Answered remove(const std::string& id) {
    return call(world, find_route(upload_routes(), Method::delete_, kUpload), request_of({id}));
  }
  std::size_t part_count() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(world.folder / "uploads")) ++count;
    return count;
  }
  IngestWorld world{GetParam()};
};
NARU_FOR_EACH_DATABASE(UploadRoutes);

TEST_P(UploadRoutes, OfOneIdempotencyKeyAreOneAndAreAnsweredTheSame) {
  Request request = request_of({}, R"({"kind":"file","size_bytes":9})");
  request.idempotency = IdempotencyKey{"key-1", "hmac", false};
  const Route& route = find_route(upload_routes(), Method::post, "/api/v1/uploads");
  const Answered first = call(world, route, request), again = call(world, route, request);
  EXPECT_EQ(first.json, again.json);
  for (const char* field : {"Location", "Upload-Offset"}) {
    EXPECT_TRUE(first.headers.find(field)) << field;
    EXPECT_EQ(first.headers.find(field), again.headers.find(field)) << field;
  }
}

TEST_P(UploadRoutes, AFileComesInPartsAndIsReceived) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size());
  EXPECT_EQ(patch(id, 0, file.substr(0, 700)).headers.find("Upload-Offset"), "700");
  EXPECT_EQ(show(id).headers.find("Upload-Offset"), "700");
  EXPECT_EQ(complete(id).error, ErrorCode::conflict) << "bytes are missing";
  EXPECT_EQ(patch(id, 699, "x").error, ErrorCode::precondition_failed);
  EXPECT_EQ(patch(id, 701, "x").error, ErrorCode::precondition_failed);
  EXPECT_EQ(patch(id, 700, file.substr(700)).status, 204);
  EXPECT_EQ(patch(id, file.size(), "x").error, ErrorCode::body_too_large);
  const Answered done = complete(id);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.json.at("state"), "done");
  EXPECT_EQ(done.json.at("result").at("stored"), 1);
  EXPECT_EQ(complete(id).json, done.json) << "asked again, the same answer";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
  EXPECT_EQ(part_count(), 0U);
  EXPECT_EQ(world.leaves(), (std::vector<std::string>{"upload.opened", "study.opened", "upload.done"}));
}

TEST_P(UploadRoutes, WhatCameBeforeTheConnectionBrokeIsKept) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size());
  {
    const Sending sending(*this, id, std::span(file).first(500));
    EXPECT_EQ(patch(id, 0, "x").error, ErrorCode::conflict) << "one request at a time";
  }
  EXPECT_EQ(show(id).json.at("received_bytes"), 500);
  EXPECT_EQ(patch(id, 500, file.substr(500)).status, 204);
  EXPECT_EQ(complete(id).json.at("result").at("stored"), 1);
}

TEST_P(UploadRoutes, BytesThatWereWrittenButNotRecordedAreWrittenAgain) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size());
  patch(id, 0, file.substr(0, 500));
  std::ofstream(world.folder / "uploads" / (id + ".part"), std::ios::app) << "left by a crash";
  EXPECT_EQ(patch(id, 500, file.substr(500)).status, 204);
  EXPECT_EQ(complete(id).json.at("result").at("stored"), 1);
}

TEST_P(UploadRoutes, BytesThatARestoredBackupDoesNotHoldAreAskedForAgain) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size());
  const auto lose = [&] { std::filesystem::remove(world.folder / "uploads" / (id + ".part")); };
  patch(id, 0, file.substr(0, 500));
  lose();
  EXPECT_EQ(patch(id, 500, file.substr(500)).error, ErrorCode::precondition_failed);
  EXPECT_EQ(show(id).json.at("received_bytes"), 0);
  EXPECT_EQ(patch(id, 0, file).status, 204);
  lose();
  EXPECT_EQ(complete(id).error, ErrorCode::conflict);
  EXPECT_EQ(patch(id, 0, file).status, 204);
  EXPECT_EQ(complete(id).json.at("result").at("stored"), 1);
}

TEST_P(UploadRoutes, AnArchiveIsIngestedByTheWorker) {
  const auto files = instances(3);
  naru::test::write_archive(world.folder / "a.zip", {{"1", files[0]}, {"2", files[1]}, {"3", files[2]}, {"4", "text"}});
  const std::string archive = naru::test::slurp(world.folder / "a.zip");
  const std::string id = opened("archive", archive.size());
  patch(id, 0, archive);
  EXPECT_EQ(complete(id).status, 202);
  {
    const FileDescriptor at_work(::open((world.folder / "uploads" / (id + ".part")).c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(at_work.number(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(complete(id).status, 202) << "asked again while it is taken in";
  }
  EXPECT_EQ(ingest_received_uploads(world.services, CancelToken()), 1);
  const Answered done = show(id);
  EXPECT_EQ(done.json.at("state"), "done");
  EXPECT_EQ(done.json.at("result").at("stored"), 3);
  EXPECT_EQ(done.json.at("result").at("rejected"), (nlohmann::json{{"not_dicom", 1}}));
  EXPECT_EQ(ingest_received_uploads(world.services, CancelToken()), 0);
  EXPECT_EQ(part_count(), 0U);
}

TEST_P(UploadRoutes, AnArchiveThatCannotBeStoredCanBeGivenUp) {
  const std::string id = opened("archive", 3);
  patch(id, 0, "abc");
  EXPECT_EQ(complete(id).status, 202);
  {
    const FileDescriptor at_work(::open((world.folder / "uploads" / (id + ".part")).c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(at_work.number(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(remove(id).error, ErrorCode::conflict) << "it is being taken in";
  }
  EXPECT_EQ(remove(id).status, 204);
  EXPECT_EQ(show(id).json.at("state"), "aborted");
  EXPECT_EQ(complete(id).error, ErrorCode::conflict);
  EXPECT_EQ(ingest_received_uploads(world.services, CancelToken()), 0);
  EXPECT_EQ(part_count(), 0U);
}

TEST_P(UploadRoutes, ArchivesThatCannotBeStoredDoNotKeepOthersFromIt) {
  constexpr int kStuck = 20;
  for (int n = 0; n < kStuck; ++n) {
    const std::string id = opened("archive", 3);
    patch(id, 0, "abc");
    complete(id);
    const auto part = world.folder / "uploads" / (id + ".part");
    std::filesystem::remove(part);
    std::filesystem::create_directory(part);  // cannot be opened for writing
  }
  world.clock.advance(1);
  const std::string id = opened("archive", 3);
  patch(id, 0, "abc");
  complete(id);
  EXPECT_EQ(ingest_received_uploads(world.services, CancelToken()), 1);
  EXPECT_EQ(show(id).json.at("state"), "done");
}

TEST_P(UploadRoutes, AWrongChecksumFailsAndNothingIsStored) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size(), R"(, "sha256": ")" + std::string(64, '0') + '"');
  patch(id, 0, file);
  const Answered failed = complete(id);
  EXPECT_EQ(failed.json.at("state"), "failed");
  EXPECT_EQ(failed.json.at("result").at("error"), "checksum_mismatch");
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
  const std::string right = opened("file", file.size(), R"(, "sha256": ")" + sha256_hex(file) + '"');
  patch(right, 0, file);
  EXPECT_EQ(complete(right).json.at("state"), "done");
}

TEST_P(UploadRoutes, LimitsAreKept) {
  world.config.ingest.max_upload_bytes = 1000;
  EXPECT_EQ(open("file", 1001).error, ErrorCode::body_too_large);
  EXPECT_EQ(open("file", 0).error, ErrorCode::request_invalid);
  EXPECT_EQ(open("folder", 10).error, ErrorCode::request_invalid);
  EXPECT_EQ(open("file", 10, R"(, "sha256": "short")").error, ErrorCode::request_invalid);
  for (int n = 0; n < kMaxOpenUploads; ++n) opened("file", 10);
  EXPECT_EQ(open("file", 10).error, ErrorCode::quota_exceeded);
}

TEST_P(UploadRoutes, AnUploadOfAnotherIsNotFound) {
  const std::string id = opened("file", 10);
  const auto as_other = [&](Method method, std::string_view pattern) {
    Request request = request_of({id}, "x");
    request.caller.organisation_id = "org-b";
    request.headers.add("Upload-Offset", "0");
    return call(world, find_route(upload_routes(), method, pattern), std::move(request)).error;
  };
  EXPECT_EQ(as_other(Method::get, kUpload), ErrorCode::not_found);
  EXPECT_EQ(as_other(Method::patch, kUpload), ErrorCode::not_found);
  EXPECT_EQ(as_other(Method::delete_, kUpload), ErrorCode::not_found);
  EXPECT_EQ(as_other(Method::post, "/api/v1/uploads/{upload_id}/complete"), ErrorCode::not_found);
  EXPECT_EQ(show("../../etc/passwd").error, ErrorCode::not_found);
}

TEST_P(UploadRoutes, WhatIsAbandonedOrDeletedIsAborted) {
  const std::string deleted = opened("file", 10), abandoned = opened("file", 10), used = opened("file", 10);
  patch(deleted, 0, "abc");
  patch(abandoned, 0, "abc");
  EXPECT_EQ(remove(deleted).status, 204);
  EXPECT_EQ(remove(deleted).status, 204);
  EXPECT_EQ(patch(deleted, 3, "x").error, ErrorCode::conflict);
  world.clock.advance(kAbandonedAfter_ms - 1);
  patch(used, 0, "abc");
  world.clock.advance(1);
  remove_expired_uploads(world.services);
  EXPECT_EQ(show(abandoned).json.at("state"), "aborted");
  EXPECT_EQ(show(used).json.at("state"), "open");
  EXPECT_EQ(part_count(), 1U);
}

TEST_P(UploadRoutes, OneThatSendsForMoreThanADayIsNotAbandoned) {
  const std::string file = instances(1)[0];
  const std::string id = opened("file", file.size());
  const Sending sending(*this, id, std::span(file).first(500));
  world.clock.advance(kAbandonedAfter_ms);
  remove_expired_uploads(world.services);
  sending.sink->write(std::as_bytes(std::span(file).subspan(500)));
  EXPECT_EQ(sending.sink->finish().status, 204);
  EXPECT_EQ(show(id).json.at("received_bytes"), file.size());
  EXPECT_EQ(complete(id).status, 200) << "the request before may not have gone yet";
}

TEST_P(UploadRoutes, OneInstanceAtOnceIsAnsweredWithWhatBecameOfIt) {
  const Route& route = find_route(upload_routes(), Method::post, "/api/v1/instances");
  const std::string file = instances(1)[0];
  const Answered stored = call(world, route, request_of({}, file));
  EXPECT_EQ(stored.status, 201);
  EXPECT_EQ(stored.json.at("outcome"), "stored");
  const Answered again = call(world, route, request_of({}, file));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json.at("study_id"), stored.json.at("study_id"));
  EXPECT_EQ(call(world, route, request_of({}, "text")).error, ErrorCode::request_invalid);
  EXPECT_TRUE(std::filesystem::is_empty(world.content.incoming()));
}

TEST_P(UploadRoutes, AreSentAndCompletedByWhoOpenedThemAlone) {
  const std::string file = instances(1)[0], id = opened("file", file.size());
  Request send = request_of({id}, file), finish = request_of({id}), away = request_of({id});
  send.headers.add("Upload-Offset", "0");
  for (Request* request : {&send, &finish, &away}) request->caller.user_id = "user-2";
  EXPECT_EQ(call(world, find_route(upload_routes(), Method::patch, kUpload), send).error, ErrorCode::forbidden);
  EXPECT_EQ(patch(id, 0, file).status, 204);
  const Route& complete_route = find_route(upload_routes(), Method::post, "/api/v1/uploads/{upload_id}/complete");
  EXPECT_EQ(call(world, complete_route, finish).error, ErrorCode::forbidden);
  EXPECT_EQ(complete(id).json.at("state"), "done");
  away.path_values = {opened("file", 9)};
  EXPECT_EQ(call(world, find_route(upload_routes(), Method::delete_, kUpload), away).status, 204)
      << "the leaf names who did it";
}

}  // namespace
}  // namespace naru::server
