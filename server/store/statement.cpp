#include "server/store/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace naru::server {

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

int parameter_count(std::string_view sql) {
  std::set<int> numbers;
  for (std::size_t at = sql.find('$'); at != std::string_view::npos; at = sql.find('$', at + 1)) {
    int number = 0;
    std::from_chars(sql.data() + at + 1, sql.data() + sql.size(), number);
    if (number > 0) numbers.insert(number);
  }
  const int count = numbers.empty() ? 0 : *numbers.rbegin();
  if (count != static_cast<int>(numbers.size())) {
    throw Error(ErrorCode::internal, fmt::format("a statement names ${} but not all before it", count));
  }
  return count;
}

void check_values(std::span<const Value> values) {
  for (const Value& value : values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) continue;
    if (text->size() > kMaxTextBytes) {
      throw Error(ErrorCode::request_invalid, fmt::format("a text is longer than {} bytes", kMaxTextBytes));
    }
    if (text->find('\0') != std::string::npos) {
      throw Error(ErrorCode::request_invalid, "a text holds the character U+0000: leave it out");
    }
    if (!is_ascii(*text) && valid_utf8(*text) != *text) {
      throw Error(ErrorCode::request_invalid, "a text is not valid UTF-8");
    }
  }
}

}  // namespace naru::server
