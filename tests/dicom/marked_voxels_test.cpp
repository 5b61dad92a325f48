#include "dicom/marked_voxels.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "tests/dicom/slice_bytes.h"

namespace naru::test {
namespace {

using dicom::MarkedVoxels;

const std::string kItemEnd("\xFE\xFF\x0D\xE0\0\0\0\0", 8), kSequenceEnd("\xFE\xFF\xDD\xE0\0\0\0\0", 8);

std::string items(std::uint32_t tag, const std::vector<std::string>& contents) {
  std::string all = SliceBytes::open_sequence(tag);
  for (const std::string& content : contents) all += SliceBytes::open_item() + content + kItemEnd;
  return all + kSequenceEnd;
}

/// Three frames of 3 x 3, so that a byte holds bits of two.
SliceBytes three_frames(int bits, const std::string& pixels) {
  const auto stored = static_cast<std::uint16_t>(bits);
  SliceBytes file;
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.66.4").text(0x00080060, "CS", "SEG");
  file.text(0x00200052, "UI", "2.999.7").text(0x00280008, "IS", "3").number(0x00280010, 3).number(0x00280011, 3);
  file.number(0x00280100, stored).number(0x00280101, stored).number(0x00280102, static_cast<std::uint16_t>(bits - 1));
  file.number(0x00280103, 0).remove(0x00200032).remove(0x00200037).remove(0x00280030);
  file.remove(0x00281052).remove(0x00281053).raw(0x7FE00010, bits == 16 ? "OW" : "OB", pixels);
  const auto position = [](const char* place) {
    return items(0x00209113, {SliceBytes::element(0x00200032, "DS", place)});
  };
  const std::string shared = items(0x00209116, {SliceBytes::element(0x00200037, "DS", "1\\0\\0\\0\\1\\0 ")}) +
                             items(0x00289110, {SliceBytes::element(0x00280030, "DS", "2\\1 ")});
  return file.insert(items(0x52009229, {shared}) +
                     items(0x52009230, {position("0\\0\\0 "), position("0\\0\\5 "), position("0\\0\\10")}));
}

/// The place of the marked voxel of each frame; each has one.
std::vector<std::size_t> marks_of(const std::string& file) {
  const MarkedVoxels voxels(std::as_bytes(std::span(file)));
  EXPECT_FALSE(voxels.problem());
  EXPECT_EQ(voxels.frame_of_reference_uid(), "2.999.7");
  std::vector<std::size_t> places;
  for (std::size_t n = 0; n < voxels.frames().size(); ++n) {
    EXPECT_EQ(voxels.frames()[n].position_mm, (Vec3{0, 0, 5.0 * static_cast<double>(n)}));
    EXPECT_EQ(voxels.frames()[n].spacing_j_mm, 2);
    std::vector<std::uint8_t> marked;
    EXPECT_FALSE(voxels.read(n, marked));
    EXPECT_EQ(std::ranges::count(marked, 1), 1);
    EXPECT_EQ(std::ranges::count(marked, 0), 8);
    places.push_back(static_cast<std::size_t>(std::ranges::find(marked, 1) - marked.begin()));
  }
  return places;
}

/// Marks voxels 8, 0 and 4.
std::string bits_set() {
  std::string bytes(4, '\0');
  for (const std::size_t bit : {8, 9, 22}) bytes[bit / 8] = static_cast<char>(bytes[bit / 8] | 1 << bit % 8);
  return bytes;
}
std::string bytes_set(std::size_t size) {
  std::string bytes(28 * size, '\0');
  bytes[8 * size] = 7;
  bytes[9 * size] = static_cast<char>(255);
  bytes[22 * size + size - 1] = 1;  // of 16 bits the upper byte
  return bytes;
}

TEST(MarkedVoxels, AreReadFromBitsBytesAndLabels) {
  dicom::initialize();
  const std::vector<std::size_t> truth = {8, 0, 4};
  EXPECT_EQ(marks_of(three_frames(1, bits_set()).bytes()), truth);
  EXPECT_EQ(marks_of(three_frames(8, bytes_set(1)).bytes()), truth);
  EXPECT_EQ(marks_of(three_frames(16, bytes_set(2)).bytes()), truth);
}

SliceBytes dose(int bits, const char* offsets) {
  SliceBytes file = three_frames(bits, bytes_set(static_cast<std::size_t>(bits / 8)));
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.2").text(0x00080060, "CS", "RTDOSE").insert("");
  file.text(0x00200032, "DS", "0\\0\\0").text(0x00200037, "DS", "1\\0\\0\\0\\1\\0").text(0x00280030, "DS", "2\\1");
  return file.text(0x3004000C, "DS", offsets);
}

TEST(MarkedVoxels, AreThoseOfADoseOnItsPlanes) {
  const std::vector<std::size_t> truth = {8, 0, 4};
  EXPECT_EQ(marks_of(dose(16, "0\\5\\10").bytes()), truth);
  EXPECT_EQ(marks_of(dose(32, "0\\5\\10").bytes()), truth);
  EXPECT_EQ(marks_of(dose(32, "-105\\-100\\-95").bytes()), truth);  // of the table
}

TEST(MarkedVoxels, AreReadFromADeflatedFile) {
  std::string file = three_frames(8, bytes_set(1)).transfer_syntax("1.2.840.10008.1.2.1.99").bytes();
  const std::size_t begin = file.find(std::string("\x08\x00\x08\x00", 4));
  const std::string data_set = file.substr(begin);
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string deflated(data_set.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data_set.data()));
  stream.avail_in = static_cast<uInt>(data_set.size());
  stream.next_out = reinterpret_cast<Bytef*>(deflated.data());
  stream.avail_out = static_cast<uInt>(deflated.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflated.resize(stream.total_out);
  deflateEnd(&stream);
  EXPECT_EQ(marks_of(file.substr(0, begin) + deflated), (std::vector<std::size_t>{8, 0, 4}));
}

TEST(MarkedVoxels, AreUnknownWhereTheFileDoesNotSayThem) {
  const auto problem_of = [](const std::string& file) {
    return MarkedVoxels(std::as_bytes(std::span(file))).problem();
  };
  EXPECT_EQ(problem_of("no file"), Code::not_dicom);
  EXPECT_EQ(problem_of(three_frames(1, bits_set().substr(0, 2)).bytes()), Code::truncated);
  EXPECT_EQ(problem_of(three_frames(8, "short").bytes()), Code::corrupt);
  EXPECT_EQ(problem_of(three_frames(1, bits_set()).insert("").bytes()), Code::missing_geometry);
  EXPECT_EQ(problem_of(three_frames(1, bits_set()).text(0x00280008, "IS", "2").bytes()), Code::corrupt);
  EXPECT_EQ(problem_of(three_frames(1, bits_set()).transfer_syntax("1.2.840.10008.1.2.1.98").bytes()),
            Code::unsupported_transfer_syntax);
  EXPECT_EQ(problem_of(three_frames(64, bytes_set(8)).bytes()), Code::unsupported_sop_class);
  EXPECT_EQ(problem_of(dose(32, "0\\5").bytes()), Code::missing_geometry);
  EXPECT_EQ(problem_of(dose(32, "3\\8\\13").text(0x00200037, "DS", "0\\1\\0\\0\\0\\-1").bytes()),
            Code::missing_geometry);
}

}  // namespace
}  // namespace naru::test
