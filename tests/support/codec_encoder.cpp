#include "tests/support/codec_encoder.h"

#include <openjpeg.h>
#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace naru::test {

namespace {

struct Sink {
  std::string bytes;
  std::size_t offset = 0;
};

OPJ_SIZE_T write_some(void* buffer, OPJ_SIZE_T count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  sink.bytes.resize(std::max(sink.bytes.size(), sink.offset + count));
  std::copy_n(static_cast<const char*>(buffer), count, sink.bytes.begin() + static_cast<std::ptrdiff_t>(sink.offset));
  sink.offset += count;
  return count;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  sink.offset += static_cast<std::size_t>(count);
  sink.bytes.resize(std::max(sink.bytes.size(), sink.offset));
  return count;
}

OPJ_BOOL seek(OPJ_OFF_T offset, void* user) {
  static_cast<Sink*>(user)->offset = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}

opj_image_t* image_of(const FrameToEncode& frame) {
  std::vector<opj_image_cmptparm_t> components(static_cast<std::size_t>(frame.components));
  for (auto& component : components) {
    component.dx = component.dy = 1;
    component.w = static_cast<OPJ_UINT32>(frame.columns);
    component.h = static_cast<OPJ_UINT32>(frame.rows);
    component.prec = static_cast<OPJ_UINT32>(frame.precision_bits);
    component.sgnd = frame.is_signed ? 1 : 0;
  }
  opj_image_t* image = opj_image_create(static_cast<OPJ_UINT32>(components.size()), components.data(),
                                        components.size() == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
  image->x1 = static_cast<OPJ_UINT32>(frame.columns);
  image->y1 = static_cast<OPJ_UINT32>(frame.rows);
  const std::size_t count = frame.values.size() / components.size();
  for (std::size_t n = 0; n < frame.values.size(); ++n) {
    image->comps[n % components.size()].data[n / components.size()] = frame.values[n];
  }
  if (count == 0) throw std::runtime_error("nothing to encode");
  return image;
}

/// As many levels as halve the shorter side down to one.
int level_count(const FrameToEncode& frame) {
  int levels = 0;
  while (levels < 5 && (std::min(frame.columns, frame.rows) >> (levels + 1)) > 0) ++levels;
  return levels;
}

}  // namespace

std::string encode_j2k(const FrameToEncode& frame) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = level_count(frame) + 1;
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_rates[0] = frame.is_lossless ? 0 : 4;
  parameters.irreversible = frame.is_lossless ? 0 : 1;
  parameters.tcp_mct = frame.components == 3 ? 1 : 0;
  opj_image_t* image = image_of(frame);
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
  Sink sink;
  opj_stream_t* stream = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_FALSE);
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, write_some);
  opj_stream_set_skip_function(stream, skip);
  opj_stream_set_seek_function(stream, seek);
  const bool is_done = opj_setup_encoder(codec, &parameters, image) && opj_start_compress(codec, image, stream) &&
                       opj_encode(codec, stream) && opj_end_compress(codec, stream);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(image);
  if (!is_done) throw std::runtime_error("OpenJPEG does not encode this frame");
  return sink.bytes;
}

std::string encode_htj2k(const FrameToEncode& frame, bool is_rpcl) {
  ojph::codestream stream;
  ojph::param_siz size = stream.access_siz();
  const auto columns = static_cast<ojph::ui32>(frame.columns), rows = static_cast<ojph::ui32>(frame.rows);
  size.set_image_extent(ojph::point(columns, rows));
  size.set_num_components(static_cast<ojph::ui32>(frame.components));
  for (ojph::ui32 n = 0; n < static_cast<ojph::ui32>(frame.components); ++n) {
    size.set_component(n, ojph::point(1, 1), static_cast<ojph::ui32>(frame.precision_bits), frame.is_signed);
  }
  ojph::param_cod style = stream.access_cod();
  style.set_num_decomposition(static_cast<ojph::ui32>(level_count(frame)));
  style.set_block_dims(64, 64);
  style.set_progression_order(is_rpcl ? "RPCL" : "LRCP");
  style.set_color_transform(frame.components == 3);
  style.set_reversible(frame.is_lossless);
  if (!frame.is_lossless) stream.access_qcd().set_irrev_quant(1.0f / 1024);
  stream.set_planar(false);
  ojph::mem_outfile file;
  file.open();
  stream.write_headers(&file);
  ojph::ui32 component = 0;
  ojph::line_buf* line = stream.exchange(nullptr, component);
  const auto step = static_cast<std::size_t>(frame.components);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t n = 0; n < step; ++n) {
      for (std::size_t i = 0; i < columns; ++i) line->i32[i] = frame.values[(row * columns + i) * step + component];
      line = stream.exchange(line, component);
    }
  }
  stream.flush();
  std::string bytes(reinterpret_cast<const char*>(file.get_data()), static_cast<std::size_t>(file.tell()));
  stream.close();
  return bytes;
}

}  // namespace naru::test
