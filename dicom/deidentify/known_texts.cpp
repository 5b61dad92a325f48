#include "dicom/deidentify/known_texts.h"

#include <algorithm>
#include <array>
#include <span>

namespace naru::dicom {

namespace {

/// In a pattern, stands for a version: one to four numbers of up to three digits with dots between them. No id and no
/// date of eight digits fits.
constexpr std::string_view kVersion = "{v}";
/// Stands for a year of four digits.
constexpr std::string_view kYear = "{y}";
/// Stands for lines of slope and length of quality layers, e.g. "-192.0,  1.5e+05\n".
constexpr std::string_view kLayers = "{layers}";

constexpr std::array<std::string_view, 39> kEncoders = {
    // JPEG 2000. The programs' sources say so, or files that they made.
    "Created by OpenJPEG version {v}", "Created by OpenJPEG version {v} with JPWL",
    "Created by GDCM/OpenJPEG version {v}", "Created by Grok version {v}", "Created by Grok     version {v}",
    "Created by: JJ2000 version {v}", "Created by: CSJ2K version {v}", "Creator: JasPer Version {v}", "Kakadu-{v}",
    "Kakadu-v{v}", "Kakadu-vs{v}", "Kakadu-v7.A", "Kakadu-v7.A.{v}",
    "Kdu-Layer-Info: log_2{Delta-D(squared-error)/Delta-L(bytes)}, L(bytes)\n{layers}",
    "Kdu-Layer-Info: log_2{Delta-D(MSE)/[2^16*Delta-L(bytes)]}, L(bytes)\n{layers}", "OpenJPH Ver {v}.",
    "OpenHTJ2K version {v}",
    "AVLT_{v}",  // Algo Vision LuraTech
    "Pegasus Imaging Corp",
    // JPEG and JPEG-LS.
    "Lavc{v}", "Lavc", "charls {v}", "CharLS {v}", "LEAD Technologies Inc. V{v}", "LEAD Technologies, Inc. V{v}",
    "JPEG Pro", "MITRA_DICOM_STANDARD", "Intel(R) JPEG Library, version {v}", "Intel(R) JPEG Library, version [{v}]",
    "Intel(R) JPEG Library, version [{v}].", "CREATOR: gd-jpeg v{v} (using IJG JPEG v{v}), default quality\n",
    "CREATOR: gd-jpeg v{v} (using IJG JPEG v{v}), quality = {v}\n",
    "JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech.",
    "JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech.  ", "File written by Adobe Photoshop\xA8 {v}",
    "AppleMark\n", "Created with GIMP", "Created with The GIMP",
    std::string_view("LJIF\0\1\0\0\0\0\0\0\0", 13),  // the header of lossless streams by Mitra, as APP0
};

constexpr std::array<std::string_view, 25> kProfileTexts = {
    "sRGB",
    "sRGB IEC61966-2.1",
    "sRGB built-in",
    "RGB built-in",
    "gray built-in",
    "lcms generated ",
    "c2",
    "c2ci",
    "FB",
    "Adobe RGB (1998)",
    "Compatible with Adobe RGB (1998)",
    "Display P3",
    "Generic RGB Profile",
    "Generic Gray Profile",
    "Generic Gray Gamma 2.2 Profile",
    "Dot Gain 20%",
    "Gray Gamma 2.2",
    "IEC http://www.iec.ch",
    "IEC 61966-2.1 Default RGB colour space - sRGB",
    "Reference Viewing Condition in IEC61966-2.1",
    "Copyright (c) 1998 Hewlett-Packard Company",
    "Copyright {y} Adobe Systems Incorporated",
    "Copyright Apple Inc., {y}",
    "No copyright, use freely",
    "no copyright, use freely",
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes `most` digits at the most off the beginning of `text`; returns how many.
std::size_t take_digits(std::string_view& text, std::size_t most) {
  std::size_t count = 0;
  while (count < most && count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

bool take_version(std::string_view& text) {
  constexpr std::size_t kMostDigits = 3, kMostNumbers = 4;
  if (take_digits(text, kMostDigits) == 0) return false;
  for (std::size_t n = 1; n < kMostNumbers && text.size() > 1 && text[0] == '.' && is_digit(text[1]); ++n) {
    text.remove_prefix(1);
    take_digits(text, kMostDigits);
  }
  return true;
}

bool take_year(std::string_view& text) { return take_digits(text, 4) == 4; }

/// " -65.4, 6.8e+004\n"
bool take_layer(std::string_view& text) {
  std::string_view rest = text;
  const auto skip_spaces = [&rest] { rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size())); };
  skip_spaces();
  take(rest, "-");
  bool is_layer = take_digits(rest, 3) > 0 && take(rest, ".") && take_digits(rest, 1) == 1 && take(rest, ",");
  skip_spaces();
  is_layer = is_layer && take_digits(rest, 1) == 1 && take(rest, ".") && take_digits(rest, 1) == 1 && take(rest, "e") &&
             (take(rest, "+") || take(rest, "-")) && take_digits(rest, 3) >= 2 && take(rest, "\n");
  if (is_layer) text = rest;
  return is_layer;
}

bool take_layers(std::string_view& text) {
  while (take_layer(text)) continue;
  return true;
}

struct Placeholder {
  std::string_view name;
  bool (*take)(std::string_view& text);
};
constexpr std::array<Placeholder, 3> kPlaceholders = {
    {{kVersion, take_version}, {kYear, take_year}, {kLayers, take_layers}}};

bool fits(std::string_view text, std::string_view pattern) {
  while (!pattern.empty()) {
    const auto* placeholder =
        std::ranges::find_if(kPlaceholders, [&](const Placeholder& p) { return pattern.starts_with(p.name); });
    if (placeholder != kPlaceholders.end()) {
      if (!placeholder->take(text)) return false;
      pattern.remove_prefix(placeholder->name.size());
    } else {
      if (!take(text, pattern.substr(0, 1))) return false;
      pattern.remove_prefix(1);
    }
  }
  return text.find_first_not_of('\0') == std::string_view::npos;
}

bool matches_any(std::string_view text, std::span<const std::string_view> patterns) {
  return std::ranges::any_of(patterns, [&](std::string_view pattern) { return fits(text, pattern); });
}

}  // namespace

bool is_encoder_signature(std::string_view text) { return matches_any(text, kEncoders); }

bool is_published_profile_text(std::string_view text) { return matches_any(text, kProfileTexts); }

}  // namespace naru::dicom
