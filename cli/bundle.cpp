#include "cli/bundle.h"

#include <cstdlib>
#include <string>
#include <system_error>

namespace naru::cli {

namespace fs = std::filesystem;

void use_bundled_files() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  if (!failure) use_bundled_files(program.parent_path().parent_path() / "share" / "naru");
}

void use_bundled_files(const fs::path& share) {
  constexpr int kKeepWhatIsSet = 0;
  std::error_code failure;
  const fs::path general = share / "dicom.dic", private_ones = share / "private.dic", languages = share / "tessdata";
  if (fs::exists(general, failure) && fs::exists(private_ones, failure)) {
    ::setenv("DCMDICTPATH", (general.string() + ':' + private_ones.string()).c_str(), kKeepWhatIsSet);
  }
  if (fs::is_directory(languages, failure)) ::setenv("TESSDATA_PREFIX", languages.c_str(), kKeepWhatIsSet);
}

}  // namespace naru::cli
