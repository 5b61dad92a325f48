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

/// What is so large by nature that it lies among the seconds since 1970 by chance.
bool is_large_by_nature(Tag tag) {
  constexpr std::array<Tag, 10> kTags = {0x00180070,   // Counts Accumulated
                                         0x00181074,   // Radionuclide Total Dose, in becquerels
                                         0x00541310,   // Primary (Prompts) Counts Accumulated
                                         0x00541311,   // Secondary Counts Accumulated
                                         0x30080032,   // Specified Primary Meterset, of ions in particles as all these
                                         0x30080036,   // Delivered Primary Meterset
                                         0x30080042,   // Specified Meterset
                                         0x30080044,   // Delivered Meterset
                                         0x300A0086,   // Beam Meterset
                                         0x300A0134};  // Cumulative Meterset Weight
  return std::ranges::find(kTags, tag) != kTags.end();
}

template <class Number>
void append(std::vector<std::byte>& bytes, Number number, bool is_big_endian) {
  auto raw = std::bit_cast<std::array<std::byte, sizeof number>>(number);
  if (is_big_endian) std::ranges::reverse(raw);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

/// VRs that seconds since 1970 are written in as binary numbers.
bool holds_seconds(Vr v) { return v == vr("FD") || v == vr("SL") || v == vr("UL"); }

/// `change` of each number. Empty where one is none, or the VR is another.
template <class Change>
std::optional<std::vector<std::byte>> changed_numbers(Bytes value, Vr v, bool is_big_endian, Change change) {
  if (!holds_seconds(v) || value.size() % *binary_size(v) != 0) return std::nullopt;
  std::vector<std::byte> changed;
  for (std::size_t n = 0; n < value.size() / *binary_size(v); ++n) {
    const auto number = binary_number(value, n, v, is_big_endian);
    if (!number) return std::nullopt;
    if (v == vr("FD")) {
      append(changed, change(*number), is_big_endian);
    } else {
      append(changed, static_cast<std::uint32_t>(static_cast<std::int64_t>(change(*number))), is_big_endian);
    }
  }
  return changed;
}

}  // namespace

bool ValueWriter::is_id(std::string_view number) const {
  const std::string_view digits = long_digits(number);
  return !digits.empty() && (is_identifier(digits, false) || context_.cleaner.is_own_number(digits));
}

/// Seconds, milliseconds or microseconds since 1970 that fall on a date of the file's own: they tell it.
bool ValueWriter::is_own_time(Tag tag, double number) const {
  constexpr double kFewest = 1e9, kMost = 1e16;
  return number >= kFewest && number < kMost && !is_large_by_nature(tag) &&
         context_.cleaner.is_own_time(static_cast<std::int64_t>(number));
}

/// Such a time as dates move; empty where they go.
std::optional<double> ValueWriter::moved_time(double time) const {
  constexpr double kDaySeconds = 86'400, kFewestMilliseconds = 1e10, kFewestMicroseconds = 1e13;
  if (!context_.policy.options.has(DeidOption::retain_longitudinal_modified_dates)) return std::nullopt;
  const double per_second = time < kFewestMilliseconds ? 1 : time < kFewestMicroseconds ? 1e3 : 1e6;
  return time + per_second * kDaySeconds * context_.shift_days;
}

/// Numbers, without those that are an id, a date or a time of one. @return false where there is none, and nothing was
/// written
bool ValueWriter::write_numbers(const Node& node, Vr v, std::string_view numbers) {
  constexpr std::size_t kFewestOfTime = 10;
  std::vector<std::string> values = texts_of(std::as_bytes(std::span(numbers)));
  const std::string dummy = values.size() == 1 && !must_have_value(node.tag) ? std::string() : dummy_value(v);
  std::string_view note;
  for (std::string& one : values) {
    const std::string_view digits = digits_of(one);
    // Programs number studies by the time as well: moved such a number would tell its time of day still.
    const bool is_one_of_ids = is_id(one);
    const bool is_time =
        !is_one_of_ids && digits.size() >= kFewestOfTime && is_own_time(node.tag, decimal(one).value_or(0));
    if (!is_one_of_ids && !is_time && !context_.numbers.contains(long_digits(one))) continue;
    const bool has_exponent = one.find_first_of("eE") != std::string::npos;
    const auto moved =
        is_time && !has_exponent ? moved_time(static_cast<double>(integer(digits).value_or(0))) : std::nullopt;
    const std::size_t end = static_cast<std::size_t>(digits.data() - one.data()) + digits.size();
    one = moved ? fmt::format("{:.0f}{}", *moved, one.substr(end)) : dummy;
    note = moved ? "numbers_moved" : "numbers_removed";
  }
  if (note.empty()) return false;
  ++notes_[std::string(note)];
  if (must_be_true(node.tag)) problem_ = Code::deid_incomplete;
  writer_.element(node.tag, written_vr(node, v), fmt::format("{}", fmt::join(values, "\\")));
  return true;
}

/// As `write_numbers`, of few binary ones: a time stands alone or beside few.
bool ValueWriter::write_binary_numbers(const Node& node, Vr v) {
  constexpr std::size_t kMostBytes = 64;
  const Bytes value = value_of(node, bytes_);
  if (!holds_seconds(v) || value.size() > kMostBytes) return false;
  bool has_time = false;
  for (std::size_t n = 0; n < value.size() / *binary_size(v); ++n) {
    const auto number = binary_number(value, n, v, node.encoding.is_big_endian);
    has_time = has_time || (number && is_own_time(node.tag, *number));
  }
  if (!has_time) return false;
  const auto changed = changed_numbers(value, v, node.encoding.is_big_endian, [&](double number) {
    return is_own_time(node.tag, number) ? moved_time(number).value_or(0) : number;
  });
  ++notes_[moved_time(0) ? "numbers_moved" : "numbers_removed"];
  if (must_be_true(node.tag)) problem_ = Code::deid_incomplete;
  if (!changed) return writer_.element(node.tag, written_vr(node, v), dummy_value(v)), true;
  writer_.element(node.tag, written_vr(node, v), Bytes(has_other_order(node) ? swapped(*changed, v) : *changed));
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
  const auto shifted = changed_numbers(value, v, node.encoding.is_big_endian, [&](double seconds) {
    return is_placeholder_epoch(seconds) ? seconds : seconds + 86400.0 * context_.shift_days;
  });
  if (!shifted) return write_converted(node, written_vr(node, v), std::nullopt);
  writer_.element(node.tag, written_vr(node, v), Bytes(has_other_order(node) ? swapped(*shifted, v) : *shifted));
}

}  // namespace naru::dicom
