#include "pipeline/deid_verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/digest.h"
#include "dicom/deidentify/deidentify.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/element_values.h"
#include "dicom/file_layout.h"
#include "dicom/header_values.h"
#include "dicom/inflate.h"
#include "dicom/instance.h"
#include "dicom/rules/deid_option.h"
#include "pipeline/deid_instance.h"
#include "pipeline/open_file.h"
#include "pipeline/prefix.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr dicom::Tag kPatientIdentityRemoved = 0x00120062, kDeidentificationMethod = 0x00120063,
                     kDeidentificationMethodCodes = 0x00120064, kCodeValue = 0x00080100;
constexpr std::string_view kProfileCode = "113100";

/// Attributes of the header that the manifest states too.
struct Stated {
  std::string_view tag, name;
  std::string dicom::DeidSource::*in_header;
  std::string DeidInstance::*in_manifest;
};
constexpr std::array kStated = {
    Stated{"(0010,0020)", "Patient ID", &dicom::DeidSource::patient_id, &DeidInstance::patient},
    Stated{"(0020,000D)", "Study Instance UID", &dicom::DeidSource::study_uid, &DeidInstance::study},
    Stated{"(0020,000E)", "Series Instance UID", &dicom::DeidSource::series_uid, &DeidInstance::series},
    Stated{"(0008,0018)", "SOP Instance UID", &dicom::DeidSource::sop_instance_uid, &DeidInstance::instance},
    Stated{"(0008,0016)", "SOP Class UID", &dicom::DeidSource::sop_class_uid, &DeidInstance::sop_class_uid},
    Stated{"(0002,0010)", "Transfer Syntax UID", &dicom::DeidSource::transfer_syntax_uid,
           &DeidInstance::transfer_syntax_uid},
    Stated{"(0008,0060)", "Modality", &dicom::DeidSource::modality, &DeidInstance::modality},
};

/// What a header says of its own de-identification.
struct DeidStatement {
  std::string patient_name, identity_removed;
  std::vector<std::string> methods, codes;
};

DeidStatement statement_of(dicom::Bytes prefix) {
  constexpr std::size_t kInflatedBytes = std::size_t{16} << 20;
  DeidStatement statement;
  const auto layout = dicom::read_layout(prefix);
  const auto* syntax = layout ? dicom::find_syntax(layout->transfer_syntax_uid) : nullptr;
  if (syntax == nullptr) return statement;
  dicom::Bytes data_set = prefix.subspan(layout->data_set_offset);
  std::vector<std::byte> inflated;
  if (syntax->is_deflated) data_set = inflated = dicom::inflate_prefix(data_set, kInflatedBytes);
  const dicom::ElementTable table = dicom::read_elements(data_set, 0, syntax->encoding);
  for (const dicom::Node& node : table.nodes) {
    if (node.parent == 0 && node.tag > kDeidentificationMethodCodes) break;
    const dicom::Bytes value = dicom::value_of(node, data_set);
    if (node.parent == kDeidentificationMethodCodes && node.tag == kCodeValue) {
      statement.codes.emplace_back(dicom::text_of(value));
    }
    if (node.parent != 0) continue;
    if (node.tag == dicom::kPatientName) statement.patient_name = dicom::text_of(value);
    if (node.tag == kPatientIdentityRemoved) statement.identity_removed = dicom::text_of(value);
    if (node.tag == kDeidentificationMethod) statement.methods = dicom::texts_of(value);
  }
  return statement;
}

class DeidVerifier {
 public:
  explicit DeidVerifier(VerifyFiles& files) : files_(files) {
    const Json& dataset = files.dataset_json();
    try {
      counts_ = dataset.at("counts");
      methods_ = dataset.at("method").get<std::vector<std::string>>();
      const Json& recipe = dataset.at("recipe");
      const std::string text = recipe.dump();
      if (sha256_hex(text) != dataset.at("recipe_sha256")) {
        files.differ("dataset.json", "holds a recipe that does not match its SHA-256");
      }
      options_ = recipe.at("deidentify").at("options").get<std::vector<std::string>>();
      is_weaker_ = dataset.at("weaker_than_profile").get<bool>();
      const Json own = recipe.at("deidentify").value("attributes", Json::array());
      for (const Json& rule : own) read_own_rule(rule.at("tag"), rule.at("action"));
    } catch (const Json::exception&) {
      throw Error(ErrorCode::dataset_invalid, "dataset.json lacks a key or is no JSON");
    }
  }

  void read_manifest() {
    std::size_t number = 0;
    files_.read_manifest([&](const Json& line) {
      ++number;
      try {
        instances_.push_back(instance_from_json(line));
        check_line(line, instances_.back());
      } catch (const Json::exception&) {
        files_.differ("manifest.jsonl", fmt::format("line {} lacks a key or is no JSON", number));
      }
    });
    files_.result.case_count = number;
    files_.result.unit = "instances";
  }

  void check_headers(Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
    std::vector<std::vector<std::string>> problems(instances_.size());
    Progress progress{"checking headers", 0, instances_.size(), "files", 0};
    std::mutex progress_mutex;
    on_readers(reader_count(executor.thread_count()), instances_.size(),
               [&](std::size_t begin, std::size_t end, Prefix& prefix) {
                 for (std::size_t i = begin; i < end; ++i) {
                   cancel.throw_if_canceled();
                   problems[i] = header_problems(instances_[i], prefix);
                 }
                 const std::lock_guard lock(progress_mutex);
                 progress.done += end - begin;
                 on_progress(progress);
               });
    for (std::size_t i = 0; i < instances_.size(); ++i) {
      for (const std::string& problem : problems[i]) files_.differ(instances_[i].file(), problem);
    }
  }

  void check_whole() {
    std::map<std::string_view, std::string_view> patient_of_study;
    std::set<std::string_view> patients, series;
    std::map<std::string, std::size_t> by_modality, by_pixels = {{"changed", 0}, {"kept", 0}};
    for (const DeidInstance& one : instances_) {
      patients.insert(one.patient);
      series.insert(one.series);
      ++by_modality[one.modality.empty() ? "other" : one.modality];
      ++by_pixels[one.pixels_are_kept ? "kept" : "changed"];
      const auto [known, is_new] = patient_of_study.emplace(one.study, one.patient);
      if (!is_new && known->second != one.patient) files_.differ("manifest.jsonl", "puts one study under two patients");
    }
    const Json found = {{"instances", instances_.size()},     {"patients", patients.size()},
                        {"studies", patient_of_study.size()}, {"series", series.size()},
                        {"by_modality", by_modality},         {"by_pixels", by_pixels}};
    for (const auto& [key, number] : found.items()) {
      if (!counts_.contains(key) || counts_.at(key) != number) {
        files_.differ("dataset.json", fmt::format("counts.{} is missing or not what manifest.jsonl has", key));
      }
    }
  }

 private:
  /// A rule of the hospital's own. Where it keeps the patient's identity, no file says that it was removed.
  void read_own_rule(const std::string& tag, const std::string& action) {
    own_rules_.insert(tag);
    for (const dicom::Tag one : dicom::identity_attributes()) {
      if (tag != fmt::format("({:04X},{:04X})", one >> 16, one & 0xFFFF)) continue;
      for (const dicom::DeidAction kept : {dicom::DeidAction::K, dicom::DeidAction::C, dicom::DeidAction::U}) {
        keeps_identity_ = keeps_identity_ || (action == dicom::name(kept) && dicom::keeps_identity({one, kept}));
      }
    }
  }

  void check_line(const Json& line, const DeidInstance& one) {
    const std::string file = one.file();
    if (line.at("file") != file) files_.differ("manifest.jsonl", "names a file that its identifiers do not give");
    if (!previous_.empty() && file <= previous_) {
      files_.differ("manifest.jsonl", "is not sorted by file, or holds a file twice");
    }
    previous_ = file;
    const auto sum = files_.sums().find(file);
    if (sum == files_.sums().end()) {
      files_.differ(file, "is in manifest.jsonl but not in SHA256SUMS");
    } else if (sum->second != one.facts.sha256) {
      files_.differ(file, "has another SHA-256 in manifest.jsonl than in SHA256SUMS");
    }
  }

  std::vector<std::string> header_problems(const DeidInstance& one, Prefix& prefix) const {
    std::vector<std::string> problems;
    const std::string path = one.file();
    if (leaves_dataset(path)) return {"leads out of the dataset"};
    const OpenFile file(files_.dataset() / path);
    if (!file.is_open()) return {};  // said already
    if (file.size_bytes() != one.facts.size_bytes) problems.push_back("has another size than manifest.jsonl says");
    const auto source = read_source(file, prefix);
    if (source.reason) return problems.push_back(fmt::format("cannot be read: {}", name(*source.reason))), problems;
    for (const Stated& row : kStated) {
      const std::string& wanted = one.*row.in_manifest;
      const std::string& found = source.source.*row.in_header;
      // The profile may empty a Patient ID; everything else must be there.
      const bool may_be_empty = row.in_header == &dicom::DeidSource::patient_id;
      if (wanted.empty() || (may_be_empty && found.empty()) || own_rules_.contains(std::string(row.tag))) continue;
      if (found != wanted) {
        problems.push_back(fmt::format("has another {} than manifest.jsonl says", row.name));
      }
    }
    const DeidStatement statement = statement_of(prefix.bytes());
    const bool is_named = !statement.patient_name.empty() && statement.patient_name != one.patient;
    if (is_named && !own_rules_.contains("(0010,0010)")) {
      problems.push_back("has another Patient's Name than the pseudonym of manifest.jsonl");
    }
    if (statement.identity_removed != (keeps_identity_ ? "NO" : "YES")) {
      problems.push_back(keeps_identity_ ? "does not say that a rule kept the patient's identity"
                                         : "does not say that the patient's identity was removed");
    }
    if (!std::ranges::includes(sorted(statement.methods), sorted(methods_))) {
      problems.push_back("does not name the method that dataset.json names");
    }
    compare_options(statement, problems);
    return problems;
  }

  /// The recipe's options with those that the file states. What is done to pixels is stated only of files where it was.
  void compare_options(const DeidStatement& statement, std::vector<std::string>& problems) const {
    const auto has = [](const std::vector<std::string>& texts, std::string_view text) {
      return std::ranges::find(texts, text) != texts.end();
    };
    const auto compare = [&](bool is_in_recipe, bool is_stated, std::string_view what, std::string_view where) {
      if (is_in_recipe == is_stated) return;
      problems.push_back(is_stated ? fmt::format("states {} in {}, which the recipe has not", what, where)
                                   : fmt::format("does not state {} in {}, which the recipe has", what, where));
    };
    for (const dicom::DeidOptionInfo& info : dicom::deid_options()) {
      const bool is_of_pixels = info.option == dicom::DeidOption::clean_pixel_data ||
                                info.option == dicom::DeidOption::clean_recognizable_visual_features;
      if (is_of_pixels) continue;
      compare(has(options_, info.name), has(statement.methods, info.name), info.name, "(0012,0063)");
      compare(has(options_, info.name), has(statement.codes, info.code), info.name, "(0012,0064)");
    }
    compare(!is_weaker_, has(statement.codes, kProfileCode), "the Basic Profile", "(0012,0064)");
  }

  static std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::ranges::sort(texts);
    return texts;
  }

  static dicom::DeidSourceResult read_source(const OpenFile& file, Prefix& prefix) {
    prefix.clear();
    const auto read = [&](std::size_t offset, std::span<std::byte> bytes) { return file.read_at(offset, bytes); };
    dicom::DeidSourceResult result;
    for (std::size_t size = kFirstPrefixBytes;; size *= kPrefixGrowth) {
      const auto wanted = std::min<std::uint64_t>({size, file.size_bytes(), dicom::kHeaderPrefixBytes});
      if (!prefix.grow(static_cast<std::size_t>(wanted), read)) result.reason = Code::unreadable;
      if (result.reason) return result;
      result = dicom::read_deid_source(prefix.bytes(), file.size_bytes());
      if (!result.needs_more || wanted < size) return result;
      result.reason.reset();
    }
  }

  VerifyFiles& files_;
  Json counts_;
  std::vector<std::string> methods_, options_;
  bool is_weaker_ = false, keeps_identity_ = false;
  std::set<std::string> own_rules_;
  std::vector<DeidInstance> instances_;
  std::string previous_;
};

}  // namespace

void verify_deid(VerifyFiles& files, Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  DeidVerifier verifier(files);
  verifier.read_manifest();
  verifier.check_headers(executor, cancel, on_progress);
  verifier.check_whole();
}

}  // namespace naru
