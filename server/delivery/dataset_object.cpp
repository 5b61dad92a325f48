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

std::string object_id(std::string_view dataset_id, std::string_view kind, std::string_view path) {
  return fmt::format("{}.{}", dataset_id, sha256_hex(fmt::format("{}:{}", kind, path)).substr(0, kHashDigits));
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
std::set<std::string_view> folders_of(const DatasetListing& listing) {
  std::set<std::string_view> folders;
  for (const DatasetObject& file : listing.files) {
    // Where one is known, so are those above it.
    auto folder = parent_of(file.path);
    while (!folder.empty() && folders.insert(folder).second) folder = parent_of(folder);
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

/// A listing as a tree, made once: of a thousand studies there are thousands of folders.
class FolderTree {
 public:
  FolderTree(const DatasetListing& listing, std::string_view host, bool expand)
      : listing_(listing), host_(host), expand_(expand) {
    for (const DatasetObject& file : listing.files) members_[parent_of(file.path)].files.push_back(&file);
    for (const std::string_view folder : folders_of(listing)) members_[parent_of(folder)].folders.push_back(folder);
  }

  FolderFacts facts(std::string_view folder) const { return facts(folder, true); }

 private:
  struct Members {
    std::vector<const DatasetObject*> files;
    std::vector<std::string_view> folders;
  };

  Json entry(std::string_view path, const std::string& id) const {
    return {{"name", name_of(path)}, {"id", id}, {"drs_uri", Json::array({fmt::format("drs://{}/{}", host_, id)})}};
  }

  FolderFacts facts(std::string_view folder, bool has_contents) const {
    FolderFacts facts;
    std::vector<std::string> sums;
    const auto found = members_.find(folder);
    static const Members kNone;
    const Members& members = found == members_.end() ? kNone : found->second;
    for (const DatasetObject* file : members.files) {
      facts.size_bytes += file->size_bytes;
      sums.push_back(file->sha256);
      if (has_contents) facts.contents.push_back(entry(file->path, file->id));
    }
    for (const std::string_view below : members.folders) {
      FolderFacts inner = this->facts(below, expand_);
      facts.size_bytes += inner.size_bytes;
      sums.push_back(inner.sha256);
      if (!has_contents) continue;
      facts.contents.push_back(entry(below, object_id_of_folder(listing_.dataset.id, below)));
      if (expand_) facts.contents.back()["contents"] = std::move(inner.contents);
    }
    std::ranges::sort(sums);
    std::string joined;
    for (const std::string& sum : sums) joined += sum;
    facts.sha256 = sha256_hex(joined);
    return facts;
  }

  const DatasetListing& listing_;
  std::string_view host_;
  bool expand_;
  std::map<std::string_view, Members> members_;
};

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
  for (const std::string_view folder : folders_of(listing)) {
    if (object_id_of_folder(dataset_id, folder) == object_id) {
      return DatasetObject{Kind::folder, std::string(object_id), std::string(folder), "", 0, nullptr};
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
    FolderFacts facts = FolderTree(listing, host, expand).facts(object.path);
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
