/// Writes the new value of one element for its old one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/rewrite.h"
#include "dicom/rules/private_rules.h"

namespace naru::dicom {

/// What becomes of a private attribute.
struct PrivateDecision {
  PrivateAction action = PrivateAction::remove;
  Vr value_representation = 0;  ///< that the lists give it
};

/// How the texts at one place of the data set are read and treated.
struct TextContext {
  const CharacterSet* set = nullptr;
  bool cleans_all = false;  ///< inside a sequence that is to be cleaned: its texts are cleaned too
};

/// Code Value, Coding Scheme Designator and Version, Long and URN Code Value: codes, in which no pattern is looked for.
bool is_code(Tag tag);

/// True for the dates by which everybody names the versions of a table of codes: they are no patient's, and one that
/// was moved would tell by how much.
bool is_code_version(Tag tag);

/// A false value would be worse than none here, and none is no image: where it lies, how large it is, what its numbers
/// and codes mean.
bool must_be_true(Tag tag);

/// True where an empty value may be illegal: the profile itself would leave a dummy, or does not touch the attribute,
/// whose type is then unknown.
bool must_have_value(Tag tag);

/// Implicit files have no VR to be kept, which then is `v`; explicit ones keep theirs.
Vr written_vr(const Node& node, Vr v);

/// Sequences of other patients: of the group, or the one that a sample came from.
bool is_of_others(Tag sequence);

class ValueWriter {
 public:
  /// All of them must outlive the writer.
  ValueWriter(Bytes bytes, const RewriteContext& context, DataSetWriter& writer);

  /// Of the item of another patient that follows; empty where it names none.
  void set_issuer_of_other(std::string_view issuer) { issuer_of_other_ = issuer; }

  /// Z, D, U, C or K on an element that is no sequence.
  void write(const Node& node, DeidAction action, const TextContext& text);
  void write_private(const Node& node, const PrivateDecision& decision, const TextContext& text);

  /// A dummy, as the attribute `meant` would get one.
  void write_dummy(const Node& node, Tag meant);

  /// As it stands in the source.
  void keep(const Node& node, Vr v);

  /// deid_incomplete where a value that must be true was replaced: the instance may not leave.
  std::optional<Code> problem() const { return problem_; }

  /// What could not stay as it was, and words taken out, by reason.
  std::map<std::string, std::size_t> notes() const;
  std::vector<std::string> take_removed_words() { return std::move(removed_words_); }
  std::vector<std::string> take_told_words() { return std::move(told_words_); }

 private:
  bool has_other_order(const Node& node) const;
  bool is_type1(const Node& node) const;
  bool is_identifier(std::string_view value, bool is_free_text) const;
  void keep_checked(const Node& node, const TextContext& text);
  bool is_id(std::string_view number) const;
  bool is_own_time(Tag tag, double number) const;
  std::optional<double> moved_time(double time) const;
  bool write_numbers(const Node& node, Vr v, std::string_view numbers);
  bool write_binary_numbers(const Node& node, Vr v);
  void write_empty(const Node& node);
  std::string patient_of(const Node& node) const;
  std::string dummy_key(const Node& node) const;
  void write_uids(const Node& node);
  void write_converted(const Node& node, Vr v, const std::optional<std::string>& value);
  void clean(const Node& node, const TextContext& text);
  void write_code(const Node& node, Vr v);
  std::string dummy_layer(const std::string& layer);
  void write_zone(const Node& node);
  enum class Cleaning : std::uint8_t { all, identifiers, persons };  ///< `persons`: of a place's name that stays
  void write_text(const Node& node, Vr v, const CharacterSet& set, Cleaning cleaning);
  std::string decoded(Bytes value, Vr v, const CharacterSet& set);
  bool hides_a_name(Bytes value, std::string_view text) const;
  bool clean_values(std::vector<std::string>& values, Cleaning cleaning);
  bool hides_a_person(Bytes value) const;
  void write_private_bytes(const Node& node, Vr v, const CharacterSet& set);
  void write_private_uid(const Node& node, Vr v);
  void write_private_date(const Node& node, Vr v);
  void write_epoch(const Node& node, Vr v);

  Bytes bytes_;
  const RewriteContext& context_;
  DataSetWriter& writer_;
  std::unordered_set<std::string> identifiers_;  ///< names and ids of the file, in small letters
  std::string_view issuer_of_other_;
  std::optional<Code> problem_;
  std::map<std::string, std::size_t> notes_;
  std::array<std::size_t, kDescriptorReasons> reasons_{};
  std::vector<std::string> removed_words_, told_words_;
  std::vector<std::string> removed_layers_;  ///< of graphics, by the numbers of their dummies
};

}  // namespace naru::dicom
