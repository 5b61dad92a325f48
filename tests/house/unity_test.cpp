// Files of a library are compiled several as one (cmake/NaruTargets.cmake). Two functions of one name that each keep to
// themselves would be overloads there: a call may take the other file's, without a word of the compiler.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace naru {
namespace {

namespace fs = std::filesystem;

/// The functions that a source defines for itself. Its layout is that of clang-format.
std::set<std::string> own_functions(std::istream& source) {
  static const std::regex kDefinition(R"((?!static_assert)(?:[^=("]*[ &*>])?(\w+)\(.*)");
  std::set<std::string> names;
  bool is_inside = false;
  for (std::string line; std::getline(source, line);) {
    if (line == "namespace {") is_inside = true;
    if (line == "}  // namespace") is_inside = false;
    std::smatch found;
    const bool is_outermost = !line.empty() && std::string_view(" }/#").find(line.front()) == std::string_view::npos;
    if (is_inside && is_outermost && std::regex_match(line, found, kDefinition)) names.insert(found[1]);
  }
  return names;
}

/// Names that several of these files define.
std::vector<std::string> clashes(const std::vector<fs::path>& files) {
  std::map<std::string, fs::path> first;
  std::vector<std::string> all;
  for (const fs::path& file : files) {
    std::ifstream source(file);
    for (const std::string& name : own_functions(source)) {
      const auto [known, is_new] = first.emplace(name, file);
      if (!is_new) all.push_back(name + " in " + known->second.string() + " and " + file.string());
    }
  }
  return all;
}

std::vector<fs::path> included(const fs::path& unity) {
  static const std::regex kInclude(R"re(#include "(.*)")re");
  std::vector<fs::path> files;
  std::ifstream text(unity);
  std::smatch found;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_match(line, found, kInclude)) files.emplace_back(found[1].str());
  }
  return files;
}

TEST(Unity, FunctionsOfAFileAreFound) {
  std::istringstream source(
      "void outside(int);\n"
      "namespace {\n"
      "constexpr std::array kRows = {Row(1)};\n"
      "std::string text_of(const Json& json) {\n"
      "  inner(json);\n"
      "[[noreturn]] void refuse(const char* what) { throw Error(what); }\n"
      "const Row* find(Rows rows,\n"
      "                int n);\n"
      "}  // namespace\n"
      "void behind() {\n");
  EXPECT_EQ(own_functions(source), (std::set<std::string>{"text_of", "refuse", "find"}));
}

TEST(Unity, NoTwoFilesThatAreCompiledAsOneHaveAFunctionOfOneName) {
  std::size_t count = 0;
  for (const char* library : {"dicom", "pipeline", "server"}) {
    const fs::path folder = fs::path(NARU_BUILD) / library / "CMakeFiles" / (std::string("naru_") + library + ".dir");
    if (!fs::exists(folder / "Unity")) continue;
    for (const auto& unity : fs::directory_iterator(folder / "Unity")) {
      const auto files = included(unity.path());
      count += files.size();
      for (const std::string& clash : clashes(files)) ADD_FAILURE() << clash << ": give one of them another name";
    }
  }
  if (count == 0) GTEST_SKIP() << "NARU_UNITY is off";
}

}  // namespace
}  // namespace naru
