#include "dicom/deidentify/file_facts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>
#include <set>

#include "core/ascii_case.h"
#include "dicom/dcmtk/data_dictionary.h"
#include "dicom/deidentify/code_tags.h"
#include "dicom/deidentify/content_items.h"
#include "dicom/deidentify/descriptor_vocabulary.h"
#include "dicom/deidentify/identifying_tags.h"
#include "dicom/deidentify/proof_patterns.h"
#include "dicom/deidentify/unlisted.h"
#include "dicom/deidentify/value_writer.h"
#include "dicom/deidentify/values.h"
#include "dicom/element_values.h"
#include "dicom/header_values.h"

namespace naru::dicom {

namespace {

using Category = IdentifierCategory;

/// A code that everybody has names a role, a kind of place or a country.
bool is_published_scheme(std::string_view designator) {
  constexpr std::array<std::string_view, 8> kSchemes = {"DCM", "ISO3166_1", "ISO3166_2", "LN",
                                                        "SCT", "SNM3",      "SRT",       "UMLS"};
  return std::ranges::find(kSchemes, designator) != kSchemes.end();
}

/// Attributes of the data set itself that DeidSource holds.
struct SourceTag {
  Tag tag;
  std::string DeidSource::*member;
};
constexpr Tag kPatientBirthDate = 0x00100030;
constexpr std::array kSourceTags = {
    SourceTag{kSopClassUid, &DeidSource::sop_class_uid},
    SourceTag{kSopInstanceUid, &DeidSource::sop_instance_uid},
    SourceTag{kModality, &DeidSource::modality},
    SourceTag{kPatientId, &DeidSource::patient_id},
    SourceTag{kIssuerOfPatientId, &DeidSource::issuer_of_patient_id},
    SourceTag{kBodyPartExamined, &DeidSource::body_part},
    SourceTag{kStudyInstanceUid, &DeidSource::study_uid},
    SourceTag{kSeriesInstanceUid, &DeidSource::series_uid},
};

/// The letters and digits of a name's alphabetic group, small, its words apart: spelling, padding and character sets
/// tell no patients apart.
std::string normalised(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, name.find('='))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      result += small_letter(c);
    } else if ((c == '^' || c == ' ') && !result.empty() && result.back() != '^') {
      result += '^';
    }
  }
  if (result.ends_with('^')) result.pop_back();
  return result;
}

/// Newborns are registered under their mother's name: "김영희아기", "김^영희의 아기2", "张丽之女", "山田^花子ベビー".
/// Her name alone, in the groups that have it; empty where no group does.
std::string mother_of(std::string_view name) {
  constexpr std::array<std::string_view, 11> kChildren = {"신생아", "아기", "애기", "아가",   "베이비", "之子",
                                                          "之女",   "之婴", "之嬰", "ベビー", "ベビ"};
  constexpr std::string_view kBehind = " ^0123456789ABC()";
  constexpr std::size_t kShortestBytes = 6;  // two syllables
  std::string mothers;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('=', begin), name.size());
    const auto trimmed = [](std::string_view text) { return text.substr(0, text.find_last_not_of(kBehind) + 1); };
    std::string_view group = trimmed(name.substr(begin, end - begin));
    begin = end + 1;
    const auto child = std::ranges::find_if(kChildren, [&](std::string_view word) { return group.ends_with(word); });
    if (child == kChildren.end()) continue;
    group = trimmed(group.substr(0, group.size() - child->size()));
    constexpr std::string_view kOf = "의";
    if (group.ends_with(kOf)) group.remove_suffix(kOf.size());
    if (group.size() < kShortestBytes) continue;
    mothers += mothers.empty() ? "" : "=";
    mothers += group;
  }
  return mothers;
}

bool is_letter_or_digit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

/// Letters and digits, small; other bytes as they are.
std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (is_letter_or_digit(c)) letters += small_letter(c);
  }
  return letters;
}

/// What device types are called: each word of theirs with all that follows it, as letters and digits.
class DeviceTypes {
 public:
  void add(std::string_view type) {
    constexpr std::size_t kLongestLo = 64;
    type = type.substr(0, kLongestLo);
    for (std::size_t n = 0; n < type.size(); ++n) {
      const bool begins_word = is_letter_or_digit(type[n]) && (n == 0 || !is_letter_or_digit(type[n - 1]));
      if (begins_word) rests_.insert(letters_of(type.substr(n)));
    }
  }

  /// From the beginning of a word on, so that "SMED" is no part of "Philips Medical Systems".
  bool has_part(std::string_view text) const {
    const std::string letters = letters_of(text);
    const auto found = rests_.lower_bound(letters);
    return found != rests_.end() && found->starts_with(letters);
  }

 private:
  std::set<std::string> rests_;
};

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }

/// "FOCUSED", "LONG LEG": what a grid or a medium is called by what it is numbers nothing, and is a code elsewhere.
bool is_of_words_alone(std::string_view id) {
  const std::vector<std::string> words = split(id, " _-./");
  return !words.empty() && !has_digit(id) && std::ranges::all_of(words, [](const std::string& word) {
    return (word_flags(hash_of_word(word)) & (kProtocolWord | kAlsoName)) == kProtocolWord;
  });
}

/// One entry of the walk's stack: an item, or the data set.
struct Level {
  std::uint32_t begin, end;  ///< nodes
  const CharacterSet* set;
  // Found once a level: an item may hold one element a million times.
  std::optional<const ContentRule*> content_rule = {};
  std::optional<std::string_view> coding_scheme = {};
};

class Collector {
  static constexpr std::uint16_t kPatientGroup = 0x0010;

 public:
  Collector(const ElementTable& table, Bytes bytes, const DeidentifyPolicy& policy)
      : table_(table), bytes_(bytes), policy_(policy) {
    facts_.sets = CharacterSets(table, bytes);
    levels_.push_back({0, static_cast<std::uint32_t>(table.nodes.size()), &facts_.sets.of("")});
  }

  FileFacts collect() {
    facts_.source = source_of(table_, bytes_);
    for (std::uint32_t i = 0; i < table_.nodes.size(); ++i) {
      while (levels_.size() > 1 && levels_.back().end <= i) levels_.pop_back();
      const Node& node = table_.nodes[i];
      if (node.kind == NodeKind::item) levels_.push_back({i + 1, node.end, levels_.back().set});
      if (node.kind == NodeKind::element) take(node);
    }
    take_devices();
    for (const Category category : {&Identifiers::person_names, &Identifiers::ids, &Identifiers::places,
                                    &Identifiers::dates, &Identifiers::uids, &Identifiers::others}) {
      auto& values = facts_.identifiers.*category;
      std::ranges::sort(values);
      values.erase(std::ranges::unique(values).begin(), values.end());
      if (category != &Identifiers::uids && category != &Identifiers::dates) {
        std::erase_if(values, [&](const std::string& value) {
          return kept_values_.contains(value) && !of_patient_.contains(value);
        });
      }
    }
    // One that is the patient's number as well must not be found anywhere.
    std::erase_if(kept_uids_,
                  [&](const std::string& uid) { return std::ranges::binary_search(facts_.identifiers.ids, uid); });
    if (policy_.options.has(DeidOption::retain_uids)) {
      // They stay wherever they stand, and are not searched for. The table has UIDs in reports replaced all the same,
      // which repeat those of the study.
      std::ranges::sort(kept_uids_);
      std::erase_if(facts_.identifiers.uids,
                    [&](const std::string& uid) { return std::ranges::binary_search(kept_uids_, uid); });
    } else {
      std::ranges::move(kept_uids_, std::back_inserter(facts_.kept));
    }
    return std::move(facts_);
  }

 private:
  void take(const Node& node) {
    const Vr vr_of_node = node.value_representation;
    const Bytes value = value_of(node, bytes_);
    if (node.tag == kSpecificCharacterSet) levels_.back().set = &facts_.sets.of(text_of(value));
    if (value.empty() || !is_text(vr_of_node)) return;
    const ContentRule* rule = is_content_value(node.tag) ? content_rule() : nullptr;
    const DeidAction action_of_node = is_private(node.tag) ? DeidAction::X : action(node, rule);
    if (action_of_node == DeidAction::K) return keep(node);
    if (vr_of_node == vr("PN")) return take_names(node);
    if (is_private(node.tag)) return;
    if (vr_of_node == vr("UI") && action_of_node != DeidAction::none) return take_uids(value, facts_.identifiers.uids);
    const bool is_unlisted = action_of_node == DeidAction::none;
    const bool stays = is_unlisted && policy_.options.has(DeidOption::retain_longitudinal_full_dates);
    if (is_date(vr_of_node) && stays) return keep(node);
    if (is_date(vr_of_node) && !is_code_version(node.tag)) return take_dates(value, facts_.identifiers.dates);
    if (rule != nullptr) return take_content(node, rule->kind);
    if (const Category meaning = category_of_codes(node.parent)) return take_code(node, meaning);
    if (names_a_device(node.tag)) return add_device(node, &Identifiers::places);
    if (const Category category = identifying_category(node.tag)) take_values(node, category);
  }

  /// One element of an item whose sequence has category_of_codes.
  void take_code(const Node& node, Category meaning) {
    const bool is_kept = resolve_action(policy_, facts_.source.sop_class_uid, 0, node.parent) == DeidAction::K;
    if (is_kept || is_published_scheme(coding_scheme())) return;
    if (node.tag == kCodeMeaning) take_values(node, meaning);
    if (node.tag == kCodeValue || node.tag == kLongCodeValue || node.tag == kUrnCodeValue) {
      take_text(node, &Identifiers::ids);
    }
  }

  /// Both of the innermost item.
  const ContentRule* content_rule() {
    Level& level = levels_.back();
    if (!level.content_rule) level.content_rule = content_rule_of(table_, bytes_, level.begin, level.end);
    return *level.content_rule;
  }
  std::string_view coding_scheme() {
    Level& level = levels_.back();
    if (level.coding_scheme) return *level.coding_scheme;
    level.coding_scheme = "";
    for (std::uint32_t i = level.begin; i < level.end; i = table_.nodes[i].end) {
      if (table_.nodes[i].tag == kCodingScheme) level.coding_scheme = text_of(value_of(table_.nodes[i], bytes_));
    }
    return *level.coding_scheme;
  }

  void keep(const Node& node) {
    const std::string_view value = text_of(value_of(node, bytes_));
    if (is_date(node.value_representation) && is_legal(value, node.value_representation)) {
      take_dates(value_of(node, bytes_), facts_.kept);
    }
    if (is_charset_text(node.value_representation)) keep_text(node);
    if (node.value_representation == vr("UI")) take_uids(value_of(node, bytes_), kept_uids_);
  }

  /// A name or number that a rule of the hospital's own keeps is no identifier, whatever else holds it but the
  /// patient's own attributes.
  void keep_text(const Node& node) {
    const bool is_place = names_a_place(node.tag);
    const bool names_someone = node.value_representation == vr("PN") || identifying_category(node.tag) != nullptr;
    const bool is_by_own_rule = names_someone && std::ranges::find(policy_.attributes, node.tag,
                                                                   &AttributeOverride::tag) != policy_.attributes.end();
    if (!is_place && !is_by_own_rule) return;
    const auto text = decode_text(value_of(node, bytes_), node.value_representation, *levels_.back().set);
    if (!text) return;
    for (std::string& one : split_values(*text, node.value_representation)) {
      if (is_place) keep_place(one);
      if (is_by_own_rule) kept_values_.insert(std::move(one));
    }
  }

  /// Each row of words in it: what other attributes call the place.
  void keep_place(std::string_view place) {
    constexpr std::size_t kMostWords = 12;
    for (std::size_t begin = 0; begin < place.size(); begin = place.find_first_not_of(' ', place.find(' ', begin))) {
      std::size_t end = begin;
      for (std::size_t words = 0; words < kMostWords && end < place.size(); ++words) {
        end = std::min(place.find(' ', end + 1), place.size());
        facts_.kept_places.emplace_back(place.substr(begin, end - begin));
      }
    }
  }

  DeidAction action(const Node& node, const ContentRule* rule) const {
    if (rule != nullptr) return resolve_action(policy_, facts_.source.sop_class_uid, 0, rule->header);
    const DeidAction own = resolve_action(policy_, facts_.source.sop_class_uid, node.parent, node.tag);
    const Tag twin = listed_twin(node.tag);
    return own == DeidAction::none && twin != 0 ? resolve_action(policy_, "", 0, twin) : own;
  }

  void take_values(const Node& node, Category category) {
    category == &Identifiers::person_names ? take_names(node) : take_text(node, category);
  }

  void take_names(const Node& node) {
    auto& names = facts_.identifiers.person_names;
    const std::size_t before = names.size();
    take_text(node, &Identifiers::person_names);
    const std::size_t end = names.size();
    for (std::size_t i = before; i < end; ++i) {
      take_ids_of(names[i]);
      std::string mother = mother_of(names[i]);
      if (!mother.empty()) names.push_back(std::move(mother));
    }
  }

  /// A name with digits is an id ("KR8812345", "TRAUMA^X77123"), and so is each of its parts that has some.
  void take_ids_of(const std::string& name) {
    const auto take = [&](std::string_view part) {
      if (has_digit(part)) facts_.identifiers.ids.emplace_back(part);
    };
    take(name);
    constexpr std::string_view kBetween = "=^ ,_";
    if (name.find_first_of(kBetween) == std::string::npos) return;
    for (std::size_t begin = 0; begin < name.size();) {
      const std::size_t end = std::min(name.find_first_of(kBetween, begin), name.size());
      take(std::string_view(name).substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void take_text(const Node& node, Category category) { take_text(node, category, *levels_.back().set); }

  void take_text(const Node& node, Category category, const CharacterSet& set) {
    const Bytes value = value_of(node, bytes_);
    const auto add = [&](std::string_view text) {
      for (std::string& one : split_values(text, node.value_representation)) {
        const bool is_of_patient = group_of(node.tag) == kPatientGroup;
        if (is_of_patient) of_patient_.insert(one);
        if (category == &Identifiers::ids && !is_of_patient && is_of_words_alone(one)) continue;
        if (!one.empty()) (facts_.identifiers.*category).push_back(std::move(one));
      }
    };
    if (category == &Identifiers::person_names) {
      for (const std::string& other : set.other_readings(text_of(value), node.value_representation)) add(other);
    }
    if (const auto text = decode_text(value, node.value_representation, set)) return add(*text);
    const auto possible = possible_texts(value, node.value_representation, set);
    if (possible.empty()) facts_.problem = Code::charset_undecodable;
    for (const std::string& text : possible) add(text);
  }

  void take_content(const Node& node, ContentKind kind) {
    switch (kind) {
      case ContentKind::id: return take_text(node, &Identifiers::ids);
      case ContentKind::person: return take_names(node);
      case ContentKind::place: return take_text(node, &Identifiers::places);
      case ContentKind::device_name: return add_device(node, &Identifiers::places);
      case ContentKind::device_id: return add_device(node, &Identifiers::ids);
      default: return;
    }
  }

  void add_device(const Node& node, Category category) { devices_.push_back({node, category, levels_.back().set}); }

  /// Many programs call a device by its manufacturer's name or by its model, or by a part of them, and the manufacturer
  /// often is who calibrated it: these stay.
  void take_devices() {
    constexpr Tag kManufacturer = 0x00080070, kModel = 0x00081090;
    if (devices_.empty()) return;
    DeviceTypes types;
    for (const Node& node : table_.nodes) {
      if (node.tag == kManufacturer || node.tag == kModel) types.add(text_of(value_of(node, bytes_)));
    }
    for (const auto& [device, category, set] : devices_) {
      if (!types.has_part(text_of(value_of(device, bytes_)))) take_text(device, category, *set);
    }
  }

  static void take_uids(Bytes value, std::vector<std::string>& uids) {
    for (std::string& uid : texts_of(value)) {
      if (!uid.empty() && !is_standard_uid(uid)) uids.push_back(std::move(uid));
    }
  }

  static void take_dates(Bytes value, std::vector<std::string>& dates) {
    for (const std::string& text : texts_of(value)) {
      auto date = whole_date(text);
      if (date && !is_placeholder_date(*date)) dates.push_back(std::move(*date));
    }
  }

  const ElementTable& table_;
  Bytes bytes_;
  const DeidentifyPolicy& policy_;
  std::vector<Level> levels_;
  struct Device {
    Node node;
    Category category;
    const CharacterSet* set;
  };
  std::vector<Device> devices_;  ///< what they are called
  std::vector<std::string> kept_uids_;
  std::set<std::string> kept_values_, of_patient_;
  FileFacts facts_;
};

}  // namespace

FileFacts collect_facts(const ElementTable& table, Bytes bytes, const DeidentifyPolicy& policy) {
  return Collector(table, bytes, policy).collect();
}

DeidSource source_of(const ElementTable& table, Bytes bytes) {
  DeidSource source;
  std::string name, birth_date, burned_in, specimen_label;
  std::vector<std::string> image_type;
  for (std::uint32_t i = 0; i < table.nodes.size(); i = table.nodes[i].end) {
    const Node& node = table.nodes[i];
    if (node.kind != NodeKind::element) continue;
    const Bytes value = value_of(node, bytes);
    const auto row = std::ranges::find(kSourceTags, node.tag, &SourceTag::tag);
    if (row != kSourceTags.end()) source.*(row->member) = text_of(value);
    if (node.tag == kBurnedInAnnotation) burned_in = text_of(value);
    if (node.tag == kSpecimenLabelInImage) specimen_label = text_of(value);
    if (node.tag == kImageType) image_type = texts_of(value);
    if (node.tag == kNumberOfFrames)
      source.frame_count = std::max<std::int64_t>(1, integer(text_of(value)).value_or(1));
    if (node.tag == kPatientName) name = normalised(text_of(value));
    if (node.tag == kPatientBirthDate) birth_date = text_of(value);
  }
  if (!name.empty()) source.patient_name_birth = (is_placeholder_name(name) ? "" : name) + '|' + birth_date;
  source.birth_date = birth_date;
  if (is_stated_burned_in(specimen_label)) burned_in = specimen_label;
  source.image_class = image_class(source.sop_class_uid, image_type, burned_in);
  source.text_by_kind = text_by_kind(source.sop_class_uid, image_type, burned_in);
  if (is_stated_burned_in(specimen_label)) source.text_by_kind = "Specimen Label in Image";
  return source;
}

}  // namespace naru::dicom
