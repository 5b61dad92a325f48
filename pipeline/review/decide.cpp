#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "dicom/deidentify/descriptor_text.h"
#include "pipeline/pixels/text_pictures.h"
#include "pipeline/review/review.h"
#include "pipeline/review/rulings.h"

namespace naru {

namespace {

constexpr std::size_t kMaxNameBytes = 200, kMaxReasonBytes = 1000;

void check_text(std::string_view option, const std::string& text, std::size_t most_bytes) {
  const bool is_blank = dicom::FoldedText(text).tokens().empty();  // signs and spaces of any kind name nobody
  if (is_blank || text.size() > most_bytes || printable(text) != text) {
    throw Error(
        ErrorCode::usage,
        fmt::format("{} must be a text of 1 to {} bytes in UTF-8, with letters or digits, without control characters",
                    option, most_bytes));
  }
}

/// What is asked about one series or case.
struct Asked {
  std::optional<Ruling> whole;
  std::map<std::size_t, Ruling> regions;  ///< by index in the entry
};

/// Turns an order into lines.
class Deciding {
 public:
  Deciding(const Review& review, const ReviewOrder& order) : review_(review), order_(order) {}

  std::vector<Decision> run() {
    for (const std::string& text : order_.decide) {
      ++number_;
      ask(text);
    }
    for (const auto& [entry, asked] : asked_) add_lines(review_.entries[entry], asked);
    return std::move(lines_);
  }

 private:
  Error refused(std::string_view problem) const {
    return Error(ErrorCode::usage, fmt::format("--decide, number {}: {}; nothing was decided", number_, problem));
  }

  void ask(const std::string& text) {
    const std::size_t sign = text.rfind('=');
    if (sign == std::string::npos) throw refused("it must be ID=redact, ID=keep or ID=exclude");
    const std::string id = text.substr(0, sign);
    const Ruling ruling = ruling_from_name(text.substr(sign + 1));
    for (std::size_t n = 0; n < review_.entries.size(); ++n) {
      const ReviewEntry& entry = review_.entries[n];
      if (entry.held.id == id) return ask_whole(entry, asked_[n], ruling);
      for (std::size_t region = 0; region < entry.regions.size(); ++region) {
        if (entry.regions[region].line.at("id") == id) return ask_region(entry, asked_[n], region, ruling);
      }
    }
    throw refused("nothing that is held in this report has this id; naru review lists the ids");
  }

  void ask_whole(const ReviewEntry& entry, Asked& asked, Ruling ruling) const {
    if (ruling != Ruling::exclude && !entry.held.can_release) {
      throw refused("this version cannot release it: exclude it, or name its regions in the recipe");
    }
    const bool has_to_blank = entry.held.needs_release ? entry.held.can_redact : !entry.regions.empty();
    if (ruling == Ruling::redact && !has_to_blank) {
      throw refused(entry.regions.empty()
                        ? "it is held as a whole: keep it or exclude it"
                        : "it is held as a whole, too: keep it or exclude it, and decide about each of "
                          "its regions by the region's id");
    }
    if (asked.whole.value_or(ruling) != ruling) throw refused("it contradicts another --decide");
    asked.whole = ruling;
    check_agreement(asked);
  }

  void ask_region(const ReviewEntry& entry, Asked& asked, std::size_t region, Ruling ruling) const {
    if (ruling == Ruling::exclude) return ask_whole(entry, asked, ruling);
    if (!entry.held.can_release) throw refused("its series cannot be released by this version: exclude it");
    const auto [known, is_new] = asked.regions.emplace(region, ruling);
    if (!is_new && known->second != ruling) throw refused("it contradicts another --decide");
    check_agreement(asked);
  }

  void check_agreement(const Asked& asked) const {
    if (asked.whole == Ruling::exclude && !asked.regions.empty()) {
      throw refused("it contradicts another --decide: what is excluded has no regions to decide");
    }
  }

  void add_lines(const ReviewEntry& entry, const Asked& asked) {
    const bool is_excluded = entry.decision && entry.decision->ruling == Ruling::exclude;
    if (is_excluded && !asked.whole) {
      const std::string or_redact = entry.held.can_redact ? fmt::format(" or {}=redact", entry.held.id) : "";
      const std::string how =
          entry.held.needs_release
              ? fmt::format("first, by {}=keep{}", entry.held.id, or_redact)
              : fmt::format("with it, by {0}=redact or {0}=keep, which decides about all other regions", entry.held.id);
      throw Error(ErrorCode::usage,
                  fmt::format("{} is excluded: take that back {}; nothing was decided", entry.held.id, how));
    }
    const bool blanks_all = asked.whole == Ruling::redact && entry.held.needs_release;
    if (asked.whole) {
      lines_.push_back(line_of(entry, entry.held.id, *asked.whole));
      lines_.back().files_sha256 = entry.held.files_sha256;
      lines_.back().blanks_all = blanks_all;
    }
    // Who releases what is held for more than its regions decides about none of them: each has to be looked at.
    const bool decides_all =
        blanks_all || (asked.whole && *asked.whole != Ruling::exclude && !entry.held.needs_release);
    for (std::size_t n = 0; n < entry.regions.size(); ++n) {
      const auto own = asked.regions.find(n);
      if (own == asked.regions.end() && !decides_all) continue;
      add_region(entry, entry.regions[n].line, own == asked.regions.end() ? *asked.whole : own->second);
    }
    if (!blanks_all) return;
    for (const nlohmann::ordered_json& region : entry.left) add_region(entry, region, Ruling::redact);
    if (entry.held.disposition != Disposition::excluded) return;
    // No report lists the regions of what is excluded, but what was kept of them would still count.
    const Rulings before(review_.decisions);
    for (const Decision* region : before.regions_of(entry.held.id)) {
      if (region->ruling == Ruling::keep) add_region(entry, region->region, Ruling::redact);
    }
  }

  void add_region(const ReviewEntry& entry, const nlohmann::ordered_json& region, Ruling ruling) {
    lines_.push_back(line_of(entry, region.at("id").get<std::string>(), ruling));
    lines_.back().region = region;
    for (const char* const picture : {"crop", "full_crop", "sheet"}) lines_.back().region.erase(picture);
  }

  Decision line_of(const ReviewEntry& entry, std::string id, Ruling ruling) const {
    Decision decision;
    decision.time = time_;
    decision.by = order_.by;
    decision.why = order_.why;
    decision.id = std::move(id);
    decision.ruling = ruling;
    if (entry.held.reason) decision.reason = name(*entry.held.reason);
    return decision;
  }

  const Review& review_;
  const ReviewOrder& order_;
  const std::string time_ = fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  std::size_t number_ = 0;
  std::map<std::size_t, Asked> asked_;  ///< by entry
  std::vector<Decision> lines_;
};

/// What shows text is there for whoever decides, and no longer.
void remove_signed_off_pictures(const std::filesystem::path& report) {
  for (const ReviewEntry& entry : read_review(report).entries) {
    const bool is_excluded = entry.state() == ReviewState::excluded;
    for (const ReviewRegion& region : entry.regions) {
      if (!region.decision && !is_excluded) continue;
      std::error_code ignored;  // it may be gone, or never have been there
      std::filesystem::remove(report / full_crop_path(region.line.at("id").get<std::string>()), ignored);
    }
  }
}

}  // namespace

void decide(const std::filesystem::path& report, const ReviewOrder& order) {
  check_text("--by", order.by, kMaxNameBytes);
  check_text("--why", order.why, kMaxReasonBytes);
  const Review review = read_review(report);
  append_decisions(report, review.decisions, Deciding(review, order).run());
  remove_signed_off_pictures(report);
}

}  // namespace naru
