#include "dicom/header_values.h"

#include <algorithm>
#include <span>

namespace naru::dicom {

namespace {

/// No text or number that is read needs more; a longer value is garbage and counts as absent.
constexpr std::size_t kMaxValueBytes = 1024;
/// Real headers have hundreds of elements, thousands at most; what follows is passed over.
constexpr std::size_t kMaxElements = std::size_t{1} << 16;
/// The element numbers that name blocks of private elements (PS3.5 7.8.1).
constexpr Tag kFirstBlock = 0x10, kLastBlock = 0xFF;

/// Blanks around a value are no part of it: else padding would hide from readers what others see.
Bytes bounded(Bytes value) {
  if (value.size() <= kMaxValueBytes) return value;
  const std::string_view text = text_of(value);
  return text.size() > kMaxValueBytes ? Bytes{} : std::as_bytes(std::span(text));
}

}  // namespace

void HeaderValues::walk(ElementWalk& walk, Bytes bytes, Encoding encoding) {
  while (const auto element = walk.next()) {
    if (elements_.size() == kMaxElements) continue;
    const Bytes value = bytes.subspan(element->value_offset, element->length);
    elements_.push_back(
        {element->tag, element->value_representation, encoding_of_items(*element, encoding), value, bounded(value)});
  }
}

HeaderValues::HeaderValues(Bytes bytes, std::size_t offset, Encoding encoding) {
  ElementWalk data_set(bytes, offset, encoding);
  walk(data_set, bytes, encoding);
  end_ = data_set.end();
  pixel_data_ = data_set.pixel_data();
  sort_from(0);
}

void HeaderValues::add_item(Bytes item, Encoding encoding, std::span<const Tag> except) {
  const std::size_t first = elements_.size();
  ElementWalk elements(item, 0, encoding, WalkOver::item);
  walk(elements, item, encoding);
  const auto is_out = [&](const Element& element) { return std::ranges::find(except, element.tag) != except.end(); };
  elements_.erase(std::remove_if(elements_.begin() + static_cast<std::ptrdiff_t>(first), elements_.end(), is_out),
                  elements_.end());
  sort_from(first);
}

/// Of elements written twice the last counts, as for pydicom and DCMTK; what was there before counts more.
void HeaderValues::sort_from(std::size_t first) {
  std::reverse(elements_.begin() + static_cast<std::ptrdiff_t>(first), elements_.end());
  std::ranges::stable_sort(elements_, {}, &Element::tag);
}

HeaderValues::Element HeaderValues::find_own(Tag tag) const {
  const auto found = std::ranges::lower_bound(elements_, tag, {}, &Element::tag);
  return found == elements_.end() || found->tag != tag ? Element{} : *found;
}

HeaderValues::Element HeaderValues::find_own(const Private& name) const {
  const Tag group = Tag{name.group} << 16;
  auto creator = std::ranges::lower_bound(elements_, group | kFirstBlock, {}, &Element::tag);
  for (; creator != elements_.end() && creator->tag <= (group | kLastBlock); ++creator) {
    if (text_of(creator->bounded) != name.creator) continue;
    const Element found = find_own(group | (creator->tag & kLastBlock) << 8 | name.element);
    if (!found.value.empty()) return found;
  }
  return {};
}

template <class Name>
HeaderValues::Element HeaderValues::find_here_or_behind(const Name& name) const {
  Element found = find_own(name);
  if (found.value.empty() && parent_ != nullptr) found = parent_->find(name);
  return found.value.empty() && next_ != nullptr ? next_->find(name) : found;
}

HeaderValues::Element HeaderValues::find(Tag tag) const { return find_here_or_behind(tag); }

HeaderValues::Element HeaderValues::find(const Private& name) const { return find_here_or_behind(name); }

Bytes HeaderValues::operator[](Tag tag) const { return find(tag).bounded; }

std::string HeaderValues::text(Tag tag) const { return std::string(text_of((*this)[tag])); }

std::optional<std::uint16_t> HeaderValues::number(Tag tag) const {
  const Element element = find(tag);
  return unsigned_short(element.value, element.encoding.is_big_endian);
}

}  // namespace naru::dicom
