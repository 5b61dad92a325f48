/// All elements of a data set as one flat table: sequences, items and elements in the order of the file, each with the
/// place where what it holds ends. No recursion and no tree, so that nesting costs what size costs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/code.h"
#include "dicom/element_walk.h"

namespace naru::dicom {

enum class NodeKind : std::uint8_t {
  element,       ///< a value
  sequence,      ///< holds items
  item,          ///< holds elements
  encapsulated,  ///< a value in fragments (PS3.5 A.4), up to and with its end mark
};

struct Node {
  Tag tag = 0;
  Vr value_representation = 0;  ///< as stated, or else as the data dictionary says; 0 where neither does
  NodeKind kind = NodeKind::element;
  Encoding encoding;  ///< of the element; of a sequence's items
  bool is_vr_stated = false;
  std::uint32_t end = 0;  ///< index of the first node behind it and all that it holds
  std::size_t value_offset = 0;
  std::size_t value_bytes = 0;  ///< of elements and encapsulated values
  bool is_contradictory =
      false;  ///< the VR, as stated or told by how it is encoded, is of another kind than the data dictionary's
  bool is_unreadable_sequence = false;  ///< an element that should hold items, but reads as none: nobody can clean it
  Tag parent = 0;  ///< the sequence in whose item it stands; 0 in the data set itself. Of an item its own
};

/// Private elements have odd group numbers (PS3.5 7.8).
constexpr bool is_private(Tag tag) { return (group_of(tag) & 1) != 0; }

/// Elements that one file may have: what keeps a made-up file from filling the memory.
inline constexpr std::size_t kMaxNodes = std::size_t{1} << 22;

struct ElementTable {
  std::vector<Node> nodes;
  std::optional<Code> problem;     ///< corrupt, truncated or too_large; `nodes` ends before it
  std::size_t trailing_bytes = 0;  ///< behind the last element; no part of the data set
  Tag cut_tag = 0;                 ///< the element of the data set itself whose value goes on behind the bytes; or 0
};

/// Reads the data set that starts at `offset`. A value of VR UN or of none (implicit VR) is a sequence where the data
/// dictionary says so, or where nothing says what it is and it begins as one. Where it does not read as one from end to
/// end, it is marked as unreadable.
/// Source: PS3.5 section 7, 6.2.2 note 2, A.4.
ElementTable read_elements(Bytes bytes, std::size_t offset, Encoding encoding);

/// The value of an element.
inline Bytes value_of(const Node& node, Bytes bytes) { return bytes.subspan(node.value_offset, node.value_bytes); }

}  // namespace naru::dicom
