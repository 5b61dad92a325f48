/// Encodes frames as JPEG 2000 and high-throughput JPEG 2000 codestreams, so that tests know what a decoder must give.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace naru::test {

/// What is encoded: pixels row by row, components interleaved.
struct FrameToEncode {
  std::span<const std::int32_t> values;
  int columns = 0, rows = 0, components = 1;
  int precision_bits = 16;
  bool is_signed = false;
  bool is_lossless = true;  ///< else quantised finely: no value is off by more than a few units
};

/// JPEG 2000 by OpenJPEG: transfer syntaxes 1.2.840.10008.1.2.4.90 and .91.
std::string encode_j2k(const FrameToEncode& frame);

/// High throughput by OpenJPH: 1.2.840.10008.1.2.4.201, .202 (with RPCL order) and .203.
std::string encode_htj2k(const FrameToEncode& frame, bool is_rpcl = false);

}  // namespace naru::test
