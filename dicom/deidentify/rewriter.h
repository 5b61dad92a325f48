/// What the second pass over a file is made of (see rewrite.h): a walk over the nodes of all levels, each written as
/// the rules say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/code.h"
#include "dicom/deidentify/content_items.h"
#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/rewrite.h"
#include "dicom/deidentify/value_writer.h"

namespace naru::dicom {

/// Where the fragments of Pixel Data begin, how long they are, and how long they are together (PS3.3 C.7.6.3.1).
inline constexpr Tag kExtendedOffsets = 0x7FE00001, kExtendedLengths = 0x7FE00002, kTotalLength = 0x7FE00003;

class Rewriter {
 public:
  Rewriter(const ElementTable& table, Bytes bytes, const RewriteContext& context)
      : table_(table),
        nodes_(table.nodes),
        bytes_(bytes),
        context_(context),
        writer_(context.encoding),
        values_(bytes, context, writer_) {}

  Rewritten run();

 private:
  /// An item, a sequence, or the data set itself, while its elements are gone through.
  struct Level {
    std::uint32_t begin = 0, end = 0;  ///< nodes
    bool is_sequence = false;
    TextContext text;
    std::map<std::uint32_t, std::string_view> creators;  ///< by group << 8 | block
    // Found once: an item may hold one element a million times.
    std::optional<const ContentRule*> content_rule = {};
    std::optional<bool> is_of_local_scheme = {};
    std::optional<bool> is_about_fetus = {};  ///< of a sequence
  };

  // rewrite.cpp; what writes a node returns the index of the node to go on with
  /// The data set's own elements by tag, each once: some writers put them in another order, and of elements written
  /// twice the last counts, as in HeaderValues.
  std::vector<std::uint32_t> roots() const;
  void write_subtree(std::uint32_t root);
  void close_levels(std::uint32_t at);
  bool is_top() const { return levels_.size() == 1; }
  std::uint32_t write_node(std::uint32_t i);
  std::string_view value_in_item(std::uint32_t item, Tag tag) const;
  std::uint32_t write_character_set(const Node& node);
  std::uint32_t write_standard(std::uint32_t i);
  bool has_own_rule(Tag tag) const;
  std::uint32_t write_unlisted(std::uint32_t i);
  /// Whether the item that is gone through has a Coding Scheme Designator of somebody's own: "L", or one that begins
  /// with "99" (PS3.3 8.2).
  bool is_of_local_scheme();
  std::uint32_t apply(std::uint32_t i, DeidAction action);
  /// Of a value whose VR is of another kind nothing stays; what would be emptied or replaced is, under the right VR.
  std::uint32_t write_contradictory(const Node& node, DeidAction action);
  /// Of a sequence whose items cannot be read nothing stays; where it must, the file does not leave.
  std::uint32_t write_unreadable(const Node& node, DeidAction action);
  std::uint32_t hold(const Node& node);
  std::uint32_t apply_to_sequence(std::uint32_t i, DeidAction action);
  /// Whether the first item of a sequence has a code of its own.
  bool holds_codes(std::uint32_t sequence) const;
  std::uint32_t enter(std::uint32_t i, bool cleans_all);
  bool is_removed(const Node& node) const;
  std::uint32_t remove(const Node& node, std::string_view action);
  void count(Tag tag, std::string_view action) { ++counted_[{tag, action}]; }
  DeidCounts counts() const;

  // rewrite_content.cpp: values of content items
  /// Of a content item's value whose concept name has one, unless the hospital has a rule for such values.
  const ContentRule* content_rule(Tag tag);
  std::uint32_t write_content(std::uint32_t i, const ContentRule& rule);
  /// A fetus whose report is its mother's is no patient: it must not get her pseudonym. Whom a container speaks of, all
  /// that is in it does.
  bool names_fetus(const ContentRule& rule);

  // rewrite_special.cpp: attributes with a meaning of their own
  /// True where the element was dealt with here.
  bool write_special(const Node& node);
  bool is_document_replaced() const;
  std::string_view replacing_document() const;
  bool write_document(const Node& node);
  bool write_document_length(const Node& node);
  /// Slides have it in items (PS3.3 C.8.12.5). False where a rule of the hospital removes it.
  bool write_profile(const Node& node);
  const Node* find_root(Tag tag) const;
  /// True where the fragments stay where they are, and these are their places or lengths: other numbers could say
  /// anything.
  bool describes_fragments(const Node& node) const;
  std::uint32_t write_pixels(const Node& node);

  // rewrite_private.cpp
  std::uint32_t write_private(std::uint32_t i);
  /// The reservation of a block stays where something of the block does, which else would have none.
  std::uint32_t write_creator(std::uint32_t i);
  /// Whether something of its block stays: of the data set in the order of tags, of an item behind it.
  bool is_block_kept(const Node& creator) const;
  PrivateDecision decide(const Node& node) const;

  const ElementTable& table_;
  const std::vector<Node>& nodes_;
  Bytes bytes_;
  const RewriteContext& context_;
  DataSetWriter writer_;
  ValueWriter values_;
  std::vector<std::uint32_t> roots_;
  std::vector<Level> levels_;
  std::map<std::pair<Tag, std::string_view>, std::size_t> counted_;
  std::optional<Code> problem_;
  Tag picture_ = 0;             ///< as find_pixels has it: any other is a second picture, which nobody looks at
  bool lists_nothing_ = false;  ///< what lists of references would list is gone
};

}  // namespace naru::dicom
