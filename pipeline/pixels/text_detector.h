/// Looks for burned-in text in the frames of one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/code.h"
#include "core/volume.h"
#include "dicom/deidentify/policy.h"
#include "dicom/instance.h"
#include "kernels/text_network.h"
#include "kernels/text_pyramid.h"
#include "kernels/text_regions.h"
#include "pipeline/pixels/text_confirm.h"
#include "pipeline/pixels/text_device.h"

namespace naru {

/// One piece of text in a frame.
struct FoundText {
  TextRegion region;
  bool is_on_background = false;  ///< nothing but black stands around it
  float log_odds = kMostLogOdds;  ///< of all looks at it (text_confirm.h), where they were asked
};

/// What one file shows.
struct TextLook {
  std::optional<Code> problem;  ///< why its pixels could not be looked at; `frames` is then empty
  bool has_picture = true;      ///< false for documents, and for pixels that are no picture: masks, doses, maps
  std::int64_t columns = 0, rows = 0;
  std::vector<std::vector<FoundText>> frames;
  std::vector<dicom::PixelBox> regions;  ///< blanked in all frames whatever is found: rules for the device
};

/// False for what no look can say: frames without a size, text outside of them, a score that is none.
bool is_possible(const TextLook& look);

/// What stands at two shares, from 0 to 1, of the sorted values. @pre there is a value. Reorders them.
std::pair<float, float> at_shares(std::span<float> values, double low, double high);

/// Black and white of the three windows in which a frame is seen: its full range, as stored, and the percentiles 0.5
/// and 99.5; of a colour frame 0 and its largest value. Padding counts in no percentile, and in the full range as far
/// as a quarter of it beyond the other values. A stored window in which all is white gives way to the percentiles.
TextWindows text_windows(VolumeView<const float> slice, const dicom::ShownValues& shown);

/// A network ready for use. Thread-safe: one serves all.
class TextDetector {
 public:
  /// The one that this program carries, made when it is first asked for.
  static const TextDetector& built_in();

  /// @param file the whole file, in memory. Bad content gives a problem, not an exception. Memory beside the file:
  /// kTextWorkBytes, and 60 bytes a pixel of one frame.
  /// @param device where the network runs; all else, and without it the network too, on the calling thread alone
  TextLook look(std::span<const std::byte> file, const TextThresholds& thresholds, TextDevice& device) const;
  TextLook look(std::span<const std::byte> file, const TextThresholds& thresholds = {}) const;

  /// Of one frame, as values (dicom/frame_values.h gives their shape); `shown` says how they are meant to be seen.
  /// Where it finds text it looks again, at the frame without it: bright text may hide faint text, by the windows as
  /// well. Never more than kMostFoundTexts: whoever finds so many holds the file.
  std::vector<FoundText> find(VolumeView<const float> slice, const dicom::ShownValues& shown,
                              const TextThresholds& thresholds, TextDevice& device) const;
  std::vector<FoundText> find(VolumeView<const float> slice, const dicom::ShownValues& shown,
                              const TextThresholds& thresholds = {}) const;

  /// Whether a region of such a frame is text in other views too (text_confirm.h); `find` asks where it is not certain.
  bool confirms(VolumeView<const float> slice, const dicom::ShownValues& shown, const TextRegion& region) const;

  const TextNetwork& network() const { return network_; }
  const std::string& weights_sha256() const { return weights_sha256_; }

 private:
  explicit TextDetector(std::span<const std::byte> weights);

  TextNetwork network_;
  std::string weights_sha256_;
};

inline constexpr std::size_t kMostFoundTexts = 64;  ///< of one frame

/// What one look takes at most, whatever the size of a frame: the maps of the network over one tile.
inline constexpr std::uint64_t kTextWorkBytes = std::uint64_t{192} << 20;

/// @param memory_bytes what --memory, `limit_bytes`, leaves beside the headers
/// @throws Error{memory_exceeded} where that is no more than one look takes
void require_room_for_text(std::uint64_t memory_bytes, std::uint64_t limit_bytes);

}  // namespace naru
