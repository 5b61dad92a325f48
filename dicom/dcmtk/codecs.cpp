#include "dicom/dcmtk/codecs.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>

#include "dicom/jpeg_header.h"
#include "dicom/rle_segments.h"

namespace naru::dicom {

namespace {

/// libjpeg goes on where a stream breaks off or makes no sense, and invents what it lacks: it says so in a warning
/// alone.
thread_local bool is_warned_of_damage = false;

class DamageWarnings : public dcmtk::log4cplus::Appender {
 public:
  ~DamageWarnings() override { destructorImpl(); }
  void close() override {}

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    // JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE and JWRN_MUST_RESYNC of its jerror.h; other warnings cost no value.
    constexpr std::array<std::string_view, 3> kWarnings = {
        "Corrupt JPEG data: premature end", "Corrupt JPEG data: bad Huffman code", "Corrupt JPEG data: found marker"};
    const std::string_view message(event.getMessage().c_str());
    is_warned_of_damage |= std::ranges::any_of(kWarnings, [&](auto warning) { return message.starts_with(warning); });
  }
};

/// They go nowhere else: DCMTK quotes values in its messages.
void take_damage_warnings() {
  namespace log = dcmtk::log4cplus;
  log::Logger logger = log::Logger::getInstance("dcmtk.dcmjpeg");
  logger.setAdditivity(false);
  logger.setLogLevel(log::WARN_LOG_LEVEL);
  logger.addAppender(log::SharedAppenderPtr(new DamageWarnings));
}

bool matches(const JpegHeader& header, const PixelFormat& format) {
  return header.rows == format.rows && header.columns == format.columns &&
         header.components == format.samples_per_pixel && header.precision_bits <= format.bits_allocated &&
         header.has_default_presets;
}

/// A data set that holds the frame and what the decoders ask for, and nothing else of the file.
std::unique_ptr<DcmDataset> frame_data_set(Bytes frame, const PixelFormat& format, E_TransferSyntax syntax) {
  auto data_set = std::make_unique<DcmDataset>();
  const auto put = [&](const DcmTagKey& tag, std::int64_t value) {
    data_set->putAndInsertUint16(tag, static_cast<Uint16>(value));
  };
  put(DCM_SamplesPerPixel, format.samples_per_pixel);
  if (format.samples_per_pixel > 1) put(DCM_PlanarConfiguration, 0);
  put(DCM_Rows, format.rows);
  put(DCM_Columns, format.columns);
  put(DCM_BitsAllocated, format.bits_allocated);
  put(DCM_BitsStored, format.bits_stored);
  put(DCM_HighBit, format.high_bit);
  put(DCM_PixelRepresentation, format.is_signed ? 1 : 0);
  // Of colour, the decoders get to see one that none of them converts.
  data_set->putAndInsertString(DCM_PhotometricInterpretation, format.samples_per_pixel == 1 ? "MONOCHROME2" : "RGB");

  auto sequence = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
  sequence->insert(new DcmPixelItem(DCM_PixelItemTag));  // the offset table, empty
  auto item = std::make_unique<DcmPixelItem>(DCM_PixelItemTag);
  item->putUint8Array(reinterpret_cast<const Uint8*>(frame.data()), static_cast<unsigned long>(frame.size()));
  sequence->insert(item.release());
  auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
  pixels->putOriginalRepresentation(syntax, nullptr, sequence.release());
  data_set->insert(pixels.release());
  return data_set;
}

/// Where the n-th sample of interleaved pixels stands within what was decoded.
struct Order {
  bool is_planar = false;
  std::size_t samples = 1, pixels = 0;
  std::size_t operator()(std::size_t n) const { return is_planar ? n % samples * pixels + n / samples : n; }
};

template <class Value>
bool copy_ordered(const Value* values, std::size_t count, const Order& order, std::span<std::uint16_t> out) {
  if (values == nullptr || count < out.size()) return false;
  if (!order.is_planar) {
    std::copy_n(values, out.size(), out.begin());
    return true;
  }
  for (std::size_t n = 0; n < out.size(); ++n) out[n] = values[order(n)];
  return true;
}

bool copy_values(DcmDataset& data_set, const PixelFormat& format, std::span<std::uint16_t> out) {
  Uint16 bits_allocated = 0, samples = 0, planar = 0;
  data_set.findAndGetUint16(DCM_BitsAllocated, bits_allocated);
  data_set.findAndGetUint16(DCM_SamplesPerPixel, samples);
  data_set.findAndGetUint16(DCM_PlanarConfiguration, planar);
  if (samples != format.samples_per_pixel) return false;
  const Order order{samples > 1 && planar == 1, samples, out.size() / samples};
  unsigned long count = 0;
  if (const Uint8* bytes = nullptr;
      bits_allocated == 8 && data_set.findAndGetUint8Array(DCM_PixelData, bytes, &count).good()) {
    return copy_ordered(bytes, count, order, out);
  }
  const Uint16* words = nullptr;
  if (data_set.findAndGetUint16Array(DCM_PixelData, words, &count).bad() || words == nullptr) return false;
  // Eight-bit values arrive as bytes within words where Pixel Data has the VR OW.
  if (bits_allocated == 8) return copy_ordered(reinterpret_cast<const Uint8*>(words), 2 * count, order, out);
  return bits_allocated == 16 && count == out.size() && copy_ordered(words, count, order, out);
}

bool decode(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out) {
  const DcmXfer syntax(format.transfer_syntax_uid.c_str());
  if (syntax.getXfer() != EXS_RLELossless) {
    const auto header = read_jpeg_header(frame);
    if (!header || !matches(*header, format)) return false;
  } else if (!has_whole_rle_segments(frame, rle_shape(format))) {
    return false;
  }
  const auto data_set = frame_data_set(frame, format, syntax.getXfer());
  is_warned_of_damage = false;
  if (data_set->chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad() || is_warned_of_damage) return false;
  return copy_values(*data_set, format, out);
}

}  // namespace

void initialize_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    // DCMTK quotes values in its messages: patient data must not reach a log.
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    take_damage_warnings();
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs(EDC_never);
    DJLSDecoderRegistration::registerCodecs();
  });
}

bool decode_dcmtk(Bytes frame, const PixelFormat& format, std::span<std::uint16_t> out) {
  if (frame.empty() || frame.size() >= std::numeric_limits<Uint32>::max()) return false;
  try {
    return decode(frame, format, out);
  } catch (const std::exception&) {  // foreign exceptions end at this wall
    return false;
  }
}

}  // namespace naru::dicom
