#include "dicom/deidentify/icc_text.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/known_texts.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kHeaderBytes = 128, kCountBytes = 4, kTagBytes = 12;
constexpr std::size_t kDateOffset = 24, kDateBytes = 12, kIdOffset = 84, kIdBytes = 16, kReservedOffset = 100;
constexpr std::size_t kTypeBytes = 8;  // signature and four reserved bytes

/// A range of bytes.
struct Range {
  std::size_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

/// Types that hold numbers alone.
constexpr std::array<std::string_view, 16> kNumericTypes = {"XYZ ", "chrm", "cicp", "clro", "curv", "mAB ",
                                                            "mBA ", "meas", "mft1", "mft2", "mpet", "para",
                                                            "sf32", "sig ", "view", "gbd "};

/// Dates (year, month, day, hour, minute, second) at which much copied profiles were published.
using Date = std::array<std::uint16_t, 6>;
constexpr std::array<Date, 2> kPublished = {{
    {1998, 2, 9, 6, 49, 0},     // sRGB IEC61966-2.1
    {2000, 8, 11, 19, 51, 59},  // Adobe RGB (1998)
}};

class ProfileWalk {
 public:
  explicit ProfileWalk(TextEraser& eraser) : eraser_(eraser), bytes_(eraser.bytes()) {}

  bool run() {
    if (!read_tags()) return false;
    for (const Range& tag : tags_) erase_tag(tag);
    for (const Range& gap : gaps(tags_, table_end_, size_)) eraser_.zero(gap.begin, gap.end - gap.begin);
    eraser_.zero(kReservedOffset, kHeaderBytes - kReservedOffset);
    eraser_.zero_tail(size_, bytes_.size());
    // The id is a hash of the whole, against which guesses at what was erased could be tried.
    if (!eraser_.found().is_changed() && has_published_date()) return true;
    eraser_.zero(kDateOffset, kDateBytes);
    eraser_.zero(kIdOffset, kIdBytes);
    return true;
  }

 private:
  std::uint16_t u16(std::size_t offset) const { return read_u16(bytes_, offset, true); }
  std::uint32_t u32(std::size_t offset) const { return read_u32(bytes_, offset, true); }

  std::string_view text(std::size_t offset, std::size_t length) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offset, length};
  }

  /// Several tags may share one range; ranges that overlap otherwise are not of this world.
  bool read_tags() {
    if (bytes_.size() < kHeaderBytes + kCountBytes || text(36, 4) != "acsp") return false;
    size_ = u32(0);
    const std::size_t count = u32(kHeaderBytes);
    table_end_ = kHeaderBytes + kCountBytes;
    if (size_ > bytes_.size() || size_ < table_end_ || count > (size_ - table_end_) / kTagBytes) return false;
    table_end_ += count * kTagBytes;
    for (std::size_t at = kHeaderBytes + kCountBytes; at < table_end_; at += kTagBytes) {
      const std::size_t begin = u32(at + 4), length = u32(at + 8);
      if (begin < table_end_ || begin > size_ || length > size_ - begin) return false;
      tags_.push_back({begin, begin + length});
    }
    std::ranges::sort(
        tags_, [](const Range& a, const Range& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    tags_.erase(std::unique(tags_.begin(), tags_.end()), tags_.end());
    return std::ranges::adjacent_find(tags_, [](const Range& a, const Range& b) { return a.end > b.begin; }) ==
           tags_.end();
  }

  bool has_published_date() const {
    Date date;
    for (std::size_t n = 0; n < date.size(); ++n) date[n] = u16(kDateOffset + 2 * n);
    return std::ranges::find(kPublished, date) != kPublished.end();
  }

  void erase_tag(const Range& tag) {
    if (tag.end - tag.begin < kTypeBytes) return eraser_.zero(tag.begin, tag.end - tag.begin);
    const std::string_view type = text(tag.begin, 4);
    eraser_.zero(tag.begin + 4, 4);
    const Range value{tag.begin + kTypeBytes, tag.end};
    if (std::ranges::find(kNumericTypes, type) != kNumericTypes.end()) return;
    if (type == "text") return erase_text(value);
    if (type == "desc") return erase_description(value);
    if (type == "mluc") return erase_localized(value);
    eraser_.zero(value.begin, value.end - value.begin);
  }

  bool is_known(std::string_view words) const {
    return words.find_first_not_of(std::string_view(" \0", 2)) == std::string_view::npos ||
           is_published_profile_text(words);
  }

  /// UTF-16, big-endian.
  bool is_known_wide(const Range& range) const {
    constexpr std::size_t kMostBytes = 512;
    if (range.end - range.begin > kMostBytes || (range.end - range.begin) % 2 != 0) return false;
    std::string words;
    for (std::size_t at = range.begin; at < range.end; at += 2) {
      if (bytes_[at] != std::byte{0}) return false;
      words += static_cast<char>(bytes_[at + 1]);
    }
    return is_known(words);
  }

  bool is_zero(const Range& range) const {
    return std::ranges::all_of(bytes_.subspan(range.begin, range.end - range.begin),
                               [](std::byte b) { return b == std::byte{0}; });
  }

  /// Spaces, and the NUL that ends a text.
  void blank_text(const Range& range) {
    if (range.begin == range.end) return;
    eraser_.blank(range.begin, range.end - range.begin - 1);
    eraser_.zero(range.end - 1, 1);
  }

  void erase_text(const Range& value) {
    if (!is_known(text(value.begin, value.end - value.begin))) blank_text(value);
  }

  /// Three times the same text: ASCII after its length, UTF-16 after a language and a count, and 67 bytes of a script
  /// of the Macintosh after a code and a count.
  void erase_description(const Range& value) {
    if (is_known_description(value)) return;
    const std::size_t length = value.end - value.begin < 4 ? 0 : u32(value.begin);
    if (value.end - value.begin < 4 || length > value.end - value.begin - 4) {
      return eraser_.zero(value.begin, value.end - value.begin);
    }
    const Range ascii{value.begin + 4, value.begin + 4 + length};
    if (!is_known(text(ascii.begin, length))) blank_text(ascii);
    eraser_.zero(ascii.end, value.end - ascii.end);  // the other two are empty then
  }

  bool is_known_description(const Range& value) const {
    constexpr std::size_t kScriptBytes = 67;
    std::size_t at = value.begin;
    const auto has = [&](std::size_t count) { return count <= value.end - at; };
    if (!has(4) || !has(4 + std::size_t{u32(at)})) return false;
    const std::size_t length = u32(at);
    if (!is_known(text(at + 4, length))) return false;
    at += 4 + length;
    if (!has(8)) return is_zero({at, value.end});
    const std::size_t wide_bytes = 2 * std::size_t{u32(at + 4)};
    at += 8;
    if (!has(wide_bytes) || !is_known_wide({at, at + wide_bytes})) return false;
    at += wide_bytes;
    if (!has(3 + kScriptBytes)) return is_zero({at, value.end});
    return is_known(text(at + 3, kScriptBytes)) && is_zero({at + 3 + kScriptBytes, value.end});
  }

  /// Records of language, country, length and offset, then their texts in UTF-16.
  void erase_localized(const Range& value) {
    constexpr std::size_t kRecordBytes = 12, kFixedBytes = 8;
    const std::size_t room = value.end - value.begin;
    const std::size_t count = room < kFixedBytes ? 0 : u32(value.begin);
    if (room < kFixedBytes || u32(value.begin + 4) != kRecordBytes || count > (room - kFixedBytes) / kRecordBytes) {
      return eraser_.zero(value.begin, room);
    }
    const std::size_t texts = value.begin + kFixedBytes + count * kRecordBytes;
    if (!are_known_records({value.begin + kFixedBytes, texts}, {texts, value.end})) blank_wide({texts, value.end});
  }

  bool are_known_records(const Range& records, const Range& texts) const {
    constexpr std::size_t kRecordBytes = 12;
    std::vector<Range> covered;
    for (std::size_t at = records.begin; at < records.end; at += kRecordBytes) {
      const std::size_t length = u32(at + 4), offset = u32(at + 8);
      const std::size_t tag = records.begin - kTypeBytes - 8;  // what offsets count from
      if (offset < texts.begin - tag || offset > texts.end - tag || length > texts.end - tag - offset) return false;
      covered.push_back({tag + offset, tag + offset + length});
      if (!is_known_wide(covered.back())) return false;
    }
    std::ranges::sort(covered, {}, &Range::begin);
    return std::ranges::all_of(gaps(covered, texts.begin, texts.end), [&](const Range& gap) { return is_zero(gap); });
  }

  /// Spaces in UTF-16.
  void blank_wide(const Range& range) {
    if (eraser_.is_blank(range.begin, range.end - range.begin)) return;
    std::vector<std::byte> spaces(range.end - range.begin);
    for (std::size_t n = 1; n < spaces.size(); n += 2) spaces[n] = std::byte{' '};
    eraser_.blank(range.begin, spaces.size());
    eraser_.replace(range.begin, spaces);
  }

  /// What `ranges`, sorted by their beginning, leave between `begin` and `end`.
  static std::vector<Range> gaps(const std::vector<Range>& ranges, std::size_t begin, std::size_t end) {
    std::vector<Range> found;
    for (const Range& range : ranges) {
      if (range.begin > begin) found.push_back({begin, range.begin});
      begin = std::max(begin, range.end);
    }
    if (begin < end) found.push_back({begin, end});
    return found;
  }

  TextEraser& eraser_;
  Bytes bytes_;
  std::size_t size_ = 0, table_end_ = 0;
  std::vector<Range> tags_;
};

}  // namespace

bool erase_icc_text(TextEraser& eraser) { return ProfileWalk(eraser).run(); }

}  // namespace naru::dicom
