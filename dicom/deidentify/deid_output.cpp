#include "dicom/deidentify/deid_output.h"

#include <zlib.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "dicom/implementation_uid.h"

namespace naru::dicom {

std::uint64_t DeidOutput::size_bytes() const {
  std::uint64_t total = 0;
  for (const Bytes piece : pieces) total += piece.size();
  return total;
}

std::vector<std::byte> DeidOutput::bytes() const {
  std::vector<std::byte> file;
  file.reserve(size_bytes());
  for (const Bytes piece : pieces) file.insert(file.end(), piece.begin(), piece.end());
  return file;
}

std::vector<std::byte> implementation(std::string_view version) {
  DataSetWriter elements({true, false});
  elements.element(0x00020012, vr("UI"), kImplementationClassUid);
  elements.element(0x00020013, vr("SH"), ("NARU_" + std::string(version)).substr(0, 16));
  return elements.finish().buffer;
}

std::vector<std::byte> file_meta(std::string_view sop_class, std::string_view sop_instance, std::string_view syntax,
                                 std::string_view version) {
  using namespace std::string_view_literals;
  constexpr std::size_t kPreambleBytes = 128;
  DataSetWriter elements({true, false});
  elements.element(0x00020001, vr("OB"), "\0\1"sv);
  elements.element(0x00020002, vr("UI"), sop_class);
  elements.element(0x00020003, vr("UI"), sop_instance);
  elements.element(0x00020010, vr("UI"), syntax);
  std::vector<std::byte> body = elements.finish().buffer;
  const std::vector<std::byte> last = implementation(version);
  body.insert(body.end(), last.begin(), last.end());
  const auto length = static_cast<std::uint32_t>(body.size());
  const std::array<char, 4> length_bytes = {static_cast<char>(length & 0xFF), static_cast<char>(length >> 8 & 0xFF),
                                            static_cast<char>(length >> 16 & 0xFF), static_cast<char>(length >> 24)};
  DataSetWriter group_length({true, false});
  group_length.element(0x00020000, vr("UL"), std::string_view(length_bytes.data(), length_bytes.size()));
  std::vector<std::byte> result(kPreambleBytes, std::byte{0});
  for (const char c : "DICM"sv) result.push_back(static_cast<std::byte>(c));
  const std::vector<std::byte> first = group_length.finish().buffer;
  result.insert(result.end(), first.begin(), first.end());
  result.insert(result.end(), body.begin(), body.end());
  return result;
}

void append(DeidOutput& output, std::vector<std::byte> bytes) {
  output.owned.push_back(std::move(bytes));
  output.pieces.emplace_back(output.owned.back());
}

void append(DeidOutput& output, DataSetWriter::Written written) {
  output.owned.push_back(std::move(written.buffer));
  const Bytes buffer(output.owned.back());
  for (const DataSetWriter::Piece& piece : written.pieces) {
    output.pieces.push_back(piece.view.empty() ? buffer.subspan(piece.begin, piece.size) : piece.view);
  }
}

std::vector<std::byte> deflated(const DeidOutput& output) {
  z_stream stream{};
  constexpr int kRaw = -15, kMemoryLevel = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  std::vector<std::byte> result(deflateBound(&stream, output.size_bytes()) + output.pieces.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  for (const Bytes piece : output.pieces) {
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    if (deflate(&stream, Z_NO_FLUSH) != Z_OK) throw std::bad_alloc();
  }
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::bad_alloc();
  result.resize(stream.total_out + stream.total_out % 2);
  return result;
}

}  // namespace naru::dicom
