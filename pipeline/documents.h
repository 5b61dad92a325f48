/// JSON of the words in core/: one place, so that every document spells them alike.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/code.h"

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

template <class T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace naru
