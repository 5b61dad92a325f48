#include "pipeline/deid_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/values.h"
#include "dicom/instance.h"
#include "pipeline/allow_list.h"
#include "pipeline/content.h"
#include "pipeline/deid_inputs.h"

namespace naru {

namespace {

/// Inputs by one of their UIDs.
using Groups = std::map<std::string_view, std::vector<std::size_t>>;

Groups groups_by(const DeidScan& scan, std::string dicom::DeidSource::*uid) {
  Groups groups;
  for (const std::size_t i : used_inputs(scan)) groups[scan.sources[i].*uid].push_back(i);
  return groups;
}

/// Patients as the files of one study or series tell them.
class Patients {
 public:
  void add(const dicom::DeidSource& source) {
    const std::string_view person = source.patient_name_birth;
    const std::size_t bar = person.rfind('|');
    add(identifiers_, dicom::patient_identifier(source));
    add(names_, person.substr(0, bar));
    if (bar != std::string_view::npos) add_birth_date(person.substr(bar + 1));
  }
  bool have_one_identifier() const { return identifiers_.size() < 2; }
  bool are_one() const {
    if (!have_one_identifier() || birth_dates_.size() > 1) return false;
    const auto of_first = words_of(names_.empty() ? std::string_view() : *names_.begin());
    return std::ranges::all_of(names_, [&](const std::string& name) { return has_word_of(name, of_first); });
  }

 private:
  /// The words of a name, and all of them joined, in either order: "kim^minsu" is "kimminsu" and "minsukim" elsewhere.
  static std::set<std::string> words_of(std::string_view name) {
    std::vector<std::string_view> in_order;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t end = std::min(name.find('^', begin), name.size());
      in_order.push_back(name.substr(begin, end - begin));
      begin = end + 1;
    }
    const auto joined = [&] { return fmt::format("{}", fmt::join(in_order, "")); };
    std::set<std::string> words(in_order.begin(), in_order.end());
    words.insert(joined());
    std::ranges::reverse(in_order);
    words.insert(joined());
    return words;
  }

  /// Names of one person differ in middle names, or by marriage, but not in all their words.
  static bool has_word_of(std::string_view name, const std::set<std::string>& words) {
    return std::ranges::any_of(words_of(name), [&](const std::string& word) { return words.contains(word); });
  }

  /// What is no date, or one that programs write where they know none, is not known.
  void add_birth_date(std::string_view value) {
    const auto date = dicom::whole_date(value);
    if (date && !dicom::is_placeholder_date(*date)) add(birth_dates_, *date);
  }

  /// What is not known tells nobody apart.
  static void add(std::set<std::string, std::less<>>& known, std::string_view value) {
    if (!value.empty() && !known.contains(value)) known.emplace(value);
  }
  std::set<std::string, std::less<>> identifiers_, names_, birth_dates_;
};

void hold_back_mixed_patients(DeidScan& scan) {
  const auto patients_of = [&](const std::vector<std::size_t>& inputs) {
    Patients patients;
    for (const std::size_t i : inputs) patients.add(scan.sources[i]);
    return patients;
  };
  std::vector<std::size_t> mixed;
  for (const auto& [uid, inputs] : groups_by(scan, &dicom::DeidSource::study_uid)) {
    if (!uid.empty() && !patients_of(inputs).are_one()) mixed.insert(mixed.end(), inputs.begin(), inputs.end());
  }
  for (const auto& [uid, inputs] : groups_by(scan, &dicom::DeidSource::series_uid)) {
    if (!uid.empty() && !patients_of(inputs).have_one_identifier())
      mixed.insert(mixed.end(), inputs.begin(), inputs.end());
  }
  for (const std::size_t i : mixed) hold_back(scan.files.inputs[i], Code::mixed_patient);
}

/// True where all say the same. @param hash_of an input; empty where it has none
template <class HashOf>
bool are_same(const std::vector<std::size_t>& inputs, HashOf hash_of) {
  const std::string first = hash_of(inputs.front());
  return !first.empty() && std::ranges::all_of(inputs, [&](std::size_t i) { return hash_of(i) == first; });
}

/// Of files that differ in their bytes, by input: the same data set may have been exported twice.
std::map<std::size_t, std::string> data_set_hashes(DeidScan& scan, const std::vector<std::size_t>& inputs,
                                                   std::uint64_t memory_bytes, Executor& executor,
                                                   const CancelToken& cancel, const OnProgress& on_progress) {
  std::map<std::size_t, std::string> hashes;
  std::mutex mutex;
  for_each_input(scan, inputs, {memory_bytes}, "comparing copies", executor, cancel, on_progress,
                 [&](std::size_t input, dicom::Bytes file) {
                   std::string hash;
                   try {
                     hash = dicom::data_set_sha256(file);
                   } catch (const std::exception&) {  // too large, or no data set: it is held, not the job ended
                   }
                   const std::lock_guard lock(mutex);
                   hashes[input] = std::move(hash);
                 });
  return hashes;
}

void hold_back_duplicates(DeidScan& scan, std::uint64_t memory_bytes, Executor& executor, const CancelToken& cancel,
                          const OnProgress& on_progress) {
  std::vector<std::vector<std::size_t>> groups;
  std::vector<std::size_t> shared;
  for (auto& [uid, inputs] : groups_by(scan, &dicom::DeidSource::sop_instance_uid)) {
    if (uid.empty() || inputs.size() < 2) continue;
    shared.insert(shared.end(), inputs.begin(), inputs.end());
    groups.push_back(std::move(inputs));
  }
  if (shared.empty()) return;
  std::ranges::sort(shared);
  hash_inputs(scan.files, shared, executor, cancel, on_progress);
  const auto are_same_files = [&](const std::vector<std::size_t>& inputs) {
    return are_same(inputs, [&](std::size_t i) { return scan.files.inputs[i].sha256; });
  };
  std::vector<std::size_t> unequal;
  for (const auto& inputs : groups) {
    if (!are_same_files(inputs)) unequal.insert(unequal.end(), inputs.begin(), inputs.end());
  }
  const auto hashes = data_set_hashes(scan, unequal, memory_bytes, executor, cancel, on_progress);
  const auto hash_of_data_set = [&](std::size_t i) {
    const auto found = hashes.find(i);
    return found == hashes.end() ? std::string() : found->second;
  };
  for (const auto& inputs : groups) {
    const bool is_one = are_same_files(inputs) || are_same(inputs, hash_of_data_set);
    for (const std::size_t i : inputs) {
      InputRecord& input = scan.files.inputs[i];
      if (!is_one) {
        hold_back(input, Code::duplicate_identifier_different_pixels);
      } else if (i != inputs.front()) {
        input.disposition = Disposition::excluded;
        input.reason = Code::duplicate_instance;
      }
    }
  }
}

bool is_selected(const dicom::DeidSource& source, const Recipe& recipe) {
  const auto has = [](const std::vector<std::string>& list, std::string_view word) {
    return list.empty() || std::ranges::find(list, word) != list.end();
  };
  const bool any_body_part = recipe.body_part.empty();
  const auto body_part = public_body_part(source.body_part);
  return has(recipe.modality, dicom::modality_of(source.sop_class_uid, source.modality)) &&
         has(recipe.classes, name(source.image_class)) &&
         (any_body_part || (body_part && has(recipe.body_part, *body_part)));
}

void exclude(DeidScan& scan, std::size_t input) {
  scan.files.inputs[input].disposition = Disposition::excluded;
  scan.files.inputs[input].reason = Code::not_selected;
}

void exclude_unselected(DeidScan& scan, const Recipe& recipe) {
  for (const std::size_t i : used_inputs(scan)) {
    if (!is_selected(scan.sources[i], recipe)) exclude(scan, i);
  }
  for (const auto& [uid, inputs] : groups_by(scan, &dicom::DeidSource::series_uid)) {
    std::int64_t missing = recipe.min_slices;
    for (const std::size_t i : inputs) missing -= std::min(missing, scan.sources[i].frame_count);
    if (missing == 0) continue;
    for (const std::size_t i : inputs) exclude(scan, i);
  }
}

}  // namespace

std::vector<std::size_t> used_inputs(const DeidScan& scan) {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < scan.files.inputs.size(); ++i) {
    if (scan.files.inputs[i].disposition == Disposition::used) used.push_back(i);
  }
  return used;
}

void plan_deid(DeidScan& scan, const Recipe& recipe, std::uint64_t memory_limit_bytes, Executor& executor,
               const CancelToken& cancel, const OnProgress& on_progress) {
  hold_back_mixed_patients(scan);
  hold_back_duplicates(scan, memory_limit_bytes, executor, cancel, on_progress);
  exclude_unselected(scan, recipe);
}

}  // namespace naru
