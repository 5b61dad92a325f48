#include "pipeline/review/decision.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/digest.h"
#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kRulings = {"redact", "keep", "exclude"};
constexpr std::string_view kSchema = "naru.decision/1";
constexpr std::size_t kMaxDecisionBytes = std::size_t{1} << 30;

std::filesystem::path file_of(const std::filesystem::path& report) { return report / "decisions.jsonl"; }

/// @param json a line without its own checksum
std::string sha256_of(const Json& json) {
  const std::string line = json_line(json);
  return sha256_hex(line);
}

Error broken(std::size_t line, std::string_view problem) {
  return Error(ErrorCode::dataset_invalid,
               fmt::format("decisions.jsonl of the report, line {}: {}; nothing was done. bring back the file as naru "
                           "wrote it",
                           line, problem));
}

/// @throws Json::exception, Error{usage} where it is no decision
Decision decision_from(const Json& json) {
  Decision decision;
  if (json.at("schema") != kSchema) throw Error(ErrorCode::usage, "another schema");
  json.at("time").get_to(decision.time);
  json.at("by").get_to(decision.by);
  json.at("why").get_to(decision.why);
  json.at("id").get_to(decision.id);
  decision.ruling = ruling_from_name(json.at("decision").get<std::string>());
  json.at("reason").get_to(decision.reason);
  if (!json.at("files_sha256").is_null()) json.at("files_sha256").get_to(decision.files_sha256);
  decision.region = json.at("region");
  decision.blanks_all = json.value("blanks_all", false);  // an earlier build knew no such decision
  return decision;
}

/// @throws Json::exception, Error{usage} where it is no decision, or does not follow the lines before it
void add_line(Json json, Decisions& decisions) {
  const auto own = json.at("sha256").get<std::string>();
  json.erase("sha256");
  const Json before = decisions.all.empty() ? Json(nullptr) : Json(decisions.head());
  if (json.at("previous_sha256") != before || own != sha256_of(json)) throw Error(ErrorCode::usage, "changed");
  decisions.all.push_back(decision_from(json));
  decisions.sha256.push_back(own);
}

/// A folder that is locked against runs and other reviewers, and is still the one at its path.
FileDescriptor lock_folder(const std::filesystem::path& report) {
  FileDescriptor folder(::open(report.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat opened {
  }, there{};
  const bool is_locked = folder.is_open() && ::flock(folder.number(), LOCK_EX | LOCK_NB) == 0 &&
                         ::fstat(folder.number(), &opened) == 0 && ::stat(report.c_str(), &there) == 0 &&
                         opened.st_ino == there.st_ino && opened.st_dev == there.st_dev;
  if (!is_locked) {
    throw Error(ErrorCode::output_busy, "a run or another reviewer is at work on this report: nothing was decided");
  }
  return folder;
}

}  // namespace

std::string_view name(Ruling ruling) { return kRulings[static_cast<std::size_t>(ruling)]; }

Ruling ruling_from_name(std::string_view word) {
  const auto found = std::ranges::find(kRulings, word);
  if (found == kRulings.end()) throw Error(ErrorCode::usage, "a decision is redact, keep or exclude");
  return static_cast<Ruling>(found - kRulings.begin());
}

Json to_json(const Decision& decision) {
  return {{"schema", kSchema},
          {"time", decision.time},
          {"by", decision.by},
          {"why", decision.why},
          {"id", decision.id},
          {"decision", name(decision.ruling)},
          {"reason", decision.reason},
          {"files_sha256", decision.files_sha256.empty() ? Json(nullptr) : Json(decision.files_sha256)},
          {"region", decision.region},
          {"blanks_all", decision.blanks_all}};
}

Json review_json(const Decisions& decisions) {
  Json acts = Json::array();
  for (const Decision& one : decisions.all) {
    const Json act = {{"time", one.time}, {"by", one.by}, {"why", one.why}, {"decision", name(one.ruling)}};
    const bool is_known = !acts.empty() && std::ranges::all_of(act.items(), [&](const auto& item) {
      return acts.back().at(item.key()) == item.value();
    });
    if (!is_known) acts.push_back(act), acts.back()["count"] = 0;
    acts.back()["count"] = acts.back()["count"].get<std::size_t>() + 1;
  }
  return {{"decisions_sha256", decisions.head()}, {"decisions", std::move(acts)}};
}

Decisions read_decisions(const std::filesystem::path& report) {
  Decisions decisions;
  std::error_code failure;
  const auto status = std::filesystem::symlink_status(file_of(report), failure);
  if (status.type() == std::filesystem::file_type::not_found) return decisions;
  auto text = read_file(file_of(report), kMaxDecisionBytes);
  if (!text || !std::filesystem::is_regular_file(status)) throw broken(1, "the file cannot be read");
  decisions.text = *std::move(text);
  for (std::size_t begin = 0; begin < decisions.text.size();) {
    const std::size_t number = decisions.all.size() + 1, end = decisions.text.find('\n', begin);
    if (end == std::string::npos) throw broken(number, "it was not written to its end");
    const std::string_view line(decisions.text.data() + begin, end - begin);
    try {
      add_line(Json::parse(line), decisions);
    } catch (const Json::exception&) {
      throw broken(number, "it is no decision");
    } catch (const Error&) {
      throw broken(number, "it was changed, or the line before it was, or it is no decision");
    }
    begin = end + 1;
  }
  return decisions;
}

void append_decisions(const std::filesystem::path& report, const Decisions& seen, std::span<const Decision> decisions) {
  const FileDescriptor folder = lock_folder(report);
  if (read_decisions(report).text != seen.text) {
    throw Error(ErrorCode::output_busy, "another reviewer decided meanwhile: list again, nothing was decided");
  }
  std::string text, before = seen.head();
  for (const Decision& decision : decisions) {
    Json json = to_json(decision);
    json["previous_sha256"] = before.empty() ? Json(nullptr) : Json(before);
    before = sha256_of(json);
    json["sha256"] = before;
    text += json_line(json);
  }
  const FileDescriptor file(
      ::openat(folder.number(), "decisions.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) throw write_error(errno, "the decisions of the report");
  if (file.write_all(text) && ::fsync(file.number()) == 0 && ::fsync(folder.number()) == 0) return;
  const Error error = write_error(errno, "the decisions of the report");
  const bool is_undone = ::ftruncate(file.number(), static_cast<off_t>(seen.text.size())) == 0;
  throw is_undone ? error : broken(seen.all.size() + 1, "it was not written to its end");
}

}  // namespace naru
