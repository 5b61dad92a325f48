/// The secret of a project, and the pseudonyms that come from it.
///
/// Pseudonyms are HMAC-SHA-256 of the identifier under the project's key: consistent within a project, unlinkable
/// between projects, and not to be recomputed without the key (a plain hash of an identifier would be an identifier).
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pseudonym.h"

namespace naru {

/// True for 1 to 64 letters, digits, '-', '_' or '.' that do not begin with '.' and do not end as the names of rotated
/// keys do (a '.' and 16 hexadecimal digits): such a name can be a file's.
bool is_project_name(std::string_view name);

/// @throws Error{usage} unless is_project_name(name)
void check_project_name(std::string_view name);

/// The id at the end of a rotated key's name: "NAME.ID" without ".key". Empty where the name does not end in one.
std::string_view rotated_key_id(std::string_view name);

class ProjectKey {
 public:
  static constexpr std::size_t kSizeBytes = 32;
  using Bytes = std::array<unsigned char, kSizeBytes>;

  /// A new one, from the system's random numbers.
  static ProjectKey random();

  /// The key in `file`: 64 hexadecimal digits and a newline.
  /// @throws Error{key_invalid} where it is missing, malformed, open to group or others, or owned by another user. The
  /// group of root may read root's files: that is how the system's services get theirs.
  static ProjectKey load(const std::filesystem::path& file);

  /// Of 64 hexadecimal digits. @throws Error{key_invalid} for anything else
  static ProjectKey from_hex(std::string_view digits);

  /// As load, but empty where that throws.
  static std::optional<ProjectKey> load_if_sound(const std::filesystem::path& file);

  ~ProjectKey();  ///< wipes it from memory
  ProjectKey(const ProjectKey&) = default;
  ProjectKey& operator=(const ProjectKey&) = default;

  /// Writes the key to `file`, which must not exist, with mode 0600, and waits until the disk has it.
  /// @throws Error{key_invalid} where it cannot be written; nothing is left behind then
  void save(const std::filesystem::path& file) const;

  /// Where the key of project `name` is or will be, in the user's state folder: XDG_STATE_HOME or ~/.local/state, then
  /// naru/keys/NAME.key. @throws as check_project_name; Error{key_invalid} where the user has no home
  static std::filesystem::path file_of_project(std::string_view name);

  /// The key in file_of_project(name); made on first use (see create_key in key_store.h). `created` says whether it was
  /// made now. @throws as load, file_of_project and create_key
  static ProjectKey of_project(std::string_view name, bool* created = nullptr);

  /// HMAC(key, "naru.pseudonym/1"): what all pseudonyms of the project are made with. It opens no link table.
  PseudonymKey pseudonym_key() const;

  /// pseudonym_key().pseudonym(kind, identifier)
  std::string pseudonym(std::string_view kind, std::string_view identifier) const;

  /// A number in [0, 1) that follows from (kind, identifier) in the same way: for splits.
  double fraction(std::string_view kind, std::string_view identifier) const;

  /// Names the key without giving it away: 16 hexadecimal digits.
  std::string id() const;

  /// HMAC-SHA-256(key, purpose): a key of its own for each purpose. The caller wipes it.
  Bytes derived(std::string_view purpose) const;

  /// Encrypts and authenticates `text` under a key of its own derived from this one (XSalsa20-Poly1305, random nonce).
  std::vector<std::byte> seal(std::string_view text) const;

  /// The text that `seal` was given. @throws Error{key_invalid} where the bytes were not sealed by this key
  std::string unseal(std::span<const std::byte> sealed) const;

  /// As unseal, but empty where that throws.
  std::optional<std::string> unseal_if_ours(std::span<const std::byte> sealed) const;

 private:
  explicit ProjectKey(const Bytes& bytes);
  /// What is wrong with `file`; empty where its key is now in this object.
  std::string_view read(const std::filesystem::path& file);
  Bytes bytes_;
};

}  // namespace naru
