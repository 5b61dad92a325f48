/// Names this program in the File Meta Information of files that it writes (0002,0012).
#pragma once

#include <string_view>

namespace naru::dicom {

/// Made once from a random UUID.
inline constexpr std::string_view kImplementationClassUid = "2.25.206461835739046582019375064821934571286";

}  // namespace naru::dicom
