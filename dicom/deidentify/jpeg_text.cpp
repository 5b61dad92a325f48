#include "dicom/deidentify/jpeg_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "dicom/deidentify/icc_text.h"
#include "dicom/deidentify/known_texts.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

namespace {

constexpr int kPrefix = 0xFF, kFirstRestart = 0xD0, kLastRestart = 0xD7, kEndOfImage = 0xD9, kStartOfScan = 0xDA;
constexpr int kFirstApplication = 0xE0, kLastApplication = 0xEF, kJpegLsFrame = 0xF7, kJpegLsPresets = 0xF8;
constexpr int kJpegComment = 0xFE;

/// SOF0..SOF15 without the three markers of other meaning among them (DHT, JPG, DAC), and SOF55.
bool is_frame_marker(int marker) {
  const bool is_sof = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  return is_sof || marker == kJpegLsFrame;
}

/// Frames and tables, SOS to EXP (DNL among them), APPn, LSE, COM. All others have no length or no meaning.
bool is_segment_marker(int marker) {
  const bool is_frame_or_table = marker >= 0xC0 && marker <= 0xCF && marker != 0xC8;
  const bool is_scan_or_table = marker >= kStartOfScan && marker <= 0xDF;
  const bool is_application = marker >= kFirstApplication && marker <= kLastApplication;
  return is_frame_or_table || is_scan_or_table || is_application || marker == kJpegLsFrame ||
         marker == kJpegLsPresets || marker == kJpegComment;
}

/// Application data that decoders want and that hold no text.
struct ApplicationRule {
  int marker;
  std::string_view beginning;
  std::size_t kept_bytes;  ///< what stands behind them (a thumbnail) becomes zero
};
using namespace std::string_view_literals;
constexpr std::array kApplications = {
    ApplicationRule{0xE0, "JFIF\0"sv, 14},
    ApplicationRule{0xE0, "JFXX\0"sv, 6},  // a thumbnail of its own, behind the code of its form
    ApplicationRule{0xE8, "SPIFF\0"sv, 30},
    ApplicationRule{0xE8, "\0\0\0\1\xFF\xD8"sv, 6},  // end of SPIFF's directory, with the SOI that ends it
    ApplicationRule{0xE8, "\0\0\0\1"sv, 4},          // the same where SOI was left out
    ApplicationRule{0xE8, "mrfx"sv, 5},              // colour transform of HP's JPEG-LS encoder
    ApplicationRule{0xEE, "Adobe"sv, 12},            // colour transform
};

constexpr int kProfileMarker = 0xE2;
constexpr std::string_view kProfileBeginning = "ICC_PROFILE\0"sv;

/// A piece of an ICC profile, which APP2 segments of 64 KiB share out.
struct ProfilePiece {
  int number = 0, count = 0;
  std::size_t offset = 0, length = 0;
};

class JpegWalk {
 public:
  explicit JpegWalk(TextEraser& eraser) : eraser_(eraser), bytes_(eraser.bytes()) {}

  /// A stream may end within a scan without EOI: some encoders leave it out, and nothing can stand behind.
  bool run() {
    at_ = 2;
    for (;;) {
      if (at_ == bytes_.size()) break;
      const auto marker = read_marker();
      if (!marker) return false;
      if (*marker == kEndOfImage) {
        eraser_.zero_tail(at_, bytes_.size());
        break;
      }
      if (!read_segment(*marker)) return false;
      if (*marker == kStartOfScan) skip_scan();
    }
    erase_profile();
    return has_scan_;
  }

 private:
  int byte_at(std::size_t offset) const { return std::to_integer<int>(bytes_[offset]); }

  std::string_view text(std::size_t offset, std::size_t length) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offset, length};
  }

  /// The code behind one or more 0xFF.
  std::optional<int> read_marker() {
    if (byte_at(at_) != kPrefix) return std::nullopt;
    while (at_ < bytes_.size() && byte_at(at_) == kPrefix) ++at_;
    return at_ < bytes_.size() ? std::optional(byte_at(at_++)) : std::nullopt;
  }

  bool read_segment(int marker) {
    if (!is_segment_marker(marker) || bytes_.size() - at_ < 2) return false;
    const std::size_t length = read_u16(bytes_, at_, true);
    if (length < 2 || length > bytes_.size() - at_) return false;
    if (is_frame_marker(marker)) has_frame_ = true;
    if (marker == kJpegLsFrame) is_jpeg_ls_ = true;
    if (marker == kStartOfScan) has_scan_ = true;
    if (marker == kJpegComment || (marker >= kFirstApplication && marker <= kLastApplication)) {
      erase_segment(marker, at_ + 2, length - 2);
    }
    at_ += length;
    return has_frame_ || marker != kStartOfScan;
  }

  /// Goes to the next marker that is none of a scan, or to the end. In JPEG a data byte 0xFF is followed by 0x00, in
  /// JPEG-LS by a byte whose upper bit is 0.
  void skip_scan() {
    const int last_stuffed = is_jpeg_ls_ ? 0x7F : 0;
    while (at_ < bytes_.size()) {
      const void* found = std::memchr(bytes_.data() + at_, kPrefix, bytes_.size() - at_);
      if (found == nullptr) break;
      at_ = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes_.data());
      std::size_t code = at_ + 1;
      while (code < bytes_.size() && byte_at(code) == kPrefix) ++code;
      if (code == bytes_.size()) break;
      const bool is_data = code == at_ + 1 && byte_at(code) <= last_stuffed;
      const bool is_restart = byte_at(code) >= kFirstRestart && byte_at(code) <= kLastRestart;
      if (!is_data && !is_restart) return;
      at_ = code + 1;
    }
    at_ = bytes_.size();
  }

  void erase_segment(int marker, std::size_t offset, std::size_t length) {
    const std::string_view payload = text(offset, length);
    if (is_encoder_signature(payload)) return;
    const auto* rule = std::ranges::find_if(kApplications, [&](const ApplicationRule& r) {
      return marker == r.marker && payload.starts_with(r.beginning) && length >= r.kept_bytes;
    });
    if (rule != kApplications.end()) {
      eraser_.zero(offset + rule->kept_bytes, length - rule->kept_bytes);
    } else if (marker == kProfileMarker && is_profile_piece(payload)) {
      const std::size_t data = offset + kProfileBeginning.size() + 2;
      pieces_.push_back({byte_at(data - 2), byte_at(data - 1), data, offset + length - data});
    } else {
      eraser_.blank(offset, length);
    }
  }

  /// More pieces than their numbers can tell apart are no profile.
  bool is_profile_piece(std::string_view payload) const {
    constexpr std::size_t kMostPieces = 255;
    return payload.starts_with(kProfileBeginning) && payload.size() >= kProfileBeginning.size() + 2 &&
           pieces_.size() < kMostPieces;
  }

  /// The profile is put together, cleaned and shared out again. Decoders of DICOM do not read it: what is no sound one
  /// is erased.
  void erase_profile() {
    std::ranges::sort(pieces_, {}, &ProfilePiece::number);
    bool is_whole = true;
    std::vector<std::byte> profile;
    for (std::size_t n = 0; n < pieces_.size(); ++n) {
      const ProfilePiece& piece = pieces_[n];
      is_whole &= piece.number == static_cast<int>(n) + 1 && piece.count == static_cast<int>(pieces_.size());
      const auto data = bytes_.subspan(piece.offset, piece.length);
      profile.insert(profile.end(), data.begin(), data.end());
    }
    TextEraser cleaner{std::span(profile)};
    if (!is_whole || !erase_icc_text(cleaner)) {
      for (const ProfilePiece& piece : pieces_) eraser_.blank(piece.offset, piece.length);
      return;
    }
    if (!cleaner.found().is_changed()) return;
    eraser_.add(cleaner.found());
    std::span<const std::byte> rest(profile);
    for (const ProfilePiece& piece : pieces_) {
      eraser_.replace(piece.offset, rest.first(piece.length));
      rest = rest.subspan(piece.length);
    }
  }

  TextEraser& eraser_;
  Bytes bytes_;
  std::size_t at_ = 0;
  bool has_frame_ = false, has_scan_ = false, is_jpeg_ls_ = false;
  std::vector<ProfilePiece> pieces_;
};

}  // namespace

bool erase_jpeg_text(TextEraser& eraser) { return JpegWalk(eraser).run(); }

}  // namespace naru::dicom
