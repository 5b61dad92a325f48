#include <algorithm>
#include <optional>
#include <string>

#include "core/text.h"
#include "dicom/deidentify/compressed_bytes.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"

// Private attributes that a list calls safe, or a rule of the hospital keeps.

namespace naru::dicom {

namespace {

/// VRs of files and lists that do not know what a value is.
bool tells_no_kind(Vr v) { return v == 0 || v == vr("UN") || v == vr("OB") || v == vr("OW"); }

/// The VR by which a private value is read: that of the file, unless the lists know more.
Vr read_as(const Node& node, Vr listed) {
  const Vr stated = node.is_vr_stated ? node.value_representation : vr("UN");
  const bool is_known_better = tells_no_kind(stated) && !tells_no_kind(listed);
  return is_known_better ? listed : stated;
}

/// Text, whatever its VR: without controls but those of lines and of character sets, and NULs at its end. In UTF-8, or
/// else as the texts of the file are written.
std::optional<std::string> readable_text(Bytes value, const CharacterSet& set) {
  constexpr char kEscape = '\x1B', kDelete = '\x7F';
  constexpr std::string_view kHarmless = "\t\n\r\f\x1B";
  const std::string_view text = text_of(value);
  const bool has_control = std::ranges::any_of(text, [&](char c) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == kDelete;
    return is_control && kHarmless.find(c) == std::string_view::npos;
  });
  if (text.empty() || has_control) return std::nullopt;
  const bool is_utf8 = text.find(kEscape) == std::string_view::npos && valid_utf8(text) == text;
  return is_utf8 ? std::optional(std::string(text)) : decode_text(value, vr("UT"), set);
}

}  // namespace

void ValueWriter::write_private(const Node& node, const PrivateDecision& decision, const TextContext& text) {
  const Vr v = read_as(node, decision.value_representation);
  // Before anything else: a list may call a date what holds other bytes.
  if (are_compressed(value_of(node, bytes_))) {
    ++notes_["bytes_removed"];
    return writer_.element(node.tag, written_vr(node, v), std::string_view());
  }
  switch (decision.action) {
    case PrivateAction::map_uid: return write_private_uid(node, v);
    case PrivateAction::shift_date: return write_private_date(node, v);
    case PrivateAction::shift_epoch: return write_epoch(node, v);
    default: break;
  }
  if (is_date(v) || v == vr("TM")) return write_private_date(node, v);
  if (v == vr("PN")) return writer_.element(node.tag, v, std::string_view());
  if (is_charset_text(v)) return write_text(node, v, *text.set, Cleaning::all);
  if (tells_no_kind(v)) return write_private_bytes(node, v, *text.set);
  if (!is_legal(text_of(value_of(node, bytes_)), v)) return write_converted(node, written_vr(node, v), std::nullopt);
  const bool keeps_uids = context_.policy.options.has(DeidOption::retain_uids);
  if (v == vr("UI")) return keeps_uids ? keep(node, written_vr(node, v)) : write_uids(node);
  if (v == vr("CS") || v == vr("AE") || v == vr("UR")) return write_code(node, v);
  if ((v == vr("IS") || v == vr("DS")) && write_numbers(node, v, text_of(value_of(node, bytes_)))) return;
  if (!write_binary_numbers(node, v)) keep(node, written_vr(node, v));
}

/// True where letters among other bytes are a name of the file's own, be it in a longer word: the proof looks for names
/// that stand alone.
bool ValueWriter::hides_a_person(Bytes value) const {
  constexpr std::size_t kMostBytes = std::size_t{64} << 10;
  constexpr std::ptrdiff_t kShortest = 5;
  if (value.size() > kMostBytes) return false;
  const std::string_view bytes(reinterpret_cast<const char*>(value.data()), value.size());
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  for (auto begin = bytes.begin(); begin != bytes.end();) {
    begin = std::find_if(begin, bytes.end(), is_printable);
    const auto end = std::find_if_not(begin, bytes.end(), is_printable);
    const bool is_text = end - begin >= kShortest;
    const CleanedText cleaned =
        is_text ? context_.cleaner.remove_identifiers(std::string_view(begin, end)) : CleanedText();
    if (cleaned.removed[static_cast<std::size_t>(DescriptorReason::name)] > 0) return true;
    begin = end;
  }
  return false;
}

/// Bytes that read as a text are cleaned as one. Others stay, unless a person's name is among them.
void ValueWriter::write_private_bytes(const Node& node, Vr v, const CharacterSet& set) {
  const auto read = readable_text(value_of(node, bytes_), set);
  std::vector<std::string> text = {read.value_or("")};
  if (!read && hides_a_person(value_of(node, bytes_))) {
    ++notes_["bytes_removed"];
    text.front().clear();
  } else if (!clean_values(text, Cleaning::all)) {
    return keep(node, written_vr(node, v));
  }
  writer_.element(node.tag, written_vr(node, v), text.front());
}

void ValueWriter::write_private_uid(const Node& node, Vr v) {
  const std::string_view text = text_of(value_of(node, bytes_));
  const bool is_uid = text.find_first_not_of("0123456789.\\") == std::string_view::npos;
  // The lists also call numbers of exams UIDs.
  const bool may_stay = is_uid && text.find('.') != std::string_view::npos;
  if (may_stay && context_.policy.options.has(DeidOption::retain_uids)) return keep(node, written_vr(node, v));
  writer_.element(node.tag, written_vr(node, v),
                  is_uid && !text.empty() ? mapped_uids(text, context_.key) : std::string());
}

void ValueWriter::write_private_date(const Node& node, Vr v) {
  const DeidOptions options = context_.policy.options;
  if (options.has(DeidOption::retain_longitudinal_full_dates)) return keep(node, written_vr(node, v));
  const bool shifts = options.has(DeidOption::retain_longitudinal_modified_dates);
  const auto shifted =
      shifts ? shift_dates(text_of(value_of(node, bytes_)), v == vr("TM") ? v : vr("DT"), context_.shift_days)
             : std::nullopt;
  writer_.element(node.tag, written_vr(node, v), shifted.value_or(""));
}

}  // namespace naru::dicom
