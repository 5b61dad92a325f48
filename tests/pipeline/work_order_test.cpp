#include "pipeline/work_order.h"

#include <gtest/gtest.h>

namespace naru {
namespace {

using Json = nlohmann::ordered_json;

WorkOrder sample() {
  WorkOrder order;
  order.job = "job-1";
  order.kind = WorkKind::deidentify;
  order.inputs = {"/data/a", "/data/b"};
  order.recipe = "name = \"x\"\n";
  order.key = std::string(64, 'a');
  order.out = "/out";
  order.report = "/report";
  order.project = "liver";
  order.device = "cpu";
  order.threads = 3;
  order.memory_bytes = std::uint64_t{5} << 40;
  order.max_data_bytes = 7;
  order.resume = true;
  order.record.purpose = "research";
  return order;
}

TEST(WorkOrder, IsReadAsItWasWritten) {
  const WorkOrder order = sample();
  EXPECT_EQ(to_json(parse_work_order(to_json(order).dump())), to_json(order));
  EXPECT_EQ(parse_work_order(to_json(order).dump()).record.purpose, "research");
}

TEST(WorkOrder, EveryMemberIsNeededAndHasItsType) {
  const Json whole = to_json(sample());
  for (const auto& [key, value] : whole.items()) {
    Json lacking = whole, wrong = whole;
    lacking.erase(key);
    wrong[key] = value.is_array() ? Json("text") : Json(Json::array({1}));
    for (const Json& json : {lacking, wrong}) {
      try {
        parse_work_order(json.dump());
        FAIL() << key;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
        const bool is_named = std::string(error.what()).find(key) != std::string::npos;
        EXPECT_TRUE(is_named || key == "record") << error.what();
      }
    }
  }
}

TEST(WorkOrder, PathsMustBeAbsolute) {
  for (const char* const key : {"out", "report"}) {
    Json json = to_json(sample());
    json[key] = "relative";
    EXPECT_THROW(parse_work_order(json.dump()), Error) << key;
  }
  Json json = to_json(sample());
  json["inputs"] = {"-"};
  EXPECT_THROW(parse_work_order(json.dump()), Error) << "a dash would read paths from standard input";
}

TEST(WorkOrder, LinesOfAWorkerAreReadAsTheyWereWritten) {
  const WorkProgress progress{"reading headers", 3, 10, "files", 12345};
  EXPECT_EQ(parse_work_line(line_of(progress)).progress, progress);
  const WorkLine result = parse_work_line(line_of(WorkResult{{{"cases", 3}}}));
  ASSERT_TRUE(result.result);
  EXPECT_EQ(result.result->facts["cases"], 3);
  for (int n = 0; n <= static_cast<int>(ErrorCode::internal); ++n) {
    const auto code = static_cast<ErrorCode>(n);
    const WorkLine line = parse_work_line(line_of(WorkError{code, "why"}));
    ASSERT_TRUE(line.error);
    EXPECT_EQ(line.error->code, code);
    EXPECT_EQ(line.error->message, "why");
    EXPECT_FALSE(line.result || line.progress);
  }
}

TEST(WorkOrder, OtherLinesMeanNothing) {
  for (const char* const text :
       {"", "{", "[]", "7", "{}", R"({"type":"progress"})", R"({"type":"progress","stage":1})", R"({"type":"result"})",
        R"({"type":"dance"})", R"({"type":"progress","stage":"x","done":-1,"total":1,"unit":"y","bytes":0})"}) {
    const WorkLine line = parse_work_line(text);
    EXPECT_FALSE(line.progress || line.result || line.error) << text;
  }
}

}  // namespace
}  // namespace naru
