#include "pipeline/verify_croissant.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <vector>

#include "pipeline/files.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kCroissant = "croissant.json";
constexpr std::size_t kMaxCroissantBytes = std::size_t{1} << 20;

/// What a croissant.json says of files.
struct Distribution {
  std::set<std::string> files;        ///< with a checksum each
  std::vector<std::string> patterns;  ///< of more files
};

/// @throws Json::exception
Distribution checked_distribution(VerifyFiles& files, const Json& croissant) {
  Distribution result;
  for (const Json& item : croissant.at("distribution")) {
    if (item.contains("includes")) {
      result.patterns.push_back(item.at("includes").get<std::string>());
      continue;
    }
    const auto path = item.at("contentUrl").get<std::string>();
    const auto sum = files.sums().find(path);
    if (sum == files.sums().end() || item.at("sha256") != sum->second) {
      files.differ(kCroissant, fmt::format("has another SHA-256 of {} than SHA256SUMS", path));
    }
    result.files.insert(path);
  }
  return result;
}

}  // namespace

void check_croissant(VerifyFiles& files, const std::string& dataset_name, const std::set<std::string>& images) {
  const auto text = read_file(files.dataset() / kCroissant, kMaxCroissantBytes);
  if (!text) return files.differ(kCroissant, "cannot be read, or is too long");
  const Json croissant = parse_foreign(*text);
  try {
    if (croissant.at("name") != dataset_name) files.differ(kCroissant, "has another name than dataset.json");
    const Distribution found = checked_distribution(files, croissant);
    if (!found.files.contains("manifest.jsonl")) files.differ(kCroissant, "does not name manifest.jsonl");
    const bool leads_to_all = std::ranges::all_of(images, [&](const std::string& image) {
      return std::ranges::any_of(found.patterns, [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), image.c_str(), FNM_PATHNAME) == 0;
      });
    });
    if (!leads_to_all) files.differ(kCroissant, "does not lead to every image of manifest.jsonl");
  } catch (const Json::exception&) {
    files.differ(kCroissant, "lacks a key or is no JSON");
  }
}

}  // namespace naru
