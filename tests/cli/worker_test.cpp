#include <gmock/gmock.h>

#include "pipeline/work_order.h"
#include "tests/cli/program.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

class WorkerProgramTest : public test::StudiesTest {
 protected:
  WorkOrder order() const {
    WorkOrder made;
    made.job = "job-1";
    made.inputs = {in()};
    made.key = std::string(64, 'a');
    made.out = out();
    made.report = out() + ".report";
    made.device = "cpu";
    made.threads = 1;
    made.memory_bytes = std::uint64_t{1} << 30;
    return made;
  }
  Finished run(std::string_view text) {
    test::spill(folder_ / "order", text);
    return test::run_naru({"worker"}, folder_.path(), folder_ / "order");
  }
};

TEST_F(WorkerProgramTest, AnswersAnOrderThatItCannotReadWithAnErrorLineAndStatusTwo) {
  for (const std::string text : {"", "{}\n", "no json\n", "{\"schema\":\"naru.work/2\"}\n"}) {
    const Finished finished = run(text);
    EXPECT_EQ(finished.status, 2) << text;
    const WorkLine line = parse_work_line(finished.out);
    ASSERT_TRUE(line.error) << text;
    EXPECT_EQ(line.error->code, ErrorCode::usage);
  }
}

TEST_F(WorkerProgramTest, EndsWithItsStandardInput) {
  write_series(1, 200);
  const Finished finished = run(to_json(order()).dump() + "\n");
  EXPECT_EQ(finished.status, 1) << finished.out;
  EXPECT_THAT(finished.out, Not(HasSubstr("\"result\"")));
  EXPECT_FALSE(fs::exists(out())) << "whoever asked has gone";
}

}  // namespace
}  // namespace naru
