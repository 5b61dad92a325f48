#include "server/http/open_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace naru::server::test {
namespace {

std::string text_of(const OpenFile& file) {
  std::string text(16, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(file.descriptor(), text.data(), text.size(), 0))));
  return text;
}

TEST(OpenFiles, ShareADescriptorUntilAnotherFileTakesTheName) {
  const naru::test::TempFolder folder;
  naru::test::spill(folder / "record.json", "old");
  OpenFiles files;
  const auto first = files.open(folder / "record.json");
  ASSERT_TRUE(first);
  EXPECT_EQ(files.open(folder / "record.json"), first);
  naru::test::spill(folder / "record.json.tmp", "new");
  std::filesystem::rename(folder / "record.json.tmp", folder / "record.json");
  const auto second = files.open(folder / "record.json");
  ASSERT_TRUE(second);
  EXPECT_EQ(text_of(*second), "new");
  EXPECT_EQ(text_of(*first), "old") << "what is under way goes on";
  std::filesystem::remove(folder / "record.json");
  EXPECT_FALSE(files.open(folder / "record.json"));
}

}  // namespace
}  // namespace naru::server::test
