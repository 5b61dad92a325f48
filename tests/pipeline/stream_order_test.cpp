#include "pipeline/stream_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace naru {
namespace {

using Work = StreamOrder::Work;

void expect(const StreamOrder::Task& task, Work work, std::size_t slab = 0) {
  EXPECT_EQ(task.work, work);
  EXPECT_EQ(task.slab, slab);
}

void fail(StreamOrder& order, const StreamOrder::Task& task, const std::string& why) {
  try {
    throw std::runtime_error(why);
  } catch (...) {
    order.fail(task);
  }
}

std::string failure_of(const StreamOrder& order) {
  try {
    order.throw_if_failed();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(StreamOrder, WritesFirstAndInOrder) {
  StreamOrder order(3, 3);
  const auto zero = order.next(), one = order.next();
  expect(zero, Work::make, 0);
  expect(one, Work::make, 1);
  order.finish(one);  // cannot be written before slab 0
  const auto two = order.next();
  expect(two, Work::make, 2);
  order.finish(zero);
  const auto write = order.next();
  expect(write, Work::write, 0);
  order.finish(two);
  order.finish(write);
  for (const std::size_t slab : {1, 2}) {
    const auto task = order.next();
    expect(task, Work::write, slab);
    order.finish(task);
  }
  expect(order.next(), Work::complete);
  expect(order.next(), Work::end);
  EXPECT_EQ(failure_of(order), "");
}

TEST(StreamOrder, CompletesBesideTheLastWriting) {
  StreamOrder order(1, 1);
  order.finish(order.next());
  const auto write = order.next();
  expect(write, Work::write, 0);
  const auto rest = order.next();
  expect(rest, Work::complete);
  order.finish(rest);
  order.finish(write);
  expect(order.next(), Work::end);
}

TEST(StreamOrder, BeginsNoMoreThanThereAreSlots) {
  StreamOrder order(4, 2);
  const auto zero = order.next(), one = order.next();
  order.finish(one);
  order.finish(zero);
  const auto write = order.next();
  expect(write, Work::write, 0);
  order.finish(write);
  const auto second = order.next();
  expect(second, Work::write, 1);
  expect(order.next(), Work::make, 2);  // in the place of slab 0
  order.finish(second);
  expect(order.next(), Work::make, 3);
}

TEST(StreamOrder, LetsTheFirstSlabThatFailedDecide) {
  StreamOrder order(4, 4);
  const auto zero = order.next(), one = order.next(), two = order.next();
  fail(order, two, "two");
  fail(order, one, "one");
  order.finish(zero);
  const auto write = order.next();
  expect(write, Work::write, 0);  // what precedes a failure goes on
  order.finish(write);
  expect(order.next(), Work::end);
  EXPECT_EQ(failure_of(order), "one");
}

TEST(StreamOrder, EndsWhereWritingFails) {
  StreamOrder order(4, 4);
  const auto zero = order.next();
  order.finish(zero);
  fail(order, order.next(), "disk");
  expect(order.next(), Work::end);
  EXPECT_EQ(failure_of(order), "disk");
}

TEST(StreamOrder, MakesAndWritesEachSlabOnceOnAnyNumberOfThreads) {
  constexpr std::size_t kSlabs = 200, kSlots = 5;
  StreamOrder order(kSlabs, kSlots);
  std::vector<int> made(kSlabs);
  std::vector<std::size_t> written;
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&] {
        for (auto task = order.next(); task.work != Work::end; task = order.next()) {
          if (task.work == Work::make) ++made[task.slab];
          if (task.work == Work::write) written.push_back(task.slab);  // by one at a time
          order.finish(task);
        }
      });
    }
  }
  EXPECT_EQ(made, std::vector<int>(kSlabs, 1));
  ASSERT_EQ(written.size(), kSlabs);
  EXPECT_TRUE(std::is_sorted(written.begin(), written.end()));
}

TEST(StreamOrder, OfNothingEndsAtOnce) {
  StreamOrder order(0, 1);
  expect(order.next(), Work::complete);
  expect(order.next(), Work::end);
}

}  // namespace
}  // namespace naru
