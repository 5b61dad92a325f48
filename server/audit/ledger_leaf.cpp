#include "server/audit/ledger_leaf.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "pipeline/verify_files.h"
#include "server/audit/ledger.h"

namespace naru::server {

namespace {

constexpr std::string_view kSchema = "naru.ledger-leaf/1";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz_";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/=-";
constexpr std::size_t kMaxWordBytes = 128, kMaxItems = 1024;
constexpr int kMaxDepth = 4;

bool has_only(std::string_view text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string_view::npos;
}

/// "ddd-dd" for "123-45": the shape of a text of digits and marks.
std::string shape(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return kDigits.find(c) != std::string_view::npos; }, 'd');
  return result;
}

bool looks_like_a_patients(std::string_view text) {
  if (!has_only(text, "0123456789.-/")) return false;
  constexpr std::size_t kMinNumberDigits = 6, kMaxNumberDigits = 15;  // what is longer is a hash by chance
  constexpr std::size_t kUidDots = 3, kMaxVersionBytes = 16;
  constexpr std::string_view kShapes[] = {"dddddd-ddddddd", "dddd-dd-dd", "dddd.dd.dd", "dddd/dd/dd"};
  if (has_only(text, kDigits)) return text.size() >= kMinNumberDigits && text.size() <= kMaxNumberDigits;
  const auto dots = static_cast<std::size_t>(std::count(text.begin(), text.end(), '.'));
  return dots >= kUidDots || (dots > 0 && text.size() > kMaxVersionBytes) ||
         std::find(std::begin(kShapes), std::end(kShapes), shape(text)) != std::end(kShapes);
}

Error refused(std::string_view field, std::string_view why) {
  return Error(ErrorCode::request_invalid,
               fmt::format("the ledger takes plain words, ids and codes alone: {} {}", field, why));
}

void check_word(std::string_view field, std::string_view text) {
  if (!is_ledger_word(text)) throw refused(field, "holds something else");
}

/// "job.created"
void check_kind(std::string_view kind) {
  const std::size_t dot = kind.find('.');
  const bool is_kind = dot != std::string_view::npos && dot > 0 && dot + 1 < kind.size() && kind.size() <= 64 &&
                       has_only(kind.substr(0, dot), kLower) && has_only(kind.substr(dot + 1), kLower);
  if (!is_kind) throw refused("kind", "is not OBJECT.PAST_PARTICIPLE");
}

/// @param field named in the error; a key of an object is checked before it becomes part of it
void check_detail(const std::string& field, const nlohmann::json& value, int depth) {
  if (depth > kMaxDepth || value.size() > kMaxItems) throw refused(field, "is too deep or too long");
  if (value.is_string()) return check_word(field, value.get_ref<const std::string&>());
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      if (key.empty() || key.size() > 64 || !has_only(key, "abcdefghijklmnopqrstuvwxyz_0123456789")) {
        throw refused(field, "has a key that is no name in lower case");
      }
      check_detail(field + "." + key, item, depth + 1);
    }
  } else if (value.is_array()) {
    for (const auto& item : value) check_detail(field, item, depth + 1);
  } else if (!value.is_number_integer() && !value.is_boolean() && !value.is_null()) {
    throw refused(field, "holds a number with a fraction, or bytes");
  }
}

}  // namespace

bool is_ledger_word(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWordBytes && has_only(text, kLetters) && !looks_like_a_patients(text);
}

std::string leaf_text(std::uint64_t number, std::int64_t at_ms, const LedgerEvent& event) {
  check_kind(event.kind);
  check_word("actor", event.actor);
  if (!event.organisation_id.empty()) check_word("organisation_id", event.organisation_id);
  if (!event.object_id.empty()) check_word("object_id", event.object_id);
  const nlohmann::json detail = event.detail;  // whose keys are sorted
  if (!detail.is_object()) throw refused("detail", "is no object");
  check_detail("detail", detail, 0);
  const nlohmann::json leaf = {{"schema", kSchema},
                               {"number", number},
                               {"at_ms", at_ms},
                               {"kind", event.kind},
                               {"organisation_id", event.organisation_id},
                               {"actor", event.actor},
                               {"object_id", event.object_id},
                               {"detail", detail}};
  std::string text = leaf.dump();
  if (text.size() > kMaxLeafBytes) throw refused("detail", "is too long");
  return text;
}

bool is_leaf_of(std::uint64_t number, std::string_view text) {
  const auto leaf = parse_foreign(text);
  return leaf.is_object() && leaf.contains("schema") && leaf["schema"] == kSchema && leaf.contains("number") &&
         leaf["number"] == number;
}

std::string leaf_value(std::string_view text, std::string_view field) {
  const auto leaf = parse_foreign(text);
  if (!leaf.is_object()) return {};
  constexpr std::string_view kDetail = "detail.";
  const bool is_detail = field.starts_with(kDetail);
  const nlohmann::ordered_json object = is_detail ? leaf.value("detail", nlohmann::ordered_json::object()) : leaf;
  const auto found = object.find(std::string(is_detail ? field.substr(kDetail.size()) : field));
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace naru::server
