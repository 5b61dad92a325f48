#include "pipeline/deid_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

#include "core/digest.h"
#include "dicom/element_walk.h"
#include "dicom/file_layout.h"
#include "dicom/instance.h"
#include "pipeline/archive.h"
#include "pipeline/open_file.h"
#include "pipeline/patient_issuers.h"
#include "pipeline/prefix.h"

namespace naru {

namespace {

using Words = std::vector<std::string> dicom::Identifiers::*;
constexpr std::array<Words, 4> kSharedWords = {&dicom::Identifiers::person_names, &dicom::Identifiers::ids,
                                               &dicom::Identifiers::places, &dicom::Identifiers::others};

/// The words of all patients, collected by many readers.
class WordCollection {
 public:
  void add(const std::string& patient, const dicom::Identifiers& identifiers) {
    const std::lock_guard lock(mutex_);
    auto& words = patients_[patient];
    for (std::size_t k = 0; k < kSharedWords.size(); ++k) {
      const auto& values = identifiers.*kSharedWords[k];
      if (count(words) <= kMaxPatientWords) words[k].insert(values.begin(), values.end());
    }
  }

  /// What is known of `from` is known of `to` as well: they are one patient.
  /// Others may be `from` as well.
  void join(const std::string& from, const std::string& to) {
    const auto found = patients_.find(from);
    if (found == patients_.end() || from == to) return;
    const OfPatient words = found->second;
    for (std::size_t k = 0; k < kSharedWords.size(); ++k) patients_[to][k].insert(words[k].begin(), words[k].end());
  }

  std::map<std::string, PatientWords, std::less<>> take() {
    std::map<std::string, PatientWords, std::less<>> result;
    for (auto& [patient, words] : patients_) result.emplace(patient, finished(words));
    return result;
  }

 private:
  using OfPatient = std::array<std::set<std::string>, kSharedWords.size()>;

  static std::size_t count(const OfPatient& words) {
    std::size_t total = 0;
    for (const auto& set : words) total += set.size();
    return total;
  }

  static PatientWords finished(OfPatient& words) {
    if (count(words) > kMaxPatientWords) return {};
    PatientWords result;
    result.words.emplace();
    Sha256 hash;
    for (std::size_t k = 0; k < kSharedWords.size(); ++k) {
      for (const std::string& word : words[k]) {
        const std::string row = fmt::format("{} {} {}\n", k, word.size(), word);
        hash.update(std::as_bytes(std::span(row)));
        ((*result.words).*kSharedWords[k]).push_back(word);
      }
    }
    result.sha256 = hash.finish();
    return result;
  }

  std::mutex mutex_;
  std::map<std::string, OfPatient> patients_;
};

/// One input file, or one member of an archive.
struct Row {
  InputRecord record;
  dicom::DeidSource source;
  std::size_t header_bytes = 0;  ///< of the prefix
};

class Reader {
 public:
  Reader(const dicom::DeidentifyPolicy& policy, WordCollection& words, Prefix& prefix, const CancelToken& cancel)
      : policy_(policy), words_(words), prefix_(prefix), cancel_(cancel) {}

  std::vector<Row> read(const InputFile& input) {
    if (!input.reason && is_archive_name(input.path)) return read_archive(input.path);
    std::vector<Row> rows;
    rows.push_back(input.reason ? unusable(input.path, *input.reason) : read_plain_file(input.path));
    if (input.reason && *input.reason != Code::unreadable) {
      rows.back().record.size_bytes = OpenFile(input.path).size_bytes();
    }
    return rows;
  }

 private:
  static Row unusable(std::filesystem::path path, Code code) {
    Row row;
    row.record.path = std::move(path);
    hold_back(row.record, code);
    return row;
  }

  Row read_plain_file(const std::filesystem::path& path) {
    Row row;
    row.record.path = path;
    prefix_.clear();
    const OpenFile file(path);
    file.expect_few_reads();
    row.record.size_bytes = file.size_bytes();
    const auto read = [&](std::size_t offset, std::span<std::byte> bytes) { return file.read_at(offset, bytes); };
    if (!file.is_open() || !read_header(row, read)) return unusable(path, Code::unreadable);
    row.record.identity = identity_of(file.identity(), 0, row.header_bytes);
    return row;
  }

  std::vector<Row> read_archive(const std::filesystem::path& path) {
    std::vector<Row> rows;
    const OpenFile file(path);
    const std::string identity = file.identity();
    const auto add_line = [&](Code code) {
      rows.push_back(unusable(path, code));
      rows.back().record.size_bytes = file.size_bytes();
    };
    ArchiveReader reader(path);
    while (const auto member = reader.next(cancel_)) rows.push_back(read_member(reader, *member, path, identity));
    // Nobody can say which of them was changed.
    for (Row& row : rows) {
      if (reader.is_unproven()) hold_back(row.record, problem_of(reader.state()).value_or(Code::corrupt));
    }
    // An archive that breaks off has a line of its own beside those of the members before.
    if (const auto problem = problem_of(reader.state())) add_line(*problem);
    if (rows.empty()) add_line(Code::not_dicom);  // no file in it: still one line
    return rows;
  }

  Row read_member(ArchiveReader& reader, const ArchiveMember& member, const std::filesystem::path& archive,
                  const std::string& identity) {
    Row row;
    row.record.path = archive.string() + '!' + member.name;
    row.record.place = ArchivePlace{archive, member.index};
    prefix_.clear();
    const auto read = [&](std::size_t, std::span<std::byte> bytes) { return reader.read(bytes); };
    std::optional<std::uint64_t> size_bytes = member.size_bytes;
    if (!member.is_encrypted && !member.has_size) size_bytes = measure_member(reader, prefix_);
    row.record.size_bytes = size_bytes.value_or(0);
    if (member.is_encrypted) {
      hold_back(row.record, Code::encrypted);
    } else if (!size_bytes || !read_header(row, read)) {
      hold_back(row.record, problem_of(reader.state()).value_or(Code::corrupt));
    } else {
      row.record.identity = identity_of(identity, member.index, row.header_bytes);
    }
    return row;
  }

  static std::optional<Code> problem_of(ArchiveReader::State state) {
    switch (state) {
      case ArchiveReader::State::good: return std::nullopt;
      case ArchiveReader::State::unreadable: return Code::unreadable;
      case ArchiveReader::State::corrupt: return Code::corrupt;
      case ArchiveReader::State::too_large: return Code::too_large;
    }
    return Code::corrupt;
  }

  /// Lets the prefix grow until `is_enough()`, or the file or the bound ends. False on a read error.
  template <class Read, class IsEnough>
  bool grow_until(std::uint64_t size_bytes, Read read, IsEnough is_enough) {
    for (std::size_t size = std::max(kFirstPrefixBytes, prefix_.bytes().size());; size *= kPrefixGrowth) {
      const auto wanted = std::min<std::uint64_t>({size, size_bytes, dicom::kHeaderPrefixBytes});
      if (!prefix_.grow(static_cast<std::size_t>(wanted), read)) return false;
      if (is_enough() || prefix_.bytes().size() < wanted || wanted < size) return true;
    }
  }

  template <class Read>
  bool read_header(Row& row, Read read) {
    const std::uint64_t size_bytes = row.record.size_bytes;
    dicom::DeidSourceResult result;
    const bool is_read = grow_until(size_bytes, read, [&] {
      result = dicom::read_deid_source(prefix_.bytes(), size_bytes, &policy_);
      return !result.needs_more;
    });
    if (!is_read) return false;
    if (result.needs_more && !result.reason) {
      result.reason = prefix_.bytes().size() < size_bytes ? Code::too_large : Code::truncated;
    }
    row.record.sop_instance_uid = result.source.sop_instance_uid;
    row.record.notes = std::move(result.notes);
    row.source = std::move(result.source);
    row.header_bytes = result.header_bytes;
    if (result.is_dicomdir) {
      // It lists what was there, by name: it is dropped, and nothing is lost by it.
      row.record.disposition = Disposition::excluded;
      row.record.reason = Code::unsupported_sop_class;
    } else if (result.reason) {
      hold_back(row.record, *result.reason);
    } else if (result.identifiers) {
      words_.add(dicom::patient_identifier(row.source), *result.identifiers);
    } else {
      return collect_words(row, read);
    }
    return true;
  }

  /// Of the whole header: what requested a study stands behind vendors' long private values.
  template <class Read>
  bool collect_words(const Row& row, Read read) {
    if (!grow_until(row.record.size_bytes, read, [&] { return holds_header(prefix_.bytes()); })) return false;
    const auto words = dicom::collect_identifiers(prefix_.bytes(), policy_);
    if (words) words_.add(dicom::patient_identifier(row.source), *words);
    return true;
  }

  /// True where the bytes go as far as Pixel Data, or where more of them would not help.
  static bool holds_header(dicom::Bytes prefix) {
    const auto layout = dicom::read_layout(prefix);
    const auto* syntax = layout ? dicom::find_syntax(layout->transfer_syntax_uid) : nullptr;
    if (syntax == nullptr) return true;
    if (syntax->is_deflated) return false;
    dicom::ElementWalk walk(prefix, layout->data_set_offset, syntax->encoding);
    while (walk.next()) continue;
    return walk.end() != dicom::WalkEnd::cut_short;
  }

  /// What must be the same for a finished instance to stay: the file, its place in an archive, its header.
  std::string identity_of(std::string_view file, std::size_t member, std::size_t header_bytes) const {
    return fmt::format("{} {} {}", file, member, sha256_hex(prefix_.bytes().first(header_bytes)));
  }

  const dicom::DeidentifyPolicy& policy_;
  WordCollection& words_;
  Prefix& prefix_;
  const CancelToken& cancel_;
};

}  // namespace

void hold_back(InputRecord& input, Code reason) {
  constexpr std::array kUnusable = {Code::not_dicom,
                                    Code::truncated,
                                    Code::corrupt,
                                    Code::unsupported_transfer_syntax,
                                    Code::unsupported_sop_class,
                                    Code::no_pixels,
                                    Code::encrypted,
                                    Code::too_large,
                                    Code::unreadable};
  const bool is_unusable = std::ranges::find(kUnusable, reason) != kUnusable.end();
  input.disposition = is_unusable ? Disposition::rejected : Disposition::quarantined;
  input.reason = reason;
}

namespace {

void join_patients(std::span<dicom::DeidSource> sources, WordCollection& words) {
  PatientIssuers issuers;
  for (const dicom::DeidSource& source : sources) {
    issuers.add(source.study_uid, source.patient_id, source.issuer_of_patient_id);
  }
  std::set<std::pair<std::string, std::string>> joined;
  for (dicom::DeidSource& source : sources) {
    const std::string before = dicom::patient_identifier(source);
    issuers.complete(source.study_uid, source.patient_id, source.issuer_of_patient_id);
    const std::string after = dicom::patient_identifier(source);
    if (before != after && joined.emplace(before, after).second) words.join(before, after);
  }
}

/// @param take gets the rows of files[i] as take(i, rows), from several threads
template <class Take>
void read_rows(const std::vector<InputFile>& files, const dicom::DeidentifyPolicy& policy, WordCollection& words,
               Executor& executor, const CancelToken& cancel, const OnProgress& on_progress, Take take) {
  Progress progress{"reading headers", 0, files.size(), "files", 0};
  std::mutex progress_mutex;
  on_readers(reader_count(executor.thread_count()), files.size(),
             [&](std::size_t begin, std::size_t end, Prefix& prefix) {
               Reader reader(policy, words, prefix, cancel);
               std::uint64_t bytes = 0;
               for (std::size_t i = begin; i < end; ++i) {
                 cancel.throw_if_canceled();
                 std::vector<Row> rows = reader.read(files[i]);
                 for (const Row& row : rows) bytes += row.record.size_bytes;
                 take(i, std::move(rows));
               }
               const std::lock_guard lock(progress_mutex);
               progress.done += end - begin;
               progress.bytes += bytes;
               on_progress(progress);
             });
}

/// Of whom something is in which files, without all else that a header says.
class PatientFiles {
 public:
  /// Thread-safe.
  void add(std::uint32_t file, const std::vector<Row>& rows) {
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) {
      const auto [number, is_new] =
          numbers_.try_emplace(dicom::patient_identifier(row.source) + '\n' + row.source.study_uid, sources_.size());
      if (is_new) {
        dicom::DeidSource& source = sources_.emplace_back();
        source.patient_id = row.source.patient_id;
        source.issuer_of_patient_id = row.source.issuer_of_patient_id;
        source.study_uid = row.source.study_uid;
        files_.emplace_back();
      }
      std::vector<std::uint32_t>& files = files_[number->second];
      if (files.empty() || files.back() != file) files.push_back(file);
    }
  }

  /// Joins patients in `words` as well.
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> take(WordCollection& words) {
    join_patients(sources_, words);
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> files_of;
    for (std::size_t n = 0; n < sources_.size(); ++n) {
      std::vector<std::uint32_t>& all = files_of[dicom::patient_identifier(sources_[n])];
      all.insert(all.end(), files_[n].begin(), files_[n].end());
    }
    for (auto& [patient, files] : files_of) {  // an archive may hold several studies
      std::ranges::sort(files);
      files.erase(std::ranges::unique(files).begin(), files.end());
    }
    return files_of;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> numbers_;  ///< by patient and study: index into both of these
  std::vector<dicom::DeidSource> sources_;      ///< ids alone
  std::vector<std::vector<std::uint32_t>> files_;
};

}  // namespace

DeidScan scan_for_deid(const std::vector<InputFile>& files, const dicom::DeidentifyPolicy& policy, Executor& executor,
                       const CancelToken& cancel, const OnProgress& on_progress) {
  std::vector<std::vector<Row>> rows(files.size());
  WordCollection words;
  read_rows(files, policy, words, executor, cancel, on_progress,
            [&](std::size_t i, std::vector<Row> of_input) { rows[i] = std::move(of_input); });
  DeidScan scan;
  std::size_t count = 0;
  for (const auto& of_input : rows) count += of_input.size();
  scan.files.inputs.reserve(count);
  scan.sources.reserve(count);
  for (auto& of_input : rows) {
    for (Row& row : of_input) {
      scan.files.inputs.push_back(std::move(row.record));
      scan.sources.push_back(std::move(row.source));
    }
    of_input = {};  // a million files have no room twice
  }
  join_patients(scan.sources, words);
  scan.patients = words.take();
  return scan;
}

HeaderWords collect_header_words(std::vector<InputFile> files, const dicom::DeidentifyPolicy& policy,
                                 Executor& executor, const CancelToken& cancel, const OnProgress& on_progress) {
  WordCollection words;
  PatientFiles patients;
  read_rows(files, policy, words, executor, cancel, on_progress,
            [&](std::size_t i, const std::vector<Row>& rows) { patients.add(static_cast<std::uint32_t>(i), rows); });
  auto files_of = patients.take(words);
  return {std::move(files), words.take(), std::move(files_of)};
}

}  // namespace naru
