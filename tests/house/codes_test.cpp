// docs/conventions.md lists the codes that a person meets; these tests keep it and the code of one mind.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/code.h"
#include "core/error.h"

namespace naru {
namespace {

/// The cells of the table that follows the line `<!-- table: NAME -->`, without its head (the rule under it holds no
/// cell).
std::vector<std::vector<std::string>> table(const std::string& name) {
  std::ifstream file(NARU_ROOT "/docs/conventions.md");
  const std::string marker = fmt::format("<!-- table: {} -->", name);
  std::string line;
  while (std::getline(file, line) && line != marker) continue;
  std::vector<std::vector<std::string>> rows;
  while (std::getline(file, line) && (line.empty() || line.front() == '|')) {
    std::vector<std::string> cells;
    for (std::size_t begin = 2, end = 0; (end = line.find(" |", begin)) != std::string::npos; begin = end + 3) {
      cells.push_back(line.substr(begin, end - begin));
    }
    if (!cells.empty()) rows.push_back(cells);
  }
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

std::string quoted(std::string_view name) { return fmt::format("`{}`", name); }

TEST(Codes, TheTableInConventionsIsTheTableInTheCode) {
  const auto rows = table("codes");
  const auto codes = all_codes();
  ASSERT_EQ(rows.size(), codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::vector<std::string> wanted = {quoted(codes[i].name), std::string(codes[i].meaning),
                                             std::string(codes[i].remedy)};
    EXPECT_EQ(rows[i], wanted);
  }
}

TEST(Codes, TheTableOfNotesIsTheTableInTheCode) {
  const auto rows = table("notes");
  const auto notes = all_notes();
  ASSERT_EQ(rows.size(), notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    EXPECT_EQ(notes[i].note, static_cast<Note>(i));
    EXPECT_EQ(rows[i], (std::vector<std::string>{quoted(notes[i].name), std::string(notes[i].meaning)}));
  }
}

TEST(Codes, TheTableOfErrorsNamesEveryErrorCode) {
  const auto rows = table("errors");
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(ErrorCode::internal) + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].front(), quoted(name(static_cast<ErrorCode>(i))));
  }
}

}  // namespace
}  // namespace naru
