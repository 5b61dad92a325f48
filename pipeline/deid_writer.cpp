#include "pipeline/deid_writer.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "pipeline/open_file.h"

namespace naru {

namespace fs = std::filesystem;

bool DeidWriter::claim(const std::string& file) {
  const std::lock_guard lock(mutex_);
  return claimed_.insert(file).second;
}

FileFacts DeidWriter::write(const std::string& file, const dicom::DeidOutput& output) {
  const fs::path path = out_ / file;
  make_folder_of(path);
  constexpr std::uint64_t kLarge = std::uint64_t{16} << 20;  // is recorded once the disk has taken it
  FileWriter writer(path, output.size_bytes() < kLarge ? &flush_ : nullptr);
  for (std::size_t n = 0; n < output.pieces.size(); ++n) {
    writer.append(output.pieces[n]);
    if (n == 0 && probe_) probe_("write");
  }
  return writer.finish();
}

bool DeidWriter::reads_back(const std::string& file, const dicom::DeidOutput& output) const {
  constexpr std::size_t kPieceBytes = std::size_t{128} << 10;
  thread_local std::vector<std::byte> read(kPieceBytes);
  const OpenFile open(out_ / file);
  if (!open.is_open() || open.size_bytes() != output.size_bytes()) return false;
  std::uint64_t offset = 0;
  for (const dicom::Bytes piece : output.pieces) {
    for (std::size_t at = 0; at < piece.size(); at += kPieceBytes) {
      const dicom::Bytes wanted = piece.subspan(at, std::min(kPieceBytes, piece.size() - at));
      const auto count = open.read_at(offset, std::span(read).first(wanted.size()));
      if (count != wanted.size() || std::memcmp(read.data(), wanted.data(), wanted.size()) != 0) return false;
      offset += wanted.size();
    }
  }
  return true;
}

void DeidWriter::make_folder_of(const fs::path& file) {
  const fs::path folder = file.parent_path();
  const std::lock_guard lock(mutex_);
  if (folders_.contains(folder)) return;
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throw write_error(failure.value(), "a folder of the dataset");
  folders_.insert(folder);
}

void remove_all_but(const fs::path& out, const std::set<std::string>& files) {
  std::vector<fs::path> strays, folders;
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    if (entry.is_directory() && !entry.is_symlink()) {
      folders.push_back(entry.path());
    } else if (!files.contains(entry.path().lexically_relative(out).string())) {
      strays.push_back(entry.path());
    }
  }
  for (const fs::path& stray : strays) fs::remove(stray);
  // A folder comes after the one that holds it.
  std::error_code is_not_empty;
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) fs::remove(*folder, is_not_empty);
}

}  // namespace naru
