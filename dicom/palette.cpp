#include "dicom/palette.h"

#include <algorithm>

#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

constexpr Tag kDescriptor = 0x00281101, kData = 0x00281201, kSegmentedData = 0x00281221;  // red; then green, blue
constexpr std::size_t kMaxEntries = 65536;

struct Descriptor {
  std::size_t count = 0;
  std::int32_t first = 0;
  int bits = 0;
};

std::optional<Descriptor> read_descriptor(const HeaderValues& header, Tag tag) {
  const auto element = header.find(tag);
  constexpr std::size_t kBytes = 6;
  if (element.value.size() < kBytes) return std::nullopt;
  const bool big = element.encoding.is_big_endian;
  Descriptor descriptor;
  descriptor.count = read_u16(element.value, 0, big);
  if (descriptor.count == 0) descriptor.count = kMaxEntries;
  // Signed where the pixels are (PS3.3 C.7.6.3.1.5).
  const std::uint16_t first = read_u16(element.value, 2, big);
  const bool is_signed = header.number(kPixelRepresentation) == 1;
  descriptor.first = is_signed ? std::int32_t{static_cast<std::int16_t>(first)} : std::int32_t{first};
  descriptor.bits = read_u16(element.value, 4, big);
  const bool is_sound = descriptor.bits == 8 || descriptor.bits == 16;
  return is_sound ? std::optional(descriptor) : std::nullopt;
}

std::vector<std::uint16_t> words_of(const HeaderValues::Element& element) {
  std::vector<std::uint16_t> words(element.value.size() / 2);
  for (std::size_t n = 0; n < words.size(); ++n) {
    words[n] = read_u16(element.value, 2 * n, element.encoding.is_big_endian);
  }
  return words;
}

/// Entries of `bits` each out of words: one a word, or two where the words are too few for that.
std::vector<std::uint16_t> entries_of(const std::vector<std::uint16_t>& words, const Descriptor& descriptor) {
  if (descriptor.bits == 16 || words.size() >= descriptor.count) return words;
  std::vector<std::uint16_t> entries;
  for (const std::uint16_t word : words) {
    entries.push_back(word & 0xFF);
    entries.push_back(static_cast<std::uint16_t>(word >> 8));
  }
  return entries;
}

/// Expands segments (PS3.3 C.7.9.2): 0 lists values, 1 runs straight to a value, 2 repeats earlier segments.
class Segments {
 public:
  Segments(std::vector<std::uint16_t> words, std::size_t count) : words_(std::move(words)), count_(count) {}

  /// Empty where the segments do not make the table that its descriptor promises.
  std::vector<std::uint16_t> expanded() {
    while (at_ < words_.size() && table_.size() < count_) {
      if (!expand(false)) return {};
    }
    if (table_.size() != count_) table_.clear();
    return std::move(table_);
  }

 private:
  bool expand(bool is_repeat) {
    if (words_.size() - at_ < 2) return false;
    const std::uint16_t code = words_[at_], length = words_[at_ + 1];
    at_ += 2;
    if (code == 0) return list(length);
    if (code == 1) return run(length);
    return code == 2 && !is_repeat && repeat(length);  // a repeat of a repeat could go on for ever
  }

  bool list(std::size_t length) {
    if (words_.size() - at_ < length || count_ - table_.size() < length) return false;
    for (std::size_t n = 0; n < length; ++n) table_.push_back(words_[at_ + n]);
    at_ += length;
    return true;
  }

  bool run(std::size_t length) {
    if (at_ >= words_.size() || table_.empty() || count_ - table_.size() < length) return false;
    const double from = table_.back(), to = words_[at_++];
    for (std::size_t n = 1; n <= length; ++n) {
      const double part = static_cast<double>(n) / static_cast<double>(length);
      table_.push_back(static_cast<std::uint16_t>(from + (to - from) * part + 0.5));
    }
    return true;
  }

  bool repeat(std::size_t segments) {
    if (words_.size() - at_ < 2) return false;
    const std::size_t offset = words_[at_] | std::size_t{words_[at_ + 1]} << 16;  // in words here, bytes in the file
    const std::size_t after = at_ + 2;
    at_ = offset / 2;
    for (std::size_t n = 0; n < segments; ++n) {
      if (at_ >= words_.size() || !expand(true)) return false;
    }
    at_ = after;
    return true;
  }

  std::vector<std::uint16_t> words_, table_;
  std::size_t count_, at_ = 0;
};

std::vector<std::uint16_t> read_table(const HeaderValues& header, Tag colour, const Descriptor& descriptor) {
  const auto plain = header.find(kData + colour);
  if (!plain.value.empty()) {
    auto entries = entries_of(words_of(plain), descriptor);
    if (entries.size() < descriptor.count) return {};
    entries.resize(descriptor.count);
    return entries;
  }
  return Segments(words_of(header.find(kSegmentedData + colour)), descriptor.count).expanded();
}

}  // namespace

std::array<std::uint8_t, 3> Palette::operator()(std::int32_t stored) const {
  const auto last = static_cast<std::int32_t>(colours[0].size()) - 1;
  const auto entry = static_cast<std::size_t>(std::clamp(stored - first, 0, last));
  return {colours[0][entry], colours[1][entry], colours[2][entry]};
}

std::optional<Palette> read_palette(const HeaderValues& header) {
  Palette palette;
  for (Tag colour = 0; colour < palette.colours.size(); ++colour) {
    const auto descriptor = read_descriptor(header, kDescriptor + colour);
    if (!descriptor) return std::nullopt;
    const auto entries = read_table(header, colour, *descriptor);
    if (entries.empty()) return std::nullopt;
    // Some writers say 16 bits and fill 8: as pydicom does, such tables are taken as they are.
    const bool is_wide = descriptor->bits == 16 && std::ranges::max(entries) > 255;
    palette.first = descriptor->first;
    for (const std::uint16_t entry : entries) {
      palette.colours[colour].push_back(static_cast<std::uint8_t>(is_wide ? entry >> 8 : entry & 0xFF));
    }
  }
  const std::size_t count = palette.colours[0].size();
  const bool is_even = palette.colours[1].size() == count && palette.colours[2].size() == count;
  return is_even ? std::optional(std::move(palette)) : std::nullopt;
}

}  // namespace naru::dicom
