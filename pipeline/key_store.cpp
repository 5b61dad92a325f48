#include "pipeline/key_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/error.h"
#include "pipeline/file_descriptor.h"
#include "pipeline/key_log.h"

namespace naru {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".key";

Error store_error(std::string_view project, std::string_view problem) {
  return Error(ErrorCode::key_invalid, fmt::format("the key of project {} {}", project, problem));
}

/// Where a key is written before it gets its name. There is one writer: the log is locked.
fs::path temporary_of(const fs::path& file) { return file.string() + ".tmp"; }

/// A new key on the disk under a temporary name, which goes with the object.
class NewKeyFile {
 public:
  explicit NewKeyFile(const fs::path& key_file) : key_(ProjectKey::random()), temporary_(temporary_of(key_file)) {
    ::unlink(temporary_.c_str());  // of a run that was cut off
    key_.save(temporary_);
  }
  ~NewKeyFile() { ::unlink(temporary_.c_str()); }
  NewKeyFile(const NewKeyFile&) = delete;
  NewKeyFile& operator=(const NewKeyFile&) = delete;

  std::string id() const { return key_.id(); }
  const fs::path& file() const { return temporary_; }

 private:
  ProjectKey key_;
  fs::path temporary_;
};

/// Waits until the disk has the folder's names.
bool sync_folder(const fs::path& folder) {
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some network file systems do not know how, and need not.
  return opened.is_open() && (::fsync(opened.number()) == 0 || errno == EINVAL);
}

/// Logs an act, does it, and logs again where it failed.
bool do_logged(KeyLog& log, const std::string& act, const nlohmann::ordered_json& facts,
               const std::function<bool()>& work) {
  log.append(act, facts);
  const bool is_done = work();
  if (!is_done) log.append(act + "_failed", facts);
  return is_done;
}

/// Writes zeros over a file, which no reader takes for a key, and removes it.
bool wipe(const fs::path& file) {
  ::chmod(file.c_str(), 0600);  // the owner may have taken the right to write from himself
  const FileDescriptor opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!opened.is_open() || ::fstat(opened.number(), &status) != 0) return false;
  const std::string zeros(static_cast<std::size_t>(std::clamp<off_t>(status.st_size, 0, 1 << 20)), '\0');
  const bool is_overwritten = opened.write_all(zeros) && ::fsync(opened.number()) == 0;
  return ::unlink(file.c_str()) == 0 && is_overwritten;
}

std::optional<StoredKey> stored_key(const fs::path& file) {
  const std::string name = file.filename().string();
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view stem = std::string_view(name).substr(0, name.size() - kSuffix.size());
  const std::string_view rotated_id = rotated_key_id(stem);
  StoredKey key;
  key.project = rotated_id.empty() ? stem : stem.substr(0, stem.size() - rotated_id.size() - 1);
  key.is_current = rotated_id.empty();
  key.file = file;
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) key.made_at = status.st_mtime;
  if (!is_project_name(key.project)) return std::nullopt;  // not of our making
  // What cannot be read is listed, and destroyed, without an id.
  const auto loaded = ProjectKey::load_if_sound(file);
  if (loaded && (key.is_current || loaded->id() == rotated_id)) key.id = loaded->id();
  return key;
}

}  // namespace

std::vector<StoredKey> list_keys(const std::optional<std::string>& project) {
  const fs::path folder = ProjectKey::file_of_project(project.value_or("any")).parent_path();
  std::vector<StoredKey> keys;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    auto key = stored_key(entry->path());
    if (key && (!project || key->project == *project)) keys.push_back(std::move(*key));
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    throw Error(ErrorCode::key_invalid, "the folder of the keys cannot be read: check its permissions");
  }
  std::sort(keys.begin(), keys.end(), [](const StoredKey& a, const StoredKey& b) {
    return std::tuple(a.project, !a.is_current, -a.made_at, a.id) <
           std::tuple(b.project, !b.is_current, -b.made_at, b.id);
  });
  return keys;
}

bool create_key(std::string_view project) {
  const fs::path file = ProjectKey::file_of_project(project);
  KeyLog log(file.parent_path());
  std::error_code unreadable;
  if (fs::exists(file, unreadable)) return false;
  const NewKeyFile made(file);
  const bool is_done = do_logged(log, "create", {{"project", project}, {"key", made.id()}}, [&] {
    return ::link(made.file().c_str(), file.c_str()) == 0 && sync_folder(file.parent_path());
  });
  if (!is_done) throw store_error(project, "cannot be created; check the folder or give --key-file");
  return true;
}

KeyRotation rotate_key(std::string_view project) {
  const fs::path file = ProjectKey::file_of_project(project);
  const fs::path folder = file.parent_path();
  KeyLog log(folder);
  std::error_code unreadable;
  if (!fs::exists(file, unreadable)) {
    throw store_error(project,
                      "does not exist, so that there is nothing to rotate: see naru key list for the name of the "
                      "project; the first naru deidentify or naru prepare of a project makes its key");
  }
  const KeyRotation ids{ProjectKey::load(file).id(), {}};
  const NewKeyFile made(file);
  const fs::path kept = folder / fmt::format("{}.{}{}", project, ids.old_id, kSuffix);
  // The old key gets its second name before it loses the first. It has it where an earlier run was cut off here.
  const bool is_kept = ::link(file.c_str(), kept.c_str()) == 0 || errno == EEXIST;
  if (!is_kept || ProjectKey::load(kept).id() != ids.old_id || !sync_folder(folder)) {
    throw store_error(project, "cannot be kept beside a new one; nothing was changed");
  }
  const bool is_done =
      do_logged(log, "rotate", {{"project", project}, {"key", made.id()}, {"old_key", ids.old_id}},
                [&] { return ::rename(made.file().c_str(), file.c_str()) == 0 && sync_folder(folder); });
  if (!is_done) throw store_error(project, "cannot be replaced; check the folder");
  return {ids.old_id, made.id()};
}

std::vector<std::string> destroy_keys(std::string_view project, const std::optional<std::string>& id) {
  const fs::path file = ProjectKey::file_of_project(project);
  KeyLog log(file.parent_path());
  std::vector<std::string> destroyed;
  bool is_all_gone = true;
  for (const StoredKey& key : list_keys(std::string(project))) {
    if (id && (id->empty() || (key.id != *id && rotated_key_id(key.file.stem().string()) != *id))) continue;
    is_all_gone &= do_logged(log, "destroy", {{"project", project}, {"key", key.id}}, [&] { return wipe(key.file); });
    if (std::find(destroyed.begin(), destroyed.end(), key.id) == destroyed.end()) destroyed.push_back(key.id);
  }
  if (destroyed.empty()) throw store_error(project, id ? "with this id does not exist" : "does not exist");
  std::error_code unreadable;
  if (!id && fs::exists(temporary_of(file), unreadable)) is_all_gone &= wipe(temporary_of(file));
  if (!sync_folder(file.parent_path()) || !is_all_gone) {
    throw store_error(project, "could not be destroyed in full; check the folder and try again");
  }
  return destroyed;
}

}  // namespace naru
