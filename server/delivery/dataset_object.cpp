#include "server/delivery/dataset_object.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/digest.h"
#include "server/delivery/tar.h"
#include "server/services.h"
#include "server/store/database.h"

namespace naru::server {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHashDigits = 16;

std::string hash_of(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }

std::string object_id(std::string_view dataset_id, std::string_view kind, std::string_view path) {
  return fmt::format("{}.{}", dataset_id, hash_of(fmt::format("{}:{}", kind, path)).substr(0, kHashDigits));
}

/// "a/b/c" → "a/b"; "c" → "".
std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  return path.substr(parent_of(path).empty() ? 0 : path.rfind('/') + 1);
}

/// The folders of a listing, "" (the whole) not among them.
std::set<std::string, std::less<>> folders_of(const DatasetListing& listing) {
  std::set<std::string, std::less<>> folders;
  for (const DatasetObject& file : listing.files) {
    for (auto folder = parent_of(file.path); !folder.empty(); folder = parent_of(folder)) folders.emplace(folder);
  }
  return folders;
}

/// Size and checksum of what lies directly or deeper in a folder: DRS asks for the sum of sizes, and for a checksum
/// over the sorted checksums of the direct members.
struct FolderFacts {
  std::uint64_t size_bytes = 0;
  std::string sha256;
  Json contents = Json::array();
};

FolderFacts folder_facts(const DatasetListing& listing, std::string_view folder, std::string_view host, bool expand) {
  FolderFacts facts;
  std::vector<std::string> sums;
  for (const DatasetObject& file : listing.files) {
    if (parent_of(file.path) != folder) continue;
    facts.size_bytes += file.size_bytes;
    sums.push_back(file.sha256);
    facts.contents.push_back({{"name", name_of(file.path)},
                              {"id", file.id},
                              {"drs_uri", Json::array({fmt::format("drs://{}/{}", host, file.id)})}});
  }
  for (const std::string& below : folders_of(listing)) {
    if (parent_of(below) != folder) continue;
    FolderFacts inner = folder_facts(listing, below, host, expand);
    const std::string id = object_id_of_folder(listing.dataset.id, below);
    facts.size_bytes += inner.size_bytes;
    sums.push_back(inner.sha256);
    Json entry = {
        {"name", name_of(below)}, {"id", id}, {"drs_uri", Json::array({fmt::format("drs://{}/{}", host, id)})}};
    if (expand) entry["contents"] = std::move(inner.contents);
    facts.contents.push_back(std::move(entry));
  }
  std::ranges::sort(sums);
  std::string joined;
  for (const std::string& sum : sums) joined += sum;
  facts.sha256 = hash_of(joined);
  return facts;
}

Json access_method(std::string_view access_id) { return {{"type", "https"}, {"access_id", access_id}}; }

Json checksums(std::string_view sha256) { return Json::array({{{"checksum", sha256}, {"type", "sha-256"}}}); }

std::string_view host_of(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin != std::string_view::npos) url.remove_prefix(begin + 3);
  return url.substr(0, url.find('/'));
}

}  // namespace

std::string mime_type(const DatasetObject& object) {
  if (object.kind == DatasetObject::Kind::tar) return "application/x-tar";
  const std::string_view path = object.path;
  static const std::map<std::string_view, std::string_view> kTypes = {
      {".json", "application/json"}, {".jsonl", "application/jsonl"}, {".gz", "application/gzip"},
      {".md", "text/markdown"},      {".dcm", "application/dicom"},   {".nii", "application/octet-stream"}};
  const std::size_t dot = path.rfind('.');
  const auto found = dot == std::string_view::npos ? kTypes.end() : kTypes.find(path.substr(dot));
  return std::string(found == kTypes.end() ? "application/octet-stream" : found->second);
}

std::string object_id_of_file(std::string_view dataset_id, std::string_view path) {
  return object_id(dataset_id, "file", path);
}
std::string object_id_of_folder(std::string_view dataset_id, std::string_view path) {
  return object_id(dataset_id, "folder", path);
}
std::string object_id_of_tar(std::string_view dataset_id) { return fmt::format("{}.tar", dataset_id); }

std::string dataset_id_of_object(std::string_view object_id) {
  return std::string(object_id.substr(0, object_id.find('.')));
}

std::string rfc3339(std::int64_t time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), time_ms % 1000);
}

DatasetListing list_dataset(Services& services, const Dataset& dataset) {
  DatasetListing listing{dataset, {}, nullptr};
  const auto add = [&](const DatasetFile& file, const std::filesystem::path& folder) {
    listing.files.push_back(
        {DatasetObject::Kind::file, object_id_of_file(dataset.id, file.path), file.path, file.sha256, file.size_bytes,
         std::make_shared<const std::vector<Segment>>(1, Segment{{}, folder / file.path, file.size_bytes})});
  };
  const auto rows = in_transaction(services.database, Access::read,
                                   [&](Transaction& transaction) { return dataset_files(transaction, dataset.id); });
  for (const DatasetFile& file : rows) add(file, dataset_folder(services, dataset.id));
  add(receipt_file(services, dataset), receipt_folder(services, dataset.id));
  std::ranges::sort(listing.files, {}, &DatasetObject::path);
  listing.tar = tar_segments(listing);
  return listing;
}

std::optional<DatasetObject> find_object(const DatasetListing& listing, std::string_view object_id) {
  using Kind = DatasetObject::Kind;
  const std::string& dataset_id = listing.dataset.id;
  if (object_id == dataset_id) return DatasetObject{Kind::whole, dataset_id, "", "", 0, nullptr};
  if (object_id == object_id_of_tar(dataset_id))
    return DatasetObject{Kind::tar, std::string(object_id), "", "", 0, nullptr};
  const auto file = std::ranges::find(listing.files, object_id, &DatasetObject::id);
  if (file != listing.files.end()) return *file;
  for (const std::string& folder : folders_of(listing)) {
    if (object_id_of_folder(dataset_id, folder) == object_id) {
      return DatasetObject{Kind::folder, std::string(object_id), folder, "", 0, nullptr};
    }
  }
  return std::nullopt;
}

Json drs_object(const DatasetListing& listing, const DatasetObject& object, std::string_view public_url, bool expand,
                std::string_view sha256_of_tar) {
  using Kind = DatasetObject::Kind;
  const std::string_view host = host_of(public_url);
  const std::string time = rfc3339(listing.dataset.created_ms);
  Json json = {{"id", object.id}, {"self_uri", fmt::format("drs://{}/{}", host, object.id)}};
  if (object.kind == Kind::file) {
    json.update({{"name", name_of(object.path)}, {"size", object.size_bytes}, {"mime_type", mime_type(object)}});
    json["checksums"] = checksums(object.sha256);
    json["access_methods"] = Json::array({access_method("https")});
  } else if (object.kind == Kind::tar) {
    json.update({{"name", listing.dataset.name + ".tar"},
                 {"size", tar_size_bytes(*listing.tar)},
                 {"mime_type", mime_type(object)}});
    json["checksums"] = checksums(sha256_of_tar);
    json["access_methods"] = Json::array({access_method("https")});
  } else {
    FolderFacts facts = folder_facts(listing, object.path, host, expand);
    const bool is_whole = object.kind == Kind::whole;
    json.update(
        {{"name", is_whole ? listing.dataset.name : std::string(name_of(object.path))}, {"size", facts.size_bytes}});
    json["checksums"] = checksums(facts.sha256);
    if (is_whole) json["access_methods"] = Json::array({access_method("tar")});
    json["contents"] = std::move(facts.contents);
  }
  json["created_time"] = time;
  json["updated_time"] = time;
  json["version"] = listing.dataset.sha256;
  return json;
}

}  // namespace naru::server
