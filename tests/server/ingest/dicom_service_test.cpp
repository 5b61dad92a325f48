/// From storescu to the database and the disk.
#include "server/ingest/dicom_service.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>

#include "core/error.h"
#include "tests/server/ingest/ingest_world.h"

namespace naru::server {
namespace {

using test::IngestWorld;

int run(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

DicomConfig config() {
  DicomConfig config;
  config.port = 0;
  config.organisation = "Hospital A";
  config.allowed_ae_titles = {"SENDER"};
  return config;
}

class DicomServiceOn : public testing::TestWithParam<test::DatabaseCase> {
 protected:
  void SetUp() override {
    if (run("which storescu") != 0) GTEST_SKIP() << "storescu (Debian: dcmtk) is not installed";
  }
};
NARU_FOR_EACH_DATABASE(DicomServiceOn);

TEST_P(DicomServiceOn, WhatASenderWasToldIsStoredIsInTheDatabaseAndOnTheDisk) {
  IngestWorld world(GetParam());
  naru::test::PhantomOptions phantom;
  phantom.size = {64, 64, 20};
  naru::test::write_series(phantom, world.folder / "series");
  world.config.dicom = config();
  const DicomService service(world.services);
  const std::string send = "storescu -aet SENDER -aec NARU 127.0.0.1 " + std::to_string(service.port()) + " +sd ";
  ASSERT_EQ(run(send + (world.folder / "series").string()), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 20);
  EXPECT_EQ(world.number("SELECT instance_count FROM studies"), 20);
  for (const Row& row : world.query("SELECT sha256, source FROM instances")) {
    const std::string bytes = naru::test::slurp(world.content.path_of(row.text(0)));
    EXPECT_EQ(sha256_hex(bytes), row.text(0));
    EXPECT_EQ(row.text(1), "storescp");
  }
  ASSERT_EQ(run(send + (world.folder / "series").string()), 0) << "sent again";
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 20);
}

TEST_P(DicomServiceOn, WhatCannotBeStoredIsNotAcknowledged) {
  IngestWorld world(GetParam());
  naru::test::PhantomOptions phantom;
  phantom.size = {16, 16, 1};
  naru::test::write_series(phantom, world.folder / "series");
  world.config.dicom = config();
  const DicomService service(world.services);
  in_transaction(*world.database, Access::write, [](Transaction& t) { t.execute("DELETE FROM organisations"); });
  EXPECT_NE(run("storescu -aet SENDER -aec NARU 127.0.0.1 " + std::to_string(service.port()) + " +sd " +
                (world.folder / "series").string()),
            0);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
}

TEST_P(DicomServiceOn, AnOrganisationThatIsNotThereIsAnErrorOfTheConfiguration) {
  IngestWorld world(GetParam());
  world.config.dicom = config();
  world.config.dicom.organisation = "Nobody";
  EXPECT_THROW(DicomService{world.services}, Error);
}

TEST_P(DicomServiceOn, OfAKeyThatOthersMayReadAWarningIsSaid) {
  IngestWorld world(GetParam());
  const naru::test::TempFolder folder;
  naru::test::spill(folder / "key.pem", "x");
  std::filesystem::permissions(folder / "key.pem", std::filesystem::perms{0644});
  world.config.dicom = config();
  world.config.dicom.tls_key = folder / "key.pem";
  testing::internal::CaptureStderr();
  try {
    DicomService{world.services};
  } catch (const Error&) {  // it is no key
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("[dicom] tls_key"));
}

TEST_P(DicomServiceOn, NothingIsStoredForAHospitalThatWasDisabled) {
  IngestWorld world(GetParam());
  naru::test::PhantomOptions phantom;
  phantom.size = {16, 16, 1};
  naru::test::write_series(phantom, world.folder / "series");
  world.config.dicom = config();
  const DicomService service(world.services);
  const std::string send = "storescu -aet SENDER -aec NARU 127.0.0.1 " + std::to_string(service.port()) + " +sd ";
  const auto set_disabled = [&](const char* when) {
    in_transaction(*world.database, Access::write, [&](Transaction& transaction) {
      transaction.execute(std::string("UPDATE organisations SET disabled_ms = ") + when + " WHERE id = 'org-a'");
    });
  };
  set_disabled("1");
  EXPECT_NE(run(send + (world.folder / "series").string()), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 0);
  set_disabled("NULL");
  EXPECT_EQ(run(send + (world.folder / "series").string()), 0);
  EXPECT_EQ(world.number("SELECT count(*) FROM instances"), 1);
}

}  // namespace
}  // namespace naru::server
