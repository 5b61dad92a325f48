/// The secret of a project, and the pseudonyms that come from it.
///
/// Pseudonyms are HMAC-SHA-256 of the identifier under the project's key: consistent within a project, unlinkable
/// between projects, and not to be recomputed without the key (a plain hash of an identifier would be an identifier).
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

/// @throws Error{key_invalid} where `name` cannot be a file's name: it must have 1 to 64 letters, digits, '-', '_' or
/// '.', and not begin with '.'
void check_project_name(std::string_view name);

class ProjectKey {
 public:
  static constexpr std::size_t kSizeBytes = 32;

  /// The key in `file`: 64 hexadecimal digits and a newline.
  /// @throws Error{key_invalid} where it is missing, malformed, or open to group or others
  static ProjectKey load(const std::filesystem::path& file);

  /// Where the key of project `name` is or will be, in the user's state folder: XDG_STATE_HOME or ~/.local/state, then
  /// naru/keys/NAME.key. @throws Error{key_invalid} as check_project_name, or where the user has no home
  static std::filesystem::path file_of_project(std::string_view name);

  /// The key in file_of_project(name); made on first use, random, mode 0600. `created` says whether it was made now.
  /// @throws Error{key_invalid} as load and file_of_project, or where the folder cannot be written
  static ProjectKey of_project(std::string_view name, bool* created = nullptr);

  /// `kind` and 16 hexadecimal digits, e.g. "patient-1f0c9a52be47d360": the first 64 bits of
  /// HMAC(HMAC(key, "naru.pseudonym/1"), kind || 0 || identifier). The same (kind, identifier) gives the same text.
  std::string pseudonym(std::string_view kind, std::string_view identifier) const;

  /// A number in [0, 1) that follows from (kind, identifier) in the same way: for splits.
  double fraction(std::string_view kind, std::string_view identifier) const;

  /// Names the key without giving it away: 16 hexadecimal digits.
  std::string id() const;

  /// Encrypts and authenticates `text` under a key of its own derived from this one (XSalsa20-Poly1305, random nonce).
  std::vector<std::byte> seal(std::string_view text) const;

  /// The text that `seal` was given. @throws Error{key_invalid} where the bytes were not sealed by this key
  std::string unseal(std::span<const std::byte> sealed) const;

 private:
  using Bytes = std::array<unsigned char, kSizeBytes>;
  explicit ProjectKey(const Bytes& bytes);
  Bytes derived(std::string_view purpose) const;
  Bytes tag(std::string_view purpose, std::string_view kind, std::string_view identifier) const;
  Bytes bytes_;
};

}  // namespace naru
