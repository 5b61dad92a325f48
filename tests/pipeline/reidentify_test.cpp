#include "pipeline/reidentify.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <sstream>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/key_store.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPrepareRow =
    R"({"schema":"naru.link/1","case":"case-0000000000000001","patient":"patient-00000000000000aa",)"
    R"("study":"study-0000000000000001","series":"series-0000000000000001","patient_id":"SECRET-1",)"
    R"("issuer_of_patient_id":"","study_uid":"1.2.3","series_uid":"1.2.3.4","stack":0})"
    "\n";
const std::string kDeidentifyRows =
    R"({"schema":"naru.link/1","patient":"patient-00000000000000bb","patient_id":"SECRET-2"})"
    "\n"
    R"({"schema":"naru.link/1","study":"2.25.77","study_uid":"1.2.5","series":"2.25.78","series_uid":"1.2.5.1",)"
    R"("instance":"2.25.79","sop_instance_uid":"1.2.5.1.9"})"
    "\n";

class ReidentifyTest : public ::testing::Test {
 protected:
  ReidentifyTest() { ::setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1); }

  ReidentifyOptions sealed_with(const ProjectKey& key, const std::string& text) {
    const auto sealed = key.seal(text);
    test::spill(folder_ / "report/link.sealed", {reinterpret_cast<const char*>(sealed.data()), sealed.size()});
    return {folder_ / "report", "liver", {}, "call the patient back", {}};
  }
  ReidentifyOptions sealed(const std::string& text = kPrepareRow + kDeidentifyRows) {
    return sealed_with(ProjectKey::of_project("liver"), text);
  }
  std::string log_text() const { return test::slurp(folder_ / "state/naru/keys/log.jsonl"); }
  ordered_json last_log_line() const {
    std::istringstream text(log_text());
    std::string line, last;
    while (std::getline(text, line)) last = line;
    return ordered_json::parse(last);
  }
  static ErrorCode code_of(const ReidentifyOptions& options) {
    try {
      reidentify(options);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("SECRET")));
      return error.code();
    }
    ADD_FAILURE() << "no error";
    return ErrorCode::internal;
  }
  test::TempFolder folder_;
};

TEST_F(ReidentifyTest, GivesTheRowsOfAPseudonymOfAnyKind) {
  ReidentifyOptions options = sealed();
  const std::pair<const char*, const char*> cases[] = {
      {"patient-00000000000000aa", "SECRET-1"},
      {"case-0000000000000001", "SECRET-1"},
      {"study-0000000000000001", "SECRET-1"},
      {"series-0000000000000001", "SECRET-1"},
      {"patient-00000000000000bb", "SECRET-2"},
      {"2.25.77", "1.2.5"},
      {"2.25.78", "1.2.5.1"},
      {"2.25.79", "1.2.5.1.9"},
  };
  for (const auto& [pseudonym, source] : cases) {
    options.pseudonyms = {pseudonym};
    const Reidentified result = reidentify(options);
    ASSERT_EQ(result.rows.size(), 1U) << pseudonym;
    EXPECT_THAT(result.rows[0].dump(), HasSubstr(source));
    EXPECT_FALSE(result.rows[0].contains("schema"));
    EXPECT_TRUE(result.missing.empty());
  }
}

TEST_F(ReidentifyTest, GivesAllRowsWhereNoPseudonymIsNamedAndNamesTheMissing) {
  ReidentifyOptions options = sealed();
  EXPECT_EQ(reidentify(options).rows.size(), 3U);
  options.pseudonyms = {"2.25.77", "2.25.404", "patient-00000000000000aa"};
  const Reidentified result = reidentify(options);
  EXPECT_EQ(result.rows.size(), 2U);
  EXPECT_THAT(result.missing, ElementsAre("2.25.404"));
}

TEST_F(ReidentifyTest, DoesNotMatchSourceValues) {
  ReidentifyOptions options = sealed(R"({"schema":"naru.link/1","study":"2.25.1","study_uid":"2.25.2"})"
                                     "\n");
  options.pseudonyms = {"2.25.2"};
  EXPECT_TRUE(reidentify(options).rows.empty());
}

TEST_F(ReidentifyTest, LogsWhoAskedForWhatAndWhyButNoSource) {
  ReidentifyOptions options = sealed();
  options.pseudonyms = {"patient-00000000000000aa"};
  const std::string id = reidentify(options).key_id;
  const ordered_json line = last_log_line();
  EXPECT_EQ(line["schema"], "naru.key-log/1");
  EXPECT_EQ(line["act"], "reidentify");
  EXPECT_EQ(line["project"], "liver");
  EXPECT_EQ(line["key"], id);
  EXPECT_EQ(line["reason"], "call the patient back");
  EXPECT_THAT(line["pseudonyms"].get<std::vector<std::string>>(), ElementsAre("patient-00000000000000aa"));
  EXPECT_EQ(line["rows"], 1);
  const std::string table = test::slurp(folder_ / "report/link.sealed");
  EXPECT_EQ(line["link_sha256"], sha256_hex(table));
  EXPECT_FALSE(line["user"].get<std::string>().empty());
  EXPECT_THAT(log_text(), Not(HasSubstr("SECRET")));
  EXPECT_THAT(log_text(), Not(HasSubstr("1.2.3")));
}

TEST_F(ReidentifyTest, GivesNothingWhereTheLogCannotBeWritten) {
  const ReidentifyOptions options = sealed();
  fs::remove(folder_ / "state/naru/keys/log.jsonl");
  fs::create_directory(folder_ / "state/naru/keys/log.jsonl");
  EXPECT_EQ(code_of(options), ErrorCode::output_unwritable);
}

TEST_F(ReidentifyTest, NeedsAReasonAndPseudonymsThatAreNoNames) {
  ReidentifyOptions options = sealed();
  for (const std::string& reason : {std::string(), std::string(" \n"), std::string(1001, 'x')}) {
    options.reason = reason;
    EXPECT_EQ(code_of(options), ErrorCode::usage);
  }
  options.reason = "why";
  for (const char* text : {"SECRET^ONE", "", "1.2.3", "2.25.", "2.25.1.2", "patient-", "patient-00000000000000a",
                           "patient-00000000000000AA", "-0000000000000000", "800101-1234567", "p-1-0000000000000000"}) {
    options.pseudonyms = {text};
    EXPECT_EQ(code_of(options), ErrorCode::usage) << text;
  }
  EXPECT_THAT(log_text(), Not(HasSubstr("reidentify")));
}

TEST_F(ReidentifyTest, FindsTheKeyAmongRotatedOnesUntilItIsDestroyed) {
  const ReidentifyOptions options = sealed();
  const std::string id = rotate_key("liver").old_id;
  rotate_key("liver");
  test::spill(folder_ / "state/naru/keys/liver.0123456789abcdef.key", "not a key");
  EXPECT_EQ(reidentify(options).key_id, id);
  destroy_keys("liver", id);
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
}

TEST_F(ReidentifyTest, RefusesOtherProjectsChangedTablesAndAbsentKeys) {
  ReidentifyOptions options = sealed();
  options.project = "lung";
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);  // no key
  EXPECT_EQ(last_log_line()["act"], "reidentify_failed");
  ProjectKey::of_project("lung");
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);  // another key
  options.project = "liver";
  std::string table = test::slurp(folder_ / "report/link.sealed");
  table.back() ^= 1;
  test::spill(folder_ / "report/link.sealed", table);
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
  test::spill(folder_ / "report/link.sealed", "");
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
  options.link = folder_ / "absent";
  EXPECT_EQ(code_of(options), ErrorCode::input_missing);  // there was nothing to try
  EXPECT_THAT(log_text(), Not(HasSubstr("\"reidentify\"")));
}

TEST_F(ReidentifyTest, LogsWhatFailedAndWhatWasNotThere) {
  ReidentifyOptions options = sealed();
  options.pseudonyms = {"2.25.404", "2.25.77"};
  reidentify(options);
  EXPECT_THAT(last_log_line()["missing"].get<std::vector<std::string>>(), ElementsAre("2.25.404"));
  ProjectKey::of_project("lung");
  options.project = "lung";
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
  const ordered_json line = last_log_line();
  EXPECT_EQ(line["act"], "reidentify_failed");
  EXPECT_EQ(line["error"], "key_invalid");
  EXPECT_EQ(line["project"], "lung");
  EXPECT_EQ(line["reason"], "call the patient back");
  EXPECT_THAT(line["pseudonyms"].get<std::vector<std::string>>(), ElementsAre("2.25.404", "2.25.77"));
  EXPECT_TRUE(line["key"].is_null());
  const std::string table = test::slurp(folder_ / "report/link.sealed");
  EXPECT_EQ(line["link_sha256"], sha256_hex(table));
  EXPECT_EQ(code_of(sealed("SECRET")), ErrorCode::dataset_invalid);
  EXPECT_EQ(last_log_line()["error"], "dataset_invalid");
  EXPECT_THAT(log_text(), Not(HasSubstr("SECRET")));
}

TEST_F(ReidentifyTest, TakesAKeyFileAndLogsBesideIt) {
  const ProjectKey key = ProjectKey::random();
  fs::create_directory(folder_ / "safe");
  key.save(folder_ / "safe/k.key");
  ReidentifyOptions options = sealed_with(key, kPrepareRow);
  options.key_file = folder_ / "safe/k.key";
  options.link = folder_ / "report/link.sealed";
  EXPECT_EQ(reidentify(options).rows.size(), 1U);
  EXPECT_FALSE(fs::exists(folder_ / "state"));
  const auto line = ordered_json::parse(test::slurp(folder_ / "safe/log.jsonl"));
  EXPECT_EQ(line["key"], key.id());
  EXPECT_TRUE(line["project"].is_null());
  ::chmod((folder_ / "safe/k.key").c_str(), 0640);
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
  test::spill(folder_ / "safe/k.key", "not a key of ours");
  ::chmod((folder_ / "safe/k.key").c_str(), 0600);
  EXPECT_EQ(code_of(options), ErrorCode::key_invalid);
}

TEST_F(ReidentifyTest, RefusesSealedTextThatIsNoLinkTable) {
  for (const std::string text :
       {"SECRET", "[1]\n", "{\"schema\":\"naru.link/2\"}\n", "{\"schema\":7}\n", "{}\n", "\n"}) {
    EXPECT_EQ(code_of(sealed(text)), ErrorCode::dataset_invalid) << text;
  }
  EXPECT_TRUE(reidentify(sealed("")).rows.empty());  // nothing was linked
}

}  // namespace
}  // namespace naru
