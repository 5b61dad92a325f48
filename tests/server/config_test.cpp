#include "server/config.h"

#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "core/error.h"
#include "pipeline/files.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

using naru::test::TempFolder;

Config load(const std::string& toml) {
  const TempFolder folder;
  write_file(folder / "naru.toml", toml);
  return load_config(folder / "naru.toml");
}

std::string error_of(const std::string& toml) {
  try {
    load(toml);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::config_invalid);
    return error.what();
  }
  return "";
}

TEST(Config, SampleIsWhatHoldsWithoutAFile) {
  Config sample = load(sample_config());
  sample.data.clear();  // the one default that depends on the user
  const Config plain;
  EXPECT_EQ(sample.listen.port, plain.listen.port);
  EXPECT_EQ(sample.listen.address, plain.listen.address);
  EXPECT_EQ(sample.listen.max_connections, plain.listen.max_connections);
  EXPECT_EQ(sample.listen.requests_per_second, plain.listen.requests_per_second);
  EXPECT_EQ(sample.listen.handler_threads, plain.listen.handler_threads);
  EXPECT_EQ(sample.listen.access_log, plain.listen.access_log);
  EXPECT_EQ(sample.dicom.is_on, plain.dicom.is_on);
  EXPECT_EQ(sample.dicom.ae_title, plain.dicom.ae_title);
  EXPECT_EQ(sample.dicom.max_associations, plain.dicom.max_associations);
  EXPECT_EQ(sample.ingest.quiet_s, plain.ingest.quiet_s);
  EXPECT_EQ(sample.ingest.max_upload_bytes, plain.ingest.max_upload_bytes);
  EXPECT_EQ(sample.ingest.max_instance_bytes, plain.ingest.max_instance_bytes);
  EXPECT_EQ(sample.jobs.worker_count, plain.jobs.worker_count);
  EXPECT_EQ(sample.jobs.memory_bytes, plain.jobs.memory_bytes);
  EXPECT_EQ(sample.jobs.device, plain.jobs.device);
  EXPECT_EQ(sample.jobs.lease_s, plain.jobs.lease_s);
  EXPECT_TRUE(sample.ingest.folders.empty());
  EXPECT_TRUE(sample.dicom.allowed_ae_titles.empty());
}

TEST(Config, LinksAreMadeOfAPublicUrlThatEndsWithASlash) {
  EXPECT_EQ(load("[listen]\npublic_url = \"https://naru.example/\"\n").listen.public_url, "https://naru.example");
}

TEST(Config, BackupsLieOutsideOfWhatTheyHold) {
  const Config config =
      load("data = \"/srv/naru\"\n[backup]\nfolder = \"/srv/naru-backups\"\nevery_hours = 24\nkeep = 3\n");
  EXPECT_EQ(config.backup.folder, "/srv/naru-backups");
  EXPECT_EQ(config.backup.every_hours, 24);
  EXPECT_EQ(config.backup.keep, 3);
  EXPECT_NE(error_of("data = \"/srv/naru\"\n[backup]\nfolder = \"/srv/naru/backups\"\n"), "");
  EXPECT_NE(error_of("data = \"/srv/naru\"\n[backup]\nfolder = \"/srv/x/../naru\"\n"), "");
  EXPECT_NE(error_of("[backup]\nfolder = \"backups\"\n"), "") << "a relative path depends on where the start was";
  EXPECT_NE(error_of("[backup]\nevery_hours = 24\n"), "");
  EXPECT_NE(error_of("[backup]\nkeep = 0\n"), "");
}

TEST(Config, WitnessesAreNamedAndReachedSafely) {
  const auto with = [](const std::string& name, const std::string& url) {
    return "[ledger]\nwitnesses = [{ name = \"" + name + "\", url = \"" + url + "\", key = \"k\" }]\n";
  };
  const Config config = load(with("busan", "https://naru.busan.example/api/v1/ledger/witness/"));
  ASSERT_EQ(config.ledger.witnesses.size(), 1U);
  EXPECT_EQ(config.ledger.witnesses[0].url, "https://naru.busan.example/api/v1/ledger/witness");
  EXPECT_EQ(error_of(with("busan", "http://127.0.0.1:8600/w")), "");
  for (const char* url : {"http://naru.busan.example/w", "http://127.0.0.1.example/w", "", "ftp://a"}) {
    EXPECT_NE(error_of(with("busan", url)), "") << url;
  }
  for (const char* name : {"", "Busan", "a b", "a\\\"b"})
    EXPECT_NE(error_of(with(name, "https://a.example/w")), "") << name;
}

TEST(Config, EveryLineOfTheSampleHasItsMeaningBeforeIt) {
  std::istringstream lines(sample_config());
  std::string before;
  int keys = 0;
  for (std::string line; std::getline(lines, line); before = line) {
    if (!std::regex_match(line, std::regex("[a-z_0-9]+ = .*"))) continue;
    EXPECT_TRUE(before.starts_with("# ")) << line;
    ++keys;
  }
  EXPECT_GE(keys, 40);
}

TEST(Config, NamesFileLineAndColumnOfWhatIsWrong) {
  EXPECT_NE(error_of("[listen]\nport = 70000\n").find("naru.toml:2:8: [listen] port must lie between"),
            std::string::npos);
  EXPECT_NE(error_of("[listen]\nporte = 1\n").find("2:1: unknown key [listen] porte"), std::string::npos);
  EXPECT_NE(error_of("listen = 3\n").find("unknown key listen"), std::string::npos);
  EXPECT_NE(error_of("[listen\n").find("naru.toml:1:"), std::string::npos);
  EXPECT_NE(error_of("[jobs]\nmemory = \"much\"\n").find("such as"), std::string::npos);
  for (const char* device : {"cudax", "cuda:", "cuda:x", "cuda:1x", "cuda:99999999999", "auto:1", "gpu"})
    EXPECT_NE(error_of("[jobs]\ndevice = \"" + std::string(device) + "\"\n").find("cuda:N"), std::string::npos)
        << device;
  EXPECT_EQ(error_of("[jobs]\ndevice = \"cuda:1\"\n"), "");
}

TEST(Config, RefusesWhatContradictsItself) {
  EXPECT_NE(error_of("[listen]\ntls_key = \"a\"\n"), "");
  EXPECT_NE(error_of("[dicom]\nis_on = true\n"), "");
  EXPECT_NE(error_of("[dicom]\nallowed_ae_titles = [\"SEVENTEENLETTERS!\"]\n"), "");
  EXPECT_NE(
      error_of(
          "[oidc]\nis_on = true\nissuer = \"http://idp.example\"\nclient_id = \"a\"\nredirect_url = \"https://a\"\n"),
      "");
  EXPECT_NE(error_of("[ingest]\nfolders = [{ path = \"relative\", organisation = \"a\" }]\n"), "");
}

TEST(Config, AFileThatIsNotThereIsNamed) { EXPECT_THROW(load_config("/nowhere/naru.toml"), Error); }

}  // namespace
}  // namespace naru::server::test
