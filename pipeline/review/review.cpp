#include "pipeline/review/review.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "core/error.h"
#include "pipeline/documents.h"
#include "pipeline/files.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/review/rulings.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// False for what the program blanks by itself, or left alone.
bool is_decidable(const Json& line) { return line.at("because") == "reviewed" || waits_for_decision(line); }

/// Hands the lines of pixels.jsonl to their entries.
void add_regions(const std::filesystem::path& report, const std::map<std::string, Decision>& latest,
                 std::vector<ReviewEntry>& entries) {
  std::map<std::string, ReviewEntry*> by_id;
  for (ReviewEntry& entry : entries) by_id[entry.held.id] = &entry;
  std::ifstream file(report / "pixels.jsonl");  // there is none where nobody looked for text
  for (std::string text; std::getline(file, text);) {
    try {
      Json line = Json::parse(text);
      const auto entry = by_id.find(line.at("part_of").get<std::string>());
      if (entry == by_id.end()) continue;
      if (!is_decidable(line)) {
        const bool is_left = line.at("because") == name(TextVerdict::unlikely);
        entry->second->blanked_count += is_left ? 0U : 1U;
        if (is_left) entry->second->left.push_back(std::move(line));
        continue;
      }
      const auto own = latest.find(line.at("id").get<std::string>());
      std::optional<Decision> decision;
      if (own != latest.end()) {
        decision = own->second;
      } else if (line.at("because") == "reviewed" && entry->second->blanks_all()) {
        decision = entry->second->decision;  // nobody had seen it when the whole was decided
      }
      entry->second->regions.push_back({std::move(line), std::move(decision)});
    } catch (const Json::exception&) {
      throw Error(ErrorCode::dataset_invalid, "pixels.jsonl of the report is not as naru wrote it");
    }
  }
}

/// @throws Error{dataset_invalid} where what was held, or what was found in it, is not listed as the job listed it
void check_documents(const std::filesystem::path& report, const std::optional<HeldQueue>& queue) {
  constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
  const Json record = Json::parse(read_file(report / "record.json", kMaxRecordBytes).value_or(""), nullptr, false);
  const auto held = record.find("held_for_review");
  if (!queue && held != record.end() && *held != 0) {
    throw Error(ErrorCode::dataset_invalid, "held.json of the report is missing: bring it back as naru wrote it");
  }
  if (!queue) return;
  const auto pixels = hash_file(report / "pixels.jsonl");
  if (queue->pixels_sha256 != (pixels ? pixels->sha256 : "")) {
    throw Error(ErrorCode::dataset_invalid,
                "pixels.jsonl of the report is missing, or not as naru wrote it: bring it back; nothing was done");
  }
}

/// Who released other files released nothing that is held now.
bool is_about_its_files(const ReviewEntry& entry, Ruling ruling) {
  return entry.decision && entry.decision->ruling == ruling && !entry.held.files_sha256.empty() &&
         entry.decision->files_sha256 == entry.held.files_sha256;
}

Json decision_json(const std::optional<Decision>& decision) {
  if (!decision) return nullptr;
  return {{"decision", name(decision->ruling)}, {"by", decision->by}, {"why", decision->why}, {"time", decision->time}};
}

/// @param is_settled no picture of it is kept for eyes, see decide()
Json region_json(const ReviewRegion& region, bool is_settled) {
  Json json = region.line;
  json.erase("schema");
  if (is_settled && json.contains("full_crop")) json["full_crop"] = nullptr;
  json["decision"] = decision_json(region.decision);
  return json;
}

Json entry_json(const ReviewEntry& entry) {
  Json regions = Json::array();
  const bool is_excluded = entry.state() == ReviewState::excluded;
  for (const ReviewRegion& region : entry.regions) {
    regions.push_back(region_json(region, is_excluded || region.decision));
  }
  return {{"id", entry.held.id},
          {"series_uid", entry.held.series_uid},
          {"reason", entry.held.reason ? Json(name(*entry.held.reason)) : Json(nullptr)},
          {"state", name(entry.state())},
          {"because", text_or_null(entry.held.because)},
          {"path", text_or_null(entry.held.path)},
          {"files", entry.held.files},
          {"frames", entry.held.frames},
          {"needs_release", entry.held.needs_release},
          {"can_release", entry.held.can_release},
          {"can_redact", entry.held.can_redact},
          {"released", entry.is_released()},
          {"open_regions", is_excluded ? 0 : entry.open_region_count()},
          {"decision", decision_json(entry.decision)},
          {"blanked_regions", entry.blanked_count},
          {"regions", std::move(regions)}};
}

}  // namespace

std::string_view name(ReviewState state) {
  constexpr std::array<std::string_view, 4> kNames = {"open", "decided", "excluded", "made"};
  return kNames[static_cast<std::size_t>(state)];
}

ReviewState ReviewEntry::state() const {
  if (decision && decision->ruling == Ruling::exclude) return ReviewState::excluded;
  const bool is_made = held.disposition == Disposition::used;
  if (open_region_count() > 0 || (!is_made && held.needs_release && !is_released())) return ReviewState::open;
  return is_made ? ReviewState::made : ReviewState::decided;
}

bool ReviewEntry::is_released() const {
  if (!held.needs_release || !held.can_release) return false;
  return blanks_all() || is_about_its_files(*this, Ruling::keep);
}

bool ReviewEntry::blanks_all() const {
  return held.can_redact && is_about_its_files(*this, Ruling::redact) && decision->blanks_all;
}

std::size_t ReviewEntry::open_region_count() const {
  const auto is_open = [](const ReviewRegion& region) { return !region.decision; };
  return static_cast<std::size_t>(std::ranges::count_if(regions, is_open));
}

Review read_review(const std::filesystem::path& report) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(report / "inputs.jsonl", failure)) {
    throw Error(ErrorCode::input_missing,
                "this is no report: give the folder OUT.report of a deidentify or prepare run");
  }
  Review review;
  review.decisions = decisions_for(report);
  const auto queue = read_held(report);
  check_documents(report, queue);
  review.queue = queue.value_or(HeldQueue());
  review.has_unapplied = review.decisions.head() != review.queue.decisions_sha256;
  std::map<std::string, Decision> latest;
  for (const Decision& decision : review.decisions.all) latest[decision.id] = decision;
  for (const HeldEntry& held : review.queue.entries) {
    const auto decision = latest.find(held.id);
    review.entries.push_back({held, {}, 0, decision == latest.end() ? std::nullopt : std::optional(decision->second)});
  }
  if (!review.entries.empty()) add_regions(report, latest, review.entries);
  return review;
}

Json to_json(const Review& review) {
  Json entries = Json::array();
  std::map<std::string, std::size_t> states;
  for (const ReviewEntry& entry : review.entries) {
    ++states[std::string(name(entry.state()))];
    entries.push_back(entry_json(entry));
  }
  return {{"schema", "naru.review/1"},
          {"command", review.queue.command},
          {"out", review.queue.out.string()},
          {"states", states},
          {"has_unapplied_decisions", review.has_unapplied},
          {"held", std::move(entries)}};
}

}  // namespace naru
