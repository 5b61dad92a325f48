#include "server/store/turnstile.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace naru::server {
namespace {

using namespace std::chrono_literals;

TEST(Turnstile, LetsNoMoreInThanThereArePlaces) {
  Turnstile turnstile(3);
  std::atomic<int> inside = 0, most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, places = t % 3 + 1] {
      for (int run = 0; run < 200; ++run) {
        ASSERT_TRUE(turnstile.enter(places, 1h));
        const int now = inside += places;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
        std::this_thread::yield();
        inside -= places;
        turnstile.leave(places);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_TRUE(turnstile.enter(3, 0ms));
}

TEST(Turnstile, LetsOneInWhoWantsAllPlacesHoweverManyComeAndGo) {
  Turnstile turnstile(2);
  std::atomic<bool> is_over = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!is_over) {
        ASSERT_TRUE(turnstile.enter(1, 1h));
        std::this_thread::yield();
        turnstile.leave(1);
      }
    });
  }
  for (int run = 0; run < 50; ++run) {
    ASSERT_TRUE(turnstile.enter(2, 1h));
    turnstile.leave(2);
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(Turnstile, GivesUpWherePatienceEndsAndHoldsNobodyUp) {
  Turnstile turnstile(2);
  ASSERT_TRUE(turnstile.enter(1, 0ms));
  EXPECT_FALSE(turnstile.enter(2, 1ms));
  EXPECT_TRUE(turnstile.enter(1, 0ms));
  EXPECT_FALSE(turnstile.enter(1, 1ms));
  EXPECT_TRUE(turnstile.enter(0, 0ms));
}

TEST(Turnstile, LetsThoseInWhoStoodBehindOneThatGaveUp) {
  Turnstile turnstile(2);
  ASSERT_TRUE(turnstile.enter(1, 0ms));
  std::thread impatient([&] { EXPECT_FALSE(turnstile.enter(2, 50ms)); });
  std::thread behind([&] { EXPECT_TRUE(turnstile.enter(1, 1h)); });
  impatient.join();
  behind.join();
}

}  // namespace
}  // namespace naru::server
