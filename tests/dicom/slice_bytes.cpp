#include "tests/dicom/slice_bytes.h"

#include <set>
#include <span>

namespace naru::test {

namespace {

constexpr std::uint32_t kPixelData = 0x7FE00010;

std::string little(std::uint64_t value, int byte_count) {
  std::string bytes;
  for (int n = 0; n < byte_count; ++n) bytes += static_cast<char>(value >> (8 * n) & 0xFF);
  return bytes;
}

std::string tag_bytes(std::uint32_t tag) { return little(tag >> 16, 2) + little(tag & 0xFFFF, 2); }

std::string header(std::uint32_t tag, std::string_view vr, std::uint32_t length) {
  static const std::set<std::string_view> kLong = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                   "SV", "UC", "UN", "UR", "UT", "UV"};
  const std::string start = tag_bytes(tag) + std::string(vr);
  return kLong.contains(vr) ? start + little(0, 2) + little(length, 4) : start + little(length, 2);
}

}  // namespace

SliceBytes::SliceBytes() {
  text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL").text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  text(0x00080018, "UI", "2.999.1.1.1").text(0x00080060, "CS", "CT").text(0x00080070, "LO", "GE MEDICAL SYSTEMS");
  text(0x00100020, "LO", "P1").text(0x00180050, "DS", "2.5");
  text(0x0020000D, "UI", "2.999.1").text(0x0020000E, "UI", "2.999.1.1").text(0x00200013, "IS", "7");
  text(0x00200032, "DS", "-10\\-20.5\\30").text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  number(0x00280002, 1).text(0x00280004, "CS", "MONOCHROME2").number(0x00280010, 2).number(0x00280011, 4);
  text(0x00280030, "DS", "0.75\\0.5").number(0x00280100, 16).number(0x00280101, 16).number(0x00280102, 15);
  number(0x00280103, 1).text(0x00281052, "DS", "-1024").text(0x00281053, "DS", "1");
  raw(kPixelData, "OW", std::string(16, '\0'));
}

SliceBytes& SliceBytes::text(std::uint32_t tag, const char (&vr)[3], std::string value) {
  const bool is_uid = std::string_view(vr) == "UI";
  if (value.size() % 2 != 0) value += is_uid ? '\0' : ' ';
  return raw(tag, vr, std::move(value));
}

SliceBytes& SliceBytes::number(std::uint32_t tag, std::uint16_t value) { return raw(tag, "US", little(value, 2)); }

SliceBytes& SliceBytes::raw(std::uint32_t tag, const char (&vr)[3], std::string value) {
  elements_[tag] = {vr, std::move(value)};
  return *this;
}

SliceBytes& SliceBytes::remove(std::uint32_t tag) {
  elements_.erase(tag);
  return *this;
}

SliceBytes& SliceBytes::transfer_syntax(std::string uid) {
  transfer_syntax_ = std::move(uid);
  return *this;
}

SliceBytes& SliceBytes::stated_pixel_length(std::uint32_t length) {
  pixel_length_ = length;
  return *this;
}

SliceBytes& SliceBytes::insert(std::string encoded) {
  inserted_ = std::move(encoded);
  return *this;
}

std::string SliceBytes::element(std::uint32_t tag, std::string_view vr, std::string_view value) {
  return header(tag, vr, static_cast<std::uint32_t>(value.size())) + std::string(value);
}

std::string SliceBytes::open_sequence(std::uint32_t tag) { return header(tag, "SQ", 0xFFFFFFFF); }

std::string SliceBytes::open_item() { return tag_bytes(0xFFFEE000) + little(0xFFFFFFFF, 4); }

std::string SliceBytes::bytes() const {
  std::string syntax = transfer_syntax_;
  if (syntax.size() % 2 != 0) syntax += '\0';
  std::string file = std::string(128, '\0') + "DICM" + element(0x00020010, "UI", syntax);
  for (const auto& [tag, content] : elements_) {
    const bool is_pixels = tag == kPixelData;
    if (is_pixels) file += inserted_;
    const std::int64_t stated =
        is_pixels && pixel_length_ >= 0 ? pixel_length_ : static_cast<std::int64_t>(content.value.size());
    file += header(tag, content.vr, static_cast<std::uint32_t>(stated)) + content.value;
  }
  return file;
}

dicom::HeaderResult header_of(const std::string& file) {
  return dicom::read_instance(std::as_bytes(std::span(file)), file.size());
}

}  // namespace naru::test
