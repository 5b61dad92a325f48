#include "server/disk_room.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::optional<ErrorCode> asked(const DiskRoom& room, std::uint64_t wanted_bytes) {
  try {
    require_room(room, wanted_bytes);
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(DiskRoom, ASixteenthIsKeptFree64MiBAtMost) {
  EXPECT_EQ((DiskRoom{160 * kMiB, 0, false}.reserved_bytes()), 10 * kMiB);
  EXPECT_EQ((DiskRoom{1'000'000 * kMiB, 0, false}.reserved_bytes()), 64 * kMiB);
}

TEST(DiskRoom, WhatIsWantedFitsBesideTheReserveOrIsRefused) {
  const DiskRoom room{160 * kMiB, 15 * kMiB, false};
  EXPECT_EQ(asked(room, 0), std::nullopt);
  EXPECT_EQ(asked(room, 5 * kMiB), std::nullopt);
  EXPECT_EQ(asked(room, 5 * kMiB + 1), ErrorCode::disk_full);
  EXPECT_EQ(asked({160 * kMiB, 10 * kMiB, false}, 0), ErrorCode::disk_full) << "the reserve is for the database";
  EXPECT_EQ(asked({160 * kMiB, 0, false}, 0), ErrorCode::disk_full) << "less is left than is reserved";
}

TEST(DiskRoom, ADiskThatMayOnlyBeReadIsNotCalledFull) {
  EXPECT_EQ(asked({160 * kMiB, 0, true}, 0), ErrorCode::output_unwritable);
}

TEST(DiskRoom, AFolderThatIsNotThereCannotBeWritten) {
  const naru::test::TempFolder folder;
  EXPECT_NO_THROW(require_writable(folder.path()));
  EXPECT_THROW(require_writable(folder / "absent"), Error);
}

TEST(DiskRoom, ADiskThatDoesNotTellIsLetPass) {
  RoomWatch watch;
  EXPECT_NO_THROW(watch.grown_to(0, -1));
}

TEST(DiskRoom, ADiskThatIsFullToTheLastIsFullForTheDatabaseToo) {
  EXPECT_NO_THROW(require_last_room({160 * kMiB, kMiB, false})) << "in the reserve it works";
  EXPECT_THROW(require_last_room({160 * kMiB, kMiB - 1, false}), Error);
  const naru::test::TempFolder folder;
  EXPECT_NO_THROW(require_last_room(folder.path()));
}

}  // namespace
}  // namespace naru::server
