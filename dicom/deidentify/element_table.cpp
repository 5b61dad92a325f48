#include "dicom/deidentify/element_table.h"

#include <algorithm>
#include <limits>

#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/values.h"

namespace naru::dicom {

namespace {

constexpr std::size_t kOpenEnd = std::numeric_limits<std::size_t>::max();
constexpr Tag kFirstAfterPixels = 0x7FE00011;

/// Text, a sequence, or numbers and bytes.
int kind_of(Vr value_representation) {
  if (value_representation == vr("SQ")) return 0;
  return is_text(value_representation) ? 1 : 2;
}

class TableReader {
 public:
  TableReader(Bytes bytes, std::size_t offset, Encoding encoding) : bytes_(bytes), offset_(offset) {
    open_.push_back({kNoNode, kOpenEnd, encoding, false, false});
  }

  ElementTable read() {
    while (step()) {
    }
    for (const Open& open : open_) {
      if (open.node != kNoNode) node(open.node).end = size();
    }
    return std::move(table_);
  }

 private:
  static constexpr std::uint32_t kNoNode = std::numeric_limits<std::uint32_t>::max();

  /// A sequence or item that is being read, or the data set itself.
  struct Open {
    std::uint32_t node;
    std::size_t end;  ///< of its value, or kOpenEnd where a mark ends it
    Encoding encoding;
    bool is_sequence;
    bool is_guess;  ///< the file itself does not say that it is a sequence
  };

  std::uint32_t size() const { return static_cast<std::uint32_t>(table_.nodes.size()); }
  Node& node(std::uint32_t index) { return table_.nodes[index]; }
  std::size_t limit() const { return open_.back().end == kOpenEnd ? enclosing_end() : open_.back().end; }

  Tag parent() { return open_.back().node == kNoNode ? 0 : node(open_.back().node).parent; }

  /// Where the innermost container of stated length ends.
  std::size_t enclosing_end() const { return stated_ends_.empty() ? bytes_.size() : stated_ends_.back(); }

  void open(std::uint32_t index, std::size_t end, Encoding encoding, bool is_sequence, bool is_guess) {
    open_.push_back({index, end, encoding, is_sequence, is_guess});
    if (end != kOpenEnd) stated_ends_.push_back(end);
    if (is_guess) ++guesses_;
  }

  void close() {
    const Open& last = open_.back();
    node(last.node).end = size();
    if (last.end != kOpenEnd) stated_ends_.pop_back();
    if (last.is_guess) --guesses_;
    open_.pop_back();
  }

  /// One element, item or mark. False at the end, be it good or bad.
  bool step() {
    while (open_.size() > 1 && open_.back().end == offset_) close();
    if (open_.size() == 1 && offset_ == bytes_.size()) return false;
    if (size() == kMaxNodes) return stop(Code::too_large);
    return open_.back().is_sequence ? step_item() : step_element();
  }

  bool stop(Code code) {
    table_.problem = code;
    return false;
  }

  /// Something that cannot be read: the outermost guess was wrong, or the data set ends here, or the file is broken.
  bool fail(Code code) {
    if (guesses_ > 0) return undo_guess();
    if (open_.size() == 1 && is_rest_no_data_set()) {
      table_.trailing_bytes = bytes_.size() - offset_;
      return false;
    }
    return stop(code);
  }

  /// The outermost of the sequences that were taken for one cannot be read: its bytes stay together.
  bool undo_guess() {
    const auto guess = std::ranges::find_if(open_, &Open::is_guess);
    const std::uint32_t index = guess->node;
    offset_ = guess->end;
    while (open_.back().node != index) close();
    close();
    table_.nodes.resize(index + 1);
    node(index).kind = NodeKind::element;
    node(index).is_unreadable_sequence = true;
    node(index).end = index + 1;
    return true;
  }

  /// Behind the pixels whatever does not read as an element; elsewhere zeros alone, so that no cut passes for an end.
  bool is_rest_no_data_set() const {
    if (last_tag_ >= kPixelData) return true;
    return size() > 0 && std::ranges::all_of(bytes_.subspan(offset_), [](std::byte b) { return b == std::byte{0}; });
  }

  bool step_item() {
    const Open container = open_.back();
    const auto header = read_element_header(bytes_.first(limit()), offset_, {false, container.encoding.is_big_endian});
    if (!header) return fail(limit() < bytes_.size() ? Code::corrupt : Code::truncated);
    if (header->tag == kSequenceEnd) {
      offset_ = header->value_offset;
      if (container.end == kOpenEnd) close();  // in a sequence of stated length the mark is superfluous
      return true;
    }
    if (header->tag != kItem) return fail(Code::corrupt);
    const bool has_length = header->length != kUndefinedLength;
    if (has_length && header->length > limit() - header->value_offset) return fail(cut_code(header->value_offset));
    const std::size_t end = has_length ? header->value_offset + header->length : kOpenEnd;
    const Encoding encoding = encoding_of_item(header->value_offset, end, container.encoding);
    Node item{kItem, 0, NodeKind::item, encoding, false, 0, header->value_offset, 0};
    item.parent = node(container.node).tag;
    table_.nodes.push_back(item);
    open(size() - 1, end, encoding, false, false);
    offset_ = header->value_offset;
    return true;
  }

  Code cut_code(std::size_t value_offset) const {
    return guesses_ == 0 && value_offset <= bytes_.size() && stated_ends_.empty() ? Code::truncated : Code::corrupt;
  }

  /// Some writers put implicit items into explicit files: told by the first element, which then has no VR. Others put
  /// explicit items into sequences of VR UN: told by the first element, which has one and would else be too long.
  Encoding encoding_of_item(std::size_t offset, std::size_t end, Encoding stated) const {
    if (end == offset) return stated;
    if (!stated.is_explicit_vr)
      return is_explicit_after_all(offset, stated) ? Encoding{true, stated.is_big_endian} : stated;
    const auto first = read_element_header(bytes_.first(limit()), offset, stated);
    if (!first || first->tag == kItemEnd || is_known_vr(first->value_representation)) return stated;
    const Encoding implicit{false, stated.is_big_endian};
    const auto other = read_element_header(bytes_.first(limit()), offset, implicit);
    const bool fits = other && (other->length == kUndefinedLength || other->length <= limit() - other->value_offset);
    return fits ? implicit : stated;
  }

  bool is_explicit_after_all(std::size_t offset, Encoding stated) const {
    if (!open_.front().encoding.is_explicit_vr) return false;
    const Bytes readable = bytes_.first(limit());
    const auto fits = [&](const std::optional<ElementHeader>& header) {
      return header && (header->length == kUndefinedLength || header->length <= limit() - header->value_offset);
    };
    const auto implicit = read_element_header(readable, offset, stated);
    const auto other = read_element_header(readable, offset, {true, stated.is_big_endian});
    return !fits(implicit) && fits(other) && other->tag != kItemEnd && is_known_vr(other->value_representation);
  }

  bool step_element() {
    const Open container = open_.back();
    const auto header = read_element_header(bytes_.first(limit()), offset_, container.encoding);
    if (!header) return fail(limit() < bytes_.size() ? Code::corrupt : Code::truncated);
    if (header->tag == kItemEnd && container.node != kNoNode) {
      offset_ = header->value_offset;
      if (container.end == kOpenEnd) close();
      return true;
    }
    if (group_of(header->tag) == group_of(kItem)) return fail(Code::corrupt);
    if (open_.size() == 1 && last_tag_ >= kPixelData && header->tag < kFirstAfterPixels) return fail(Code::corrupt);
    if (open_.size() == 1 && group_of(header->tag) == 0 && size() > 0) return fail(Code::corrupt);
    const bool has_length = header->length != kUndefinedLength;
    if (has_length && header->length > limit() - header->value_offset) {
      if (open_.size() == 1) table_.cut_tag = header->tag;
      return fail(cut_code(header->value_offset));
    }
    if (open_.size() == 1) last_tag_ = header->tag;
    return add(*header, container.encoding, has_length);
  }

  bool add(const ElementHeader& header, Encoding encoding, bool has_length) {
    const Vr stated = header.value_representation;
    const bool is_stated = stated != 0 && is_known_vr(stated);
    const bool is_unknown = !is_stated || stated == vr("UN");
    const auto standard = is_private(header.tag) ? std::nullopt : standard_vr(header.tag);
    // A name that is stated as bytes, or as another text, is a name all the same.
    const bool is_text_after_all = standard && is_text(*standard) && stated != *standard && stated != vr("SQ");
    const Vr meant = is_unknown ? standard.value_or(stated) : is_text_after_all ? *standard : stated;
    Node added{header.tag, meant, NodeKind::element, encoding, is_stated, size() + 1, header.value_offset, 0};
    added.parent = parent();
    added.is_contradictory = is_stated && standard && !is_unknown && kind_of(meant) != kind_of(*standard);
    const Encoding items = stated == vr("UN") ? Encoding{false, false} : encoding;
    offset_ = header.value_offset;
    if (!has_length) return add_undefined(added, items, is_unknown);
    const std::size_t end = header.value_offset + header.length;
    const bool is_guess = is_unknown && !standard && looks_like_items(header.value_offset, end, items);
    if (meant == vr("SQ") || is_guess) {
      added.kind = NodeKind::sequence;
      added.value_representation = vr("SQ");
      added.encoding = items;
      added.value_bytes = header.length;  // should the guess be undone
      table_.nodes.push_back(added);
      open(size() - 1, end, items, true, is_guess || (is_unknown && meant != 0));
      return true;
    }
    added.value_bytes = header.length;
    table_.nodes.push_back(added);
    offset_ = end;
    return true;
  }

  bool add_undefined(Node added, Encoding items, bool is_unknown) {
    if (added.value_representation != vr("SQ") && !is_unknown) return add_fragments(added);
    if (added.tag == kPixelData) return add_fragments(added);
    const auto standard = is_private(added.tag) ? std::nullopt : standard_vr(added.tag);
    added.is_contradictory = standard && kind_of(*standard) != kind_of(vr("SQ"));
    added.kind = NodeKind::sequence;
    added.value_representation = vr("SQ");
    added.encoding = items;
    table_.nodes.push_back(added);
    open(size() - 1, kOpenEnd, items, true, false);
    return true;
  }

  bool add_fragments(Node added) {
    const std::size_t begin = offset_;
    std::size_t at = begin;
    const Bytes readable = bytes_.first(limit());
    if (open_.size() == 1) table_.cut_tag = added.tag;  // until its end is found
    while (true) {
      const auto item = read_element_header(readable, at, {false, added.encoding.is_big_endian});
      // Without its end mark the last fragment may be cut: decoders tell, not the header.
      if (!item && at == bytes_.size() && at > begin) break;
      if (!item) return fail(Code::truncated);
      at = item->value_offset;
      if (item->tag == kSequenceEnd) break;
      if (item->tag != kItem || item->length == kUndefinedLength) return fail(Code::corrupt);
      if (item->length > readable.size() - at) return fail(cut_code(at));
      at += item->length;
    }
    table_.cut_tag = 0;
    added.kind = NodeKind::encapsulated;
    added.value_bytes = at - begin;
    table_.nodes.push_back(added);
    offset_ = at;
    return true;
  }

  bool looks_like_items(std::size_t offset, std::size_t end, Encoding encoding) const {
    if (end == offset) return false;
    const auto first = read_element_header(bytes_.first(end), offset, {false, encoding.is_big_endian});
    return first && first->tag == kItem &&
           (first->length == kUndefinedLength || first->length <= end - first->value_offset);
  }

  Bytes bytes_;
  std::size_t offset_;
  std::vector<Open> open_;
  std::vector<std::size_t> stated_ends_;
  std::size_t guesses_ = 0;
  Tag last_tag_ = 0;
  ElementTable table_;
};

}  // namespace

ElementTable read_elements(Bytes bytes, std::size_t offset, Encoding encoding) {
  return TableReader(bytes, offset, encoding).read();
}

}  // namespace naru::dicom
