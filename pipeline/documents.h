/// JSON of the words in core/: one place, so that every document spells them alike.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/code.h"
#include "core/text.h"
#include "core/trace.h"

namespace naru {

/// {code, detail{...}, action}
inline nlohmann::ordered_json to_json(const Finding& finding) {
  nlohmann::ordered_json detail = nlohmann::ordered_json::object();
  for (const auto& [key, value] : finding.detail) {
    // Counts and indices read better without ".0".
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) {
      detail[key] = whole;
    } else {
      detail[key] = value;
    }
  }
  return {{"code", name(finding.code)}, {"detail", std::move(detail)}, {"action", finding.action}};
}

/// {STAGE: {seconds, share}, ...}: share of the job's seconds, 0 to 1.
inline nlohmann::ordered_json stages_json(const StageSeconds& seconds, double job_seconds) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t s = 0; s < kStageCount; ++s) {
    const double share = job_seconds > 0 ? seconds[s] / job_seconds : 0;
    json[std::string(name(static_cast<Stage>(s)))] = {{"seconds", seconds[s]}, {"share", share}};
  }
  return json;
}

template <class T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// As valid UTF-8; null where it is empty.
inline nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(valid_utf8(text));
}

}  // namespace naru
