#include "dicom/fragments.h"

namespace naru::dicom {

namespace {

/// Calls `visit` with each fragment after the offset table.
template <class Visit>
WalkEnd for_each_fragment(Bytes value, Visit visit) {
  constexpr Encoding kAlways{true, false};  // encapsulated syntaxes are all explicit little endian
  std::size_t offset = 0;
  for (std::size_t count = 0;; ++count) {
    const auto header = read_element_header(value, offset, kAlways);
    if (!header) return WalkEnd::cut_short;
    if (header->tag == kSequenceEnd) return count > 1 ? WalkEnd::complete : WalkEnd::malformed;
    if (header->tag != kItem || header->length == kUndefinedLength) return WalkEnd::malformed;
    if (header->length > value.size() - header->value_offset) return WalkEnd::cut_short;
    if (count > 0) visit(value.subspan(header->value_offset, header->length));
    offset = header->value_offset + header->length;
  }
}

}  // namespace

WalkEnd check_fragments(Bytes value) {
  return for_each_fragment(value, [](Bytes) {});
}

Frame join_fragments(Bytes value) {
  Frame frame;
  frame.bytes.reserve(value.size());
  frame.end = for_each_fragment(
      value, [&](Bytes fragment) { frame.bytes.insert(frame.bytes.end(), fragment.begin(), fragment.end()); });
  return frame;
}

}  // namespace naru::dicom
