#include "server/store/schema.h"

#include <gtest/gtest.h>

#include "server/store/migrate.h"
#include "server/store/postgresql_database.h"
#include "server/store/sqlite_database.h"
#include "tests/server/support/databases.h"

namespace naru::server {
namespace {

TEST(Schema, VersionsHaveNoGapsAndAReason) {
  int wanted = 1;
  for (const Migration& migration : migrations()) {
    EXPECT_EQ(migration.version, wanted++);
    EXPECT_FALSE(migration.why.empty());
  }
}

class SchemaOn : public testing::TestWithParam<test::DatabaseCase> {};
NARU_FOR_EACH_DATABASE(SchemaOn);

TEST_P(SchemaOn, GrantsFromBeforeCohortsCoverWhatHadComeWhenTheyWereApproved) {
  const std::string url = GetParam().make_url();
  const auto database = GetParam().name == "sqlite" ? open_sqlite(url.substr(7)) : open_postgresql(url);
  migrate(*database, migrations().first(11));
  in_transaction(*database, Access::write, [](Transaction& t) {
    t.run_script(
        "INSERT INTO organisations (id, name, kind, created_ms) VALUES ('o', 'o', 'hospital', 0);"
        "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
        "created_ms, received_ms) VALUES ('s', 'o', '1', 'closed', 4, 4, 'CT', 0, 0);"
        "INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ('a', 1, 0), ('b', 1, 0), ('c', 1, 0), ('d', 1, 0);"
        "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, transfer_syntax_uid, "
        "modality, source, received_ms) VALUES ('s', '1', 'd', '', '', '', 'CT', 'upload', 10), "
        "('s', '2', 'c', '', '', '', 'CT', 'upload', 20), ('s', '2', 'b', '', '', '', 'CT', 'upload', 30), "
        "('s', '4', 'a', '', '', '', 'CT', 'upload', 40);"
        "INSERT INTO grants (id, organisation_id, recipient_id, purpose, decision, recipe, mode, state, quota_bytes, "
        "used_bytes, created_ms, created_by, approved_ms, expires_ms, key_sealed, key_id) VALUES "
        "('approved', 'o', 'o', 'p', 'd', '', 'download', 'active', 0, 0, 15, 'u', 30, 99, 'k', 'k'), "
        "('proposed', 'o', 'o', 'p', 'd', '', 'download', 'proposed', 0, 0, 15, 'u', NULL, 99, 'k', 'k');"
        "INSERT INTO grant_studies (grant_id, study_id) VALUES ('approved', 's'), ('proposed', 's')");
  });
  migrate(*database, migrations());
  in_transaction(*database, Access::read, [](Transaction& t) {
    std::string order;
    for (const Row& row : t.query("SELECT sha256 FROM instances ORDER BY number")) order += row.text(0);
    EXPECT_EQ(order, "dcba") << "as they came";
    const Rows grants = t.query("SELECT instance_count FROM grant_studies ORDER BY grant_id");
    EXPECT_EQ(grants.at(0).integer(0), 3) << "approved";
    EXPECT_EQ(grants.at(1).integer(0), 1) << "proposed";
  });
}

}  // namespace
}  // namespace naru::server
