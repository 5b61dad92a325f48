#include "dicom/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace naru::dicom {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

struct Inflater {
  Inflater() { is_ready = inflateInit2(&stream, -MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (is_ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool is_ready = false;
};

}  // namespace

std::vector<std::byte> inflate_prefix(Bytes deflated, std::size_t max_bytes) {
  std::vector<std::byte> bytes;
  Inflater inflater;
  if (!inflater.is_ready || deflated.size() > std::numeric_limits<uInt>::max()) return bytes;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<z_const Bytef*>(const_cast<std::byte*>(deflated.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(deflated.size());
  int status = Z_OK;
  while (status == Z_OK && bytes.size() < max_bytes) {
    const std::size_t filled = bytes.size();
    const std::size_t room = std::min(kChunkBytes, max_bytes - filled);
    bytes.resize(filled + room);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(filled + room - stream.avail_out);
  }
  return bytes;
}

}  // namespace naru::dicom
