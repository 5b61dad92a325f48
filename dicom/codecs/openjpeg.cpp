#include "dicom/codecs/openjpeg.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace naru::dicom {

namespace {

/// Bytes in memory as OpenJPEG reads them.
struct Source {
  Bytes bytes;
  std::size_t offset = 0;
};

constexpr auto kNoMore = static_cast<OPJ_SIZE_T>(-1);

OPJ_SIZE_T read_some(void* buffer, OPJ_SIZE_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t count = std::min<std::size_t>(wanted, source.bytes.size() - source.offset);
  if (count == 0) return kNoMore;
  std::memcpy(buffer, source.bytes.data() + source.offset, count);
  source.offset += count;
  return count;
}

OPJ_OFF_T skip(OPJ_OFF_T wanted, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (wanted < 0) return -1;
  const auto left = static_cast<OPJ_OFF_T>(source.bytes.size() - source.offset);
  const OPJ_OFF_T count = std::min(wanted, left);
  source.offset += static_cast<std::size_t>(count);
  return count;
}

OPJ_BOOL seek(OPJ_OFF_T offset, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (offset < 0 || static_cast<std::uint64_t>(offset) > source.bytes.size()) return OPJ_FALSE;
  source.offset = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}

struct CloseStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct CloseCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct CloseImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};

bool copy_component(const opj_image_comp_t& component, std::size_t index, const J2kHeader& header,
                    std::span<std::uint16_t> out) {
  const bool is_whole = component.data != nullptr && component.w == static_cast<OPJ_UINT32>(header.columns) &&
                        component.h == static_cast<OPJ_UINT32>(header.rows);
  if (!is_whole) return false;
  const auto step = static_cast<std::size_t>(header.components);
  const std::size_t count = out.size() / step;
  for (std::size_t n = 0; n < count; ++n) out[n * step + index] = static_cast<std::uint16_t>(component.data[n]);
  return true;
}

}  // namespace

bool decode_openjpeg(Bytes codestream, const J2kHeader& header, std::span<std::uint16_t> out) {
  Source source{codestream};
  const std::unique_ptr<opj_stream_t, CloseStream> stream(opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE));
  const std::unique_ptr<opj_codec_t, CloseCodec> codec(opj_create_decompress(OPJ_CODEC_J2K));
  if (!stream || !codec) return false;
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), codestream.size());
  opj_stream_set_read_function(stream.get(), read_some);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec.get(), &parameters)) return false;
  opj_image_t* raw = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &raw) != OPJ_FALSE;
  const std::unique_ptr<opj_image_t, CloseImage> image(raw);
  if (!has_header || image == nullptr || image->numcomps != static_cast<OPJ_UINT32>(header.components)) return false;
  if (!opj_decode(codec.get(), stream.get(), image.get())) return false;
  for (std::size_t n = 0; n < image->numcomps; ++n) {
    if (!copy_component(image->comps[n], n, header, out)) return false;
  }
  return true;
}

}  // namespace naru::dicom
