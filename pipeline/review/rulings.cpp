#include "pipeline/review/rulings.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "pipeline/files.h"

namespace naru {

Rulings::Rulings(const Decisions& decisions) {
  for (const Decision& decision : decisions.all) latest_[decision.id] = decision;
  for (const auto& [id, decision] : latest_) {
    if (decision.region.is_null()) continue;
    regions_[decision.region.value("part_of", "")].push_back(&decision);
  }
}

std::optional<Ruling> Rulings::of_region(const std::string& id) const {
  const auto found = latest_.find(id);
  return found == latest_.end() ? std::nullopt : std::optional(found->second.ruling);
}

std::optional<Code> Rulings::excluded(const std::string& id) const {
  const auto found = latest_.find(id);
  if (found == latest_.end() || found->second.ruling != Ruling::exclude) return std::nullopt;
  return code_from_name(found->second.reason).value_or(Code::text_suspected);
}

bool Rulings::releases(const std::string& id, const std::string& files_sha256) const {
  const Decision* const whole = of_files(id, files_sha256);
  return whole != nullptr && whole->ruling == Ruling::keep;
}

bool Rulings::blanks_all(const std::string& id, const std::string& files_sha256) const {
  const Decision* const whole = of_files(id, files_sha256);
  return whole != nullptr && whole->ruling == Ruling::redact && whole->blanks_all;
}

/// What counts about a whole, where it was about these very files.
const Decision* Rulings::of_files(const std::string& id, const std::string& files_sha256) const {
  const auto found = latest_.find(id);
  const bool is_of_them = found != latest_.end() && !files_sha256.empty() && found->second.files_sha256 == files_sha256;
  return is_of_them ? &found->second : nullptr;
}

std::vector<const Decision*> Rulings::regions_of(const std::string& id) const {
  const auto found = regions_.find(id);
  return found == regions_.end() ? std::vector<const Decision*>() : found->second;
}

std::string Rulings::state_of(const std::string& id) const {
  std::vector<const Decision*> all = regions_of(id);
  const auto whole = latest_.find(id);
  if (whole != latest_.end()) all.push_back(&whole->second);
  std::string text;
  for (const Decision* one : all) text += fmt::format("{} {} {}\n", one->id, name(one->ruling), one->files_sha256);
  return text;
}

Decisions decisions_for(const std::filesystem::path& report) {
  Decisions decisions = read_decisions(report);
  const auto queue = read_held(report);
  if (!queue && !decisions.all.empty()) {
    throw Error(
        ErrorCode::dataset_invalid,
        "held.json is missing, beside which decisions.jsonl of the report was written: bring it back as naru wrote "
        "it; nothing was done");
  }
  const bool is_whole = !queue || queue->decisions_sha256.empty() ||
                        std::ranges::find(decisions.sha256, queue->decisions_sha256) != decisions.sha256.end();
  if (!is_whole) {
    throw Error(ErrorCode::dataset_invalid,
                "decisions.jsonl of the report lacks decisions that an earlier run knew: bring back the file as naru "
                "wrote it; nothing was done");
  }
  return decisions;
}

Decisions decisions_for_job(const std::filesystem::path& report, const JobIdentity& job, bool is_resumed) {
  Decisions decisions = decisions_for(report);
  if (!is_resumed && decisions.all.empty()) return decisions;
  const auto queue = read_held(report);
  if (!queue || queue->job == job) return decisions;
  throw Error(ErrorCode::output_exists,
              "the report holds what another recipe or key, or an earlier version, held back for people to decide: run "
              "the job as naru review prints it, or choose another OUT and --report; to be asked anew, move the report "
              "away and give --force");
}

bool write_review(const std::filesystem::path& report, HeldQueue queue, const Decisions& decisions) {
  if (queue.entries.empty() && decisions.all.empty()) return false;
  if (!decisions.all.empty()) write_file(report / "decisions.jsonl", decisions.text);
  queue.decisions_sha256 = decisions.head();
  if (const auto pixels = hash_file(report / "pixels.jsonl")) queue.pixels_sha256 = pixels->sha256;
  write_held(report, queue);
  return true;
}

bool are_applied(const Decisions& decisions, const std::filesystem::path& report) {
  const auto queue = read_held(report);
  return decisions.head() == (queue ? queue->decisions_sha256 : "");
}

}  // namespace naru
