#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>

#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"

// Numbers that say what no number may: ids, dates, and times as seconds.

namespace naru::dicom {

namespace {

/// The digits of a whole number that is long enough to be an id; empty for all others.
std::string_view long_digits(std::string_view number) {
  constexpr std::size_t kFewest = 5;
  number.remove_prefix(std::min(number.find_first_not_of(" +-"), number.size()));
  const std::string_view digits = number.substr(0, number.find_first_not_of("0123456789"));
  const std::string_view rest = number.substr(digits.size());
  const bool is_whole = rest.find_first_not_of(" ") == std::string_view::npos ||
                        (rest.front() == '.' && rest.find_first_not_of(".0 ") == std::string_view::npos);
  return is_whole && digits.size() >= kFewest ? digits : std::string_view();
}

template <class Number>
void append(std::vector<std::byte>& bytes, Number number, bool is_big_endian) {
  auto raw = std::bit_cast<std::array<std::byte, sizeof number>>(number);
  if (is_big_endian) std::ranges::reverse(raw);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

/// Seconds since 1970 in SL, UL or FD, moved. Empty where one is no number, or the VR another.
std::optional<std::vector<std::byte>> shifted_epochs(Bytes value, Vr v, bool is_big_endian, int days) {
  const std::size_t size = v == vr("FD") ? 8 : 4;
  if ((v != vr("FD") && v != vr("SL") && v != vr("UL")) || value.size() % size != 0) return std::nullopt;
  std::vector<std::byte> shifted;
  for (std::size_t n = 0; n < value.size() / size; ++n) {
    auto seconds = binary_number(value, n, v, is_big_endian);
    if (!seconds) return std::nullopt;
    if (!is_placeholder_epoch(*seconds)) *seconds += 86400.0 * days;
    if (v == vr("FD")) {
      append(shifted, *seconds, is_big_endian);
    } else {
      append(shifted, static_cast<std::uint32_t>(static_cast<std::int64_t>(*seconds)), is_big_endian);
    }
  }
  return shifted;
}

}  // namespace

bool ValueWriter::is_id(std::string_view number) const {
  const std::string_view digits = long_digits(number);
  return !digits.empty() && (is_identifier(digits, false) || context_.cleaner.is_own_number(digits));
}

/// Numbers, without those that are an id or a date. @return false where there is none, and nothing was written
bool ValueWriter::write_without_ids(const Node& node, Vr v, std::string_view numbers) {
  std::vector<std::string> values = texts_of(std::as_bytes(std::span(numbers)));
  const std::string dummy = values.size() == 1 && !must_have_value(node.tag) ? std::string() : dummy_value(v);
  bool is_changed = false;
  for (std::string& one : values) {
    if (!is_id(one)) continue;
    one = dummy;
    is_changed = true;
  }
  if (!is_changed) return false;
  ++notes_["numbers_removed"];
  if (must_be_true(node.tag)) problem_ = Code::deid_incomplete;
  writer_.element(node.tag, v, fmt::format("{}", fmt::join(values, "\\")));
  return true;
}

/// Seconds since 1970 as integers of 4 bytes, doubles, or text.
void ValueWriter::write_epoch(const Node& node, Vr v) {
  const DeidOptions options = context_.policy.options;
  if (options.has(DeidOption::retain_longitudinal_full_dates)) return keep(node, written_vr(node, v));
  if (!options.has(DeidOption::retain_longitudinal_modified_dates)) {
    return writer_.element(node.tag, written_vr(node, v), std::string_view());
  }
  const Bytes value = value_of(node, bytes_);
  if (!binary_size(v)) {
    return write_converted(node, written_vr(node, v), shift_epoch_text(text_of(value), context_.shift_days));
  }
  const auto shifted = shifted_epochs(value, v, node.encoding.is_big_endian, context_.shift_days);
  if (!shifted) return write_converted(node, written_vr(node, v), std::nullopt);
  writer_.element(node.tag, written_vr(node, v), Bytes(has_other_order(node) ? swapped(*shifted, v) : *shifted));
}

}  // namespace naru::dicom
