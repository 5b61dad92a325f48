#include "pipeline/job_record.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

std::string record_problem(std::string_view toml) {
  try {
    parse_job_record(toml, "job.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

TEST(JobRecord, TakesWhatPeopleKnowAndLeavesTheRestNull) {
  const JobRecord record = parse_job_record(
      "purpose = \"간 종양 분할\"\nperiod = \"2026-01-01/2026-12-31\"\ndestruction_date = 2027-12-31\n", "job.toml");
  EXPECT_EQ(to_json(record), (Json{{"purpose", "간 종양 분할"},
                                   {"recipient", nullptr},
                                   {"decision_number", nullptr},
                                   {"period", "2026-01-01/2026-12-31"},
                                   {"cohort", nullptr},
                                   {"reviewer", nullptr},
                                   {"destruction_date", "2027-12-31"}}));
  EXPECT_EQ(parse_job_record("destruction_date = \"2028-02-29\"", "f").destruction_date, "2028-02-29");
}

TEST(JobRecord, NamesLineAndColumnOfWhatItCannotTake) {
  EXPECT_THAT(record_problem("purpose = \"x\"\nreviewr = \"y\"\n"),
              HasSubstr("record job.toml:2:1: unknown key \"reviewr\""));
  EXPECT_THAT(record_problem("purpose = 1\n"), HasSubstr("job.toml:1:11: purpose must be a string"));
  EXPECT_THAT(record_problem("purpose = \"\"\n"), HasSubstr("1 to 1000 bytes"));
  EXPECT_THAT(record_problem("purpose = \"" + std::string(1001, 'x') + "\"\n"), HasSubstr("1 to 1000 bytes"));
  EXPECT_THAT(record_problem("purpose = \n"), HasSubstr("job.toml:1:"));
  EXPECT_THAT(record_problem("[purpose]\n"), HasSubstr("must be a string"));
}

TEST(JobRecord, ADateIsADayOfTheCalendar) {
  for (const char* date : {"2027-02-29", "2027-13-01", "2027-1-1", "soon", "20271231", "2027-12-3x", "0000-01-01"}) {
    EXPECT_THAT(record_problem("destruction_date = \"" + std::string(date) + "\""), HasSubstr("YYYY-MM-DD")) << date;
  }
}

TEST(JobRecord, NamesAFileThatCannotBeRead) {
  const test::TempFolder folder;
  EXPECT_THROW(load_job_record(folder / "absent.toml"), Error);
  test::spill(folder / "job.toml", "reviewer = \"R. Eviewer\"\n");
  EXPECT_EQ(load_job_record(folder / "job.toml").reviewer, "R. Eviewer");
}

TEST(JobRecord, IsReadFromItsOwnJson) {
  const JobRecord record = parse_job_record("purpose = \"research\"\ndestruction_date = 2030-01-31\n", "r");
  EXPECT_EQ(to_json(job_record_from(to_json(record))), to_json(record));
  for (const nlohmann::ordered_json& wrong :
       {nlohmann::ordered_json::array({"purpose"}), nlohmann::ordered_json{{"purpose", 7}},
        nlohmann::ordered_json{{"purpose", ""}}, nlohmann::ordered_json{{"purpose", std::string(1001, 'x')}},
        nlohmann::ordered_json{{"destruction_date", "2030-02-30"}}}) {
    EXPECT_THROW(job_record_from(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace naru
