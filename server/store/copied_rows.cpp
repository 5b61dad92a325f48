#include "server/store/copied_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "server/store/database.h"
#include "server/store/postgresql_program.h"
#include "server/store/sqlite_database.h"

namespace naru::server {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kPageRows = 10'000;

void each_row_of_sqlite(const fs::path& copy, std::string_view table, const std::vector<std::string_view>& columns,
                        const std::function<void(CopiedRow)>& each) {
  const auto database = open_sqlite(copy);
  std::vector<std::string> texts;
  for (std::string_view column : columns) texts.push_back(fmt::format("COALESCE(CAST({} AS TEXT), '')", column));
  const std::string sql = fmt::format("SELECT {} FROM {} WHERE {} > $1 ORDER BY {} LIMIT $2", fmt::join(texts, ", "),
                                      table, columns.front(), columns.front());
  std::string after;
  for (Rows page; page = database->begin(Access::read)->query(sql, {after, kPageRows}), !page.empty();) {
    for (const Row& row : page) {
      for (std::size_t i = 0; i < columns.size(); ++i) texts[i] = row.text(i);
      each(texts);
    }
    after = page.back().text(0);
  }
}

/// A value as COPY writes it. Source: PostgreSQL's manual, COPY, "Text Format".
std::string unescaped(std::string_view text) {
  constexpr std::string_view kMarks = "bfnrtv", kMeanings = "\b\f\n\r\t\v";
  if (text == "\\N") return {};
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const std::size_t mark = kMarks.find(text[++i]);
      result += mark == std::string_view::npos ? text[i] : kMeanings[mark];
    } else {
      result += text[i];
    }
  }
  return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view mark) {
  std::vector<std::string_view> parts;
  for (std::size_t end; (end = text.find(mark)) != std::string_view::npos; text.remove_prefix(end + mark.size())) {
    parts.push_back(text.substr(0, end));
  }
  parts.push_back(text);
  return parts;
}

/// Where each wanted column stands in "COPY public.blobs (sha256, size_bytes, created_ms) FROM stdin;".
std::vector<std::size_t> places(std::string_view head, const std::vector<std::string_view>& columns) {
  const std::size_t begin = head.find('('), end = head.rfind(')');
  if (begin == std::string_view::npos || end < begin) throw Error(ErrorCode::store_unavailable, "a dump without names");
  const auto names = split(head.substr(begin + 1, end - begin - 1), ", ");
  std::vector<std::size_t> found;
  for (std::string_view column : columns) {
    const auto place = std::ranges::find(names, column);
    if (place == names.end()) throw Error(ErrorCode::internal, fmt::format("a dump without the column {}", column));
    found.push_back(static_cast<std::size_t>(place - names.begin()));
  }
  return found;
}

void each_row_of_dump(const fs::path& sql, const std::vector<std::string_view>& columns,
                      const std::function<void(CopiedRow)>& each) {
  std::ifstream lines(sql);
  std::vector<std::size_t> place;
  std::vector<std::string> texts(columns.size());
  for (std::string line; std::getline(lines, line);) {
    if (place.empty() && line.starts_with("COPY ")) {
      place = places(line, columns);
    } else if (line == "\\.") {
      return;
    } else if (!place.empty()) {
      const auto values = split(line, "\t");
      for (std::size_t i = 0; i < place.size(); ++i) texts[i] = unescaped(values.at(place[i]));
      each(texts);
    }
  }
  throw Error(ErrorCode::store_unavailable, "the copy of the database ends too early");
}

}  // namespace

void each_copied_row(std::string_view engine, const fs::path& copy, std::string_view table,
                     const std::vector<std::string_view>& columns, const std::function<void(CopiedRow)>& each) {
  if (engine == "sqlite") return each_row_of_sqlite(copy, table, columns, each);
  const fs::path sql = copy.string() + ".rows";
  std::error_code ignored;
  try {
    run_postgresql_program(
        {"pg_restore", "--data-only", fmt::format("--table={}", table), "--file=" + sql.string(), copy.string()});
    each_row_of_dump(sql, columns, each);
  } catch (...) {
    fs::remove(sql, ignored);
    throw;
  }
  fs::remove(sql, ignored);
}

}  // namespace naru::server
