#include "server/ingest/content_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <optional>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

using naru::test::slurp;
using naru::test::TempFolder;

constexpr std::uint64_t kMaxBytes = 1 << 20;

StagedFile staged(const ContentStore& store, std::string_view text) {
  StagedWriter writer = store.stage();
  writer.append(std::as_bytes(std::span(text)));
  return writer.finish();
}

ContentStore::Hold kept(ContentStore& store, StagedFile file) {
  file.sync();
  StagedFile* const files[] = {&file};
  return store.keep(files);
}

std::size_t count_files(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) count += entry.is_regular_file();
  return count;
}

template <class Work>
std::optional<ErrorCode> error_while(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

// printf abc | sha256sum
constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(ContentStore, KeepsBytesUnderTheirHash) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  kept(store, staged(store, "abc"));
  EXPECT_EQ(slurp(store.path_of(kAbc)), "abc");
  EXPECT_EQ(store.kept_files("ba"), std::vector<std::string>{std::string(kAbc)});
  EXPECT_TRUE(store.kept_files("00").empty());
  EXPECT_EQ(count_files(store.incoming()), 0U);
}

TEST(ContentStore, TheSameBytesAreOneFile) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  StagedFile first = staged(store, "abc"), second = staged(store, "abc");
  first.sync();
  second.sync();
  StagedFile* const files[] = {&first, &second};
  { const auto hold = store.keep(files); }
  kept(store, staged(store, "abc"));
  EXPECT_EQ(count_files(folder / "content"), 2U);  // with the lock
}

TEST(ContentStore, NobodyElseMayLookInside) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  kept(store, staged(store, "abc"));
  struct stat status {};
  ASSERT_EQ(stat(store.path_of(kAbc).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  for (const auto& path : {folder / "content", store.incoming(), store.path_of(kAbc).parent_path()}) {
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U) << path;
  }
}

TEST(ContentStore, WhatIsNotKeptIsGone) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  { const StagedFile file = staged(store, "abc"); }
  {
    StagedWriter writer = store.stage();
    writer.append(std::as_bytes(std::span(std::string_view("half"))));
  }
  EXPECT_EQ(count_files(folder / "content"), 1U);  // the lock
}

TEST(ContentStore, WhatACrashLeftIsRemovedAtTheStart) {
  const TempFolder folder;
  { ContentStore store(folder / "content", kMaxBytes); }
  naru::test::spill(folder / "content/incoming/in-1", "half a file");
  const ContentStore store(folder / "content", kMaxBytes);
  EXPECT_EQ(count_files(store.incoming()), 0U);
}

TEST(ContentStore, TakesAFileThatAnotherWrote) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  naru::test::spill(store.incoming() / "written", "abc");
  kept(store, store.take(store.incoming() / "written"));
  EXPECT_EQ(slurp(store.path_of(kAbc)), "abc");
  naru::test::spill(store.incoming() / "long", std::string(kMaxBytes + 1, 'x'));
  EXPECT_EQ(error_while([&] { store.take(store.incoming() / "long"); }), ErrorCode::body_too_large);
  EXPECT_EQ(count_files(store.incoming()), 0U);
}

TEST(ContentStore, AFileThatIsTooLongIsRefusedAndNothingStays) {
  const TempFolder folder;
  const ContentStore store(folder / "content", 10);
  EXPECT_EQ(error_while([&] { staged(store, "0123456789"); }), std::nullopt);
  EXPECT_EQ(error_while([&] { staged(store, "0123456789a"); }), ErrorCode::body_too_large);
  EXPECT_EQ(count_files(store.incoming()), 0U);
}

TEST(ContentStore, ASecondServerIsRefused) {
  const TempFolder folder;
  const ContentStore store(folder / "content", kMaxBytes);
  EXPECT_EQ(error_while([&] { const ContentStore second(folder / "content", kMaxBytes); }), ErrorCode::output_busy);
}

TEST(ContentStore, RemovesWhatIsUnusedButNotWhatIsHeld) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  const auto all = [](std::vector<std::string> hashes) { return hashes; };
  const auto none = [](std::vector<std::string>) { return std::vector<std::string>{}; };
  const std::vector<std::string> abc{std::string(kAbc)};
  {
    const auto hold = kept(store, staged(store, "abc"));
    { const auto second = kept(store, staged(store, "abc")); }
    EXPECT_TRUE(store.remove(abc, all).empty());
  }
  EXPECT_TRUE(store.remove(abc, none).empty());
  EXPECT_TRUE(std::filesystem::exists(store.path_of(kAbc)));
  EXPECT_EQ(store.remove(abc, all), abc);
  EXPECT_FALSE(std::filesystem::exists(store.path_of(kAbc)));
  EXPECT_EQ(store.remove(abc, all), abc) << "what is gone already is no fault";
}

TEST(ContentStore, AFullDiskIsSaidAndLeavesNothingHalf) {
  const TempFolder folder;
  ContentStore store(folder / "content", kMaxBytes);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);  // write() fails as it does on a full disk, but with EFBIG
  const auto code = error_while([&] { staged(store, std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(code == ErrorCode::output_unwritable || code == ErrorCode::disk_full);
  EXPECT_EQ(count_files(store.incoming()), 0U);
  kept(store, staged(store, "abc"));
  EXPECT_EQ(slurp(store.path_of(kAbc)), "abc");
}

}  // namespace
}  // namespace naru::server
