#include "pipeline/dataset_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "pipeline/deid_dataset.h"
#include "pipeline/deid_scan.h"
#include "pipeline/files.h"

namespace naru {

namespace {

namespace fs = std::filesystem;

std::set<std::size_t> used_inputs(const Scan& scan) {
  std::set<std::size_t> used;
  for (std::size_t n = 0; n < scan.inputs.size(); ++n) {
    if (scan.inputs[n].planes[static_cast<std::size_t>(Disposition::used)].count > 0) used.insert(n);
  }
  return used;
}

void add_words(const PatientWords& patient, dicom::Identifiers& all) {
  if (!patient.words) {
    throw Error(
        ErrorCode::memory_exceeded,
        fmt::format("the headers of one patient hold more than {} names and numbers, so that the dataset cannot "
                    "be searched for them: nothing was published; hand in fewer of the patient's studies at once",
                    kMaxPatientWords));
  }
  for (const auto member : {&dicom::Identifiers::person_names, &dicom::Identifiers::ids, &dicom::Identifiers::places,
                            &dicom::Identifiers::others}) {
    (all.*member).insert((all.*member).end(), ((*patient.words).*member).begin(), ((*patient.words).*member).end());
  }
}

/// Of the patients of whom there is something in `used`, which are sorted.
dicom::Identifiers words_in(const HeaderWords& headers, const std::vector<InputFile>& used) {
  dicom::Identifiers all;
  for (const auto& [patient, files] : headers.files_of) {
    const bool is_used = std::ranges::any_of(files, [&](std::uint32_t n) {
      return std::ranges::binary_search(used, headers.files[n].path, {}, &InputFile::path);
    });
    const auto words = headers.patients.find(patient);
    if (is_used && words != headers.patients.end()) add_words(words->second, all);
  }
  return all;
}

/// The Basic Profile: nothing of a header is retained.
dicom::DeidentifyPolicy basic_profile() { return {}; }

/// Names, ids and places of every patient; UIDs as the scan read them.
dicom::Identifiers identifiers_of(const Scan& scan, const HeaderWords& headers) {
  dicom::Identifiers all = words_in(headers, used_files(scan));
  std::set<std::string> uids;
  for (const dicom::Candidate& candidate : scan.candidates) {
    const dicom::Instance& instance = candidate.instance;
    uids.insert({instance.sop_instance_uid, instance.study_uid, instance.series_uid, instance.frame_of_reference_uid});
  }
  all.uids.assign(uids.begin(), uids.end());
  return all;
}

/// Documents as they stand. SHA256SUMS holds the names of all files.
DeidDocuments documents_in(const fs::path& out) {
  constexpr std::size_t kMaxDocumentBytes = std::size_t{1} << 30;
  DeidDocuments documents;
  for (const char* name : {"manifest.jsonl", "dataset.json", "croissant.json", "README.md", "SHA256SUMS"}) {
    auto text = read_file(out / name, kMaxDocumentBytes);
    if (!text) throw Error(ErrorCode::internal, "a document of the dataset cannot be read back: nothing was published");
    documents[name] = std::move(*text);
  }
  return documents;
}

/// The same documents of no case, and the words that cases take from lists of ours.
DeidDocuments documents_of_no_case(const fs::path& folder, const Scan& scan, std::span<const CasePlan> plans,
                                   const DatasetFacts& facts) {
  fs::create_directories(folder);
  write_documents(folder, {}, {}, facts);
  DeidDocuments documents = documents_in(folder);
  fs::remove_all(folder);
  std::string& words = documents["words"];
  words += "otsu nyul ";  // methods that steps name, and people
  for (const CasePlan& plan : plans) {
    for (const auto& word : {plan.manufacturer, plan.body_part}) {
      if (word) words += std::string(*word) + ' ';
    }
    words += scan.stacks[plan.stacks.front()].units + ' ' + to_json(plan.recipe).dump() + ' ';
  }
  return documents;
}

}  // namespace

std::vector<InputFile> source_files(const Scan& scan, const std::set<std::size_t>& inputs) {
  std::set<fs::path> paths;
  for (const std::size_t n : inputs) {
    const InputRecord& input = scan.inputs[n];
    paths.insert(input.place ? input.place->archive : input.path);
  }
  std::vector<InputFile> files;
  for (const fs::path& path : paths) files.push_back({path, std::nullopt});
  return files;
}

std::optional<dicom::Identifiers> identifiers_in(const std::vector<InputFile>& files, Executor& executor,
                                                 const CancelToken& cancel, const OnProgress& on_progress) {
  const DeidScan headers = scan_for_deid(files, basic_profile(), executor, cancel, on_progress);
  dicom::Identifiers all;
  for (const auto& [patient, words] : headers.patients) {
    if (!words.words) return std::nullopt;
    add_words(words, all);
  }
  std::set<std::string> births;
  for (const dicom::DeidSource& source : headers.sources) births.insert(source.birth_date);
  all.dates.assign(births.begin(), births.end());
  return all;
}

std::vector<InputFile> used_files(const Scan& scan) { return source_files(scan, used_inputs(scan)); }

HeaderWords headers_to_prove(std::vector<InputFile> files, Executor executor, const CancelToken& cancel) {
  return collect_header_words(std::move(files), basic_profile(), executor, cancel, [](const Progress&) {});
}

void prove_dataset(const fs::path& out, const Scan& scan, const HeaderWords& headers, std::span<const CasePlan> plans,
                   const DatasetFacts& facts) {
  const fs::path beside = out.parent_path() / "no-case";
  std::set<std::string> written;
  for (const CasePlan& plan : plans) written.insert(written_by_people(plan.recipe, facts.project));
  prove_documents(documents_in(out), documents_of_no_case(beside, scan, plans, facts),
                  fmt::format("{}", fmt::join(written, "")), identifiers_of(scan, headers));
}

}  // namespace naru
