#include "pipeline/outputs/gzip.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <memory>
#include <random>

#include "core/digest.h"
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

std::string compressed_file(const std::vector<std::byte>& data, int thread_count,
                            GzipEffort effort = GzipEffort::fast) {
  const test::TempFolder folder;
  Executor executor = Executor::cpu(thread_count);
  FileWriter writer(folder / "a.gz");
  const std::span<const std::byte> whole(data);
  GzipWriter gzip(writer, executor, effort);
  gzip.append(whole.first(std::min<std::size_t>(352, whole.size())));
  gzip.end_member();
  gzip.append(whole.subspan(std::min<std::size_t>(352, whole.size())));
  gzip.finish();
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

/// ISA-L's faster levels make other bytes of the same input in about one process of 500: see docs/decisions/0004.
TEST(Gzip, GivesTheSameBytesWhereverItsMemoryLies) {
  std::vector<std::byte> data = noise(352, 3);
  const auto tail = noise(20'000, 7);
  data.insert(data.end(), tail.begin(), tail.end());
  const std::string first = compressed_file(data, 1);
  std::vector<std::unique_ptr<std::byte[]>> between;
  for (int run = 0; run < 300; ++run) {
    between.push_back(std::make_unique<std::byte[]>(static_cast<std::size_t>(1 + 977 * run)));
    ASSERT_EQ(compressed_file(data, 1), first) << run;
  }
}

/// Another processor, another run or another release of ISA-L must not change what a job writes.
TEST(Gzip, GivesTheBytesThatItAlwaysGave) {
  const std::string file = compressed_file(noise(300'000, 7), 2);
  EXPECT_EQ(sha256_hex(file), "57dfe6bd77fc8849b04a64b2f75442b4b979eabac8a446c35538a7766879568f");
}

TEST(Gzip, GrowsByLittleWhereNothingCanBeCompressed) {
  for (const auto effort : {GzipEffort::fast, GzipEffort::small}) {
    for (const std::size_t size : {std::size_t{1}, kGzipMemberBytes, 2 * kGzipMemberBytes + 77}) {
      const auto data = noise(size, 255);
      const std::string file = compressed_file(data, 2, effort);
      EXPECT_LE(file.size(), size + size / 1000 + 3 * 64) << size;
      EXPECT_EQ(gunzip(std::as_bytes(std::span(file)), size), data) << size;
    }
  }
}

TEST(Gzip, IsSmallerWithMoreEffort) {
  const auto data = noise(2 * kGzipMemberBytes, 7);
  const std::string fast = compressed_file(data, 2), small = compressed_file(data, 2, GzipEffort::small);
  EXPECT_LT(small.size(), fast.size());
  EXPECT_LT(fast.size(), data.size() / 2);  // three bits of eight
  EXPECT_EQ(gunzip(std::as_bytes(std::span(small)), data.size()), data);
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
