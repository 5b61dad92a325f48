#include "tests/support/phantom.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <dcmtk/oflog/oflog.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <random>
#include <stdexcept>

#include "tests/support/phantom_slice.h"

namespace naru::test {

namespace {

constexpr std::array kSyntaxNames = {
    SyntaxName{"implicit", "1.2.840.10008.1.2", true},
    SyntaxName{"explicit", "1.2.840.10008.1.2.1", true},
    SyntaxName{"big-endian", "1.2.840.10008.1.2.2", true},
    SyntaxName{"deflated", "1.2.840.10008.1.2.1.99", true},
    SyntaxName{"rle", "1.2.840.10008.1.2.5", true},
    SyntaxName{"jpeg-lossless", "1.2.840.10008.1.2.4.57", true},
    SyntaxName{"jpeg-lossless-sv1", "1.2.840.10008.1.2.4.70", true},
    SyntaxName{"jpeg-ls", "1.2.840.10008.1.2.4.80", true},
    SyntaxName{"jpeg-ls-near", "1.2.840.10008.1.2.4.81", false},
    SyntaxName{"jpeg-baseline", "1.2.840.10008.1.2.4.50", false},
    SyntaxName{"jpeg-extended", "1.2.840.10008.1.2.4.51", false},
    SyntaxName{"jpeg-spectral", "1.2.840.10008.1.2.4.53", false},
    SyntaxName{"jpeg-progressive", "1.2.840.10008.1.2.4.55", false},
};

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
  });
}

void require(const OFCondition& condition, const char* what) {
  if (condition.bad()) throw std::runtime_error(fmt::format("phantom: cannot {}: {}", what, condition.text()));
}

std::string decimals(std::initializer_list<double> values) {
  std::string text;
  for (const double value : values) text += fmt::format("{}{:.9g}", text.empty() ? "" : "\\", value);
  return text;
}

/// Stored values of one slice, bits above Bits Stored clear.
std::vector<Uint16> stored_values(const PhantomOptions& options, const PhantomField& field, const PhantomSlice& slice) {
  std::mt19937 random(options.seed * 1000003u + static_cast<unsigned>(slice.identifier));
  std::normal_distribution<double> noise(0, options.noise > 0 ? options.noise : 1);
  const Rescale rescale = slice.rescale.value_or(Rescale{1, 0});
  const double count = std::ldexp(1.0, options.bits_stored);
  const double low = options.is_signed ? -count / 2 : 0, high = low + count - 1;
  const unsigned mask = (1u << options.bits_stored) - 1;
  std::vector<Uint16> values;
  values.reserve(static_cast<std::size_t>(options.size.x * options.size.y));
  for (std::int64_t j = 0; j < options.size.y; ++j) {
    const Vec3 row_start = slice.position_mm + static_cast<double>(j) * options.spacing_mm[1] * slice.column_direction;
    for (std::int64_t i = 0; i < options.size.x; ++i) {
      const Vec3 p = row_start + static_cast<double>(i) * options.spacing_mm[0] * slice.row_direction;
      const double units = field(p) + slice.added_value + (options.noise > 0 ? noise(random) : 0);
      const double stored = std::clamp(std::round((units - rescale.intercept) / rescale.slope), low, high);
      values.push_back(static_cast<Uint16>(static_cast<unsigned>(static_cast<int>(stored)) & mask));
    }
  }
  return values;
}

void put_pixels(const PhantomOptions& options, const PhantomField& field, const PhantomSlice& slice,
                DcmDataset& data_set) {
  const auto put = [&](const DcmTagKey& tag, std::int64_t value) {
    data_set.putAndInsertUint16(tag, static_cast<Uint16>(value));
  };
  put(DCM_SamplesPerPixel, 1);
  data_set.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  put(DCM_Rows, options.size.y);
  put(DCM_Columns, options.size.x);
  put(DCM_BitsAllocated, options.bits_allocated);
  put(DCM_BitsStored, options.bits_stored);
  put(DCM_HighBit, options.bits_stored - 1);
  put(DCM_PixelRepresentation, options.is_signed ? 1 : 0);
  const auto values = stored_values(options, field, slice);
  if (options.bits_allocated == 16) {
    data_set.putAndInsertUint16Array(DCM_PixelData, values.data(), static_cast<unsigned long>(values.size()));
    return;
  }
  std::vector<Uint8> bytes(values.size() + values.size() % 2);
  std::ranges::transform(values, bytes.begin(), [](Uint16 value) { return static_cast<Uint8>(value); });
  data_set.putAndInsertUint8Array(DCM_PixelData, bytes.data(), static_cast<unsigned long>(bytes.size()));
}

void put_positive(DcmDataset& data_set, const DcmTagKey& tag, std::optional<double> value) {
  if (value && *value > 0) data_set.putAndInsertString(tag, decimals({*value}).c_str());
}

void put_plane(const PhantomOptions& options, const PhantomSlice& slice, DcmDataset& data_set) {
  const Vec3 &p = slice.position_mm, &row = slice.row_direction, &column = slice.column_direction;
  data_set.putAndInsertString(DCM_ImagePositionPatient, decimals({p[0], p[1], p[2]}).c_str());
  data_set.putAndInsertString(DCM_ImageOrientationPatient,
                              decimals({row[0], row[1], row[2], column[0], column[1], column[2]}).c_str());
  data_set.putAndInsertString(DCM_PixelSpacing, decimals({options.spacing_mm[1], options.spacing_mm[0]}).c_str());
  put_positive(data_set, DCM_SliceThickness, options.slice_thickness_mm.value_or(options.spacing_mm[2]));
  put_positive(data_set, DCM_SpacingBetweenSlices, options.spacing_between_slices_mm);
}

void put_identity(const PhantomOptions& options, const PhantomSlice& slice, DcmDataset& data_set) {
  const bool is_ct = options.modality == "CT";
  const std::string sop_uid = fmt::format("{}.{}", options.series_uid, slice.identifier);
  data_set.putAndInsertString(DCM_SOPClassUID, is_ct ? UID_CTImageStorage : UID_MRImageStorage);
  data_set.putAndInsertString(DCM_SOPInstanceUID, sop_uid.c_str());
  data_set.putAndInsertString(DCM_StudyInstanceUID, options.study_uid.c_str());
  data_set.putAndInsertString(DCM_SeriesInstanceUID, options.series_uid.c_str());
  data_set.putAndInsertString(DCM_FrameOfReferenceUID, (options.study_uid + ".9").c_str());
  data_set.putAndInsertString(DCM_Modality, options.modality.c_str());
  data_set.putAndInsertString(DCM_ImageType, slice.image_type.c_str());
  data_set.putAndInsertString(DCM_StudyDate, "20200102");
  data_set.putAndInsertString(DCM_StudyTime, "030405");
  data_set.putAndInsertString(DCM_InstanceNumber, std::to_string(slice.instance_number).c_str());
  if (is_ct) return;
  data_set.putAndInsertString(DCM_EchoNumbers, std::to_string(options.echo_number).c_str());
  data_set.putAndInsertString(DCM_EchoTime, decimals({options.echo_time_ms}).c_str());
}

void encode(DcmDataset& data_set, E_TransferSyntax syntax) {
  constexpr int kQualityPercent = 95, kPredictor = 6;
  constexpr Uint16 kNearDeviation = 1;
  const DJ_RPLossy lossy(kQualityPercent);
  const DJ_RPLossless lossless(kPredictor, 0);
  const DJLSRepresentationParameter near(kNearDeviation, OFFalse);
  const std::array<std::pair<E_TransferSyntax, const DcmRepresentationParameter*>, 6> kParameters = {{
      {EXS_JPEGProcess1, &lossy},
      {EXS_JPEGProcess2_4, &lossy},
      {EXS_JPEGProcess6_8, &lossy},
      {EXS_JPEGProcess10_12, &lossy},
      {EXS_JPEGProcess14, &lossless},
      {EXS_JPEGLSLossy, &near},
  }};
  const auto row = std::ranges::find(kParameters, syntax, [](const auto& pair) { return pair.first; });
  require(data_set.chooseRepresentation(syntax, row == kParameters.end() ? nullptr : row->second), "encode pixels");
}

void write_slice(const PhantomOptions& options, const PhantomField& field, const PhantomSlice& slice,
                 const std::filesystem::path& path) {
  DcmFileFormat file;
  DcmDataset& data_set = *file.getDataset();
  put_texts(options, data_set);
  put_identity(options, slice, data_set);
  put_plane(options, slice, data_set);
  if (slice.rescale) {
    data_set.putAndInsertString(DCM_RescaleSlope, decimals({slice.rescale->slope}).c_str());
    data_set.putAndInsertString(DCM_RescaleIntercept, decimals({slice.rescale->intercept}).c_str());
  }
  put_pixels(options, field, slice, data_set);
  const E_TransferSyntax syntax = DcmXfer(options.transfer_syntax_uid.c_str()).getXfer();
  encode(data_set, syntax);
  if (slice.damage) slice.damage(data_set);
  require(file.saveFile(path.c_str(), syntax, EET_UndefinedLength), "write a file");
  if (slice.is_cut) std::filesystem::resize_file(path, std::filesystem::file_size(path) * 3 / 4);
}

std::vector<PhantomSlice> sound_slices(const PhantomOptions& options) {
  const Grid grid = phantom_grid(options);
  std::vector<PhantomSlice> slices;
  for (std::int64_t k = 0; k < options.size.z; ++k) {
    PhantomSlice& slice = slices.emplace_back();
    slice.position_mm = grid.patient_from_voxel({0, 0, static_cast<double>(k)});
    slice.row_direction = options.row_direction;
    slice.column_direction = options.column_direction;
    slice.identifier = static_cast<int>(k) + 1;
    slice.instance_number = options.falling_instance_numbers ? static_cast<int>(options.size.z - k) : slice.identifier;
    slice.image_type = options.image_type;
    slice.rescale = options.rescale;
  }
  return slices;
}

}  // namespace

std::span<const SyntaxName> all_syntaxes() { return kSyntaxNames; }

std::string recoded(const std::string& file, std::string_view transfer_syntax_uid) {
  constexpr std::size_t kRoomBytes = std::size_t{1} << 20;
  prepare_dcmtk();
  DcmInputBufferStream in;
  in.setBuffer(file.data(), static_cast<offile_off_t>(file.size()));
  in.setEos();
  DcmFileFormat format;
  format.transferInit();
  require(format.read(in), "read a file");
  format.transferEnd();
  require(format.loadAllDataIntoMemory(), "read a file");
  const E_TransferSyntax syntax = DcmXfer(std::string(transfer_syntax_uid).c_str()).getXfer();
  encode(*format.getDataset(), syntax);
  std::string written(2 * file.size() + kRoomBytes, '\0');
  DcmOutputBufferStream out(written.data(), static_cast<offile_off_t>(written.size()));
  format.transferInit();
  require(format.write(out, syntax, EET_UndefinedLength, nullptr), "write a file");
  format.transferEnd();
  out.flush();
  void* begin = nullptr;
  offile_off_t length = 0;
  out.flushBuffer(begin, length);
  written.resize(static_cast<std::size_t>(length));
  return written;
}

Grid phantom_grid(const PhantomOptions& options) {
  const Vec3 normal = cross(options.row_direction, options.column_direction);
  Grid grid;
  grid.size = options.size;
  grid.patient_from_voxel.set_column(0, options.spacing_mm[0] * options.row_direction);
  grid.patient_from_voxel.set_column(1, options.spacing_mm[1] * options.column_direction);
  grid.patient_from_voxel.set_column(2, options.spacing_mm[2] * normal + options.extra_step_mm);
  grid.patient_from_voxel.set_column(3, options.origin_mm);
  return grid;
}

WrittenSeries write_series(const PhantomOptions& options, const std::filesystem::path& folder) {
  prepare_dcmtk();
  std::filesystem::create_directories(folder);
  auto slices = sound_slices(options);
  apply_fault(options, slices);
  const PhantomField field(options);
  WrittenSeries written{{}, phantom_grid(options)};
  for (const PhantomSlice& slice : slices) {
    written.files.push_back(folder / fmt::format("{}{:04}.dcm", options.file_prefix, slice.identifier));
    write_slice(options, field, slice, written.files.back());
  }
  return written;
}

}  // namespace naru::test
