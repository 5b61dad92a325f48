#include "pipeline/outputs/gzip.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <random>

#include "tests/support/temp_folder.h"

namespace naru {
namespace {

/// @param mask of the bits that are random: 15 can be compressed, 255 cannot
std::vector<std::byte> noise(std::size_t size, unsigned mask = 15) {
  std::mt19937 random(7);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & mask);
  return bytes;
}

std::string compressed_file(const std::vector<std::byte>& data, int thread_count) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(thread_count);
  FileWriter writer(folder / "a.gz");
  const std::span<const std::byte> whole(data);
  const std::array<std::span<const std::byte>, 2> parts = {whole.first(std::min<std::size_t>(352, whole.size())),
                                                           whole.subspan(std::min<std::size_t>(352, whole.size()))};
  append_gzip(writer, parts, executor);
  writer.finish();
  return test::slurp(folder / "a.gz");
}

TEST(Gzip, IsReadByZlibAcrossMembers) {
  const auto data = noise(3 * kGzipMemberBytes + 17);
  const test::TempFolder folder;
  test::spill(folder / "a.gz", compressed_file(data, 2));
  gzFile file = gzopen((folder / "a.gz").c_str(), "rb");
  ASSERT_NE(file, nullptr);
  std::vector<std::byte> read(data.size() + 1);
  EXPECT_EQ(gzread(file, read.data(), static_cast<unsigned>(read.size())), static_cast<int>(data.size()));
  gzclose(file);
  read.resize(data.size());
  EXPECT_EQ(read, data);
}

TEST(Gzip, GivesTheSameBytesForAnyNumberOfThreads) {
  // With one thread a member is made in memory that another was made in before, with three it is not always.
  auto data = noise(40 * kGzipMemberBytes);
  for (std::size_t n = 0; n < data.size(); n += 5) data[n] = static_cast<std::byte>(n >> 20);
  EXPECT_EQ(compressed_file(data, 1), compressed_file(data, 3));
}

TEST(Gzip, GrowsByLittleWhereNothingCanBeCompressed) {
  for (const std::size_t size : {std::size_t{1}, kGzipMemberBytes, 2 * kGzipMemberBytes + 77}) {
    const auto data = noise(size, 255);
    const std::string file = compressed_file(data, 2);
    EXPECT_LE(file.size(), size + size / 1000 + 3 * 64) << size;
    EXPECT_EQ(gunzip(std::as_bytes(std::span(file)), size), data) << size;
  }
}

TEST(Gzip, GivesTheSameBytesHoweverTheyComeInParts) {
  const auto data = noise(3 * kGzipMemberBytes + 99);
  const test::TempFolder folder;
  Executor executor = Executor::cpu(2);
  const auto written = [&](std::size_t part_bytes) {
    FileWriter file(folder / "a.gz");
    GzipWriter gzip(file, executor);
    for (std::span<const std::byte> rest(data); !rest.empty(); rest = rest.subspan(std::min(part_bytes, rest.size()))) {
      gzip.append(rest.first(std::min(part_bytes, rest.size())));
    }
    gzip.finish();
    file.finish();
    return test::slurp(folder / "a.gz");
  };
  const std::string whole = written(data.size());
  EXPECT_EQ(gunzip(std::as_bytes(std::span(whole)), data.size()), data);
  for (const std::size_t part_bytes :
       {std::size_t{1000}, kGzipMemberBytes - 1, kGzipMemberBytes, kGzipMemberBytes + 1}) {
    EXPECT_EQ(written(part_bytes), whole) << part_bytes;
  }
}

TEST(Gzip, HoldsNoTimeAndNoName) {
  const std::string file = compressed_file(noise(1000), 1);
  EXPECT_EQ(file.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_EQ(file[3], 0);                               // flags: no name, no comment
  EXPECT_EQ(file.substr(4, 4), std::string(4, '\0'));  // mtime
}

TEST(Gunzip, ReturnsWhatWasCompressed) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{352}, std::size_t{353}, 2 * kGzipMemberBytes + 5}) {
    const auto data = noise(size);
    const std::string file = compressed_file(data, 2);
    EXPECT_EQ(gunzip(std::as_bytes(std::span(file)), size), data) << size;
  }
}

TEST(Gunzip, RefusesDamageTruncationAndBombs) {
  const auto data = noise(2 * kGzipMemberBytes);
  std::string file = compressed_file(data, 2);
  EXPECT_FALSE(gunzip(std::as_bytes(std::span(file)), data.size() - 1));
  EXPECT_FALSE(gunzip(std::as_bytes(std::span(file)).first(file.size() - 3), data.size()));
  file[file.size() / 2] ^= 0x10;
  EXPECT_FALSE(gunzip(std::as_bytes(std::span(file)), data.size()));
  EXPECT_FALSE(gunzip({}, 10));
}

}  // namespace
}  // namespace naru
