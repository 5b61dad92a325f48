/// Texts inside pixel streams and colour profiles that name a program or a standard and nobody: they may stay.
#pragma once

#include <string_view>

namespace naru::dicom {

/// The comment by which an encoder names itself and its version, e.g. "Created by OpenJPEG version 2.5.0". The whole
/// text must match; NULs at its end do not count.
bool is_encoder_signature(std::string_view text);

/// A text of a published ICC profile, e.g. "sRGB IEC61966-2.1". The whole text must match; NULs at its end do not
/// count.
bool is_published_profile_text(std::string_view text);

}  // namespace naru::dicom
