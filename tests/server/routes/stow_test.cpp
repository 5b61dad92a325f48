#include <gtest/gtest.h>

#include "tests/server/ingest/route_call.h"

namespace naru::server {
namespace {

using test::Answered;
using test::call;
using test::find_route;
using test::IngestWorld;
using test::instances;

class Stow : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  static std::string body_of(const std::vector<std::string>& parts, const std::string& type = "application/dicom") {
    std::string body;
    for (const std::string& part : parts) body += "--xyz\r\nContent-Type: " + type + "\r\n\r\n" + part + "\r\n";
    return body + "--xyz--\r\n";
  }
  Answered post(const std::string& body, const std::string& study_uid = "",
                const std::string& accept = "application/dicom+json",
                const std::string& content_type = "multipart/related; type=\"application/dicom\"; boundary=xyz") {
    Request request;
    request.caller = {"user-1", "org-a", {Role::hospital_steward}, ~0U, false};
    request.headers.add("Content-Type", content_type);
    request.headers.add("Accept", accept);
    request.body = body;
    if (!study_uid.empty()) request.path_values.push_back(study_uid);
    return call(world,
                find_route(stow_routes(), Method::post,
                           study_uid.empty() ? "/dicomweb/studies" : "/dicomweb/studies/{study_uid}"),
                std::move(request), 777);
  }
  static nlohmann::json failures(const Answered& answered) {
    nlohmann::json reasons = nlohmann::json::array();
    for (const auto& item : answered.json.at("00081198").at("Value"))
      reasons.push_back(item.at("00081197").at("Value").at(0));
    return reasons;
  }
  IngestWorld world{GetParam()};
};
NARU_FOR_EACH_DATABASE(Stow);

TEST_P(Stow, AllStoredIs200WithTheirIdentifiers) {
  const auto files = instances(150);
  const Answered answered = post(body_of(files));
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.headers.find("Content-Type"), "application/dicom+json");
  EXPECT_FALSE(answered.json.contains("00081198"));
  const auto& stored = answered.json.at("00081199").at("Value");
  ASSERT_EQ(stored.size(), 150U);
  EXPECT_EQ(stored[0].at("00081150").at("Value").at(0), "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(stored[0].at("00081155").at("Value").at(0), "2.999.1.1.1.1");
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 150);
}

TEST_P(Stow, SomeStoredIs202WithTheReasonsOfTheOthers) {
  const auto files = instances(2);
  std::string unknown = instances(1, "2.999.7", "1.2.840.10008.1.2.4.70")[0];
  unknown.replace(unknown.find("1.2.840.10008.1.2.4.70"), 22, "1.2.840.10008.1.2.4.99");
  const Answered answered = post(body_of({files[0], "text", files[1].substr(0, 500), unknown}));
  EXPECT_EQ(answered.status, 202);
  EXPECT_EQ(failures(answered), (nlohmann::json{0xC000, 0xC000, 0xC122}));
  EXPECT_EQ(answered.json.at("00081199").at("Value").size(), 1U);
}

TEST_P(Stow, NoneStoredIs409) {
  EXPECT_EQ(post(body_of({"text"})).status, 409);
  EXPECT_EQ(failures(post(body_of({instances(1)[0]}, "image/jpeg"))), (nlohmann::json{0xC000}));
}

TEST_P(Stow, OnlyTheStudyOfThePathIsTaken) {
  const std::string ours = instances(1)[0], other = instances(1, "2.999.7")[0];
  const Answered answered = post(body_of({ours, other}), "2.999.1.1");
  EXPECT_EQ(answered.status, 202);
  EXPECT_EQ(failures(answered), (nlohmann::json{0xA900}));
  EXPECT_EQ(world.number("SELECT count(*) FROM studies"), 1);
}

TEST_P(Stow, WhatIsNotUnderstoodIsRefused) {
  EXPECT_EQ(post(body_of({}), "", "*/*", "application/dicom").error, ErrorCode::media_type_unsupported);
  EXPECT_EQ(post(body_of({}), "", "*/*", "multipart/related; type=\"application/dicom+json\"; boundary=xyz").error,
            ErrorCode::media_type_unsupported);
  EXPECT_EQ(post(body_of({}), "", "*/*", "multipart/related; type=\"application/dicom\"").error,
            ErrorCode::request_invalid);
  EXPECT_EQ(post(body_of({instances(1)[0]}), "", "application/dicom+xml").status, 406);
  EXPECT_EQ(post("no multipart", "", "application/dicom+xml").status, 406) << "whatever the body is, which is not read";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
}

TEST_P(Stow, ABodyThatEndsEarlyIsNotAnsweredAsStored) {
  const std::string body = body_of(instances(3));
  EXPECT_EQ(post(body.substr(0, body.size() - 10)).error, ErrorCode::request_invalid);
  EXPECT_TRUE(std::filesystem::is_empty(world.content.incoming()));
}

TEST_P(Stow, TenThousandPartsAndNoMore) {
  std::string many;
  for (int n = 0; n < 10001; ++n) many += "--xyz\r\n\r\n\r\n";
  EXPECT_EQ(post(many + "--xyz--").error, ErrorCode::body_too_large);
}

TEST_P(Stow, ABodyWithoutPartsIs400) {
  EXPECT_EQ(post(body_of({})).error, ErrorCode::request_invalid);
  EXPECT_EQ(post(body_of({}), "2.999.1.1").error, ErrorCode::request_invalid);
}

}  // namespace
}  // namespace naru::server
