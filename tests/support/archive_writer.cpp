#include "tests/support/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <stdexcept>

namespace naru::test {

namespace {
void require(int result, const char* what) {
  if (result != ARCHIVE_OK) throw std::runtime_error(what);
}
}  // namespace

void write_archive(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& members,
                   const ArchiveOptions& options) {
  // In the "C" locale libarchive knows no character beyond ASCII, and says nothing of the bytes.
  const locale_t utf8 = options.says_utf8 ? newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr) : nullptr;
  const locale_t before = utf8 != nullptr ? uselocale(utf8) : nullptr;
  ::archive* writer = archive_write_new();
  if (path.extension() == ".zip") {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_set_format_pax_restricted(writer);
  }
  if (path.extension() == ".gz") archive_write_add_filter_gzip(writer);
  if (!options.password.empty()) {
    require(archive_write_set_options(writer, "zip:encryption=zipcrypt"), "encryption");
    require(archive_write_set_passphrase(writer, options.password.c_str()), "passphrase");
  }
  if (options.is_stored) require(archive_write_set_options(writer, "zip:compression=store"), "store");
  require(archive_write_open_filename(writer, path.c_str()), "open");
  for (const auto& [name, bytes] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    require(archive_write_header(writer, entry), "header");
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  const auto link = [&](const std::string& name, const std::string& target, auto set_target) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_perm(entry, 0600);
    set_target(entry, target.c_str());
    require(archive_write_header(writer, entry), "link");
    archive_entry_free(entry);
  };
  for (const auto& [name, target] : options.symbolic_links) {
    link(name, target, [](archive_entry* entry, const char* to) {
      archive_entry_set_filetype(entry, AE_IFLNK);
      archive_entry_set_symlink(entry, to);
    });
  }
  for (const auto& [name, target] : options.hard_links) {
    link(name, target, [](archive_entry* entry, const char* to) {
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_hardlink(entry, to);
    });
  }
  for (const std::string& name : options.pipes) {
    link(name, "", [](archive_entry* entry, const char*) { archive_entry_set_filetype(entry, AE_IFIFO); });
  }
  require(archive_write_close(writer), "close");
  archive_write_free(writer);
  if (utf8 == nullptr) return;
  uselocale(before);
  freelocale(utf8);
}

}  // namespace naru::test
