/// One delivered instance of a de-identification, as the manifest states it, and what the report says of it.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dicom/deidentify/deidentify.h"
#include "pipeline/files.h"

namespace naru {

/// Everything that OUT says of an instance. It comes from the project's key, from lists of ours, or from the bytes
/// written: never from a header as it stands.
struct DeidInstance {
  std::string patient, study, series, instance;  ///< by their new identifiers
  std::string sop_class_uid, transfer_syntax_uid;
  std::string modality;  ///< empty where it is none of the standard's
  bool pixels_are_kept = true;
  std::string pixels_reason;
  FileFacts facts;
  nlohmann::ordered_json volume;  ///< what private attributes said of the volume, in numbers; null where nothing

  /// Its path below OUT.
  std::string file() const { return patient + '/' + study + '/' + series + '/' + instance + ".dcm"; }
};

/// The instance that a result stands for; empty where its identifiers can be no names of files, or where what would
/// be said of it holds a UID that was to be replaced.
std::optional<DeidInstance> instance_of(const dicom::DeidResult& result);

/// The line of manifest.jsonl.
nlohmann::ordered_json to_json(const DeidInstance& instance);
/// The instance that such a line states. @throws nlohmann::json::exception
DeidInstance instance_from_json(const nlohmann::ordered_json& json);

/// All counts of several instances together.
void add_to(dicom::DeidCounts& sum, const dicom::DeidCounts& counts);
/// The counts without those of an instance that was among them.
void take_from(dicom::DeidCounts& sum, const dicom::DeidCounts& counts);
nlohmann::ordered_json to_json(const dicom::DeidCounts& counts);
dicom::DeidCounts counts_from_json(const nlohmann::ordered_json& json);

/// Modality codes that OUT may name: those of PS3.3 C.7.3.1.1.1.
std::span<const std::string_view> public_modalities();

}  // namespace naru
