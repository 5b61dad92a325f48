#include "core/trace.h"

#include <gtest/gtest.h>

#include <future>

namespace naru {
namespace {

using namespace std::chrono_literals;

double seconds_of(const Trace& trace, Stage stage) { return trace.seconds()[static_cast<std::size_t>(stage)]; }

/// Work of at least so long.
void spend(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

TEST(Trace, CountsASpanOnceForItsStageAndForNoOther) {
  Trace trace(false);
  const TraceScope scope({&trace, {}}, "job");
  {
    const Span span(Stage::read, "slice");
    spend(20ms);
  }
  EXPECT_GE(seconds_of(trace, Stage::read), 0.020);
  for (const Stage other : {Stage::scan, Stage::decode, Stage::copy, Stage::compute, Stage::encode, Stage::write}) {
    EXPECT_EQ(seconds_of(trace, other), 0) << name(other);
  }
}

TEST(Trace, TakesWhatIsWithinASpanOutOfIt) {
  Trace trace(false);
  const TraceScope scope({&trace, {}}, "job");
  {
    const Span outer(Stage::compute, "text");
    const Span inner(Stage::read, "slice");
    spend(20ms);
  }
  const double read = seconds_of(trace, Stage::read), compute = seconds_of(trace, Stage::compute);
  EXPECT_GE(read, 0.020);
  EXPECT_LE(read + compute, trace.age_seconds());  // twice the time, were it counted for both
}

TEST(Trace, CountsThreadsSideBySideOnce) {
  Trace trace(false);
  std::vector<std::future<void>> threads;
  for (int n = 0; n < 4; ++n) {
    threads.push_back(std::async(std::launch::async, [&] {
      const TraceScope scope({&trace, {}}, "worker");
      const Span span(Stage::encode, "gzip");
      spend(20ms);
    }));
  }
  for (auto& thread : threads) thread.get();
  EXPECT_GE(seconds_of(trace, Stage::encode), 0.020);
  EXPECT_LE(seconds_of(trace, Stage::encode), trace.age_seconds());
}

TEST(Trace, IsLeftAloneByThreadsThatDoNotWorkForIt) {
  Trace trace(true);
  { const Span span(Stage::read, "slice"); }
  EXPECT_EQ(trace_context().trace, nullptr);
  EXPECT_TRUE(trace.log().events.empty());
}

TEST(Trace, KeepsEventsWithTheirCaseThreadAndFacts) {
  Trace trace(true);
  const TraceScope job({&trace, {}}, "job");
  {
    const TraceScope of_case(trace.of_case("case-1"), "case");
    const Span whole("case");
    const Span span(Stage::write, "file", {3, 700});
  }
  std::async(std::launch::async, [context = trace_context()] {
    const TraceScope scope(context, "reader");
    const Span span(Stage::read, "slice");
  }).get();
  const TraceLog log = trace.log();
  ASSERT_EQ(log.events.size(), 3u);
  const TraceEvent &write = log.events[0], &whole = log.events[1], &read = log.events[2];
  EXPECT_EQ(write.name, "file");
  EXPECT_EQ(write.stage, Stage::write);
  EXPECT_EQ(write.case_id, "case-1");
  EXPECT_EQ(write.facts.slab, 3);
  EXPECT_EQ(write.facts.bytes, 700u);
  EXPECT_FALSE(whole.stage);
  EXPECT_LE(whole.start_ns, write.start_ns);
  EXPECT_GE(whole.start_ns + whole.duration_ns, write.start_ns + write.duration_ns);
  EXPECT_EQ(read.case_id, "");
  EXPECT_EQ(write.row, whole.row);
  EXPECT_NE(read.row, whole.row);
  EXPECT_EQ(log.rows, (std::vector<std::string>{"case 1", "reader 2"}));
}

TEST(Trace, KeepsNoEventsUnlessAsked) {
  Trace trace(false);
  const TraceScope scope({&trace, {}}, "job");
  { const Span span(Stage::read, "slice"); }
  EXPECT_TRUE(trace.log().events.empty());
  EXPECT_GT(seconds_of(trace, Stage::read), 0);
}

}  // namespace
}  // namespace naru
