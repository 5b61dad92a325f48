/// Runs the engine on a file in memory, and looks into what it made.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/deidentify.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/element_values.h"
#include "dicom/file_layout.h"

namespace naru::test {

inline const PseudonymKey& test_key() {
  static const PseudonymKey key = [] {
    PseudonymKey::Bytes bytes{};
    for (std::size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<std::byte>(n * 7 + 1);
    return PseudonymKey(bytes);
  }();
  return key;
}

inline dicom::DeidentifyPolicy policy_with(std::initializer_list<dicom::DeidOption> options) {
  dicom::DeidentifyPolicy policy;
  for (const dicom::DeidOption option : options) policy.options.add(option);
  return policy;
}

/// A result with its bytes joined and its elements listed.
class Deidentified {
 public:
  explicit Deidentified(const std::string& source, const dicom::DeidentifyPolicy& policy = {},
                        const PseudonymKey& key = test_key())
      : source_(source), result(dicom::Deidentifier(policy, key, "0.1").run(std::as_bytes(std::span(source_)))) {
    for (const dicom::Bytes piece : result.output.pieces) {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    if (bytes.empty()) return;
    const auto layout = dicom::read_layout(view());
    const auto* syntax = dicom::find_syntax(layout->transfer_syntax_uid);
    table = dicom::read_elements(view(), layout->data_set_offset, syntax->encoding);
  }

  /// The n-th element of this tag, wherever it stands; empty where there is none.
  std::optional<std::string> value(dicom::Tag tag, std::size_t n = 0) const {
    for (const dicom::Node& node : table.nodes) {
      if (node.tag == tag && n-- == 0) return std::string(dicom::text_of(dicom::value_of(node, view())));
    }
    return std::nullopt;
  }
  bool has(dicom::Tag tag) const { return value(tag).has_value(); }
  bool holds(std::string_view text) const { return bytes.find(text) != std::string::npos; }
  dicom::Bytes view() const { return std::as_bytes(std::span(bytes)); }

 private:
  std::string source_;

 public:
  dicom::DeidResult result;
  std::string bytes;
  dicom::ElementTable table;
};

}  // namespace naru::test
