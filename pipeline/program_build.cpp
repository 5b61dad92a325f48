#include "pipeline/program_build.h"

#include <fmt/format.h>
#include <link.h>

#include <cstring>
#include <span>
#include <string_view>

#include "pipeline/version.h"

namespace naru {

namespace {

/// Of the notes of a segment; empty where none is it. Names and values begin at multiples of four.
std::string build_id_of(std::span<const unsigned char> notes) {
  const auto aligned = [](std::size_t size) { return (size + 3) / 4 * 4; };
  ElfW(Nhdr) note{};
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes = notes.subspan(sizeof note);
    const std::size_t name_bytes = aligned(note.n_namesz), all_bytes = name_bytes + aligned(note.n_descsz);
    if (all_bytes > notes.size()) break;
    const std::string_view name(reinterpret_cast<const char*>(notes.data()), note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID && name == std::string_view(ELF_NOTE_GNU "\0", sizeof ELF_NOTE_GNU)) {
      return fmt::format("{:02x}", fmt::join(notes.subspan(name_bytes, note.n_descsz), ""));
    }
    notes = notes.subspan(all_bytes);
  }
  return "";
}

/// Called for the program itself, and then, unless it returns something else than 0, for each library.
int find_build_id(dl_phdr_info* object, std::size_t, void* found) {
  for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (segment.p_type != PT_NOTE) continue;
    const auto* const begin = reinterpret_cast<const unsigned char*>(object->dlpi_addr + segment.p_vaddr);
    const std::string id = build_id_of({begin, segment.p_memsz});
    if (!id.empty()) *static_cast<std::string*>(found) = id;
  }
  return 1;
}

}  // namespace

const std::string& program_build() {
  static const std::string build = [] {
    std::string id;
    ::dl_iterate_phdr(find_build_id, &id);
    return id.empty() ? std::string(kVersion) : fmt::format("{} {}", kVersion, id);
  }();
  return build;
}

}  // namespace naru
