#include "pipeline/dataset_proof.h"

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

using Patients = std::set<std::string, std::less<>>;

/// The patients of whom there is something in these files, each a path or an archive.
Patients patients_in(const DeidScan& headers, const std::vector<InputFile>& files) {
  std::set<fs::path> paths;
  for (const InputFile& file : files) paths.insert(file.path);
  Patients patients;
  for (std::size_t n = 0; n < headers.sources.size(); ++n) {
    const InputRecord& input = headers.files.inputs[n];
    if (paths.contains(input.place ? input.place->archive : input.path)) {
      patients.insert(dicom::patient_identifier(headers.sources[n]));
    }
  }
  return patients;
}

dicom::Identifiers words_of(const DeidScan& headers, const Patients& patients) {
  dicom::Identifiers all;
  for (const auto& [patient, words] : headers.patients) {
    if (!patients.contains(patient)) continue;
    if (!words.words) continue;  // too many to be words of one person: see kMaxPatientWords
    for (const auto member : {&dicom::Identifiers::person_names, &dicom::Identifiers::ids, &dicom::Identifiers::places,
                              &dicom::Identifiers::others}) {
      (all.*member).insert((all.*member).end(), ((*words.words).*member).begin(), ((*words.words).*member).end());
    }
  }
  return all;
}

/// The Basic Profile: nothing of a header is retained.
DeidScan headers_of(const std::vector<InputFile>& files, Executor& executor, const CancelToken& cancel,
                    const OnProgress& on_progress) {
  return scan_for_deid(files, dicom::DeidentifyPolicy(), executor, cancel, on_progress);
}

/// Names, ids and places of every patient; UIDs as the scan read them.
dicom::Identifiers identifiers_of(const Scan& scan, const DeidScan& headers) {
  dicom::Identifiers all = words_of(headers, patients_in(headers, used_files(scan)));
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
DeidDocuments documents_of_no_case(const fs::path& folder, std::span<const CasePlan> plans, const DatasetFacts& facts) {
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
    words += to_json(plan.recipe).dump() + ' ';
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
  const DeidScan headers = headers_of(files, executor, cancel, on_progress);
  const bool has_all =
      std::ranges::all_of(headers.patients, [](const auto& one) { return one.second.words.has_value(); });
  if (!has_all) return std::nullopt;
  dicom::Identifiers all = words_of(headers, patients_in(headers, files));
  std::set<std::string> births;
  for (const dicom::DeidSource& source : headers.sources) births.insert(source.birth_date);
  all.dates.assign(births.begin(), births.end());
  return all;
}

std::vector<InputFile> used_files(const Scan& scan) { return source_files(scan, used_inputs(scan)); }

DeidScan headers_to_prove(const std::vector<InputFile>& files, Executor executor, const CancelToken& cancel) {
  return headers_of(files, executor, cancel, [](const Progress&) {});
}

void prove_dataset(const fs::path& out, const Scan& scan, const DeidScan& headers, std::span<const CasePlan> plans,
                   const DatasetFacts& facts) {
  const fs::path beside = out.parent_path() / "no-case";
  prove_documents(documents_in(out), documents_of_no_case(beside, plans, facts), identifiers_of(scan, headers));
}

}  // namespace naru
