#include "server/http/access_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace naru::server {
namespace {

TEST(AccessLog, ALineIsOneJsonDocument) {
  const std::string line = to_line({.request_id = "req-1",
                                    .method = "GET",
                                    .route = "/api/v1/jobs/{job_id}",
                                    .client_address = "192.0.2.1",
                                    .user_id = "user-1",
                                    .status = 200,
                                    .sent_bytes = 12,
                                    .elapsed_ms = 1.23456},
                                   951'782'400'007);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const nlohmann::json wanted = {{"time", "2000-02-29T00:00:00.007Z"},
                                 {"request", "req-1"},
                                 {"method", "GET"},
                                 {"route", "/api/v1/jobs/{job_id}"},
                                 {"status", 200},
                                 {"sent_bytes", 12},
                                 {"ms", 1.235},
                                 {"client", "192.0.2.1"},
                                 {"user", "user-1"}};
  EXPECT_EQ(nlohmann::json::parse(line), wanted);
}

TEST(AccessLog, WritesOnStandardErrorWhatWasAddedBeforeItsEnd) {
  ::testing::internal::CaptureStderr();
  {
    AccessLog log(true);
    for (int i = 0; i < 100; ++i) log.add(AccessEntry{});
  }
  const std::string written = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(written, '\n'), 100);
}

}  // namespace
}  // namespace naru::server
