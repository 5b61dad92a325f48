/// The fragments of encapsulated Pixel Data (PS3.5 A.4): an offset table, then the pieces of compressed frames.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/code.h"
#include "dicom/element_walk.h"
#include "dicom/file_reader.h"

namespace naru::dicom {

/// A fragment has 8 bytes at least: an object of a million frames.
inline constexpr std::size_t kMaxFragments = std::size_t{1} << 20;

/// Encapsulated syntaxes are all explicit little endian.
inline constexpr Encoding kEncapsulated{true, false};
/// Of an item's tag and length.
inline constexpr std::size_t kItemHeaderBytes = 8;

/// How the fragments that start at `value` end; nothing is copied. Fragments that end with the bytes, but without the
/// mark of their end, are `complete` too: `has_end_mark` is false then.
struct FragmentsEnd {
  WalkEnd end = WalkEnd::complete;
  bool has_end_mark = true;
};
FragmentsEnd check_fragments(Bytes value);

/// Where the value of one fragment stands in its file.
struct Fragment {
  std::uint64_t offset_bytes = 0;
  std::uint32_t length_bytes = 0;
};

/// The fragments of each frame of one file, located once.
class FrameIndex {
 public:
  /// Reads 8 bytes a fragment from the Basic Offset Table's item at `offset` on, and the table itself.
  ///
  /// Frames begin, in this order of trust: one fragment a frame where the counts agree (with or without empty
  /// fragments); where the Basic Offset Table says, if each of its offsets is that of a fragment; at fragments that
  /// start as a stream of the codec does. The Extended Offset Table (PS3.3 C.7.6.3.1.8) is not asked: it stands only
  /// where each frame is one fragment.
  FrameIndex(const FileReader& file, std::uint64_t offset, std::int64_t frame_count);

  /// Why no frame can be read; empty when fine. A file that ends early has the frames before its end.
  std::optional<Code> problem() const { return problem_; }
  /// The fragments of one frame; none where the file ends before it.
  std::span<const Fragment> frame(std::int64_t frame) const;

 private:
  void read_fragments(const FileReader& file, std::uint64_t offset);
  bool take_counts();
  bool take_table();
  bool take_starts(const FileReader& file);

  std::vector<std::uint32_t> table_;
  std::vector<Fragment> fragments_;
  std::vector<std::size_t> first_fragment_;  ///< of each frame, then the count of fragments
  std::uint64_t first_item_ = 0;             ///< to which the table's offsets are relative
  std::int64_t frame_count_;
  bool is_cut_ = false;  ///< no end mark
  std::optional<Code> problem_;
};

}  // namespace naru::dicom
