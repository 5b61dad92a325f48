#include "pipeline/deid_instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pipeline/documents.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kShortestUid = 6;  ///< what is shorter ("0") stands everywhere and names nothing

// Defined terms and retired ones of Modality (0008,0060), PS3.3 C.7.3.1.1.1 (2026d).
constexpr auto kModalities = std::to_array<std::string_view>(
    {"ANN",        "AR",  "AS",  "ASMT",   "AU",      "BDUS",       "BI",     "BMD",   "CD",       "CF",
     "CFM",        "CP",  "CR",  "CS",     "CT",      "CTPROTOCOL", "DD",     "DF",    "DG",       "DM",
     "DMS",        "DOC", "DS",  "DX",     "EC",      "ECG",        "EEG",    "EMG",   "EOG",      "EPS",
     "ES",         "FA",  "FID", "FS",     "GM",      "HC",         "HD",     "IO",    "IOL",      "IVOCT",
     "IVUS",       "KER", "KO",  "LEN",    "LP",      "LS",         "M3D",    "MA",    "MG",       "MR",
     "MS",         "NM",  "OAM", "OCT",    "OP",      "OPM",        "OPR",    "OPT",   "OPTBSV",   "OPTENF",
     "OPV",        "OSS", "OT",  "PA",     "PLAN",    "POS",        "PR",     "PT",    "PX",       "REG",
     "RESP",       "RF",  "RG",  "RTDOSE", "RTIMAGE", "RTINTENT",   "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN",
     "RTSTRUCT",   "RWV", "SC",  "SEG",    "SM",      "SMR",        "SR",     "SRF",   "ST",       "STAIN",
     "TEXTUREMAP", "TG",  "US",  "VA",     "VF",      "XA"});

/// What may be a file's name: a UID, or a pseudonym of ours.
bool is_safe_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return !text.empty() && text.size() <= kMaxNameBytes && text.front() != '.' &&
         text.find_first_not_of(kLetters) == std::string_view::npos;
}

/// A UID of the standard's own: below the root of DICOM, no arc long enough to hold an identifier.
bool is_uid_of_the_standard(std::string_view uid) {
  constexpr std::string_view kRoot = "1.2.840.10008.";
  constexpr std::size_t kMaxArcDigits = 3;
  if (!uid.starts_with(kRoot) || uid.size() > kMaxNameBytes) return false;
  std::size_t digits = 0;
  for (const char c : uid.substr(kRoot.size())) {
    digits = c == '.' ? 0 : digits + 1;
    if ((c != '.' && (c < '0' || c > '9')) || digits > kMaxArcDigits) return false;
  }
  return true;
}

/// True where `uid` stands in `text` by itself, not as a part of a longer one.
bool holds_uid(std::string_view text, std::string_view uid) {
  const auto is_part = [&](std::size_t at) {
    return at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9'));
  };
  for (std::size_t at = 0; (at = text.find(uid, at)) != std::string_view::npos; ++at) {
    if (!is_part(at + uid.size()) && (at == 0 || !is_part(at - 1))) return true;
  }
  return false;
}

std::string text_from(const Json& json) { return json.is_null() ? "" : json.get<std::string>(); }

Json volume_json(const dicom::VolumeFacts& facts) {
  if (facts.is_empty()) return nullptr;
  Json json;
  if (facts.b_value_s_per_mm2) json["b_value_s_per_mm2"] = *facts.b_value_s_per_mm2;
  if (facts.gradient_direction) json["gradient_direction_lps"] = *facts.gradient_direction;
  if (facts.philips_scale) {
    json["philips_scale"] = {{"slope", facts.philips_scale->scale_slope}};
    const auto intercept = facts.philips_scale->scale_intercept;
    if (intercept) json["philips_scale"]["intercept"] = *intercept;
  }
  if (facts.mosaic) {
    json["mosaic"] = {{"tiles", facts.mosaic->tiles},
                      {"columns", facts.mosaic->columns},
                      {"rows", facts.mosaic->rows},
                      {"position_mm_lps", facts.mosaic->position_mm},
                      {"step_mm_lps", facts.mosaic->step_mm}};
  }
  return json;
}

constexpr std::array kKindsOfCounts = {&dicom::DeidCounts::by_action, &dicom::DeidCounts::by_tag,
                                       &dicom::DeidCounts::notes};

}  // namespace

std::span<const std::string_view> public_modalities() { return kModalities; }

std::optional<DeidInstance> instance_of(const dicom::DeidResult& result) {
  DeidInstance instance;
  instance.patient = result.patient;
  instance.study = result.study_uid;
  instance.series = result.series_uid;
  instance.instance = result.sop_instance_uid;
  instance.pixels_are_kept = result.pixels_are_kept;
  instance.pixels_reason = result.pixels_reason;
  instance.volume = volume_json(result.volume);
  for (const std::string* name : {&instance.patient, &instance.study, &instance.series, &instance.instance}) {
    if (!is_safe_name(*name)) return std::nullopt;
  }
  if (is_uid_of_the_standard(result.sop_class_uid)) instance.sop_class_uid = result.sop_class_uid;
  if (is_uid_of_the_standard(result.transfer_syntax_uid)) instance.transfer_syntax_uid = result.transfer_syntax_uid;
  if (std::ranges::find(kModalities, result.modality) != kModalities.end()) instance.modality = result.modality;
  const std::string told = fmt::format("{} {} {} {} {} {}", instance.patient, instance.study, instance.series,
                                       instance.instance, instance.sop_class_uid, instance.transfer_syntax_uid);
  const bool holds_old_uid = std::ranges::any_of(result.identifiers.uids, [&](const std::string& uid) {
    return uid.size() >= kShortestUid && holds_uid(told, uid);
  });
  return holds_old_uid ? std::nullopt : std::optional(std::move(instance));
}

Json to_json(const DeidInstance& instance) {
  Json json = {{"schema", "naru.deid-manifest/1"},
               {"file", instance.file()},
               {"sha256", instance.facts.sha256},
               {"size_bytes", instance.facts.size_bytes},
               {"patient", instance.patient},
               {"study", instance.study},
               {"series", instance.series},
               {"instance", instance.instance},
               {"sop_class_uid", text_or_null(instance.sop_class_uid)},
               {"modality", text_or_null(instance.modality)},
               {"transfer_syntax_uid", text_or_null(instance.transfer_syntax_uid)},
               {"pixels", instance.pixels_are_kept ? "kept" : "changed"},
               {"pixels_reason", text_or_null(instance.pixels_reason)}};
  if (!instance.volume.is_null()) json["volume"] = instance.volume;
  return json;
}

DeidInstance instance_from_json(const Json& json) {
  return {json.at("patient").get<std::string>(),
          json.at("study").get<std::string>(),
          json.at("series").get<std::string>(),
          json.at("instance").get<std::string>(),
          text_from(json.at("sop_class_uid")),
          text_from(json.at("transfer_syntax_uid")),
          text_from(json.at("modality")),
          json.at("pixels") == "kept",
          text_from(json.at("pixels_reason")),
          {json.at("sha256").get<std::string>(), json.at("size_bytes").get<std::uint64_t>()},
          json.value("volume", Json())};
}

void add_to(dicom::DeidCounts& sum, const dicom::DeidCounts& counts) {
  for (const auto kind : kKindsOfCounts) {
    for (const auto& [what, count] : counts.*kind) (sum.*kind)[what] += count;
  }
}

void take_from(dicom::DeidCounts& sum, const dicom::DeidCounts& counts) {
  for (const auto kind : kKindsOfCounts) {
    for (const auto& [what, count] : counts.*kind) {
      const auto found = (sum.*kind).find(what);
      if (found != (sum.*kind).end() && (found->second -= count) == 0) (sum.*kind).erase(found);
    }
  }
}

Json to_json(const dicom::DeidCounts& counts) {
  return {{"by_action", counts.by_action}, {"by_tag", counts.by_tag}, {"notes", counts.notes}};
}

dicom::DeidCounts counts_from_json(const Json& json) {
  dicom::DeidCounts counts;
  json.at("by_action").get_to(counts.by_action);
  json.at("by_tag").get_to(counts.by_tag);
  json.at("notes").get_to(counts.notes);
  return counts;
}

}  // namespace naru
